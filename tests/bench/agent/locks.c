/* A mutex that nobody else wants, taken so many times: what the hook costs where nothing waits. */
#include <pthread.h>
#include <stdlib.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *idle(void *unused)
{
	return unused;
}

int main(int argc, char **argv)
{
	long times = argc > 1 ? strtol(argv[1], NULL, 10) : 50000000;
	pthread_t other;
	pthread_create(&other, NULL, idle, NULL);
	for (long i = 0; i < times; i++) {
		pthread_mutex_lock(&mutex);
		pthread_mutex_unlock(&mutex);
	}
	return pthread_join(other, NULL);
}
