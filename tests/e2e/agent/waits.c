/* Threads that wait for a mutex, and memory that is mapped: waits. Prints the nanoseconds that were waited for, in wait_here. One
 * thread writes what it has freed.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 150
#define MAPPINGS 200
#define MAPPED 1000000

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long long waited;

static long long now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static void *hold(void *unused)
{
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&mutex);
		usleep(4000);
		pthread_mutex_unlock(&mutex);
		usleep(500);
	}
	return unused;
}

__attribute__((noinline)) static void wait_here(void)
{
	long long start = now();
	pthread_mutex_lock(&mutex);
	waited += now() - start;
	pthread_mutex_unlock(&mutex);
}

static void *wait_often(void *unused)
{
	for (int i = 0; i < ROUNDS; i++) {
		wait_here();
		usleep(1000);
	}
	return unused;
}

static void *misuse(void *unused)
{
	volatile char *p = malloc(10);
	free((void *)p);
	p[1] = 1;
	return unused;
}

__attribute__((noinline)) static void *map(void)
{
	return mmap(NULL, MAPPED, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

__attribute__((noinline)) static pthread_t start(void *(*run)(void *))
{
	pthread_t t;
	if (pthread_create(&t, NULL, run, NULL) != 0)
		exit(1);
	return t;
}

int main(void)
{
	pthread_t threads[] = { start(hold), start(wait_often), start(misuse) };
	for (int i = 0; i < MAPPINGS; i++) {
		char *p = map();
		if (i % 2)
			munmap(p, MAPPED);
	}
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	printf("%lld\n", waited);
	return 0;
}
