/* malloc and its family. The short way counts down a number of the thread and jumps to the next function; what is looked at
 * goes the long way. errno is left as the next function leaves it.
 */
#include "agent/countdown.h"
#include "agent/signals.h"
#include "agent/events.h"
#include "agent/guard.h"
#include "agent/heap.h"
#include "agent/next.h"
#include "agent/settings.h"
#include "agent/thread.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#define BUDGET_SHARE 1000u
#define BUDGET_RATE 1000u /* who wants more than one in so many has no budget */
#define LIKELY(x) __builtin_expect(!!(x), 1)

/* A thread that may have another guarded block, in a process whose SIGSEGV is still the agent's. */
static bool may_guard(void)
{
	return (rf_settings.guard < BUDGET_RATE || __builtin_ia32_rdtsc() >= rf_me.guard_after) && rf_signals_has(SIGSEGV);
}

/* To guard a block takes two changes of a page's protection and two stacks: 6 us, half of them when it is freed. A thread that allocates
 * a million blocks a second and more spends no more than one in BUDGET_SHARE of its time on it. What it took when another thread ran
 * meanwhile says little: the cost is a running mean, and none counts as more than four times that. */
static void *allocate_guarded(size_t bytes, size_t align, bool zero)
{
	struct rf_thread *t = &rf_me;
	uint64_t start = __builtin_ia32_rdtsc();
	void *block = rf_guard_allocate(bytes, align, zero);
	uint64_t end = __builtin_ia32_rdtsc(), cost = end - start, mean = t->guard_cost ? t->guard_cost : cost;
	t->guard_cost = mean - mean / 8 + (cost < 4 * mean ? cost : 4 * mean) / 8;
	t->guard_after = end + 2 * BUDGET_SHARE * t->guard_cost;
	return block;
}

/* A block that is sampled or guarded; NULL: the next function is to be called. */
static void *look_inside(size_t bytes, size_t align, bool zero)
{
	void *block = NULL;
	if (rf_heap_follow())
		rf_countdown_restart();
	struct rf_due due = rf_countdown_see(bytes);
	if (due.guard && may_guard())
		block = allocate_guarded(bytes, align, zero);
	return block || !due.sample ? block : rf_heap_allocate(bytes, align, zero);
}

/* The long way, with the same result. */
static __attribute__((noinline)) void *look(size_t bytes, size_t align, bool zero)
{
	int error = errno;
	rf_events_look();
	if (rf_settings.off)
		rf_countdown_stop();
	if (!rf_settings.ready || !rf_enter())
		return NULL;
	void *block = look_inside(bytes, align, zero);
	rf_leave();
	errno = error;
	return block;
}

static __attribute__((noinline)) void *malloc_slowly(size_t bytes)
{
	void *block = look(bytes, 1, false);
	return block ? block : rf_next.malloc(bytes);
}

RF_SHORT void *malloc(size_t bytes)
{
	return rf_countdown_pass(bytes) ? rf_next.malloc(bytes) : malloc_slowly(bytes);
}

static __attribute__((noinline)) void *calloc_slowly(size_t count, size_t bytes)
{
	void *block = look(count * bytes, 1, true);
	return block ? block : rf_next.calloc(count, bytes);
}

RF_SHORT void *calloc(size_t count, size_t bytes)
{
	size_t all;
	if (__builtin_mul_overflow(count, bytes, &all) || LIKELY(rf_countdown_pass(all)))
		return rf_next.calloc(count, bytes);
	return calloc_slowly(count, bytes);
}

static __attribute__((noinline)) void free_guarded(void *block)
{
	int error = errno;
	if (rf_enter()) { /* else a handler that interrupted the agent: the block stays */
		rf_guard_free(block);
		rf_leave();
	}
	errno = error;
}

/* Early blocks are at the start of a page, where sampled ones may be, too. */
static inline bool is_ours(const void *block)
{
	return rf_guard_has(block) || (rf_heap_may_have(block) && rf_next_early_bytes(block));
}

