/* For --counters: calls of which is known what they cost, in threads, children and handlers of signals, and among descriptors that are
 * closed and taken. Without a word it names its cases. */
#include "cases.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))
#define KEEP __asm__ volatile("") /* no tail call: the function is to be in the stack */
#define PAGES 16
#define PAGE 4096

static char buffer[1 << 20];
static int zero;

static long thread_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

static NOINLINE void read_little(int times)
{
	for (int i = 0; i < times; i++) {
		if (read(zero, buffer, 100) != 100)
			puts("broken");
	}
	KEEP;
}

/* Each of the pages is touched by the kernel alone. */
static NOINLINE void read_to_fresh_pages(int times)
{
	for (int i = 0; i < times; i++) {
		char *p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		madvise(p, PAGES * PAGE, MADV_NOHUGEPAGE);
		if (read(zero, p, PAGES * PAGE) != PAGES * PAGE)
			puts("broken");
		munmap(p, PAGES * PAGE);
	}
	KEEP;
}

/* Its faults and its time are its own, not those of a call. */
static NOINLINE void touch_before_reading(int times)
{
	for (int i = 0; i < times; i++) {
		char *p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		madvise(p, PAGES * PAGE, MADV_NOHUGEPAGE);
		for (int k = 0; k < PAGES; k++)
			p[k * PAGE] = 1;
		for (long end = thread_ns() + 100000; thread_ns() < end;)
			;
		if (read(zero, p, PAGES * PAGE) != PAGES * PAGE)
			puts("broken");
		munmap(p, PAGES * PAGE);
	}
	KEEP;
}

/* Says the nanoseconds that it took. */
static NOINLINE void read_much(void)
{
	int random = open("/dev/urandom", O_RDONLY);
	long start = thread_ns();
	for (int i = 0; i < 100; i++) {
		if (read(random, buffer, sizeof(buffer)) < 0)
			puts("broken");
	}
	printf("%ld\n", thread_ns() - start);
	close(random);
}

static void costs(void)
{
	read_little(1000);
	read_to_fresh_pages(100);
	touch_before_reading(100);
	read_much();
}

static NOINLINE void fail_here(void)
{
	for (int i = 0; i < 100; i++) {
		errno = 0;
		if (read(-1, buffer, 1) != -1 || errno != EBADF || munmap((void *)1, 1) != -1 || errno != EINVAL)
			puts("broken");
		errno = 7;
		if (write(zero, buffer, 0) != 0 || errno != 7)
			puts("broken");
	}
	puts("fine");
}

/* --- threads ------------------------------------------------------------------------------------------------------- */

static pthread_barrier_t all_there;

static void *read_in_thread(void *crowded)
{
	if (crowded)
		pthread_barrier_wait(&all_there);
	read_little(5);
	if (crowded)
		pthread_barrier_wait(&all_there);
	return NULL;
}

static void threads(void)
{
	for (int i = 0; i < 1000; i++)
		in_thread(read_in_thread, NULL);
	puts("fine");
}

