#include "unit.h"

#include "model/report.h"

static void test_kind_names(void **state)
{
	(void)state;
	for (int kind = 0; kind < RF_KIND_COUNT; kind++)
		assert_int_equal(rf_kind_from_name(rf_str_from(rf_kind_name((enum rf_kind)kind))), kind);
	assert_int_equal(rf_kind_from_name(RF_STR("no such kind")), RF_KIND_UNKNOWN);
	assert_string_equal(rf_kind_name((enum rf_kind)77), "unknown");
	for (int memory = 0; memory < RF_MEMORY_COUNT; memory++)
		assert_int_equal(rf_memory_from_name(rf_str_from(rf_memory_name((enum rf_memory)memory))), memory);
	assert_int_equal(rf_memory_from_name(RF_STR("stack")), RF_MEMORY_UNKNOWN);
	assert_int_equal(rf_memory_from_name(RF_STR("global")), RF_MEMORY_GLOBAL);
	assert_string_equal(rf_memory_name((enum rf_memory)77), "unknown");
}

static void test_match_key(void **state)
{
	struct rf_goroutine g7 = { .thread = 7 }, g8 = { .thread = 8, .goid = 42, .test = RF_STR("TestCart") };
	struct rf_frame frames[] = { { .function = RF_STR("shop.Add"), .file = RF_STR("/a.go"), .line = 3 } };
	struct rf_report text = { .kind = RF_KIND_DATA_RACE, .access_count = 2 };
	(void)state;
	text.accesses[0] = (struct rf_access){ .write = true, .address = 0xc000, .goroutine = &g7,
					       .stack = { frames, 1, false } };
	text.accesses[1] = (struct rf_access){ .address = 0xc000, .goroutine = &g8 };
	struct rf_report spool = text;
	spool.accesses[0].atomic = true; /* what only a spool knows makes no difference */
	spool.from_spool = true;
	spool.time_unix_ns = 99;
	assert_true(rf_report_match_key(&text) == rf_report_match_key(&spool));

	struct rf_report other = text;
	other.accesses[0].address++;
	assert_true(rf_report_match_key(&text) != rf_report_match_key(&other));
	other = text;
	other.accesses[1].write = true;
	assert_true(rf_report_match_key(&text) != rf_report_match_key(&other));
	other = text;
	other.accesses[0].goroutine = &g8;
	assert_true(rf_report_match_key(&text) != rf_report_match_key(&other));
	struct rf_frame moved = frames[0];
	moved.line++;
	other = text;
	other.accesses[0].stack.frames = &moved;
	assert_true(rf_report_match_key(&text) != rf_report_match_key(&other));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_kind_names), cmocka_unit_test(test_match_key) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
