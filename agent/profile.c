#include "agent/profile.h"

#include "agent/modules.h"
#include "agent/record.h"
#include "tsan-glue/spool.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PART_SAMPLES 1024u /* of one record: 1024 * (40 + 32 * 8) bytes are below its bound */
#define FIRST_SNAPSHOT_NS 1000000000u
#define LAST_DISTANCE_NS (3600u * (uint64_t)1000000000u)

_Static_assert(PART_SAMPLES * (sizeof(struct rf_spool_profile_sample) + RF_TRACE_FRAMES * sizeof(uint64_t)) < RF_SPOOL_RECORD_BYTES_MAX,
	       "a part fits");

static uint64_t rf_profile_now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void rf_profile_init(struct rf_profile *p, enum rf_spool_profile_kind kind, uint64_t period, size_t bytes)
{
	p->kind = kind;
	p->period = period;
	p->bytes = bytes;
	p->start_ns = rf_profile_now_ns();
	p->distance_ns = FIRST_SNAPSHOT_NS;
	p->next_ns = p->start_ns + p->distance_ns;
}

static void rf_profile_forget(struct rf_profile *p)
{
	if (p->t)
		munmap(p->t, p->bytes);
	p->t = NULL;
	p->changed = p->in_file = false;
}

/* Beside the spool. Its space is taken at once, so that no store can meet a full disk. -1: there will be no file. */
static int create_file(struct rf_profile *p)
{
	static const char *const suffixes[] = RF_HEAP_FILE_SUFFIXES;
	size_t len = rf_record_open() ? strlen(rf_spool_path()) : 0, suffix = strlen(suffixes[p->kind]);
	if (len < sizeof(RF_SPOOL_SUFFIX) || len + suffix >= sizeof(p->path))
		return -1;
	memcpy(p->path, rf_spool_path(), len + 1);
	memcpy(p->path + len - (sizeof(RF_SPOOL_SUFFIX) - 1), suffixes[p->kind], suffix + 1);
	int fd = open(p->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0 && (!rf_spool_size_allowed(RF_PROFILE_FILE_BYTES) || posix_fallocate(fd, 0, (off_t)RF_PROFILE_FILE_BYTES) != 0)) {
		close(fd);
		unlink(p->path);
		fd = -1;
	}
	return fd;
}

