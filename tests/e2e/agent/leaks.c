/* Memory that is lost, and what is like it and isn't: leaks NAME. Each case makes BLOCKS blocks. Names that begin with "native-leak"
 * lose them; "ok-" keeps them in a way of its own. Prints nothing, ends with 0.
 */
#include "cases.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BLOCKS 400
#define BYTES 300
#define HIDE(p) __asm__ volatile("" : "+r"(p)) /* the compiler shall not see what is coming */

static void *kept[BLOCKS];

__attribute__((noinline)) static char *make(size_t bytes)
{
	char *block = malloc(bytes);
	if (!block)
		exit(1);
	memset(block, 1, bytes);
	HIDE(block);
	return block;
}

/* What a function leaves on the stack and in registers goes with the next calls, as it does in a program that lives. */
__attribute__((noinline)) static void forget(void)
{
	char frame[8192];
	char *p = frame;
	memset(p, 0, sizeof(frame));
	HIDE(p);
}

/* --- lost --------------------------------------------------------------------------------------------------------------- */

static void lost_dropped(void)
{
	for (int i = 0; i < BLOCKS; i++)
		make(BYTES);
}

static char *volatile current;

static void lost_overwritten(void)
{
	for (int i = 0; i < BLOCKS; i++)
		current = make(BYTES);
}

static void *lose(void *nothing)
{
	lost_dropped();
	return nothing;
}

static void lost_in_thread(void)
{
	in_thread(lose, NULL);
}

struct owner {
	char *name;
	char more[200];
};

static void lost_owner_freed(void)
{
	for (int i = 0; i < BLOCKS; i++) {
		struct owner *o = calloc(1, sizeof(*o));
		o->name = make(BYTES);
		HIDE(o);
		free(o);
	}
}

__attribute__((noinline)) static int parse(const char *text)
{
	char *copy = strdup(text);
	HIDE(copy);
	if (*copy == 'x')
		return -1; /* the copy stays */
	free(copy);
	return 0;
}

static void lost_early_return(void)
{
	char text[BYTES];
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (int i = 0; i < BLOCKS; i++)
		parse(text);
}

static void lost_large(void)
{
	for (volatile int i = 0; i < 5; i++)
		make(3000000);
}

static void lost_points_to_itself(void)
{
	for (int i = 0; i < BLOCKS; i++) {
		void **ring = (void **)make(BYTES);
		ring[3] = ring;
		HIDE(ring);
	}
}

static void lost_behind_exit(void)
{
	lost_dropped();
	forget();
	exit(0);
}

static void lost_aligned(void)
{
	for (int i = 0; i < BLOCKS; i++) {
		void *p = NULL;
		if (posix_memalign(&p, 64, BYTES) != 0)
			exit(1);
		HIDE(p);
	}
}

static void lost_resized(void)
{
	for (int i = 0; i < BLOCKS; i++) {
		char *p = realloc(make(10), 5000);
		HIDE(p);
	}
}

static void lost_list_cut(void)
{
	for (int i = 0; i < BLOCKS; i++) {
		struct owner *first = calloc(1, sizeof(*first)), *second = calloc(1, sizeof(*second));
		first->name = (char *)second;
		HIDE(first);
		first->name = NULL;
		kept[i] = first;
	}
}

static void lost_in_child(void)
{
	pid_t child = fork();
	if (child == 0) {
		lost_dropped();
		forget();
		exit(0);
	}
	waitpid(child, NULL, 0);
}

/* --- kept --------------------------------------------------------------------------------------------------------------- */

static void ok_freed(void)
{
	for (int i = 0; i < BLOCKS; i++)
		free(make(BYTES));
}

static void ok_global(void)
{
	for (int i = 0; i < BLOCKS; i++)
		kept[i] = make(BYTES);
}

static void ok_list(void)
{
	void **all = NULL;
	for (int i = 0; i < BLOCKS; i++) {
		void **next = (void **)make(BYTES);
		*next = all;
		all = next;
	}
	kept[0] = all;
}

static void ok_interior(void)
{
	for (int i = 0; i < BLOCKS; i++)
		kept[i] = make(BYTES) + 1 + i % (BYTES - 1);
}

static void ok_one_behind(void)
{
	for (int i = 0; i < BLOCKS; i++)
		kept[i] = make(BYTES) + BYTES;
}

static void ok_counts_from_1(void)
{
	for (int i = 0; i < BLOCKS; i++)
		kept[i] = (double *)(void *)make(BYTES) - 1;
}

static void ok_tagged(void)
{
	for (int i = 0; i < BLOCKS; i++)
		kept[i] = (void *)((uintptr_t)make(BYTES) | 7u);
}

static void ok_boxed(void)
{
	for (int i = 0; i < BLOCKS; i++)
		kept[i] = (void *)((uintptr_t)make(BYTES) | (uintptr_t)0xfffb << 48);
}

static struct __attribute__((packed)) {
	uint32_t event;
	void *block;
} volatile records[BLOCKS];

static void ok_packed(void)
{
	for (int i = 0; i < BLOCKS; i++)
		records[i].block = make(BYTES);
}

static __thread void *volatile of_thread[BLOCKS];

static void ok_thread_local(void)
{
	for (int i = 0; i < BLOCKS; i++)
		of_thread[i] = make(BYTES);
}

static void ok_specific(void)
{
	pthread_key_t key;
	void **blocks = (void **)make(BLOCKS * sizeof(void *));
	for (int i = 0; i < BLOCKS; i++)
		blocks[i] = make(BYTES);
	pthread_key_create(&key, NULL);
	pthread_setspecific(key, blocks);
}

static void ok_on_the_stack(void)
{
	void *volatile blocks[BLOCKS];
	for (int i = 0; i < BLOCKS; i++)
		blocks[i] = make(BYTES);
	HIDE(blocks[0]);
	exit(0);
}

