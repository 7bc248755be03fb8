/* A mutex that nobody else wants, taken 50 million times: what the hook costs where nothing waits. */
#include <pthread.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *idle(void *unused)
{
	return unused;
}

int main(void)
{
	pthread_t other;
	pthread_create(&other, NULL, idle, NULL);
	for (int i = 0; i < 50000000; i++) {
		pthread_mutex_lock(&mutex);
		pthread_mutex_unlock(&mutex);
	}
	return pthread_join(other, NULL);
}
