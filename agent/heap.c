#include "agent/heap.h"

#include "agent/guard.h"
#include "agent/lock.h"
#include "agent/next.h"
#include "agent/profile.h"
#include "agent/record.h"
#include "agent/samples.h"
#include "agent/settings.h"
#include "agent/thread.h"
#include "agent/unwind.h"

#include <string.h>
#include <unistd.h>

#define SLOTS 16384u /* of the largest table of live blocks; a power of two */
#define FIRST_SLOTS 512u
#define FILTER 4096u /* a power of two */
#define NO_STACK RF_PROFILE_NO_STACK
#define TAIL_BYTES 32u
#define TID_MAX 0x7fffffffu

struct live {
	uintptr_t inverted; /* ~address, so that a search for leaks doesn't find it here; 0: free */
	uint64_t bytes;
	uint32_t stack, tid : 31, mapped : 1;
};

enum { VALUE_LIVE_OBJECTS, VALUE_LIVE_BYTES, VALUE_OBJECTS, VALUE_BYTES };

struct tables {
	struct rf_profile_tables stacks;
	struct live live[2 * SLOTS - FIRST_SLOTS]; /* tables behind each other: that of n slots begins at n - FIRST_SLOTS */
	uint8_t filter[FILTER]; /* how many live blocks have that hash; 255 stays */
};

static struct {
	struct tables *t; /* NULL until something is sampled */
	struct live *live; /* the table that is used: the smallest that is needed, since each page of a file that is touched takes 5 us */
	uint32_t slots;
	struct rf_profile profile;
	uint64_t period;
	double live_bytes; /* by estimate */
	uint32_t generation, mappings;
	bool off;
} heap;

static void rf_heap_init(uint64_t period)
{
	heap.period = period;
	rf_profile_init(&heap.profile, RF_SPOOL_PROFILE_HEAP, period, sizeof(struct tables));
	rf_samples_init(heap.profile.start_ns);
}

static void rf_heap_forked(void)
{
	rf_profile_forget(&heap.profile);
	heap.t = NULL;
	heap.live_bytes = 0;
	heap.mappings = 0;
	heap.generation = rf_me.generation = 0;
	rf_samples_init(heap.profile.start_ns);
}

static bool have_tables(void)
{
	bool made;
	if (!rf_profile_open(&heap.profile, &made))
		return false;
	heap.t = (struct tables *)(void *)heap.profile.t;
	if (made) {
		heap.live = heap.t->live;
		heap.slots = FIRST_SLOTS;
		heap.t->stacks.file.period = heap.period;
		heap.t->stacks.file.control = (struct rf_heap_control){
			.off = heap.off, .guard_rate = rf_settings.guard, .alloc_sample = rf_settings.paused ? 0 : heap.period,
			.leaks = rf_settings.leaks, .guard_ready = rf_settings.guard_ready,
		};
		rf_profile_show(&heap.profile);
	}
	return true;
}

static uint32_t stack_of(const struct rf_trace *trace)
{
	return rf_profile_stack(&heap.profile, trace);
}

/* -ln of a number in (0, 1] that is given in 1/2^53, to 7 digits also next to 1, where the short distances come from: by the exponent,
 * and a series for the rest, which is between the square roots of 1/2 and of 2. */
static double minus_ln(uint64_t x)
{
	double v = (double)x;
	uint64_t bits, one = (uint64_t)1023 << 52;
	memcpy(&bits, &v, sizeof(bits));
	double exponent = (double)(bits >> 52) - 1023.0 - 53.0;
	bits = (bits & (((uint64_t)1 << 52) - 1)) | one;
	memcpy(&v, &bits, sizeof(v));
	if (v > 1.4142135623730951) {
		v /= 2;
		exponent++;
	}
	double s = (v - 1) / (v + 1), t = s * s;
	return -exponent * 0.6931471805599453 - 2 * s * (1 + t * (1.0 / 3 + t * (1.0 / 5 + t / 7)));
}

static uint64_t rf_heap_distance(uint64_t mean)
{
	uint64_t x = (rf_random() >> 11) + 1;
	return 1 + (uint64_t)(minus_ln(x) * (double)mean);
}

/* --- live blocks -------------------------------------------------------------------------------------------------- */

static uint32_t hash_of_block(uintptr_t address)
{
	return (uint32_t)((uint64_t)(address >> 4) * 0x9e3779b97f4a7c15u >> 50); /* 14 bits: SLOTS */
}

