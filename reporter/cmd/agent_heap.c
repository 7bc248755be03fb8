#include "cmd/agent_heap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/files.h"
#include "read/spool_read.h"
#include "store/process.h"
#include "tsan-glue/crc32c.h"
#include "tsan-glue/spool_format.h"

#define PART_STACKS 1024u
#define DUMP_SUFFIX ".dump"
#define STACK_FRAMES_MAX 256u
#define HEAP_BYTES_MAX ((size_t)16 << 20)

static bool read_header(int spool, struct rf_spool_file_header *header)
{
	return pread(spool, header, sizeof(*header), 0) == (ssize_t)sizeof(*header);
}

static bool is_over(int spool)
{
	struct rf_spool_file_header header;
	return read_header(spool, &header) && rf_process_over(header.pid, header.start_unix_ns);
}

/* Where the records of a spool end, and the sequence number of the last one. False: it isn't one that can be gone on with. */
static bool find_end(int fd, off_t *end, uint32_t *sequence)
{
	struct rf_spool_file_header header;
	struct rf_spool_record record;
	if (!read_header(fd, &header) || memcmp(header.magic, RF_SPOOL_MAGIC, sizeof(header.magic)) != 0 ||
	    header.version_major != RF_SPOOL_VERSION_MAJOR || header.header_bytes != sizeof(header))
		return false;
	*end = (off_t)sizeof(header);
	*sequence = 0;
	while (pread(fd, &record, sizeof(record), *end) == (ssize_t)sizeof(record) && record.length) {
		if (record.length < sizeof(record) || record.length > RF_SPOOL_RECORD_BYTES_MAX)
			return false;
		*end += (off_t)((record.length + 7u) & ~7u);
		*sequence = record.sequence;
	}
	return true;
}

static bool is_sound(const struct rf_heap_file_stack *s)
{
	return s->count <= STACK_FRAMES_MAX && s->frames <= RF_HEAP_FRAMES_MAX - STACK_FRAMES_MAX;
}

/* The next part of the snapshot: stacks from *first on. */
static bool put_part(struct rf_buf *out, const struct rf_heap_file *heap, uint32_t *first, const struct rf_spool_record *record)
{
	uint32_t end = heap->stack_count - *first < PART_STACKS ? heap->stack_count : *first + PART_STACKS, n = end - *first;
	struct rf_spool_profile profile = {
		.record = *record,
		.elapsed_ns = heap->changed_ns - heap->start_ns, .period = heap->period, .dropped = heap->dropped,
		.kind = heap->kind, .snapshot = heap->snapshot + 1,
		.samples = { sizeof(profile), n * (uint32_t)sizeof(struct rf_spool_profile_sample) },
	};
	uint32_t frames = profile.samples.offset + profile.samples.length;
	rf_buf_put(out, &profile, sizeof(profile));
	for (uint32_t i = *first; i < end; i++) {
		const struct rf_heap_file_stack *s = &heap->stacks[i];
		struct rf_spool_profile_sample sample = { .stack = { frames, is_sound(s) ? s->count * (uint32_t)sizeof(uint64_t) : 0 } };
		memcpy(sample.values, s->values, sizeof(sample.values));
		frames += sample.stack.length;
		rf_buf_put(out, &sample, sizeof(sample));
	}
	for (uint32_t i = *first; i < end; i++) {
		const struct rf_heap_file_stack *s = &heap->stacks[i];
		if (is_sound(s))
			rf_buf_put(out, &heap->frames[s->frames], s->count * sizeof(uint64_t));
	}
	*first = end;
	return !out->failed && out->len <= RF_SPOOL_RECORD_BYTES_MAX;
}

static void append(int fd, const struct rf_heap_file *heap, uint64_t time_unix_ns)
{
	struct rf_buf out;
	struct rf_spool_record head = { .type = RF_SPOOL_PROFILE, .time_unix_ns = time_unix_ns };
	uint32_t first = 0;
	off_t end;
	if (!find_end(fd, &end, &head.sequence))
		return;
	rf_buf_init(&out);
	for (bool last = false; !last;) {
		last = first == heap->stack_count; /* a part without samples: the snapshot is whole */
		rf_buf_reset(&out);
		head.sequence++;
		if (!put_part(&out, heap, &first, &head))
			break;
		struct rf_spool_record *record = (void *)out.ptr;
		record->crc = rf_crc32c(0, out.ptr, out.len);
		record->length = (uint32_t)out.len;
		if (pwrite(fd, out.ptr, out.len, end) != (ssize_t)out.len)
			break;
		end += (off_t)((out.len + 7u) & ~(size_t)7u);
	}
	rf_buf_release(&out);
}

const char *rf_agent_heap_path(const char *spool, rf_arena *scratch)
{
	return rf_spool_tables_path(rf_str_from(spool), RF_SPOOL_PROFILE_HEAP, scratch);
}

static const struct rf_heap_file *read_heap(const char *path, rf_arena *scratch)
{
	struct rf_error ignored;
	rf_str bytes;
	if (rf_file_read(path, HEAP_BYTES_MAX, scratch, &bytes, &ignored) != 0 || bytes.len < sizeof(struct rf_heap_file))
		return NULL;
	const struct rf_heap_file *heap = (const void *)bytes.ptr;
	bool sound = memcmp(heap->magic, RF_HEAP_FILE_MAGIC, sizeof(heap->magic)) == 0 && heap->stack_count <= RF_HEAP_STACKS_MAX &&
		     heap->kind > 0 && heap->kind < RF_SPOOL_PROFILE_KIND_COUNT;
	return sound ? heap : NULL;
}