static void crowd(void)
{
	pthread_t t[300];
	pthread_barrier_init(&all_there, NULL, 300);
	for (int i = 0; i < 300; i++)
		pthread_create(&t[i], NULL, read_in_thread, t);
	for (int i = 0; i < 300; i++)
		pthread_join(t[i], NULL);
	puts("fine");
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static volatile int waiting;

static NOINLINE void wait_here(void)
{
	waiting = 1;
	pthread_mutex_lock(&mutex);
	pthread_mutex_unlock(&mutex);
	KEEP;
}

static void *wait_in_thread(void *unused)
{
	wait_here();
	return unused;
}

static NOINLINE void start_here(pthread_t *t)
{
	pthread_create(t, NULL, wait_in_thread, NULL);
	KEEP;
}

static void waits(void)
{
	for (int i = 0; i < 20; i++) {
		pthread_t t;
		waiting = 0;
		pthread_mutex_lock(&mutex);
		start_here(&t);
		while (!waiting)
			sched_yield();
		usleep(20000);
		pthread_mutex_unlock(&mutex);
		pthread_join(t, NULL);
	}
	puts("fine");
}

/* --- descriptors --------------------------------------------------------------------------------------------------- */

/* What a daemon does, and then each number is a file of the program's, which nobody else may read. */
static void descriptors(void)
{
	char path[] = "/tmp/counts.XXXXXX", byte;
	int fine = 1;
	read_little(10);
	for (int fd = 3; fd < 1024; fd++)
		close(fd);
	zero = open("/dev/zero", O_RDONLY);
	int file = mkstemp(path);
	unlink(path);
	for (int i = 0; i < 2000; i++)
		fine &= write(file, "0123456789", 10) == 10;
	lseek(file, 0, SEEK_SET);
	for (int fd = 5; fd < 1024; fd++)
		fine &= dup2(file, fd) == fd;
	for (int i = 0; i < 20000; i++)
		fine &= read(5 + i % 1000, &byte, 1) == 1 && byte == '0' + i % 10;
	fine &= read(5, &byte, 1) == 0;
	read_little(10);
	puts(fine ? "fine" : "broken");
}

/* --- children ------------------------------------------------------------------------------------------------------ */

static NOINLINE void read_in_child(void)
{
	read_little(10);
	KEEP;
}

static void wait_for(pid_t child)
{
	int status = 1;
	if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
		puts("broken");
}

static void children(void)
{
	read_little(10);
	pid_t child = fork();
	if (child == 0) {
		read_in_child();
		_exit(0);
	}
	wait_for(child);
	child = vfork();
	if (child == 0) {
		read_little(10); /* nobody's: it is the parent's memory, and another process */
		execlp("true", "true", NULL);
		_exit(1);
	}
	wait_for(child);
	child = (pid_t)syscall(SYS_fork); /* round the C library */
	if (child == 0) {
		read_little(10);
		syscall(SYS_exit_group, 0);
	}
	wait_for(child);
	read_little(10);
	puts("fine");
}

/* --- signals ------------------------------------------------------------------------------------------------------- */

static volatile long handled;

static NOINLINE void read_in_handler(int number)
{
	int error = errno;
	char bytes[10];
	(void)number;
	if (read(zero, bytes, sizeof(bytes)) != sizeof(bytes))
		puts("broken");
	handled++;
	errno = error;
}

/* Says how often the handler has run. */
static void handlers(void)
{
	struct sigaction action = { .sa_handler = read_in_handler };
	struct itimerval often = { { 0, 100 }, { 0, 100 } }, never = { { 0, 0 }, { 0, 0 } };
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	read_little(100000);
	setitimer(ITIMER_REAL, &never, NULL);
	printf("%ld\n", handled);
}

static void *read_for_ever(void *pipe)
{
	while (read(*(int *)pipe, buffer, 1) == 1)
		;
	return NULL;
}

static void cancels(void)
{
	int ends[2], fine = pipe(ends) == 0;
	for (int i = 0; i < 200; i++) {
		pthread_t t;
		void *how = NULL;
		fine &= pthread_create(&t, NULL, read_for_ever, ends) == 0;
		usleep(1000);
		pthread_cancel(t);
		fine &= pthread_join(t, &how) == 0 && how == PTHREAD_CANCELED;
	}
	puts(fine ? "fine" : "broken");
}

static void killed(void)
{
	read_little(1000);
	raise(SIGKILL);
}

int main(int argc, char **argv)
{
	static const struct agent_case cases[] = { { "costs", costs }, { "errors", fail_here }, { "threads", threads }, { "crowd", crowd },
						   { "waits", waits }, { "descriptors", descriptors }, { "children", children },
						   { "handlers", handlers }, { "cancels", cancels },
						   { "killed", killed } };
	zero = open("/dev/zero", O_RDWR);
	memset(buffer, 1, sizeof(buffer));
	return run_cases(cases, sizeof(cases) / sizeof(cases[0]), argc, argv);
}
