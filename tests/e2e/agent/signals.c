/* What --watch, which works by SIGTRAP, must not change: `signals CASE` says "fine". Without arguments: the cases. And three that are
 * no cases: trap and sent end by SIGTRAP, refuse COMMAND... runs a command for which perf_event_open fails. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;
static volatile long counter;
static volatile sig_atomic_t seen, mask_was_right;
static volatile int over;

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void *work(void *unused)
{
	while (!over)
		__atomic_fetch_add(&counter, 1, __ATOMIC_RELAXED);
	return unused;
}

static void busy(double seconds)
{
	for (double end = now() + seconds; now() < end;)
		for (int i = 0; i < 10000; i++)
			__atomic_fetch_add(&counter, 1, __ATOMIC_RELAXED);
}

static void on_trap(int number, siginfo_t *info, void *context)
{
	sigset_t mask;
	(void)context;
	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	seen += number == SIGTRAP && info->si_code <= 0;
	mask_was_right = sigismember(&mask, SIGUSR1) == 1 && sigismember(&mask, SIGTRAP) == 1 && sigismember(&mask, SIGUSR2) == 0;
}

static int handler(void)
{
	struct sigaction own = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO }, asked;
	sigemptyset(&own.sa_mask);
	sigaddset(&own.sa_mask, SIGUSR1);
	sigaction(SIGTRAP, &own, NULL);
	sigaction(SIGTRAP, NULL, &asked);
	for (int i = 0; i < 20; i++) {
		busy(0.02);
		raise(SIGTRAP);
	}
	__asm__ volatile("int3");
	return asked.sa_sigaction == on_trap && seen == 20 && mask_was_right && signal(SIGTRAP, SIG_IGN) == (sighandler_t)on_trap &&
	       raise(SIGTRAP) == 0 && signal(SIGTRAP, SIG_DFL) == SIG_IGN;
}

/* All signals blocked, and a thread that waits for any of them. */
static int waiter(void)
{
	sigset_t all;
	struct timespec wait = { 0, 200000000 };
	siginfo_t info;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	for (int i = 0; i < 5; i++) {
		busy(0.05);
		if (sigtimedwait(&all, &info, &wait) != -1 || errno != EAGAIN)
			return 0;
	}
	return 1;
}

static int masks(void)
{
	sigset_t set, old;
	sigemptyset(&set);
	sigaddset(&set, SIGTRAP);
	pthread_sigmask(SIG_BLOCK, &set, &old);
	int was = sigismember(&old, SIGTRAP);
	sigprocmask(SIG_SETMASK, NULL, &old);
	int is = sigismember(&old, SIGTRAP) && !sigismember(&old, SIGSEGV);
	busy(0.1);
	sigemptyset(&set);
	pthread_sigmask(SIG_SETMASK, &set, &old);
	return !was && is && sigismember(&old, SIGTRAP) == 1;
}

/* System calls that wait are never cut short. */
static int calls(void)
{
	int pipes[2], poll = epoll_create1(0);
	struct epoll_event event;
	char byte;
	if (pipe(pipes) != 0)
		return 0;
	fcntl(pipes[0], F_SETFL, O_NONBLOCK);
	for (int i = 0; i < 300; i++) {
		struct timespec wait = { 0, 1000000 }, left;
		busy(0.001);
		if (nanosleep(&wait, &left) != 0 || epoll_wait(poll, &event, 1, 1) != 0 || (read(pipes[0], &byte, 1) != -1 || errno != EAGAIN))
			return 0;
	}
	return 1;
}

static int forks(void)
{
	for (int i = 0; i < 60; i++) {
		int status;
		pid_t child = i % 3 == 2 ? vfork() : fork();
		if (child == 0) {
			if (i % 3 == 1)
				execl("/bin/true", "true", (char *)NULL);
			if (i % 3 == 0)
				busy(0.02);
			_exit(7);
		}
		if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != (i % 3 == 1 ? 0 : 7))
			return 0;
	}
	return 1;
}

