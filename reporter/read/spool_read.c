#include "read/spool_read.h"

#include "model/native.h"
#include "read/spool_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER_BYTES_MAX 4096u /* of a file header of a later minor version */

/* Handles every record up to the next report. True when there is one at `pos`. */
static bool advance(struct rf_spool *s, struct rf_spool_record *head)
{
	while (rf_spool_find(s, head)) {
		rf_str record = { s->data.ptr + s->pos, head->length };
		bool good = true;
		if (head->type == RF_SPOOL_REPORT)
			return true;
		if (head->type == RF_SPOOL_PROCESS)
			good = rf_spool_decode_process(s, record);
		else if (head->type == RF_SPOOL_SYMBOL)
			good = rf_spool_decode_symbol(s, record);
		else if (head->type == RF_SPOOL_COUNTERS)
			good = rf_spool_decode_counters(s, record);
		else if (head->type == RF_SPOOL_OBJECT)
			s->object_pos = s->pos; /* read with its report */
		else if (head->type == RF_SPOOL_SAMPLE)
			good = rf_spool_decode_sample(s, record);
		else if (head->type == RF_SPOOL_ORIGINS)
			good = rf_spool_decode_origins(s, &s->origins, record);
		else if (head->type == RF_SPOOL_QUEUES)
			good = rf_spool_decode_origins(s, &s->queues, record);
		else if (head->type == RF_SPOOL_DETAIL)
			good = rf_spool_decode_detail(s, record);
		else if (head->type == RF_SPOOL_MODULE)
			good = rf_spool_decode_module(s, record);
		else if (head->type == RF_SPOOL_PROFILE)
			good = rf_spool_decode_profile(s, record);
		else
			s->drops.records_unknown++;
		s->drops.records_bad += !good;
		rf_spool_skip(s, head);
	}
	return false;
}

static int check_header(struct rf_spool *s, const char *name, struct rf_error *err)
{
	struct rf_spool_file_header h;
	static const char zeros[sizeof(h.magic)];
	if (s->data.len >= sizeof(h.magic) && memcmp(s->data.ptr, RF_SPOOL_MAGIC, sizeof(h.magic)) != 0 &&
	    memcmp(s->data.ptr, zeros, sizeof(zeros)) != 0)
		return rf_fail(err, RF_ERR_INPUT,
			       "%s is not a spool of redflag (it does not start with RFSPOOL); give the *%s file that "
			       "an instrumented program left, or a log of `go test -race`", name, RF_SPOOL_SUFFIX);
	if (s->data.len < sizeof(h) || s->data.ptr[0] == 0)
		return rf_fail(err, RF_ERR_INPUT,
			       "%s ends inside its header: the program was killed before it could write anything; run "
			       "it again", name);
	memcpy(&h, s->data.ptr, sizeof(h));
	if (h.version_major != RF_SPOOL_VERSION_MAJOR)
		return rf_fail(err, RF_ERR_VERSION,
			       "%s has spool format %u, this redflag reads format %d; use the redflag that wrote it, or "
			       "update this one", name, h.version_major, RF_SPOOL_VERSION_MAJOR);
	if (h.header_bytes < sizeof(h) || h.header_bytes > HEADER_BYTES_MAX || h.header_bytes % 8)
		return rf_fail(err, RF_ERR_INPUT, "%s has a damaged header (length %u); nothing in it can be read",
			       name, h.header_bytes);
	memcpy(s->process.spool_id, h.spool_id, sizeof(h.spool_id));
	s->process.instrumented = true;
	s->process.pid = h.pid;
	s->process.start_unix_ns = h.start_unix_ns;
	s->process.finished = h.finished == 1;
	s->pos = h.header_bytes;
	return 0;
}

