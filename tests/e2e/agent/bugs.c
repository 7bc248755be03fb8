/* Misuse of malloc's memory, and what is like it and right: bugs NAME. Each bug has one kind, which its name begins with; names
 * that begin with "ok-" have none. Prints nothing, ends with 0.
 */
#include "cases.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HIDE(p) __asm__ volatile("" : "+r"(p)) /* the compiler shall not see what is coming */

struct session {
	char name[40];
	int hits;
	struct session *next;
};

static volatile int sum;

static struct session *make(void)
{
	struct session *s = calloc(1, sizeof(*s));
	if (!s)
		exit(1);
	HIDE(s);
	return s;
}

__attribute__((noinline)) static void drop(void *p)
{
	HIDE(p);
	free(p);
}

__attribute__((noinline)) static int look(const struct session *s)
{
	HIDE(s);
	return s->hits;
}

static void *drop_body(void *p)
{
	drop(p);
	return NULL;
}

static void *look_body(void *p)
{
	sum += look(p);
	return NULL;
}

/* --- use after free ------------------------------------------------------------------------------------------------- */

static void uaf_read(void)
{
	struct session *s = make();
	drop(s);
	sum += look(s);
}

static void uaf_write(void)
{
	struct session *s = make();
	drop(s);
	HIDE(s);
	s->hits = 1;
}

static void uaf_other_thread(void)
{
	struct session *s = make();
	drop(s);
	in_thread(look_body, s);
}

static void uaf_freed_by_thread(void)
{
	struct session *s = make();
	in_thread(drop_body, s);
	sum += look(s);
}

static void uaf_old_pointer(void)
{
	struct session *s = make(), *larger = realloc(s, 4000);
	HIDE(s);
	sum += look(s);
	drop(larger);
}

static void uaf_in_libc(void)
{
	char *text = strdup("a session's name");
	drop(text);
	HIDE(text);
	sum += (int)strlen(text);
}

static void uaf_in_kernel(void)
{
	char *text = strdup("");
	drop(text);
	HIDE(text);
	if (write(1, text, 1) != 1)
		exit(1);
}

static void uaf_aligned(void)
{
	void *p = NULL;
	if (posix_memalign(&p, 64, sizeof(struct session)) != 0)
		exit(1);
	memset(p, 0, sizeof(struct session));
	drop(p);
	sum += look(p);
}

/* --- frees ------------------------------------------------------------------------------------------------------------ */

static void double_free_twice(void)
{
	struct session *s = make();
	drop(s);
	drop(s);
}

static void double_free_two_owners(void)
{
	struct session *s = make(), *other = make();
	other->next = s;
	drop(s);
	drop(other->next);
}

static void double_free_threads(void)
{
	struct session *s = make();
	in_thread(drop_body, s);
	in_thread(drop_body, s);
}

static void double_free_after_realloc(void)
{
	struct session *s = make(), *larger = realloc(s, 4000);
	HIDE(s);
	drop(s);
	drop(larger);
}

static void invalid_free_member(void)
{
	struct session *s = make();
	drop(&s->hits);
}

static void invalid_free_moved_pointer(void)
{
	char *text = strdup("  indented");
	while (*text == ' ')
		text++;
	drop(text);
}

static void invalid_free_end(void)
{
	char *block = malloc(64);
	HIDE(block);
	drop(block + 32);
}

static void invalid_free_in_thread(void)
{
	struct session *s = make();
	in_thread(drop_body, &s->hits);
}

/* --- beyond the end ------------------------------------------------------------------------------------------------- */

static void overflow_one_byte(void)
{
	char *block = malloc(24);
	HIDE(block);
	block[24] = 1;
	drop(block);
}

static void overflow_strcpy(void)
{
	const char *name = "0123456789abcdef";
	char *copy = malloc(strlen(name));
	HIDE(copy);
	for (size_t i = 0; i <= strlen(name); i++)
		((volatile char *)copy)[i] = name[i];
	drop(copy);
}

static void overflow_in_front(void)
{
	char *block = malloc(40);
	HIDE(block);
	if ((uintptr_t)block % 4096)
		block[-1] = 1;
	else
		sum += block[-1];
	drop(block);
}

static void overflow_array(void)
{
	int *numbers = calloc(10, sizeof(int));
	HIDE(numbers);
	for (int i = 0; i <= 10; i++)
		((volatile int *)numbers)[i] = i;
	drop(numbers);
}

static void overflow_memset(void)
{
	struct session *s = make();
	size_t bytes = sizeof(*s) + 8;
	HIDE(bytes);
	memset(s, 0, bytes);
	drop(s);
}

static void overflow_far(void)
{
	volatile char *block = malloc(100);
	HIDE(block);
	sum += block[4200];
	drop((void *)block);
}

static void overflow_after_realloc(void)
{
	char *block = realloc(malloc(10), 20);
	HIDE(block);
	block[20] = 1;
	drop(block);
}

