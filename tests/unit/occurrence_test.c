/* Occurrences of a finding page by page, and two runs beside each other. */
#include "unit.h"

#include "export_sample.h"
#include "query/compare.h"
#include "query/occurrence.h"

static void put(struct sample *s, const char *trace, unsigned number, struct rf_report *report)
{
	const struct sample_event e = { trace, rf_arena_printf(&s->arena, "uid-%u", number).ptr, NULL, "TestOne", report };
	sample_put(s, &e);
}

static int64_t run_id(struct sample *s, const char *trace)
{
	struct rf_run_row run;
	assert_int_equal(rf_query_run(s->store, rf_str_from(trace), &s->arena, &run, &s->err), 0);
	return run.id;
}

static void test_pages(void **state)
{
	struct sample *s = *state;
	struct rf_occurrence *rows, one;
	uint32_t count, seen = 0;
	int64_t before = 0, last = INT64_MAX;
	for (unsigned i = 0; i < 23; i++)
		put(s, "build-1", i, i == 4 ? sample_record(s, "Add", "Total", 16 * i) : sample_report(s, "Add", "Total", 16 * i));
	do {
		assert_int_equal(rf_occurrence_list(s->store, 1, before, 5, &s->arena, &rows, &count, &s->err), 0);
		for (uint32_t i = 0; i < count; i++) {
			assert_true(rows[i].event.id < last); /* the latest first, none twice */
			last = rows[i].event.id;
		}
		seen += count;
		before = count ? rows[count - 1].event.id : 0;
	} while (count);
	assert_int_equal(seen, 23);
	/* The one of a spool says most. */
	assert_int_equal(rf_occurrence_find(s->store, 1, 0, &s->arena, &one, &s->err), 0);
	assert_int_equal(one.event.id, 5);
	assert_int_equal(rf_occurrence_find(s->store, 1, 7, &s->arena, &one, &s->err), 0);
	assert_int_equal(one.event.id, 7);
	assert_int_equal(rf_occurrence_find(s->store, 1, 99, &s->arena, &one, &s->err), RF_ERR_MISSING);
	assert_says(s->err, "no occurrence 99");
	assert_int_equal(rf_occurrence_find(s->store, 2, 7, &s->arena, &one, &s->err), RF_ERR_MISSING);
	assert_int_equal(rf_occurrence_find(s->store, 2, 0, &s->arena, &one, &s->err), RF_ERR_MISSING);
}

static void test_days(void **state)
{
	struct sample *s = *state;
	struct rf_occurrence_day *days;
	struct rf_occurrence_silence silence;
	uint32_t count;
	static const unsigned on[] = { 0, 0, 1, 40, 40, 40, 69 };
	for (unsigned i = 0; i < sizeof(on) / sizeof(on[0]); i++) {
		s->clock.now = SAMPLE_NOW + on[i] * 86400000000000u + i * 1000000000u;
		put(s, "build-1", i, sample_report(s, "Add", "Total", 16 * i));
	}
	assert_int_equal(rf_occurrence_days(s->store, 1, 30, &s->arena, &days, &count, &s->err), 0);
	assert_int_equal(count, 2); /* of the 30 days up to the last: 40 and 69 */
	assert_str(days[0].day, "2026-02-10");
	assert_int_equal(days[0].events, 3);
	assert_str(days[1].day, "2026-03-11");
	assert_int_equal(rf_occurrence_silence(s->store, 1, &s->arena, &silence, &s->err), 0);
	assert_str(silence.until, "");
}

static void test_compare(void **state)
{
	struct sample *s = *state;
	struct rf_finding_row *rows;
	struct rf_compare_result *results;
	uint32_t count;
	int64_t total;
	static const struct { const char *trace, *function; } events[] = {
		{ "build-1", "OnlyA" }, { "build-1", "Both" }, { "build-2", "Both" }, { "build-2", "OnlyB" }, { "build-2", "AlsoB" } };
	for (unsigned i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		put(s, events[i].trace, i, sample_report(s, events[i].function, "Total", 16));
	int64_t a = run_id(s, "build-1"), b = run_id(s, "build-2");
	static const int64_t wanted[] = { [RF_COMPARE_ONLY_A] = 1, [RF_COMPARE_ONLY_B] = 2, [RF_COMPARE_BOTH] = 1 };
	for (int set = 0; set < RF_COMPARE_SET_COUNT; set++) {
		assert_int_equal(rf_compare_findings(s->store, a, b, (enum rf_compare_set)set, 1, &s->arena, &rows, &count, &total,
						     &s->err), 0);
		assert_int_equal(total, wanted[set]);
		assert_int_equal(count, 1); /* the limit */
	}
	assert_int_equal(rf_compare_findings(s->store, a, a, RF_COMPARE_ONLY_A, 9, &s->arena, &rows, &count, &total, &s->err), 0);
	assert_int_equal(count + total, 0);
	sample_result(s, "build-1", "example.com/shop", "", "pass");
	sample_result(s, "build-2", "example.com/shop", "", "fail");
	sample_result(s, "build-1", "example.com/shop/same", "", "pass");
	sample_result(s, "build-2", "example.com/shop/same", "", "pass");
	sample_result(s, "build-2", "example.com/shop/later", "", "pass");
	assert_int_equal(rf_compare_results(s->store, a, b, 9, &s->arena, &results, &count, &s->err), 0);
	assert_int_equal(count, 2);
	assert_str(results[0].package, "example.com/shop");
	assert_str(results[0].result_a, "pass");
	assert_str(results[0].result_b, "fail");
	assert_str(results[1].package, "example.com/shop/later");
	assert_str(results[1].result_a, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_pages, sample_setup, sample_teardown),
		cmocka_unit_test_setup_teardown(test_days, sample_setup, sample_teardown),
		cmocka_unit_test_setup_teardown(test_compare, sample_setup, sample_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
