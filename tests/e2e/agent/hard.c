/* What an agent that is put into a program can break: hard NAME. Each case checks for itself that all is as without the agent,
 * and ends with 0 and "fine".
 */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define WANT(x)                                                                                                        \
	do {                                                                                                           \
		if (!(x)) {                                                                                            \
			fprintf(stderr, "line %d: %s\n", __LINE__, #x);                                                \
			_exit(3);                                                                                      \
		}                                                                                                      \
	} while (0)

static void churn(unsigned seed, int rounds)
{
	void *blocks[64] = { NULL };
	size_t bytes[64] = { 0 };
	for (int i = 0; i < rounds; i++) {
		seed = seed * 1664525u + 1013904223u;
		unsigned k = seed >> 8 & 63u;
		for (size_t b = 0; b < bytes[k]; b += 61)
			WANT(((unsigned char *)blocks[k])[b] == (unsigned char)k);
		if (seed >> 16 & 1) {
			free(blocks[k]);
			blocks[k] = NULL;
		}
		bytes[k] = 1 + (seed >> 4) % (seed >> 20 & 15 ? 300 : 70000);
		blocks[k] = blocks[k] ? realloc(blocks[k], bytes[k]) : malloc(bytes[k]);
		WANT(blocks[k]);
		memset(blocks[k], (int)k, bytes[k]);
	}
	for (int k = 0; k < 64; k++)
		free(blocks[k]);
}

static void *churn_body(void *seed)
{
	churn((unsigned)(uintptr_t)seed, 200);
	return NULL;
}

static void threads(void)
{
	for (int round = 0; round < 4; round++) {
		static pthread_t all[1000];
		pthread_attr_t small;
		pthread_attr_init(&small);
		pthread_attr_setstacksize(&small, 64 << 10);
		for (int i = 0; i < 1000; i++)
			WANT(pthread_create(&all[i], &small, churn_body, (void *)(uintptr_t)i) == 0);
		for (int i = 0; i < 1000; i++)
			WANT(pthread_join(all[i], NULL) == 0);
	}
}

static atomic_bool stop;

static void *churn_on(void *seed)
{
	while (!stop)
		churn((unsigned)(uintptr_t)seed, 50);
	return NULL;
}

static void forks(void)
{
	pthread_t t[3];
	for (int i = 0; i < 3; i++)
		WANT(pthread_create(&t[i], NULL, churn_on, (void *)(uintptr_t)i) == 0);
	for (int i = 0; i < 300; i++) {
		int status;
		pid_t pid = i % 3 ? fork() : vfork();
		if (pid == 0) {
			if (i % 3 == 0)
				_exit(5);
			churn((unsigned)i, 30);
			exit(5);
		}
		WANT(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 5);
	}
	stop = true;
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
}

static void raw_forks(void)
{
	for (int i = 0; i < 100; i++) {
		int status;
		churn((unsigned)i, 20);
		pid_t pid = (pid_t)syscall(SYS_fork);
		if (pid == 0) {
			churn((unsigned)i, 100);
			_exit(5);
		}
		WANT(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 5);
	}
}

static void *volatile from_handler;

/* What no program should do, and some do: it must not get worse. */
static void on_alarm(int number)
{
	int error = errno;
	void *p = from_handler;
	(void)number;
	from_handler = NULL;
	if (!p) {
		p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		munmap(p, 4096);
	}
	char text[64];
	snprintf(text, sizeof(text), "%d", number);
	errno = error;
}

static void signals(void)
{
	struct sigaction a = { .sa_handler = on_alarm };
	struct itimerval every = { { 0, 500 }, { 0, 500 } };
	WANT(sigaction(SIGALRM, &a, NULL) == 0 && setitimer(ITIMER_REAL, &every, NULL) == 0);
	for (unsigned i = 0; i < 300; i++)
		churn(i, 200);
}

static sigjmp_buf place;
static volatile sig_atomic_t met;

static void on_fault(int number, siginfo_t *info, void *context)
{
	(void)context;
	met = number == SIGSEGV && info->si_addr == (void *)16;
	siglongjmp(place, 1);
}

static void on_fault_plain(int number)
{
	met = number == SIGSEGV;
	siglongjmp(place, 1);
}

static void own_handler(void)
{
	struct sigaction a = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK }, now;
	stack_t stack = { .ss_sp = malloc(65536), .ss_size = 65536 };
	sigset_t set, old;
	WANT(sigaltstack(&stack, NULL) == 0);
	WANT(sigaction(SIGSEGV, NULL, &now) == 0 && now.sa_handler == SIG_DFL);
	WANT(sigaction(SIGSEGV, &a, NULL) == 0);
	for (int i = 0; i < 3; i++) {
		met = 0;
		if (sigsetjmp(place, 1) == 0)
			*(volatile int *)16 = 1;
		WANT(met);
		churn((unsigned)i, 100);
	}
	WANT(sigaction(SIGSEGV, NULL, &now) == 0 && now.sa_sigaction == on_fault && (now.sa_flags & a.sa_flags) == a.sa_flags);
	WANT(signal(SIGSEGV, on_fault_plain) == (sighandler_t)(void *)on_fault);
	met = 0;
	if (sigsetjmp(place, 1) == 0)
		*(volatile int *)24 = 1;
	WANT(met);
	sigemptyset(&set);
	sigaddset(&set, SIGSEGV);
	WANT(sigprocmask(SIG_BLOCK, &set, &old) == 0 && sigismember(&old, SIGSEGV) == 0);
	WANT(sigprocmask(SIG_SETMASK, NULL, &old) == 0 && sigismember(&old, SIGSEGV) == 1);
	WANT(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0);
	WANT(pthread_sigmask(SIG_BLOCK, NULL, &old) == 0 && sigismember(&old, SIGSEGV) == 0);
	a.sa_flags |= (int)SA_RESETHAND;
	WANT(sigaction(SIGSEGV, &a, NULL) == 0);
	if (sigsetjmp(place, 1) == 0)
		*(volatile int *)16 = 1;
	WANT(sigaction(SIGSEGV, NULL, &now) == 0 && now.sa_handler == SIG_DFL);
}