static __attribute__((noinline)) void forget_and_free(void *block)
{
	int error = errno;
	if (rf_enter()) {
		rf_heap_forget(block);
		rf_leave();
	}
	errno = error;
	rf_next.free(block);
}

/* One in 32 of all blocks begins so, and NULL. */
static __attribute__((noinline)) void free_marked(void *block)
{
	if (rf_heap_seems_to_have(block))
		forget_and_free(block);
	else if (!rf_next_early_bytes(block))
		rf_next.free(block);
}

RF_SHORT void free(void *block)
{
	if (!LIKELY(!rf_guard_has(block)))
		free_guarded(block);
	else if (LIKELY(!rf_heap_may_have(block)))
		rf_next.free(block);
	else
		free_marked(block);
}

static size_t guarded_bytes(const void *block)
{
	size_t bytes = 0;
	if (rf_enter()) {
		bytes = rf_guard_bytes(block);
		rf_leave();
	}
	return bytes;
}

/* What is no block of the next function's becomes one, or is freed (glibc, malloc/malloc.c, __libc_realloc: 0 bytes). A block
 * that was freed already is read all the same: the page tells. */
static __attribute__((noinline)) void *move(void *block, size_t bytes)
{
	size_t old = rf_guard_has(block) ? guarded_bytes(block) : rf_next_early_bytes(block);
	void *copy = bytes ? malloc(bytes) : NULL;
	if (copy)
		memcpy(copy, block, old < bytes ? old : bytes);
	if (copy || !bytes)
		free(block);
	return copy;
}

/* Of a block that may be sampled, or into one that is. */
static __attribute__((noinline)) void *resize(void *block, size_t bytes, bool counted)
{
	if (!rf_settings.heap || (counted && !rf_heap_seems_to_have(block)) || !rf_enter())
		return rf_next.realloc(block, bytes);
	void *result = rf_heap_realloc(block, bytes, !counted && rf_countdown_see(bytes).sample);
	rf_leave();
	return result;
}

RF_SHORT void *realloc(void *block, size_t bytes)
{
	if (!block)
		return malloc(bytes);
	bool marked = rf_guard_has(block) || rf_heap_may_have(block);
	if (marked && is_ours(block))
		return move(block, bytes);
	bool counted = rf_countdown_pass(bytes);
	return LIKELY(!marked && counted) ? rf_next.realloc(block, bytes) : resize(block, bytes, counted);
}

RF_EXPORT void *reallocarray(void *block, size_t count, size_t bytes)
{
	size_t all;
	if (__builtin_mul_overflow(count, bytes, &all)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(block, all);
}

/* As look; the alignment is a power of two, and a multiple of that, or else the next function has something to say. */
static inline void *allocate_aligned(size_t align, size_t multiple, size_t bytes)
{
	if (LIKELY(rf_countdown_pass(bytes)))
		return NULL;
	rf_next_init();
	return align && !(align & (align - 1)) && align % multiple == 0 ? look(bytes, align, false) : NULL;
}

RF_EXPORT void *memalign(size_t align, size_t bytes)
{
	void *block = allocate_aligned(align, 1, bytes);
	return block ? block : rf_next.memalign(align, bytes);
}

RF_EXPORT void *aligned_alloc(size_t align, size_t bytes)
{
	void *block = allocate_aligned(align, 1, bytes);
	return block ? block : rf_next.aligned_alloc(align, bytes);
}

RF_EXPORT int posix_memalign(void **out, size_t align, size_t bytes)
{
	void *block = allocate_aligned(align, sizeof(void *), bytes);
	if (!block)
		return rf_next.posix_memalign(out, align, bytes);
	*out = block;
	return 0;
}

RF_EXPORT size_t malloc_usable_size(void *block)
{
	rf_next_init();
	return LIKELY(!rf_guard_has(block)) ? rf_next.malloc_usable_size(block) : guarded_bytes(block);
}