static void ok_in_epoll(void)
{
	int epoll = epoll_create1(0);
	for (int i = 0; i < BLOCKS; i++) {
		struct epoll_event e = { .events = EPOLLIN, .data.ptr = make(BYTES) };
		epoll_ctl(epoll, EPOLL_CTL_ADD, eventfd(0, 0), &e);
	}
	forget();
}

static void ok_in_timers(void)
{
	for (int i = 0; i < BLOCKS; i++) {
		timer_t timer;
		struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_ptr = make(BYTES) };
		if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0)
			exit(1);
	}
	forget();
}

static void ok_signal_stack(void)
{
	for (int i = 0; i < 2; i++) {
		char *stack = make(5000000);
		stack_t s = { .ss_sp = stack, .ss_size = 5000000 };
		if (i) /* the other one is lost: alone it isn't told */
			sigaltstack(&s, NULL);
	}
	forget();
}

static void ok_in_a_pipe(void)
{
	int fds[2];
	if (pipe(fds) != 0)
		exit(1);
	for (int i = 0; i < BLOCKS; i++) {
		char *block = make(BYTES);
		if (write(fds[1], &block, sizeof(block)) != sizeof(block))
			exit(1);
	}
	forget();
}

static void in_page(int sharing, int protection)
{
	void **page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < BLOCKS; i++)
		page[i] = make(BYTES);
	mprotect(page, 4096, protection);
}

static void ok_closed_page(void) { in_page(MAP_PRIVATE, PROT_NONE); }

static void ok_read_only(void) { in_page(MAP_PRIVATE, PROT_READ); }

static void ok_shared_memory(void) { in_page(MAP_SHARED, PROT_READ | PROT_WRITE); }

static void ok_in_code(void)
{
	char *code = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < BLOCKS; i++) { /* movabs $block, %rax */
		char *block = make(BYTES);
		memcpy(code + 13 * i, "\x48\xb8", 2);
		memcpy(code + 13 * i + 2, &block, sizeof(block));
	}
	mprotect(code, 8192, PROT_READ | PROT_EXEC);
}

static void free_kept(void)
{
	for (int i = 0; i < BLOCKS; i++)
		free(kept[i]);
}

static void ok_freed_at_exit(void)
{
	atexit(free_kept);
	ok_global();
}

static void clear_kept(void)
{
	memset(kept, 0, sizeof(kept));
}

/* Reachable as long as the program runs, which is as long as it matters. */
static void ok_cleared_at_exit(void)
{
	atexit(clear_kept);
	ok_global();
}

static void *wait_with_blocks(void *ready)
{
	void *volatile blocks[BLOCKS];
	for (int i = 0; i < BLOCKS; i++)
		blocks[i] = make(BYTES);
	__atomic_store_n((int *)ready, 1, __ATOMIC_RELEASE);
	for (;;)
		pause();
	return blocks[0];
}

static void ok_other_thread(void)
{
	static int ready;
	pthread_t t;
	pthread_create(&t, NULL, wait_with_blocks, &ready);
	while (!__atomic_load_n(&ready, __ATOMIC_ACQUIRE))
		usleep(1000);
}

static void ok_environment(void)
{
	for (int i = 0; i < BLOCKS; i++) {
		char *text = make(BYTES);
		snprintf(text, BYTES, "NAME_%d=%0200d", i, i);
		putenv(text);
	}
}

static void ok_ends_at_once(void)
{
	lost_dropped();
	_exit(0);
}

static const struct agent_case cases[] = {
	{ "native-leak-dropped", lost_dropped },
	{ "native-leak-overwritten", lost_overwritten },
	{ "native-leak-in-thread", lost_in_thread },
	{ "native-leak-owner-freed", lost_owner_freed },
	{ "native-leak-early-return", lost_early_return },
	{ "native-leak-large", lost_large },
	{ "native-leak-points-to-itself", lost_points_to_itself },
	{ "native-leak-behind-exit", lost_behind_exit },
	{ "native-leak-aligned", lost_aligned },
	{ "native-leak-resized", lost_resized },
	{ "native-leak-list-cut", lost_list_cut },
	{ "native-leak-in-child", lost_in_child },
	{ "ok-freed", ok_freed },
	{ "ok-global", ok_global },
	{ "ok-list", ok_list },
	{ "ok-interior", ok_interior },
	{ "ok-one-behind", ok_one_behind },
	{ "ok-counts-from-1", ok_counts_from_1 },
	{ "ok-tagged", ok_tagged },
	{ "ok-boxed", ok_boxed },
	{ "ok-packed", ok_packed },
	{ "ok-thread-local", ok_thread_local },
	{ "ok-specific", ok_specific },
	{ "ok-on-the-stack", ok_on_the_stack },
	{ "ok-in-epoll", ok_in_epoll },
	{ "ok-in-timers", ok_in_timers },
	{ "ok-signal-stack", ok_signal_stack },
	{ "ok-in-a-pipe", ok_in_a_pipe },
	{ "ok-closed-page", ok_closed_page },
	{ "ok-read-only", ok_read_only },
	{ "ok-shared-memory", ok_shared_memory },
	{ "ok-in-code", ok_in_code },
	{ "ok-freed-at-exit", ok_freed_at_exit },
	{ "ok-cleared-at-exit", ok_cleared_at_exit },
	{ "ok-other-thread", ok_other_thread },
	{ "ok-environment", ok_environment },
	{ "ok-ends-at-once", ok_ends_at_once },
};

int main(int argc, char **argv)
{
	int status = run_cases(cases, sizeof(cases) / sizeof(cases[0]), argc, argv);
	forget();
	return status;
}