int rf_spool_read_tail(struct rf_spool *s, struct rf_error *err)
{
	struct stat st;
	if (fstat(s->fd, &st) != 0)
		return rf_fail(err, RF_ERR_IO, "cannot read the spool (%s)", strerror(errno));
	if ((uint64_t)st.st_size < s->pos)
		return rf_fail(err, RF_ERR_IO, "the spool was cut while it was read; what came before is kept");
	size_t size = (uint64_t)st.st_size > RF_SPOOL_FILE_BYTES_MAX ? (size_t)RF_SPOOL_FILE_BYTES_MAX
								     : (size_t)st.st_size;
	if (size > s->data.len || !s->owned) {
		char *p = realloc(s->owned, size ? size : 1);
		if (!p)
			return rf_fail(err, RF_ERR_MEMORY, "no memory for a spool of %zu bytes", size);
		s->owned = p;
	}
	size_t at = s->pos;
	while (at < size) {
		ssize_t n = pread(s->fd, s->owned + at, size - at, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return rf_fail(err, RF_ERR_IO, "cannot read the spool (%s)", strerror(errno));
		if (n == 0)
			break;
		at += (size_t)n;
	}
	s->data = (rf_str){ s->owned, at };
	return 0;
}

static struct rf_spool *spool_new(struct rf_error *err)
{
	struct rf_spool *s = calloc(1, sizeof(*s));
	if (!s) {
		rf_fail(err, RF_ERR_MEMORY, "no memory for reading a spool");
		return NULL;
	}
	s->fd = -1;
	s->resync_bytes_left = RF_SPOOL_RESYNC_BYTES_MAX;
	rf_arena_init(&s->memory, 0);
	return s;
}

/* Checks the header and reads on to the first report, so that process and symbols are there. */
static int start(struct rf_spool **out, struct rf_spool *s, const char *name, struct rf_error *err)
{
	struct rf_spool_record head;
	int rc = check_header(s, name, err);
	if (rc) {
		rf_spool_close(s);
		return rc;
	}
	advance(s, &head);
	*out = s;
	return 0;
}

int rf_spool_open_bytes(struct rf_spool **out, rf_str bytes, struct rf_error *err)
{
	struct rf_spool *s = spool_new(err);
	*out = NULL;
	if (!s)
		return RF_ERR_MEMORY;
	s->data = bytes;
	return start(out, s, "the spool", err);
}

int rf_spool_open(struct rf_spool **out, const char *path, struct rf_error *err)
{
	struct stat st;
	struct rf_spool *s = spool_new(err);
	*out = NULL;
	if (!s)
		return RF_ERR_MEMORY;
	s->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not make us wait */
	if (s->fd < 0 || fstat(s->fd, &st) != 0) {
		rf_fail(err, RF_ERR_IO, "cannot open %s (%s)", path, strerror(errno));
		rf_spool_close(s);
		return RF_ERR_IO;
	}
	if (!S_ISREG(st.st_mode)) {
		rf_spool_close(s);
		return rf_fail(err, RF_ERR_INPUT, "%s is not a regular file, so it is no spool", path);
	}
	int rc = rf_spool_read_tail(s, err);
	if (rc) {
		rf_spool_close(s);
		return rf_fail_again(err, "%s", path);
	}
	return start(out, s, path, err);
}

void rf_spool_close(struct rf_spool *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		close(s->fd);
	rf_arena_release(&s->memory);
	free(s->symbols);
	free(s->samples);
	rf_symbolizer_close(s->symbolizer);
	free(s->modules);
	free(s->snapshots);
	free(s->parts);
	free(s->owned);
	free(s);
}

int rf_spool_refresh(struct rf_spool *s, struct rf_error *err)
{
	struct rf_spool_file_header h;
	if (s->fd < 0)
		return 0;
	bool read = pread(s->fd, &h, sizeof(h), 0) == sizeof(h); /* first: who has finished then has written all that follows */
	int rc = rf_spool_read_tail(s, err);
	if (rc == 0 && read)
		s->process.finished = h.finished == 1;
	return rc;
}

bool rf_spool_next(struct rf_spool *s, rf_arena *arena, struct rf_report *out)
{
	struct rf_spool_record head;
	while (advance(s, &head)) {
		bool good = rf_spool_decode_report(s, (rf_str){ s->data.ptr + s->pos, head.length }, arena, out);
		rf_spool_skip(s, &head);
		if (good && !rf_native_race_is_of_runtime(out))
			return true;
		s->drops.records_bad += !good;
	}
	return false;
}

/* A file that has more than the arena's bound of them is damaged, as its sizes say. */
bool rf_spool_starved(const struct rf_spool *s)
{
	return s->starved || (s->memory.failed && s->memory.used_total < s->memory.cap_bytes / 2);
}

const struct rf_process *rf_spool_process(const struct rf_spool *s)
{
	return &s->process;
}

const struct rf_process_counters *rf_spool_counters(const struct rf_spool *s)
{
	return &s->counters;
}

const struct rf_spool_drops *rf_spool_dropped(const struct rf_spool *s)
{
	return &s->drops;
}

uint32_t rf_spool_symbol_count(const struct rf_spool *s)
{
	return s->symbol_count;
}

bool rf_spool_symbol_at(const struct rf_spool *s, uint32_t index, struct rf_spool_symbol_info *out)
{
	if (index >= s->symbol_count)
		return false;
	*out = s->symbols[index];
	return out->function.len || out->file.len || out->pc || out->entry;
}