/* One after the other, so that a clock goes off in every part of fork. */
static int storm(void)
{
	for (int i = 0; i < 500; i++) {
		int status;
		pid_t child = fork();
		if (child == 0)
			_exit(malloc(10) == NULL);
		if (waitpid(child, &status, 0) != child || status)
			return 0;
	}
	return 1;
}

static int spawned(void)
{
	for (int i = 0; i < 30; i++) {
		pid_t child;
		int status;
		char *words[] = { "sh", "-c", "i=0; while [ $i -lt 2000 ]; do i=$((i+1)); done; exit 5", NULL };
		if (posix_spawn(&child, "/bin/sh", NULL, NULL, words, environ) != 0 || waitpid(child, &status, 0) != child ||
		    !WIFEXITED(status) || WEXITSTATUS(status) != 5)
			return 0;
	}
	return 1;
}

/* Descriptors are closed by number, and the numbers taken again. */
static int descriptors(void)
{
	for (int round = 0; round < 40; round++) {
		int fds[16];
		for (int fd = 3; fd < 1024; fd++)
			close(fd);
		for (int i = 0; i < 16; i++) {
			fds[i] = open("/dev/zero", O_RDONLY);
			if (fds[i] != 3 + i && round)
				return 0;
		}
		busy(0.02);
		for (int i = 0; i < 16; i++) {
			char byte;
			if (read(fds[i], &byte, 1) != 1)
				return 0;
		}
	}
	return 1;
}

static void *brief(void *unused)
{
	for (int i = 0; i < 3000; i++)
		__atomic_fetch_add(&counter, 1, __ATOMIC_RELAXED);
	return unused;
}

static int threads(void)
{
	for (int round = 0; round < 400; round++) {
		pthread_t t[8];
		int count = 0;
		while (count < 8 && pthread_create(&t[count], NULL, brief, NULL) == 0)
			count++;
		while (count)
			pthread_join(t[--count], NULL);
	}
	return 1;
}

static void *end_by_cancel(void *unused)
{
	for (;;) {
		__atomic_fetch_add(&counter, 1, __ATOMIC_RELAXED);
		pthread_testcancel();
	}
	return unused;
}

static int cancels(void)
{
	for (int i = 0; i < 100; i++) {
		pthread_t t;
		void *how;
		if (pthread_create(&t, NULL, end_by_cancel, NULL) != 0)
			return 0;
		busy(0.005);
		pthread_cancel(t);
		if (pthread_join(t, &how) != 0 || how != PTHREAD_CANCELED)
			return 0;
	}
	return 1;
}

static const struct {
	const char *name;
	int (*passes)(void);
	int alone; /* without threads beside it */
} cases[] = {
	{ "handler", handler, 0 }, { "waiter", waiter, 0 }, { "masks", masks, 0 }, { "calls", calls, 0 },
	{ "forks", forks, 0 }, { "storm", storm, 1 }, { "spawned", spawned, 0 },
	{ "descriptors", descriptors, 1 }, { "threads", threads, 0 }, { "cancels", cancels, 0 },
};

/* As a container's filter does it: EPERM. */
static void refuse(void)
{
	struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_perf_event_open, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(rules) / sizeof(rules[0]), rules };
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

int main(int count, char **words)
{
	const char *name = count > 1 ? words[1] : "";
	pthread_t t[2];
	if (strcmp(name, "trap") == 0)
		__asm__ volatile("int3");
	if (strcmp(name, "sent") == 0)
		raise(SIGTRAP);
	if (strcmp(name, "refuse") == 0 && count > 2) {
		refuse();
		unsetenv("LD_PRELOAD");
		execvp(words[2], words + 2);
	}
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (!*name)
			puts(cases[i].name);
		if (strcmp(name, cases[i].name) != 0)
			continue;
		for (int k = 0; k < 2 && !cases[i].alone; k++)
			pthread_create(&t[k], NULL, work, NULL);
		puts(cases[i].passes() ? "fine" : "broken");
		over = 1;
		for (int k = 0; k < 2 && !cases[i].alone; k++)
			pthread_join(t[k], NULL);
	}
	return 0;
}