static uint8_t *filter_of(uintptr_t address)
{
	return &heap.t->filter[hash_of_block(address) & (FILTER - 1)];
}

static uint32_t slot_of(uintptr_t address)
{
	return hash_of_block(address) & (heap.slots - 1);
}

static uint32_t next_slot(uint32_t at)
{
	return (at + 1) & (heap.slots - 1);
}

static struct live *find(uintptr_t address)
{
	uint32_t at = slot_of(address);
	while (heap.live[at].inverted && heap.live[at].inverted != ~address)
		at = next_slot(at);
	return &heap.live[at];
}

/* Moves all to the next larger table when this one is three quarters full. */
static void make_room(void)
{
	const struct live *old = heap.live, *end = old + heap.slots;
	if (heap.slots == SLOTS || heap.t->stacks.file.live_count < heap.slots / 4 * 3)
		return;
	heap.live += heap.slots;
	heap.slots *= 2;
	for (; old < end; old++) {
		if (old->inverted)
			*find(~old->inverted) = *old;
	}
}

/* Moves what stands behind a hole and belongs in front of it. */
static void close_hole(uint32_t hole)
{
	for (uint32_t at = next_slot(hole); heap.live[at].inverted; at = next_slot(at)) {
		uint32_t home = slot_of(~heap.live[at].inverted), mask = heap.slots - 1;
		if (((at - home) & mask) < ((at - hole) & mask))
			continue;
		heap.live[hole] = heap.live[at];
		hole = at;
	}
	heap.live[hole] = (struct live){ 0 };
}

/* It is counted as live no more. */
static void uncount(const struct live *l)
{
	uint64_t *values = heap.t->stacks.file.stacks[l->stack].values;
	values[VALUE_LIVE_OBJECTS]--;
	values[VALUE_LIVE_BYTES] -= l->bytes;
	heap.live_bytes -= rf_heap_estimate(l->bytes);
}

static void add_live(const void *block, const struct live *added)
{
	make_room();
	struct live *l = find((uintptr_t)block);
	uint64_t *values = heap.t->stacks.file.stacks[added->stack].values;
	uint8_t *filter = filter_of((uintptr_t)block);
	if (!l->inverted && heap.t->stacks.file.live_count >= RF_HEAP_LIVE_MAX) {
		heap.t->stacks.file.dropped++;
		return;
	}
	if (l->inverted) { /* it was freed behind our back: by an allocator's own function */
		uncount(l);
	} else {
		heap.t->stacks.file.live_count++;
		*filter = (uint8_t)(*filter + (*filter < UINT8_MAX));
	}
	*l = *added;
	l->inverted = ~(uintptr_t)block;
	values[VALUE_LIVE_OBJECTS]++;
	values[VALUE_LIVE_BYTES] += l->bytes;
	heap.live_bytes += rf_heap_estimate(l->bytes);
}

static void remove_live(struct live *l)
{
	uint8_t *filter = filter_of(~l->inverted);
	uncount(l);
	heap.t->stacks.file.live_count--;
	*filter = (uint8_t)(*filter - (*filter < UINT8_MAX));
	heap.profile.changed = true;
	close_hole((uint32_t)(l - heap.live));
}

static inline bool rf_heap_seems_to_have(const void *block)
{
	const struct tables *t = heap.t;
	return t && __atomic_load_n(&t->filter[hash_of_block((uintptr_t)block) & (FILTER - 1)], __ATOMIC_RELAXED);
}

/* The block's entry before it went; stack NO_STACK: it had none. */
static struct live take(const void *block)
{
	struct live had = { .stack = NO_STACK };
	if (!rf_heap_seems_to_have(block) || !rf_lock_own())
		return had;
	struct live *l = find((uintptr_t)block);
	if (l->inverted) {
		had = *l;
		remove_live(l);
	}
	rf_unlock();
	return had;
}

static bool rf_heap_next_live(uint32_t *at, struct rf_heap_block *out)
{
	while (heap.t && *at < heap.slots) {
		const struct live *l = &heap.live[(*at)++];
		if (l->inverted && !l->mapped) {
			*out = (struct rf_heap_block){ ~l->inverted, l->bytes, l->stack, l->tid };
			return true;
		}
	}
	return false;
}

static void rf_heap_trace(const struct rf_heap_block *block, struct rf_trace *out)
{
	const struct rf_heap_file_stack *s = &heap.t->stacks.file.stacks[block->stack];
	*out = (struct rf_trace){ .tid = block->tid, .count = (uint16_t)s->count };
	memcpy(out->pcs, &heap.t->stacks.file.frames[s->frames], s->count * sizeof(out->pcs[0]));
}

