#include "unit.h"

#include "cmd/block.h"
#include "cmd/gotest.h"
#include "store/clean_text.h"
#include "store/timestamp.h"

static void test_times(void **state)
{
	rf_arena arena;
	uint64_t ns;
	(void)state;
	rf_arena_init(&arena, 0);
	static const struct { const char *in, *out; } cases[] = {
		{ "2026-01-31T12:00:05.250999Z", "2026-01-31T12:00:05.250Z" },
		{ "2024-02-29T23:59:59+02:00", "2024-02-29T21:59:59.000Z" },
		{ "2024-03-01T00:30:00-01:30", "2024-03-01T02:00:00.000Z" },
		{ "1970-01-01", "1970-01-01T00:00:00.000Z" },
		{ "2099-12-31T23:59:59.999999999Z", "2099-12-31T23:59:59.999Z" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(rf_time_parse(rf_str_from(cases[i].in), &ns));
		assert_str(rf_time_text(ns, &arena), cases[i].out);
	}
	static const char *const bad[] = { "", "2026", "2026-13-01", "2026-01-31T12:00", "2026-01-31T12:00:05",
					   "2026-01-31T25:00:00Z", "2026-01-31T12:00:05+2", "1969-12-31", "9999-01-01",
					   "2026-02-30", "2027-02-29", "2026-04-31", "2026-01-00" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(rf_time_parse(rf_str_from(bad[i]), &ns));
	/* Every day of 8 years, there and back. */
	for (uint64_t day = 18000; day < 18000 + 8 * 366; day++) {
		assert_true(rf_time_parse(rf_time_text(day * 86400000000000u, &arena), &ns));
		assert_true(ns == day * 86400000000000u);
	}
	rf_arena_release(&arena);
}

static void assert_made(void (*put)(struct rf_buf *, rf_str), rf_str in, const char *want)
{
	struct rf_buf b;
	rf_buf_init(&b);
	put(&b, in);
	assert_str(rf_buf_str(&b), want);
	rf_buf_release(&b);
}

static void test_clean_text(void **state)
{
	(void)state;
	assert_true(rf_text_is_clean(RF_STR("naïve ·")));
	assert_false(rf_text_is_clean((rf_str){ "a\0b", 3 }));
	assert_false(rf_text_is_clean(RF_STR("\xc0\xaf")));     /* overlong */
	assert_false(rf_text_is_clean(RF_STR("\xed\xa0\x80"))); /* surrogate */
	assert_false(rf_text_is_clean(RF_STR("\xe2\x82")));     /* cut */
	assert_made(rf_text_put_clean, (rf_str){ "a\0\xff", 3 }, "a\xef\xbf\xbd\xef\xbf\xbd");
	assert_made(rf_text_put_json, RF_STR("a\"\\\n\x01\xff"), "\"a\\\"\\\\\\n\\u0001\xef\xbf\xbd\"");
	assert_made(rf_text_put_visible, RF_STR("\x1b[31m\t\x7f\xff"), "\\x1b[31m\\t\\x7f\\xff");
	assert_made(rf_text_put_visible, RF_STR("a\xe2\x80\xae" "b\xc2\x9b"), "a\\u202eb\\x9b");
}

static void test_clipping(void **state)
{
	const struct rf_terminal t = { .columns = 20 };
	struct rf_buf b;
	(void)state;
	rf_buf_init(&b);
	rf_put_clipped(&b, &t, RF_STYLE_PLAIN, RF_STR("abcdefghij"), 7, false);
	assert_str(rf_buf_str(&b), "abc…hij");
	rf_buf_reset(&b);
	rf_put_clipped(&b, &t, RF_STYLE_RED, RF_STR("äöü"), 5, true);
	assert_str(rf_buf_str(&b), "äöü  "); /* no colour without a terminal */
	rf_buf_reset(&b);
	rf_put_wrapped(&b, &t, RF_STYLE_PLAIN, RF_STR("one two three four five six"), 2);
	assert_str(rf_buf_str(&b), "one two three four\n  five six\n");
	rf_buf_release(&b);
}

/* --- what a person sees of go test ----------------------------------------------------------------------------- */

struct seen {
	struct rf_terminal terminal;
	struct rf_buf out;
	struct rf_gotest g;
};

static int begin(void **state)
{
	struct seen *seen = calloc(1, sizeof(*seen));
	seen->terminal.columns = 80;
	rf_buf_init(&seen->out);
	rf_gotest_init(&seen->g, &seen->terminal, &seen->out, false);
	*state = seen;
	return 0;
}

static int end(void **state)
{
	struct seen *seen = *state;
	rf_gotest_release(&seen->g);
	rf_buf_release(&seen->out);
	free(seen);
	return 0;
}

static void event(struct rf_gotest *g, enum rf_action action, const char *test, const char *output)
{
	struct rf_test_event e = { .action = action, .package = RF_STR("p"), .test = rf_str_from(test),
				   .output = rf_str_from(output) };
	rf_gotest_event(g, &e);
}

static void feed_package(struct rf_gotest *g)
{
	event(g, RF_ACTION_START, "", "");
	event(g, RF_ACTION_OUTPUT, "TestOk", "=== RUN   TestOk\n");
	event(g, RF_ACTION_OUTPUT, "TestOk", "    ok_test.go:1: quiet\n");
	event(g, RF_ACTION_PASS, "TestOk", "");
	event(g, RF_ACTION_RUN, "TestBad", "");
	event(g, RF_ACTION_OUTPUT, "TestBad", "    bad_test.go:1: log ");
	event(g, RF_ACTION_OUTPUT, "TestBad", "line\n");
	event(g, RF_ACTION_OUTPUT, "TestBad", "==================\n");
	event(g, RF_ACTION_OUTPUT, "TestBad", "WARNING: DATA RACE\n");
	event(g, RF_ACTION_OUTPUT, "TestBad", "Write at 0x1 by goroutine 2:\n");
	event(g, RF_ACTION_OUTPUT, "TestBad", "==================\n");
	event(g, RF_ACTION_OUTPUT, "TestBad", "==================\nnot a report\n");
	event(g, RF_ACTION_OUTPUT, "TestBad", "--- FAIL: TestBad (0.00s)\n");
	event(g, RF_ACTION_FAIL, "TestBad", "");
	event(g, RF_ACTION_OUTPUT, "", "FAIL\n");
	event(g, RF_ACTION_OUTPUT, "", "FAIL\tp\t0.1s\n");
	event(g, RF_ACTION_FAIL, "", "");
}

static void test_failed_package(void **state)
{
	struct seen *seen = *state;
	feed_package(&seen->g);
	assert_str(rf_buf_str(&seen->out), "--- FAIL: TestBad (0.00s)\n    bad_test.go:1: log line\n==================\n"
				     "not a report\nFAIL\nFAIL\tp\t0.1s\n");
	assert_int_equal(seen->g.done, 1);
	assert_int_equal(seen->g.failed, 1);
	assert_int_equal(seen->g.running, 0);
}

/* -count=3: what it said when it failed is told, also when it passes later. */
static void test_repeats(void **state)
{
	struct seen *seen = *state;
	for (int i = 0; i < 3; i++) {
		event(&seen->g, RF_ACTION_RUN, "TestFlaky", "");
		event(&seen->g, RF_ACTION_OUTPUT, "TestFlaky", i == 0 ? "    one\n" : i == 1 ? "    two\n" : "    three\n");
		event(&seen->g, i < 2 ? RF_ACTION_FAIL : RF_ACTION_PASS, "TestFlaky", "");
	}
	event(&seen->g, RF_ACTION_OUTPUT, "", "FAIL\tp\t1.0s\n");
	event(&seen->g, RF_ACTION_FAIL, "", "");
	assert_str(rf_buf_str(&seen->out), "    one\n    two\nFAIL\tp\t1.0s\n");
}

/* os.Exit, a panic in a goroutine, a time-out: the test that ran has no verdict, and its lines tell what happened. */
static void test_unfinished_test(void **state)
{
	struct seen *seen = *state;
	event(&seen->g, RF_ACTION_RUN, "TestHangs", "");
	event(&seen->g, RF_ACTION_OUTPUT, "TestHangs", "panic: test timed out after 1s\n");
	event(&seen->g, RF_ACTION_OUTPUT, "", "FAIL\tp\t1.0s\n");
	event(&seen->g, RF_ACTION_FAIL, "", "");
	assert_str(rf_buf_str(&seen->out), "panic: test timed out after 1s\nFAIL\tp\t1.0s\n");
}

static void test_passed_package(void **state)
{
	struct seen *seen = *state;
	event(&seen->g, RF_ACTION_OUTPUT, "", "said by TestMain\n");
	event(&seen->g, RF_ACTION_OUTPUT, "", "PASS\n");
	event(&seen->g, RF_ACTION_OUTPUT, "", "ok  \tp\t0.1s\n");
	event(&seen->g, RF_ACTION_PASS, "", "");
	assert_str(rf_buf_str(&seen->out), "ok  \tp\t0.1s\n");
	rf_buf_reset(&seen->out);
	event(&seen->g, RF_ACTION_OUTPUT, "TestCut", "half a li");
	rf_gotest_end(&seen->g);
	assert_true(rf_str_contains(rf_buf_str(&seen->out), "half a li"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_clean_text),
		cmocka_unit_test(test_clipping),
		cmocka_unit_test_setup_teardown(test_failed_package, begin, end),
		cmocka_unit_test_setup_teardown(test_passed_package, begin, end),
		cmocka_unit_test_setup_teardown(test_unfinished_test, begin, end),
		cmocka_unit_test_setup_teardown(test_repeats, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