static const struct rf_heap_file *running(const char *spool, enum rf_spool_profile_kind kind, rf_arena *scratch)
{
	const char *path = rf_spool_tables_path(rf_str_from(spool), kind, scratch);
	int fd = path ? open(spool, O_RDONLY | O_CLOEXEC) : -1;
	const struct rf_heap_file *heap = fd >= 0 && !is_over(fd) ? read_heap(path, scratch) : NULL;
	if (fd >= 0)
		close(fd);
	return heap;
}

const struct rf_heap_file *rf_agent_heap_running(const char *spool, rf_arena *scratch)
{
	return running(spool, RF_SPOOL_PROFILE_HEAP, scratch);
}

static bool copy_file(int from, int to)
{
	char bytes[65536];
	off_t at = 0;
	ssize_t n;
	while ((n = pread(from, bytes, sizeof(bytes), at)) > 0 && write(to, bytes, (size_t)n) == n)
		at += n;
	return n == 0;
}

struct rf_heap_file *rf_agent_heap_map(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDWR | O_CLOEXEC);
	bool whole = fd >= 0 && fstat(fd, &st) == 0 && (size_t)st.st_size >= sizeof(struct rf_heap_file);
	void *file = whole ? mmap(NULL, sizeof(struct rf_heap_file), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
	if (fd >= 0)
		close(fd);
	return file == MAP_FAILED ? NULL : file;
}

/* The number of a snapshot that nobody else will write; 0: the file can't be written. */
static uint32_t take_number(const char *path)
{
	struct rf_heap_file *file = rf_agent_heap_map(path);
	uint32_t number = file ? __atomic_add_fetch(&file->snapshot, 1, __ATOMIC_RELAXED) : 0;
	if (file)
		munmap(file, sizeof(*file));
	return number;
}

/* The tables of one kind as they are, as a snapshot behind the copy of the spool. */
static void dump_one(const char *spool, enum rf_spool_profile_kind kind, int copy, rf_arena *scratch)
{
	const struct rf_heap_file *tables = running(spool, kind, scratch);
	struct rf_heap_file *now = tables ? rf_arena_alloc(scratch, sizeof(*now)) : NULL;
	uint32_t number = now ? take_number(rf_spool_tables_path(rf_str_from(spool), kind, scratch)) : 0;
	if (!number)
		return;
	memcpy(now, tables, sizeof(*now));
	now->snapshot = number - 1;
	append(copy, now, (uint64_t)time(NULL) * 1000000000u);
}

const char *rf_agent_heap_dump(const char *spool, rf_arena *scratch)
{
	bool runs = false;
	for (int kind = RF_SPOOL_PROFILE_HEAP; kind < RF_SPOOL_PROFILE_KIND_COUNT; kind++)
		runs |= running(spool, (enum rf_spool_profile_kind)kind, scratch) != NULL;
	const char *copy = runs ? rf_arena_printf(scratch, "%s" DUMP_SUFFIX, spool).ptr : NULL;
	if (!copy)
		return NULL;
	int from = open(spool, O_RDONLY | O_CLOEXEC), to = open(copy, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool copied = from >= 0 && to >= 0 && copy_file(from, to);
	for (int kind = RF_SPOOL_PROFILE_HEAP; copied && kind < RF_SPOOL_PROFILE_KIND_COUNT; kind++)
		dump_one(spool, (enum rf_spool_profile_kind)kind, to, scratch);
	if (from >= 0)
		close(from);
	if (to >= 0)
		close(to);
	return copied ? copy : NULL;
}

static void settle(const char *spool, enum rf_spool_profile_kind kind, rf_arena *scratch)
{
	struct stat st;
	const char *path = rf_spool_tables_path(rf_str_from(spool), kind, scratch);
	int lock = path ? open(path, O_RDWR | O_CLOEXEC) : -1, fd = lock < 0 ? -1 : open(spool, O_RDWR | O_CLOEXEC);
	if (fd >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0 && fstat(lock, &st) == 0 && st.st_nlink && is_over(fd)) {
		const struct rf_heap_file *heap = read_heap(path, scratch);
		if (heap) {
			append(fd, heap, (uint64_t)st.st_mtim.tv_sec * 1000000000u + (uint64_t)st.st_mtim.tv_nsec);
			unlink(path);
		}
	}
	if (fd >= 0)
		close(fd);
	if (lock >= 0)
		close(lock);
}

void rf_agent_heap_settle(const char *spool, rf_arena *scratch)
{
	for (int kind = RF_SPOOL_PROFILE_HEAP; kind < RF_SPOOL_PROFILE_KIND_COUNT; kind++)
		settle(spool, (enum rf_spool_profile_kind)kind, scratch);
}

void rf_agent_heap_each(const char *directory, rf_arena *scratch, void (*see)(const char *spool, void *context), void *context)
{
	DIR *d = opendir(directory);
	for (struct dirent *entry; d && (entry = readdir(d));) {
		rf_str name = rf_str_from(entry->d_name);
		if (!rf_str_ends(name, RF_SPOOL_SUFFIX))
			continue;
		rf_str path = rf_arena_printf(scratch, "%s/%s", directory, entry->d_name);
		if (path.ptr)
			see(path.ptr, context);
	}
	if (d)
		closedir(d);
}

static void settle_one(const char *spool, void *scratch)
{
	rf_agent_heap_settle(spool, scratch);
}

void rf_agent_heap_settle_all(const char *directory, rf_arena *scratch)
{
	rf_agent_heap_each(directory, scratch, settle_one, scratch);
}
