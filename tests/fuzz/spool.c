/* The bytes of a spool. Before reading, every record's checksum is put right (where its length allows), so that what is
 * behind the checksum is reached; the file as it came is read as well. Bounds hold, whatever is in it. */
#include "fuzz.h"

#include "read/spool_read.h"
#include "tsan-glue/crc32c.h"
#include "tsan-glue/spool_format.h"

static void check_report(const struct rf_report *r)
{
	MUST(r->access_count <= RF_REPORT_ACCESSES_MAX && r->goroutine_count <= RF_REPORT_GOROUTINES_MAX);
	MUST(r->from_spool && (unsigned)r->kind < RF_KIND_COUNT && (unsigned)r->memory < RF_MEMORY_COUNT);
	for (uint32_t i = 0; i < r->access_count; i++) {
		MUST(r->accesses[i].goroutine);
		MUST(r->accesses[i].stack.count <= RF_SPOOL_STACK_FRAMES_MAX);
	}
	rf_report_match_key(r); /* walks every frame */
}

static void read_profiles(struct rf_spool *s, rf_arena *arena)
{
	struct rf_profile_sample *samples;
	struct rf_profile_point point;
	uint32_t count;
	for (uint32_t i = 0; i <= rf_spool_snapshot_count(s); i++) {
		for (uint32_t v = 0; rf_spool_snapshot_at(s, i, &point) && v < RF_PROFILE_VALUES; v++)
			MUST(point.totals[v] >= 0 && (unsigned)point.kind < RF_PROFILE_KIND_COUNT);
	}
	for (int kind = 0; kind < RF_PROFILE_KIND_COUNT; kind++) {
		MUST(rf_spool_profile(s, (enum rf_profile_kind)kind, arena, &samples, &count));
		for (uint32_t i = 0; i < count; i++)
			MUST(samples[i].stack.count <= RF_SPOOL_STACK_FRAMES_MAX && samples[i].values[1] >= 0);
	}
}

static void read_all(rf_str bytes)
{
	struct rf_spool *s;
	struct rf_error err = { 0 };
	struct rf_report r;
	struct rf_spool_symbol_info info;
	rf_arena arena;
	uint64_t reports = 0;
	int rc = rf_spool_open_bytes(&s, bytes, &err);
	if (rc) {
		must_say(rc, &err);
		MUST(!s);
		return;
	}
	rf_arena_init(&arena, 0);
	MUST(rf_spool_look_up(s, &err) == 0);
	while (rf_spool_next(s, &arena, &r)) {
		check_report(&r);
		reports++;
		rf_arena_reset(&arena);
	}
	MUST(!rf_spool_next(s, &arena, &r));
	const struct rf_spool_drops *d = rf_spool_dropped(s);
	uint64_t most = bytes.len / sizeof(struct rf_spool_record);
	MUST(reports <= most && d->records_bad <= most && d->records_unknown <= most && d->bytes_torn <= bytes.len);
	MUST(rf_spool_symbol_count(s) <= bytes.len / sizeof(struct rf_spool_symbol) + 1);
	for (uint32_t i = 0; i < rf_spool_symbol_count(s); i++)
		rf_spool_symbol_at(s, i, &info);
	read_profiles(s, &arena);
	rf_spool_close(s);
	rf_arena_release(&arena);
}

static void mend(char *p, size_t size)
{
	struct rf_spool_record head;
	for (size_t at = sizeof(struct rf_spool_file_header); at + sizeof(head) <= size;) {
		memcpy(&head, p + at, sizeof(head));
		if (head.length < sizeof(head) || head.length > size - at)
			return;
		uint32_t length = head.length;
		head.length = head.crc = 0;
		memcpy(p + at, &head, sizeof(head));
		head.crc = rf_crc32c(0, p + at, length);
		head.length = length;
		memcpy(p + at, &head, sizeof(head));
		at += ((size_t)length + 7) & ~(size_t)7;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_all((rf_str){ (const char *)data, size });
	char *copy = malloc(size ? size : 1);
	memcpy(copy, data, size);
	mend(copy, size);
	read_all((rf_str){ copy, size });
	free(copy);
	return 0;
}
