/* Threads that each keep every second block of many. Prints "HELD USED FREE" as mallinfo2 has them, and waits to be killed. */
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define THREADS 3
#define BLOCKS 20000

static pthread_barrier_t all_have;

static void *fragment(void *unused)
{
	void **blocks = malloc(BLOCKS * sizeof(*blocks));
	for (int i = 0; i < BLOCKS; i++)
		blocks[i] = malloc(500 + (size_t)i % 300);
	for (int i = 0; i < BLOCKS; i += 2)
		free(blocks[i]);
	pthread_barrier_wait(&all_have);
	for (;;)
		pause();
	return unused;
}

int main(void)
{
	pthread_t t;
	pthread_barrier_init(&all_have, NULL, THREADS + 1);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&t, NULL, fragment, NULL);
	setvbuf(stdout, NULL, _IONBF, 0);
	pthread_barrier_wait(&all_have);
	struct mallinfo2 m = mallinfo2();
	printf("%zu %zu %zu\n", m.arena, m.uordblks, m.fordblks);
	for (;;)
		pause();
}