/* The file lies over the beginning of memory. Without MADV_RANDOM the kernel makes all pages of it at the first touch of one. */
static void *map_tables(struct rf_profile *p, int fd)
{
	void *t = mmap(NULL, p->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (t == MAP_FAILED || fd < 0)
		return t;
	p->in_file = mmap(t, RF_PROFILE_FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) != MAP_FAILED;
	if (p->in_file) {
		madvise(t, RF_PROFILE_FILE_BYTES, MADV_RANDOM);
		return t;
	}
	munmap(t, p->bytes); /* there may be a hole now */
	return map_tables(p, -1);
}

static bool rf_profile_open(struct rf_profile *p, bool *made)
{
	*made = false;
	if (p->t)
		return true;
	int fd = create_file(p);
	void *t = map_tables(p, fd);
	if (fd >= 0)
		close(fd);
	if (t == MAP_FAILED)
		return false;
	p->t = t;
	p->t->file.pid = (uint32_t)getpid();
	p->t->file.kind = p->kind;
	p->t->file.start_ns = p->start_ns;
	p->t->file.period = p->period;
	*made = true;
	return true;
}

static void rf_profile_show(struct rf_profile *p)
{
	atomic_thread_fence(memory_order_release);
	memcpy(p->t->file.magic, RF_HEAP_FILE_MAGIC, sizeof(p->t->file.magic));
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

static bool same(const struct rf_heap_file *file, uint32_t index, uint64_t hash, const struct rf_trace *trace)
{
	const struct rf_heap_file_stack *s = &file->stacks[index];
	return s->hash == hash && s->count == trace->count &&
	       memcmp(&file->frames[s->frames], trace->pcs, s->count * sizeof(trace->pcs[0])) == 0;
}

static uint32_t rf_profile_stack(struct rf_profile *p, const struct rf_trace *trace)
{
	struct rf_heap_file *file = &p->t->file;
	uint64_t hash = hash_of(trace);
	uint32_t mask = RF_PROFILE_BUCKETS - 1u, at = (uint32_t)hash & mask;
	for (; p->t->buckets[at]; at = (at + 1) & mask) {
		if (same(file, p->t->buckets[at] - 1, hash, trace))
			return p->t->buckets[at] - 1;
	}
	if (file->stack_count == RF_HEAP_STACKS_MAX || file->frame_count + trace->count > RF_HEAP_FRAMES_MAX) {
		file->dropped++;
		return RF_PROFILE_NO_STACK;
	}
	struct rf_heap_file_stack *s = &file->stacks[file->stack_count];
	*s = (struct rf_heap_file_stack){ .hash = hash, .frames = file->frame_count, .count = trace->count };
	memcpy(&file->frames[s->frames], trace->pcs, s->count * sizeof(trace->pcs[0]));
	file->frame_count += s->count;
	p->t->buckets[at] = ++file->stack_count;
	for (uint32_t i = 0; i < trace->count; i++)
		rf_module_write(trace->pcs[i]);
	return file->stack_count - 1;
}

/* --- snapshots --------------------------------------------------------------------------------------------------- */

static bool write_part(const struct rf_heap_file *file, uint32_t number, uint32_t first, uint32_t end)
{
	struct rf_spool_profile *p = rf_spool_begin(RF_SPOOL_PROFILE, sizeof(*p));
	p->kind = file->kind;
	p->elapsed_ns = file->changed_ns - file->start_ns;
	p->period = file->period;
	p->dropped = file->dropped;
	p->snapshot = number;
	struct rf_spool_profile_sample *samples = rf_spool_array(end - first, sizeof(*samples), &p->samples);
	for (uint32_t i = first; samples && i < end; i++) {
		const struct rf_heap_file_stack *s = &file->stacks[i];
		struct rf_spool_profile_sample *out = &samples[i - first];
		memcpy(out->values, s->values, sizeof(s->values));
		uint64_t *pcs = rf_spool_array(s->count, sizeof(*pcs), &out->stack);
		if (pcs)
			memcpy(pcs, &file->frames[s->frames], s->count * sizeof(*pcs));
	}
	return rf_spool_commit();
}

static void rf_profile_snapshot(struct rf_profile *p)
{
	struct rf_heap_file *file = &p->t->file;
	if (!rf_record_open())
		return;
	p->distance_ns = 2 * p->distance_ns < LAST_DISTANCE_NS ? 2 * p->distance_ns : LAST_DISTANCE_NS;
	p->next_ns = file->changed_ns + p->distance_ns;
	p->changed = false;
	uint32_t number = __atomic_add_fetch(&file->snapshot, 1, __ATOMIC_RELAXED);
	for (uint32_t first = 0, end, all = file->stack_count; first <= all; first = end) {
		end = all - first < PART_SAMPLES ? all : first + PART_SAMPLES;
		if (!write_part(file, number, first, end) || first == end) /* a part without samples ends the snapshot */
			break;
	}
}

static uint64_t *rf_profile_values(struct rf_profile *p, const void *context)
{
	static struct rf_trace trace; /* under the lock */
	bool made;
	if (!rf_profile_open(p, &made))
		return NULL;
	if (made)
		rf_profile_show(p);
	if (context)
		rf_trace_take_from(&trace, context);
	else
		rf_trace_take(&trace);
	uint32_t stack = rf_profile_stack(p, &trace);
	return stack == RF_PROFILE_NO_STACK ? NULL : p->t->file.stacks[stack].values;
}

static void rf_profile_note(struct rf_profile *p, uint64_t dropped)
{
	if (!p->t)
		return;
	p->t->file.dropped += dropped;
	p->changed = true;
	p->t->file.changed_ns = rf_profile_now_ns();
	if (p->t->file.changed_ns >= p->next_ns)
		rf_profile_snapshot(p);
}

static void rf_profile_finish(struct rf_profile *p)
{
	if (!p->t)
		return;
	if (p->changed)
		rf_profile_snapshot(p);
	if (p->in_file && rf_spool_active())
		unlink(p->path);
	p->in_file = false;
}
