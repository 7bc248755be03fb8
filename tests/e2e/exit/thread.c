#include <pthread.h>
#include <stddef.h>
#include <unistd.h>

void calledBack(void);

static void *rest(void *unused)
{
	usleep(100000);
	calledBack();
	return unused;
}

void call_back_later(void)
{
	pthread_t thread;
	if (pthread_create(&thread, NULL, rest, NULL) == 0)
		pthread_detach(thread);
}
