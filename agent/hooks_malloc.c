/* malloc and its family. The short way counts down two numbers of the thread and calls the next function; what is sampled
 * goes the long way. errno is left as the next function leaves it.
 */
#include "agent/signals.h"
#include "agent/guard.h"
#include "agent/heap.h"
#include "agent/next.h"
#include "agent/settings.h"
#include "agent/thread.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#define BUDGET_SHARE 200u
#define BUDGET_RATE 1000u /* who wants more than one in so many has no budget */
#define LOOK_AGAIN_BYTES ((uint64_t)1 << 20) /* while nothing is sampled: whether it is to be again */
#define LIKELY(x) __builtin_expect(!!(x), 1)

/* Counts an allocation; false when it is one that is looked at. */
static inline bool pass(size_t bytes)
{
	struct rf_thread *t = &rf_me;
	if (t->guard_left <= 1 || bytes >= t->sample_left)
		return false;
	t->guard_left--;
	t->sample_left -= bytes;
	return true;
}

/* The distance to the next guarded allocation: even between 1 and twice the mean, less 1. */
static uint64_t draw_guard(void)
{
	uint64_t rate = rf_settings.guard;
	return !rate ? UINT64_MAX : rate == 1 ? 1 : 1 + rf_random() % (2 * rate - 1);
}

/* Is a sample due? 0 left: a new thread, which hasn't drawn yet. */
static bool draw_sample(size_t bytes)
{
	struct rf_thread *t = &rf_me;
	bool fresh = !t->sample_left;
	if (!rf_settings.heap || rf_settings.paused)
		t->sample_left = rf_heap_is_controlled() ? LOOK_AGAIN_BYTES : UINT64_MAX;
	else if (fresh)
		t->sample_left = rf_heap_distance(heap.period);
	if (bytes < t->sample_left) {
		t->sample_left -= bytes;
		return false;
	}
	t->sample_left = rf_heap_distance(heap.period);
	return rf_settings.heap && !rf_settings.paused;
}

static bool draw_guarded(void)
{
	struct rf_thread *t = &rf_me;
	bool fresh = !t->guard_left && rf_settings.guard != 1;
	if (t->guard_left > 1) {
		t->guard_left--;
		return false;
	}
	t->guard_left = draw_guard();
	return !fresh && rf_settings.guard && (rf_settings.guard < BUDGET_RATE || __builtin_ia32_rdtsc() >= t->guard_after) &&
	       rf_signals_has(SIGSEGV);
}

/* To guard a block takes two changes of a page's protection and two stacks: tens of microseconds, half of them when it is freed. A
 * thread that allocates millions of blocks a second spends no more than one in BUDGET_SHARE of its time on it. */
static void *allocate_guarded(size_t bytes, size_t align, bool zero)
{
	uint64_t start = __builtin_ia32_rdtsc();
	void *block = rf_guard_allocate(bytes, align, zero);
	uint64_t end = __builtin_ia32_rdtsc();
	rf_me.guard_after = end + 2 * BUDGET_SHARE * (end - start);
	return block;
}

/* The long way: a guarded or sampled block, or NULL: the next function is to be called. */
static __attribute__((noinline)) void *look(size_t bytes, size_t align, bool zero)
{
	void *block = NULL;
	int error = errno;
	if (rf_settings.off)
		rf_me.guard_left = rf_me.sample_left = UINT64_MAX;
	if (!rf_settings.ready || !rf_enter())
		return NULL;
	if (rf_heap_follow())
		rf_me.guard_left = rf_me.sample_left = 0;
	bool sampled = draw_sample(bytes);
	if (draw_guarded())
		block = allocate_guarded(bytes, align, zero);
	if (!block && sampled)
		block = rf_heap_allocate(bytes, align, zero);
	rf_leave();
	if (block)
		errno = error;
	return block;
}

RF_EXPORT void *malloc(size_t bytes)
{
	void *block = NULL;
	if (!LIKELY(pass(bytes)))
		block = look(bytes, 1, false);
	return block ? block : rf_next.malloc(bytes);
}

RF_EXPORT void *calloc(size_t count, size_t bytes)
{
	void *block = NULL;
	size_t all;
	if (!__builtin_mul_overflow(count, bytes, &all) && !LIKELY(pass(all)))
		block = look(all, 1, true);
	return block ? block : rf_next.calloc(count, bytes);
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

/* Early blocks are at the start of a page, as sampled ones are. */
static inline bool is_ours(const void *block)
{
	return rf_guard_has(block) || (rf_heap_may_have(block) && rf_next_early_bytes(block));
}

static __attribute__((noinline)) void forget_and_free(void *block)
{
	int error = errno;
	if (block && rf_settings.heap && rf_enter()) {
		rf_heap_forget(block);
		rf_leave();
	}
	errno = error;
	rf_next.free(block);
}

RF_EXPORT void free(void *block)
{
	if (!LIKELY(!rf_guard_has(block)))
		free_guarded(block);
	else if (LIKELY(!rf_heap_may_have(block)))
		rf_next.free(block);
	else if (!rf_next_early_bytes(block))
		forget_and_free(block);
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

/* Of a block that may be sampled, or into one that is large enough to be. */
static __attribute__((noinline)) void *resize(void *block, size_t bytes)
{
	if (!rf_settings.heap || !rf_enter())
		return rf_next.realloc(block, bytes);
	void *result = rf_heap_realloc(block, bytes, draw_sample(bytes));
	rf_leave();
	return result;
}

RF_EXPORT void *realloc(void *block, size_t bytes)
{
	if (!block)
		return malloc(bytes);
	if (LIKELY(!rf_guard_has(block) && !rf_heap_may_have(block) && bytes < rf_me.sample_left)) {
		rf_me.sample_left -= bytes;
		return rf_next.realloc(block, bytes);
	}
	return is_ours(block) ? move(block, bytes) : resize(block, bytes);
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
	if (LIKELY(pass(bytes)))
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