/* A fault of the program's own ends it, as ever. */
static void crash(void)
{
	pid_t pid = fork();
	int status;
	if (pid == 0) {
		struct rlimit none = { 0, 0 };
		setrlimit(RLIMIT_CORE, &none);
		*(volatile int *)16 = 1;
		_exit(0);
	}
	WANT(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

static void *read_on(void *fd)
{
	char *block = malloc(100);
	pthread_cleanup_push(free, block);
	ssize_t n = read((int)(intptr_t)fd, block, 100);
	(void)n;
	pthread_cleanup_pop(1);
	return NULL;
}

static void cancelling(void)
{
	for (int i = 0; i < 100; i++) {
		pthread_t t;
		void *result;
		int fds[2];
		WANT(pipe(fds) == 0 && pthread_create(&t, NULL, read_on, (void *)(intptr_t)fds[0]) == 0);
		if (i % 2)
			usleep(1000);
		WANT(pthread_cancel(t) == 0 && pthread_join(t, &result) == 0 && result == PTHREAD_CANCELED);
		close(fds[0]);
		close(fds[1]);
	}
}

static void errors(void)
{
	for (int i = 0; i < 2000; i++) {
		void *p = NULL, *q;
		errno = 77;
		p = malloc(100);
		WANT(p && errno == 77);
		free(p);
		WANT(errno == 77);
		q = calloc((size_t)-1, 16);
		WANT(!q && errno == ENOMEM);
		errno = 0;
		q = malloc((size_t)1 << 62);
		WANT(!q && errno == ENOMEM);
		errno = 0;
		q = reallocarray(NULL, (size_t)1 << 40, (size_t)1 << 40);
		WANT(!q && errno == ENOMEM);
		WANT(posix_memalign(&p, 3, 10) == EINVAL);
		p = realloc(malloc(10), 200);
		WANT(p && malloc_usable_size(p) >= 200);
		memset(p, 1, 200);
		WANT(realloc(p, 0) == NULL);
		WANT(malloc_usable_size(NULL) == 0);
		errno = 0;
		WANT(read(-1, &p, 1) == -1 && errno == EBADF);
		WANT(write(-1, &p, 1) == -1 && errno == EBADF);
	}
}

static void loading(void)
{
	for (int i = 0; i < 300; i++) {
		void *library = dlopen("libm.so.6", RTLD_NOW | RTLD_LOCAL);
		WANT(library && dlsym(library, "cos"));
		churn((unsigned)i, 20);
		WANT(dlclose(library) == 0);
		WANT(!dlopen("libnothing-of-the-kind.so", RTLD_NOW) && dlerror());
	}
}

static void closing(void)
{
	churn(1, 1000);
	for (int fd = 3; fd < 1100; fd++)
		close(fd);
	churn(2, 1000);
	for (int i = 0; i < 3; i++) { /* numbers that the agent has had are the program's */
		int fds[2];
		WANT(pipe(fds) == 0 && write(fds[1], "x", 1) == 1);
	}
}

static void many(void)
{
	for (unsigned i = 0; i < 50; i++)
		churn(i, 2000);
}

/* --- mutexes, mappings, threads ---------------------------------------------------------------------------------------- */

static pthread_mutex_t of_type(int type, int protocol, int robust)
{
	pthread_mutexattr_t a;
	pthread_mutex_t m;
	pthread_mutexattr_init(&a);
	pthread_mutexattr_settype(&a, type);
	pthread_mutexattr_setprotocol(&a, protocol);
	pthread_mutexattr_setrobust(&a, robust);
	WANT(pthread_mutex_init(&m, &a) == 0);
	return m;
}

static pthread_mutex_t shared = PTHREAD_MUTEX_INITIALIZER, abandoned;
static long guarded_count;

static void *count_up(void *unused)
{
	for (int i = 0; i < 20000; i++) {
		WANT(pthread_mutex_lock(&shared) == 0);
		guarded_count++;
		WANT(pthread_mutex_unlock(&shared) == 0);
	}
	return unused;
}

static void *abandon(void *unused)
{
	WANT(pthread_mutex_lock(&abandoned) == 0);
	return unused;
}

static void mutexes(void)
{
	pthread_t t[4];
	pthread_mutex_t checked = of_type(PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED);
	pthread_mutex_t recursive = of_type(PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED);
	pthread_mutex_t inheriting = of_type(PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_STALLED);
	abandoned = of_type(PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_ROBUST);
	errno = 77;
	WANT(pthread_mutex_lock(&checked) == 0 && pthread_mutex_lock(&checked) == EDEADLK && pthread_mutex_trylock(&checked) == EBUSY);
	WANT(pthread_mutex_lock(&recursive) == 0 && pthread_mutex_lock(&recursive) == 0);
	WANT(pthread_mutex_unlock(&recursive) == 0 && pthread_mutex_unlock(&recursive) == 0);
	WANT(pthread_mutex_unlock(&recursive) == EPERM);
	WANT(pthread_mutex_lock(&inheriting) == 0 && pthread_mutex_unlock(&inheriting) == 0);
	WANT(pthread_create(&t[0], NULL, abandon, NULL) == 0 && pthread_join(t[0], NULL) == 0);
	WANT(pthread_mutex_lock(&abandoned) == EOWNERDEAD && pthread_mutex_consistent(&abandoned) == 0);
	WANT(pthread_mutex_unlock(&abandoned) == 0 && errno == 77);
	for (int i = 0; i < 4; i++)
		WANT(pthread_create(&t[i], NULL, count_up, NULL) == 0);
	for (int i = 0; i < 4; i++)
		WANT(pthread_join(t[i], NULL) == 0);
	WANT(guarded_count == 80000);
}

static void mappings(void)
{
	const int rw = PROT_READ | PROT_WRITE, plain = MAP_PRIVATE | MAP_ANONYMOUS;
	for (int i = 0; i < 300; i++) {
		size_t bytes = 4096u * (size_t)(1 + i % 50);
		char *p = mmap(NULL, bytes, rw, plain, -1, 0);
		WANT(p != MAP_FAILED && p[0] == 0 && p[bytes - 1] == 0);
		memset(p, i, bytes);
		p = mremap(p, bytes, 2 * bytes, MREMAP_MAYMOVE);
		WANT(p != MAP_FAILED && p[bytes - 1] == (char)i && p[2 * bytes - 1] == 0);
		WANT(mmap(p + bytes, bytes, rw, plain | MAP_FIXED, -1, 0) == p + bytes && p[bytes - 1] == (char)i);
		WANT(munmap(p, bytes) == 0 && p[bytes] == 0 && munmap(p + bytes, bytes) == 0);
	}
	errno = 0;
	WANT(mmap(NULL, 0, rw, plain, -1, 0) == MAP_FAILED && errno == EINVAL);
	WANT(munmap((void *)1, 4096) == -1 && errno == EINVAL);
	WANT(mremap((void *)1, 4096, 8192, 0) == MAP_FAILED && errno == EINVAL);
}

static void *give_back(void *argument)
{
	return argument == &shared ? NULL : argument;
}

static void *leave(void *argument)
{
	pthread_exit(argument);
}

static void starting(void)
{
	pthread_t t;
	pthread_attr_t small;
	void *result;
	pthread_attr_init(&small);
	WANT(pthread_attr_setstacksize(&small, PTHREAD_STACK_MIN) == 0);
	for (int i = 0; i < 200; i++) {
		WANT(pthread_create(&t, i % 2 ? &small : NULL, i % 3 ? give_back : leave, &t) == 0);
		WANT(pthread_join(t, &result) == 0 && result == &t);
	}
	WANT(pthread_attr_setstacksize(&small, (size_t)1 << 46) == 0);
	WANT(pthread_create(&t, &small, give_back, NULL) == EAGAIN);
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	{ "threads", threads }, { "forks", forks },	{ "raw-forks", raw_forks }, { "signals", signals },
	{ "own-handler", own_handler }, { "crash", crash }, { "cancelling", cancelling }, { "errors", errors },
	{ "loading", loading }, { "closing", closing }, { "many", many }, { "mutexes", mutexes },
	{ "mappings", mappings }, { "starting", starting },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (argc == 1) {
			puts(cases[i].name);
		} else if (strcmp(argv[1], cases[i].name) == 0) {
			cases[i].run();
			if (write(1, "fine\n", 5) != 5)
				return 1;
			return 0;
		}
	}
	return argc != 1;
}