static void *overflow_body(void *block)
{
	HIDE(block);
	((char *)block)[30] = 1;
	drop(block);
	return NULL;
}

static void overflow_in_thread(void)
{
	in_thread(overflow_body, malloc(30));
}

/* --- right ------------------------------------------------------------------------------------------------------------- */

static void ok_read_then_free(void)
{
	struct session *s = make();
	sum += look(s);
	drop(s);
}

static void ok_same_address_again(void)
{
	for (int i = 0; i < 100; i++) {
		struct session *s = make();
		s->hits = i;
		sum += look(s);
		drop(s);
	}
}

static void ok_thread_frees(void)
{
	struct session *s = make();
	in_thread(look_body, s);
	in_thread(drop_body, s);
}

static void ok_realloc(void)
{
	char *block = malloc(1);
	for (size_t n = 1; block && n < 10000; n += 13) {
		block = realloc(block, n);
		HIDE(block);
		block[n - 1] = (char)n;
		if (n > 13 && block[n - 14] != (char)(n - 13))
			exit(2);
	}
	drop(block);
}

static void ok_free_null(void)
{
	drop(NULL);
	drop(malloc(0));
	drop(realloc(NULL, 10));
}

static void ok_whole_block(void)
{
	for (size_t n = 0; n < 300; n++) {
		char *block = malloc(n);
		HIDE(block);
		memset(block, 1, n);
		drop(block);
	}
}

static void ok_zeroed(void)
{
	for (int i = 0; i < 200; i++) {
		unsigned char *block = calloc(3, 70);
		HIDE(block);
		for (int k = 0; k < 210; k++) {
			if (block[k])
				exit(2);
		}
		memset(block, 255, 210);
		drop(block);
	}
}

static void ok_aligned(void)
{
	for (size_t align = 8; align <= 4096; align *= 2) {
		void *p = NULL;
		if (posix_memalign(&p, align, 100) != 0 || (uintptr_t)p % align)
			exit(2);
		memset(p, 1, 100);
		drop(p);
		p = aligned_alloc(align, align);
		if ((uintptr_t)p % align)
			exit(2);
		drop(p);
	}
}

static void ok_written_by_kernel(void)
{
	int fds[2];
	char *block = malloc(100);
	HIDE(block);
	memset(block, 7, 100);
	if (pipe(fds) != 0 || write(fds[1], block, 100) != 100 || read(fds[0], block, 100) != 100)
		exit(2);
	drop(block);
}

static void ok_list(void)
{
	struct session *all = NULL;
	for (int i = 0; i < 50; i++) {
		struct session *s = make();
		s->next = all;
		all = s;
	}
	while (all) {
		struct session *next = all->next;
		drop(all);
		all = next;
	}
}

static const struct agent_case cases[] = {
	{ "heap-use-after-free-read", uaf_read },
	{ "heap-use-after-free-write", uaf_write },
	{ "heap-use-after-free-other-thread", uaf_other_thread },
	{ "heap-use-after-free-freed-by-thread", uaf_freed_by_thread },
	{ "heap-use-after-free-old-pointer", uaf_old_pointer },
	{ "heap-use-after-free-in-libc", uaf_in_libc },
	{ "heap-use-after-free-in-kernel", uaf_in_kernel },
	{ "heap-use-after-free-aligned", uaf_aligned },
	{ "double-free-twice", double_free_twice },
	{ "double-free-two-owners", double_free_two_owners },
	{ "double-free-threads", double_free_threads },
	{ "double-free-after-realloc", double_free_after_realloc },
	{ "invalid-free-member", invalid_free_member },
	{ "invalid-free-moved-pointer", invalid_free_moved_pointer },
	{ "invalid-free-end", invalid_free_end },
	{ "invalid-free-in-thread", invalid_free_in_thread },
	{ "heap-overflow-one-byte", overflow_one_byte },
	{ "heap-overflow-strcpy", overflow_strcpy },
	{ "heap-overflow-in-front", overflow_in_front },
	{ "heap-overflow-array", overflow_array },
	{ "heap-overflow-memset", overflow_memset },
	{ "heap-overflow-far", overflow_far },
	{ "heap-overflow-after-realloc", overflow_after_realloc },
	{ "heap-overflow-in-thread", overflow_in_thread },
	{ "ok-read-then-free", ok_read_then_free },
	{ "ok-same-address-again", ok_same_address_again },
	{ "ok-thread-frees", ok_thread_frees },
	{ "ok-realloc", ok_realloc },
	{ "ok-free-null", ok_free_null },
	{ "ok-whole-block", ok_whole_block },
	{ "ok-zeroed", ok_zeroed },
	{ "ok-aligned", ok_aligned },
	{ "ok-written-by-kernel", ok_written_by_kernel },
	{ "ok-list", ok_list },
};

int main(int argc, char **argv)
{
	return run_cases(cases, sizeof(cases) / sizeof(cases[0]), argc, argv);
}
