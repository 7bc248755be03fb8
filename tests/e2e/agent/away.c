/* Where a thread is when the kernel has it: away CASE. Prints what the case has counted itself. Each case has functions of its own, so
 * that their stacks can be told apart. look() is a call that the agent stands in front of, so that it can read its rings.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096
#define NAPS 200
#define TOUCHES 300
#define WAVES 20
#define WAVE 50
#define CROWD 300
#define FEW 5
#define KEEP __asm__ volatile("" ::: "memory") /* no call becomes a jump */

static int null_fd;

static void look(void)
{
	if (write(null_fd, "", 1) != 1)
		abort();
}

__attribute__((noinline)) static void nap_here(void)
{
	usleep(1000);
	KEEP;
}

/* The agent may have met a few faults of its own: there is room in the ring now. */
static char *pages(size_t count)
{
	char *p = mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED || madvise(p, count * PAGE, MADV_NOHUGEPAGE) != 0)
		abort();
	look();
	return p;
}

__attribute__((noinline)) static void touch_here(volatile char *p, size_t count)
{
	for (size_t i = 0; i < count; i++)
		p[i * PAGE] = 1;
	KEEP;
}

static long faults_so_far(void)
{
	struct rusage usage;
	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_minflt + usage.ru_majflt;
}

static double system_so_far(void)
{
	struct rusage usage;
	getrusage(RUSAGE_THREAD, &usage);
	return (double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6;
}

static void naps(void)
{
	for (int i = 0; i < NAPS; i++) {
		nap_here();
		look();
	}
	printf("%d\n", NAPS);
}

static void touches(void)
{
	char *p = pages(TOUCHES);
	for (int i = 0; i < TOUCHES; i += 3) {
		touch_here(p + (size_t)i * PAGE, 3);
		look();
	}
	printf("%d\n", TOUCHES);
}

/* More than a ring takes, and nothing that reads it meanwhile. */
static void flood(void)
{
	char *p = pages(20 * TOUCHES);
	long before = faults_so_far();
	touch_here(p, 20 * TOUCHES);
	printf("%ld\n", faults_so_far() - before);
}

__attribute__((noinline)) static void kernel_here(char *to)
{
	int fd = open("/dev/zero", O_RDONLY);
	if (fd < 0 || syscall(SYS_read, fd, to, (size_t)1 << 22) <= 0)
		abort();
	close(fd);
}

/* Half a second of it, by the thread's own account. */
static void system_time(void)
{
	char *to = pages(1024);
	double start = system_so_far();
	while (system_so_far() < start + 0.5) {
		kernel_here(to);
		look();
	}
	printf("%.0f\n", (system_so_far() - start) * 1e9);
}

static void *few_touches(void *unused)
{
	touch_here(pages(FEW), FEW);
	return unused;
}

static void threads(void)
{
	pthread_t t[WAVE];
	for (int wave = 0; wave < WAVES; wave++) {
		for (int i = 0; i < WAVE; i++) {
			if (pthread_create(&t[i], NULL, few_touches, NULL) != 0)
				abort();
		}
		for (int i = 0; i < WAVE; i++)
			pthread_join(t[i], NULL);
	}
	printf("%d\n", WAVES * WAVE * FEW);
}

static pthread_barrier_t barrier;

static void *in_crowd(void *unused)
{
	pthread_barrier_wait(&barrier);
	few_touches(NULL);
	pthread_barrier_wait(&barrier);
	pthread_exit(unused);
}

/* All of them at once: more than there are rings. */
static void crowd(void)
{
	pthread_t t[CROWD];
	pthread_barrier_init(&barrier, NULL, CROWD);
	for (int i = 0; i < CROWD; i++) {
		if (pthread_create(&t[i], NULL, in_crowd, NULL) != 0)
			abort();
	}
	for (int i = 0; i < CROWD; i++)
		pthread_join(t[i], NULL);
	printf("%d\n", CROWD);
}

static void *nap_for_ever(void *unused)
{
	for (;;)
		nap_here();
	return unused;
}

/* A thread that the end of the process meets where it waits, and one that is cancelled there. */
static void ends(void)
{
	pthread_t t, u;
	if (pthread_create(&t, NULL, nap_for_ever, NULL) != 0 || pthread_create(&u, NULL, nap_for_ever, NULL) != 0)
		abort();
	for (int i = 0; i < 20; i++)
		nap_here();
	pthread_cancel(t);
	pthread_join(t, NULL);
	printf("fine\n");
}

__attribute__((noinline)) static void child_here(volatile char *p)
{
	touch_here(p, 10);
	KEEP;
}

/* What was in the ring when the child began is read now. */
static void wait_for(pid_t pid)
{
	int status;
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		abort();
	look();
}

/* Children of every sort, begun while there is something in the ring; each comes by the hooks. */
static void children(void)
{
	char *p = pages(60);
	touch_here(p, 6);
	pid_t pid = fork();
	if (pid == 0) {
		child_here(p + 20 * PAGE);
		look();
		exit(0);
	}
	wait_for(pid);
	touch_here(p + 30 * PAGE, 3);
	pid = (pid_t)syscall(SYS_fork);
	if (pid == 0) {
		touch_here(p + 40 * PAGE, 15);
		look();
		_exit(0);
	}
	wait_for(pid);
	pid = vfork();
	if (pid == 0) {
		look();
		_exit(0);
	}
	wait_for(pid);
	pid = fork();
	if (pid == 0) {
		execl("/proc/self/exe", "away", "touches", NULL);
		_exit(1);
	}
	wait_for(pid);
	printf("fine\n");
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} cases[] = { { "naps", naps }, { "touches", touches }, { "flood", flood }, { "system", system_time }, { "threads", threads },
		      { "crowd", crowd }, { "ends", ends }, { "children", children } };
	null_fd = open("/dev/null", O_WRONLY);
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (argc == 2 && strcmp(argv[1], cases[i].name) == 0)
			return cases[i].run(), 0;
	}
	return 1;
}
