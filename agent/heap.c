#include "agent/heap.h"

#include "agent/guard.h"
#include "agent/lock.h"
#include "agent/modules.h"
#include "agent/next.h"
#include "agent/record.h"
#include "agent/samples.h"
#include "agent/settings.h"
#include "agent/thread.h"
#include "agent/unwind.h"
#include "tsan-glue/spool.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define SLOTS 16384u /* of the table of live blocks; a power of two */
#define FILTER 4096u /* a power of two */
#define PART_SAMPLES 1024u /* of one record: 1024 * (40 + 32 * 8) bytes are below its bound */
#define NO_STACK UINT32_MAX
#define TAIL_BYTES 32u
#define FIRST_SNAPSHOT_NS 1000000000u
#define LAST_DISTANCE_NS (3600u * (uint64_t)1000000000u)

_Static_assert(PART_SAMPLES * (sizeof(struct rf_spool_profile_sample) + RF_TRACE_FRAMES * sizeof(uint64_t)) < RF_SPOOL_RECORD_BYTES_MAX,
	       "a part fits");

struct live {
	uintptr_t inverted; /* ~address, so that a search for leaks doesn't find it here; 0: free */
	uint64_t bytes;
	uint32_t stack, tid;
};

enum { VALUE_LIVE_OBJECTS, VALUE_LIVE_BYTES, VALUE_OBJECTS, VALUE_BYTES };

struct tables {
	struct rf_heap_file file;
	uint32_t buckets[2u * RF_HEAP_STACKS_MAX]; /* index + 1 */
	struct live live[SLOTS];
	uint8_t filter[FILTER]; /* how many live blocks have that hash; 255 stays */
};

static struct {
	struct tables *t; /* NULL until something is sampled */
	uint64_t period, start_ns, next_ns, distance_ns;
	double live_bytes; /* by estimate */
	uint32_t generation;
	bool changed, in_file, off;
	char path[1024];
} heap;

static uint64_t rf_heap_now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void rf_heap_init(uint64_t period)
{
	heap.period = period;
	heap.start_ns = rf_heap_now_ns();
	heap.distance_ns = FIRST_SNAPSHOT_NS;
	heap.next_ns = heap.start_ns + heap.distance_ns;
	rf_samples_init(heap.start_ns);
}

static void rf_heap_forked(void)
{
	if (heap.t)
		munmap(heap.t, sizeof(*heap.t));
	heap.t = NULL;
	heap.changed = heap.in_file = false;
	heap.live_bytes = 0;
	heap.generation = rf_me.generation = 0;
	rf_samples_init(heap.start_ns);
}

/* Beside the spool. Its space is taken at once, so that no store can meet a full disk. -1: there will be no file. */
static int create_file(void)
{
	size_t len = rf_record_open() ? strlen(rf_spool_path()) : 0;
	if (len < sizeof(RF_SPOOL_SUFFIX) || len + sizeof(RF_HEAP_FILE_SUFFIX) > sizeof(heap.path))
		return -1;
	memcpy(heap.path, rf_spool_path(), len + 1);
	memcpy(heap.path + len - (sizeof(RF_SPOOL_SUFFIX) - 1), RF_HEAP_FILE_SUFFIX, sizeof(RF_HEAP_FILE_SUFFIX));
	int fd = open(heap.path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0 && (!rf_spool_size_allowed(sizeof(*heap.t)) || posix_fallocate(fd, 0, sizeof(*heap.t)) != 0)) {
		close(fd);
		unlink(heap.path);
		fd = -1;
	}
	return fd;
}

