/* The glue where something is lost, closed, full, or used up. */
#include "tests/unit/glue_fixture.h"

/* Commits records until the file had to grow. */
static void make_the_spool_grow(void)
{
	static const char bytes[4096];
	uint64_t allocated = spool.allocated;
	for (int i = 0; i < 100 && spool.allocated == allocated; i++) {
		rf_spool_begin(RF_SPOOL_TYPE_COUNT, sizeof(struct rf_spool_record));
		rf_spool_put(bytes, sizeof(bytes));
		assert_true(rf_spool_commit());
	}
	assert_true(spool.allocated > allocated);
}

static void file_of_the_program_with_our_number_stays_as_it_is(void **state)
{
	char path[] = "/tmp/redflag-user.XXXXXX";
	struct stat st;
	(void)state;
	int user = mkstemp(path), number = spool.fd;
	assert_true(user >= 0 && number >= SPOOL_FD_MIN);
	assert_int_equal(dup2(user, number), number);
	make_the_spool_grow();
	assert_int_equal(fstat(user, &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_int_equal(fstat(number, &st), 0); /* and open */
	assert_int_equal(close(spool.fd), 0);
	make_the_spool_grow();
	close(user);
	close(number);
	unlink(path);
}

static void rows_of_tests_that_are_over_are_used_again(void **state)
{
	char name[64];
	intptr_t bytes;
	uintptr_t over;
	(void)state;
	uint32_t busy = test_start(0, "TestBusy"), leaky = test_start(0, "TestLeaky"), charged = test_start(0, "TestCharged");
	uint32_t slot = start_goroutine(31, 31, 0, leaky);
	uint32_t over_and_out = test_start(0, "TestOver");
	assert_true(ended(leaky) && ended(charged) && ended(over_and_out));
	rf_owners_charge(&charged, 1);
	uint64_t dropped = rf_counters.tests_dropped;
	for (uint32_t i = 0; i < 2 * RF_TESTS_MAX; i++) {
		uint32_t id = test_start(0, "TestBrief");
		assert_int_not_equal(id, 0);
		assert_true(ended(id));
		if (i > RF_TESTS_MAX)
			assert_true(id > RF_TESTS_MAX); /* used again: another number */
	}
	assert_int_equal(rf_counters.tests_dropped, dropped);
	assert_memory_equal(rf_owner_name(busy).ptr, "TestBusy", 8);
	assert_memory_equal(rf_owner_name(leaky).ptr, "TestLeaky", 9);
	assert_int_equal(rf_owner_name(over_and_out).len, 8); /* too short for TestBrief */
	__redflag_goroutine_end(slot, NULL, 0);
	rf_owners_charge(&busy, 1);
	assert_int_equal(taken(busy), 1);
	__redflag_test_leftover(name, sizeof(name), &bytes, &over);
	assert_memory_equal(name, "TestCharged", 11);
	assert_true(over);
	uint32_t id = test_start(0, "TestLongerNameThanAnyBefore");
	assert_int_equal(id, 0);
	assert_int_equal(rf_counters.tests_dropped, dropped + 1);
}

/* A disk that got full: what is in the file stays readable, and says what was dropped. */
static void counters_are_written_after_giving_up(void **state)
{
	uint32_t count;
	(void)state;
	make_the_spool_grow();
	spool.gave_up = true;
	assert_false(rf_spool_active());
	struct ts_report report = { .type = TS_REPORT_RACE };
	rf_report_handle(&report, RF_SPOOL_KIND_UNKNOWN, true);
	__redflag_exit();
	const struct rf_spool_counters *c = record_of(RF_SPOOL_COUNTERS, &count);
	assert_int_equal(count, 1);
	assert_int_equal(c->reports_dropped, 1);
	spool.gave_up = false;
	spool.allocated = spool.used = RF_SPOOL_FILE_BYTES_MAX - SPOOL_STEP_BYTES;
	rf_spool_begin(RF_SPOOL_REPORT, sizeof(struct rf_spool_report));
	assert_false(rf_spool_commit()); /* the end is for counters */
	assert_false(spool.gave_up);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(file_of_the_program_with_our_number_stays_as_it_is),
		cmocka_unit_test(rows_of_tests_that_are_over_are_used_again),
		cmocka_unit_test(counters_are_written_after_giving_up),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
