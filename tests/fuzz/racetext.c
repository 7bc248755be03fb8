/* A stream of text. Bounds hold, every access has a goroutine, a report parses again from its own text to the same
 * report, and its fingerprint does not depend on which access comes first. */
#include "fuzz.h"

#include "finding/finding.h"
#include "read/racetext.h"

static void check_stack(const struct rf_stack *s)
{
	MUST(s->count <= RF_RACETEXT_FRAMES_MAX);
	for (uint32_t i = 0; i < s->count; i++)
		MUST(memchr(s->frames[i].function.ptr, '\n', s->frames[i].function.len) == NULL);
}

static void check_order(const struct rf_report *report, rf_arena *arena)
{
	struct rf_report swapped = *report;
	struct rf_finding a, b;
	swapped.accesses[0] = report->accesses[1];
	swapped.accesses[1] = report->accesses[0];
	rf_finding_make(report, arena, &a);
	rf_finding_make(&swapped, arena, &b);
	MUST(strcmp(a.fingerprint, b.fingerprint) == 0 && strcmp(a.coarse, b.coarse) == 0);
	MUST(strcmp(a.exact, b.exact) == 0 && rf_str_eq(a.title, b.title) && a.wildcard == b.wildcard);
	MUST(strlen(a.fingerprint) == RF_FINGERPRINT_BYTES && a.title.len > 0);
}

static void check_report(const struct rf_report *report, rf_arena *arena)
{
	struct rf_report again;
	bool incomplete;
	MUST(report->access_count >= 1 && report->access_count <= RF_REPORT_ACCESSES_MAX);
	MUST(report->goroutine_count >= 1 && report->goroutine_count <= RF_REPORT_GOROUTINES_MAX);
	for (uint32_t i = 0; i < report->access_count; i++) {
		MUST(report->accesses[i].goroutine);
		check_stack(&report->accesses[i].stack);
	}
	for (uint32_t i = 0; i < report->goroutine_count; i++)
		check_stack(&report->goroutines[i]->created);
	MUST(rf_racetext_parse(report->text, arena, &again, &incomplete));
	MUST(again.access_count == report->access_count && again.goroutine_count == report->goroutine_count);
	MUST(rf_report_match_key(&again) == rf_report_match_key(report));
	if (report->access_count == 2)
		check_order(report, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rf_racetext reader;
	struct rf_report report;
	uint64_t reports = 0;
	rf_arena arena;
	rf_arena_init(&arena, 0);
	rf_racetext_init(&reader);
	for (rf_str rest = { (const char *)data, size }; rest.len;) {
		if (rf_racetext_line(&reader, rf_str_cut(&rest, '\n'), &arena, &report)) {
			check_report(&report, &arena);
			reports++;
		}
	}
	if (rf_racetext_end(&reader, &arena, &report)) {
		check_report(&report, &arena);
		reports++;
	}
	MUST(!reader.open && reports <= size / 20);
	MUST(reader.text.len <= RF_RACETEXT_BYTES_MAX);
	rf_racetext_release(&reader);
	rf_arena_release(&arena);
	return 0;
}