/* It was sampled with the probability 1 - exp(-x), x = bytes / period; so it stands for period * x / (1 - exp(-x)), whose series
 * is good to 1 % up to 4. */
static double rf_heap_estimate(uint64_t bytes)
{
	double x = (double)bytes / (double)heap.period, y = x * x;
	return (x < 4 ? 1 + x / 2 + y / 12 - y * y / 720 + y * y * y / 30240 : x) * (double)heap.period;
}

static bool rf_heap_forget(const void *block)
{
	return take(block).stack != NO_STACK;
}

/* For who reads the file while the process runs. */
static void note_state(void)
{
	heap.t->stacks.file.period = heap.period;
	heap.t->stacks.file.guarded = rf_guard_counts.guarded;
	heap.t->stacks.file.guard_full = rf_guard_counts.full;
	heap.t->stacks.file.reports = rf_record_reports();
}

static struct rf_trace counting; /* under the lock */

/* The number of the caller's stack; NO_STACK: it has no room, or there are no tables. Under the lock. */
static uint32_t begin_count(void)
{
	rf_trace_take(&counting);
	return have_tables() ? stack_of(&counting) : NO_STACK;
}

static void end_count(const void *block, size_t bytes, uint32_t stack, bool mapped)
{
	if (stack != NO_STACK) {
		heap.t->stacks.file.stacks[stack].values[VALUE_OBJECTS]++;
		heap.t->stacks.file.stacks[stack].values[VALUE_BYTES] += bytes;
		add_live(block, &(struct live){ .bytes = bytes, .stack = stack, .tid = counting.tid & TID_MAX, .mapped = mapped });
	}
	note_state();
	rf_profile_note(&heap.profile, 0);
	rf_samples_take_due(heap.t->stacks.file.changed_ns, heap.live_bytes);
}

static void count(const void *block, size_t bytes)
{
	if (!rf_lock_own())
		return;
	uint32_t stack = begin_count();
	if (heap.t)
		end_count(block, bytes, stack, false);
	rf_unlock();
}

/* --- allocating --------------------------------------------------------------------------------------------------- */

/* Where glibc's free memory behind the block begins is an address that glibc keeps, and it may be one of the block's last 16 bytes:
 * malloc/malloc.c, "Note: the `foot' of the current chunk". */
static size_t with_tail(size_t bytes)
{
	return bytes < SIZE_MAX - TAIL_BYTES ? bytes + TAIL_BYTES : bytes;
}

static void *plain(size_t bytes, bool zero)
{
	return zero ? rf_next.calloc(1, bytes) : rf_next.malloc(bytes);
}

static void *rf_heap_allocate(size_t bytes, size_t align, bool zero)
{
	void *block = align <= RF_MALLOC_ALIGN ? plain(with_tail(bytes), zero) : NULL;
	if (!block || !rf_heap_may_have(block)) {
		if (block)
			rf_next.free(block);
		block = rf_next.memalign(align > RF_HEAP_ALIGN ? align : RF_HEAP_ALIGN, with_tail(bytes));
		if (block && zero)
			memset(block, 0, bytes);
	}
	if (block)
		count(block, bytes);
	return block;
}

/* A block of another size is a new one; to be counted it may have to move. */
static void *count_resized(void *block, size_t bytes)
{
	void *marked = block;
	if (!rf_heap_may_have(block)) {
		marked = rf_next.memalign(RF_HEAP_ALIGN, with_tail(bytes));
		if (!marked)
			return block;
		memcpy(marked, block, bytes);
		rf_next.free(block);
	}
	count(marked, bytes);
	return marked;
}

static void *rf_heap_realloc(void *block, size_t bytes, bool due)
{
	struct live had = rf_heap_may_have(block) ? take(block) : (struct live){ .stack = NO_STACK };
	void *result = rf_next.realloc(block, due ? with_tail(bytes) : bytes);
	if (had.stack != NO_STACK && !result && bytes) { /* it is still there */
		rf_lock();
		add_live(block, &had);
		rf_unlock();
	}
	return result && due ? count_resized(result, bytes) : result;
}

static void rf_heap_finish(void)
{
	if (!heap.t)
		return;
	rf_samples_take(rf_profile_now_ns(), heap.live_bytes);
	rf_profile_finish(&heap.profile);
}