/* True when there are tables; in memory alone where there can be no file. */
static bool have_tables(void)
{
	if (heap.t)
		return true;
	int fd = create_file();
	void *t = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*heap.t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	heap.in_file = t != MAP_FAILED;
	if (fd >= 0)
		close(fd);
	if (!heap.in_file)
		t = mmap(NULL, sizeof(*heap.t), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (t == MAP_FAILED)
		return false;
	heap.t = t;
	heap.t->file.pid = (uint32_t)getpid();
	heap.t->file.start_ns = heap.start_ns;
	heap.t->file.period = heap.period;
	heap.t->file.control = (struct rf_heap_control){
		.off = heap.off, .guard_rate = rf_settings.guard, .alloc_sample = rf_settings.paused ? 0 : heap.period,
		.leaks = rf_settings.leaks, .guard_ready = rf_settings.guard_ready,
	};
	atomic_thread_fence(memory_order_release);
	memcpy(heap.t->file.magic, RF_HEAP_FILE_MAGIC, sizeof(heap.t->file.magic));
	return true;
}

/* -log2 of a number in (0, 1] that is given in 1/2^53, by the exponent and a polynomial of the rest: within 0.5 %. */
static double minus_log2(uint64_t x)
{
	double v = (double)x;
	uint64_t bits;
	memcpy(&bits, &v, sizeof(bits));
	double exponent = (double)(bits >> 52 & 2047u) - 1023.0;
	bits = (bits & (((uint64_t)1 << 52) - 1)) | (uint64_t)1023 << 52;
	memcpy(&v, &bits, sizeof(v));
	return 53.0 - exponent - ((-0.344845 * v + 2.024658) * v - 1.674873);
}

static uint64_t rf_heap_distance(void)
{
	uint64_t x = (rf_random() >> 11) + 1;
	return 1 + (uint64_t)(minus_log2(x) * 0.6931471805599453 * (double)heap.period);
}

/* --- stacks ------------------------------------------------------------------------------------------------------ */

static uint64_t hash_of(const struct rf_trace *trace)
{
	uint64_t h = trace->count;
	for (uint32_t i = 0; i < trace->count; i++) {
		h = (h ^ trace->pcs[i]) * 0x9e3779b97f4a7c15u;
		h ^= h >> 29;
	}
	return h;
}

static bool same(const struct rf_heap_file_stack *s, uint64_t hash, const struct rf_trace *trace)
{
	return s->hash == hash && s->count == trace->count &&
	       memcmp(&heap.t->file.frames[s->frames], trace->pcs, s->count * sizeof(trace->pcs[0])) == 0;
}

static uint32_t stack_of(const struct rf_trace *trace)
{
	uint64_t hash = hash_of(trace);
	uint32_t mask = 2u * RF_HEAP_STACKS_MAX - 1u, at = (uint32_t)hash & mask;
	for (; heap.t->buckets[at]; at = (at + 1) & mask) {
		if (same(&heap.t->file.stacks[heap.t->buckets[at] - 1], hash, trace))
			return heap.t->buckets[at] - 1;
	}
	if (heap.t->file.stack_count == RF_HEAP_STACKS_MAX || heap.t->file.frame_count + trace->count > RF_HEAP_FRAMES_MAX)
		return NO_STACK;
	struct rf_heap_file_stack *s = &heap.t->file.stacks[heap.t->file.stack_count];
	*s = (struct rf_heap_file_stack){ .hash = hash, .frames = heap.t->file.frame_count, .count = trace->count };
	memcpy(&heap.t->file.frames[s->frames], trace->pcs, s->count * sizeof(trace->pcs[0]));
	heap.t->file.frame_count += s->count;
	heap.t->buckets[at] = ++heap.t->file.stack_count;
	for (uint32_t i = 0; i < trace->count; i++)
		rf_module_write(trace->pcs[i]);
	return heap.t->file.stack_count - 1;
}

/* --- snapshots ------------------------------------------------------------------------------------------------------ */

static bool write_part(uint32_t number, uint32_t first, uint32_t end)
{
	struct rf_spool_profile *p = rf_spool_begin(RF_SPOOL_PROFILE, sizeof(*p));
	p->kind = RF_SPOOL_PROFILE_HEAP;
	p->elapsed_ns = heap.t->file.changed_ns - heap.start_ns;
	p->period = heap.period;
	p->dropped = heap.t->file.dropped;
	p->snapshot = number;
	struct rf_spool_profile_sample *samples = rf_spool_array(end - first, sizeof(*samples), &p->samples);
	for (uint32_t i = first; samples && i < end; i++) {
		const struct rf_heap_file_stack *s = &heap.t->file.stacks[i];
		struct rf_spool_profile_sample *out = &samples[i - first];
		memcpy(out->values, s->values, sizeof(s->values));
		uint64_t *pcs = rf_spool_array(s->count, sizeof(*pcs), &out->stack);
		if (pcs)
			memcpy(pcs, &heap.t->file.frames[s->frames], s->count * sizeof(*pcs));
	}
	return rf_spool_commit();
}

static void write_snapshot(void)
{
	if (!rf_record_open())
		return;
	heap.distance_ns = 2 * heap.distance_ns < LAST_DISTANCE_NS ? 2 * heap.distance_ns : LAST_DISTANCE_NS;
	heap.next_ns = heap.t->file.changed_ns + heap.distance_ns;
	heap.changed = false;
	uint32_t number = __atomic_add_fetch(&heap.t->file.snapshot, 1, __ATOMIC_RELAXED);
	for (uint32_t first = 0, end, all = heap.t->file.stack_count; first <= all; first = end) {
		end = all - first < PART_SAMPLES ? all : first + PART_SAMPLES;
		if (!write_part(number, first, end) || first == end) /* a part without samples ends the snapshot */
			break;
	}
}

/* --- live blocks -------------------------------------------------------------------------------------------------- */

static uint32_t slot_of(uintptr_t address)
{
	return (uint32_t)((uint64_t)(address >> 4) * 0x9e3779b97f4a7c15u >> 50); /* 14 bits: SLOTS */
}

static uint8_t *filter_of(uintptr_t address)
{
	return &heap.t->filter[slot_of(address) & (FILTER - 1)];
}

static struct live *find(uintptr_t address)
{
	uint32_t at = slot_of(address);
	while (heap.t->live[at].inverted && heap.t->live[at].inverted != ~address)
		at = (at + 1) & (SLOTS - 1);
	return &heap.t->live[at];
}

/* Moves what stands behind a hole and belongs in front of it. */
static void close_hole(uint32_t hole)
{
	for (uint32_t at = (hole + 1) & (SLOTS - 1); heap.t->live[at].inverted; at = (at + 1) & (SLOTS - 1)) {
		uint32_t home = slot_of(~heap.t->live[at].inverted);
		if (((at - home) & (SLOTS - 1)) < ((at - hole) & (SLOTS - 1)))
			continue;
		heap.t->live[hole] = heap.t->live[at];
		hole = at;
	}
	heap.t->live[hole] = (struct live){ 0 };
}

/* It is counted as live no more. */
static void uncount(const struct live *l)
{
	uint64_t *values = heap.t->file.stacks[l->stack].values;
	values[VALUE_LIVE_OBJECTS]--;
	values[VALUE_LIVE_BYTES] -= l->bytes;
	heap.live_bytes -= rf_heap_estimate(l->bytes);
}

static void add_live(const void *block, size_t bytes, uint32_t stack, uint32_t tid)
{
	struct live *l = find((uintptr_t)block);
	uint64_t *values = heap.t->file.stacks[stack].values;
	uint8_t *filter = filter_of((uintptr_t)block);
	if (!l->inverted && heap.t->file.live_count >= RF_HEAP_LIVE_MAX) {
		heap.t->file.dropped++;
		return;
	}
	if (l->inverted) { /* it was freed behind our back: by an allocator's own function */
		uncount(l);
	} else {
		heap.t->file.live_count++;
		*filter = (uint8_t)(*filter + (*filter < UINT8_MAX));
	}
	*l = (struct live){ ~(uintptr_t)block, bytes, stack, tid };
	values[VALUE_LIVE_OBJECTS]++;
	values[VALUE_LIVE_BYTES] += bytes;
	heap.live_bytes += rf_heap_estimate(bytes);
}

/* The block's entry before it went; stack NO_STACK: it had none. */
static struct live take(const void *block)
{
	struct live had = { .stack = NO_STACK };
	uint8_t *filter = heap.t ? filter_of((uintptr_t)block) : NULL;
	if (!filter || !__atomic_load_n(filter, __ATOMIC_RELAXED) || rf_settings.pid != getpid())
		return had;
	rf_lock();
	struct live *l = find((uintptr_t)block);
	if (l->inverted) {
		had = *l;
		uncount(l);
		heap.t->file.live_count--;
		*filter = (uint8_t)(*filter - (*filter < UINT8_MAX));
		heap.changed = true;
		close_hole((uint32_t)(l - heap.t->live));
	}
	rf_unlock();
	return had;
}

static bool rf_heap_next_live(uint32_t *at, struct rf_heap_block *out)
{
	while (heap.t && *at < SLOTS) {
		const struct live *l = &heap.t->live[(*at)++];
		if (l->inverted) {
			*out = (struct rf_heap_block){ ~l->inverted, l->bytes, l->stack, l->tid };
			return true;
		}
	}
	return false;
}

static void rf_heap_trace(const struct rf_heap_block *block, struct rf_trace *out)
{
	const struct rf_heap_file_stack *s = &heap.t->file.stacks[block->stack];
	*out = (struct rf_trace){ .tid = block->tid, .count = (uint16_t)s->count };
	memcpy(out->pcs, &heap.t->file.frames[s->frames], s->count * sizeof(out->pcs[0]));
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
	heap.t->file.changed_ns = rf_heap_now_ns();
	heap.t->file.guarded = rf_guard_counts.guarded;
	heap.t->file.guard_full = rf_guard_counts.full;
	heap.t->file.reports = rf_record_reports();
}

static void count(const void *block, size_t bytes)
{
	static struct rf_trace trace; /* under the lock */
	if (rf_settings.pid != getpid())
		return;
	rf_lock();
	rf_trace_take(&trace);
	uint32_t stack = have_tables() ? stack_of(&trace) : NO_STACK;
	if (!heap.t) {
		rf_unlock();
		return;
	}
	if (stack == NO_STACK) {
		heap.t->file.dropped++;
	} else {
		heap.t->file.stacks[stack].values[VALUE_OBJECTS]++;
		heap.t->file.stacks[stack].values[VALUE_BYTES] += bytes;
		add_live(block, bytes, stack, trace.tid);
	}
	heap.changed = true;
	note_state();
	if (heap.t->file.changed_ns >= heap.next_ns)
		write_snapshot();
	rf_samples_take_due(heap.t->file.changed_ns, heap.live_bytes);
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
		block = rf_next.memalign(align > RF_PAGE ? align : RF_PAGE, with_tail(bytes));
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
		marked = rf_next.memalign(RF_PAGE, with_tail(bytes));
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
		add_live(block, had.bytes, had.stack, had.tid);
		rf_unlock();
	}
	return result && due ? count_resized(result, bytes) : result;
}

static void rf_heap_finish(void)
{
	if (!heap.t)
		return;
	rf_samples_take(rf_heap_now_ns(), heap.live_bytes);
	if (heap.changed)
		write_snapshot();
	if (heap.in_file && rf_spool_active())
		unlink(heap.path);
	heap.in_file = false;
}
