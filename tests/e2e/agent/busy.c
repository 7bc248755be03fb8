/* For the profiles of time: `busy cpu` spends three times as much of it in one function as in the other, in two threads; `busy io` waits
 * for a pipe and reads /dev/zero. With a second word it waits for the end of its input before it ends. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))

static int pipes[2];

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static NOINLINE void spin(double seconds)
{
	for (double end = now() + seconds; now() < end;)
		for (volatile int i = 0; i < 20000; i++)
			;
}

static NOINLINE void little(void)
{
	spin(0.01);
	__asm__ volatile("");
}

static NOINLINE void much(void)
{
	spin(0.03);
	__asm__ volatile("");
}

static void *work(void *unused)
{
	for (int i = 0; i < 40; i++) {
		little();
		much();
	}
	return unused;
}

static void *feed(void *unused)
{
	for (int i = 0; i < 100; i++) {
		usleep(5000);
		if (write(pipes[1], "ten bytes!", 10) != 10)
			break;
	}
	return unused;
}

static NOINLINE void wait_for_bytes(void)
{
	char bytes[10];
	for (int i = 0; i < 100; i++) {
		if (read(pipes[0], bytes, sizeof(bytes)) < 0)
			break;
	}
	__asm__ volatile("");
}

static NOINLINE void take_zeros(void)
{
	char bytes[4096];
	int fd = open("/dev/zero", O_RDONLY);
	for (int i = 0; i < 20000; i++) {
		if (read(fd, bytes, sizeof(bytes)) < 0)
			break;
	}
	close(fd);
}

int main(int count, char **words)
{
	int io = count > 1 && strcmp(words[1], "io") == 0;
	pthread_t t;
	char byte;
	if (pipe(pipes) != 0 || pthread_create(&t, NULL, io ? feed : work, NULL) != 0)
		return 1;
	if (io) {
		wait_for_bytes();
		take_zeros();
	} else {
		work(NULL);
	}
	pthread_join(t, NULL);
	puts("ready");
	fflush(stdout);
	return count > 2 && read(0, &byte, 1) > 0;
}
