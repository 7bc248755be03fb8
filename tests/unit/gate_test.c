/* Baselines, and why tests failed. */
#include "arena_fixture.h"

#include "cmd/gate.h"
#include "session/session_reason.h"

#define PRINT_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define PRINT_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static void test_baseline_round_trip(void **state)
{
	struct rf_baseline_entry entries[] = {
		{ .fingerprint = RF_STR(PRINT_B), .tag = RF_STR("shop"), .title = RF_STR("race: b"), .package = RF_STR("x/shop") },
		{ .fingerprint = RF_STR(PRINT_A), .tag = RF_STR("with\ttab"), .title = RF_STR("race:\na") },
		{ RF_STR(PRINT_A), RF_STR("cart"), RF_STR("race: a"), RF_STR("x/cart"), RF_STR("TestAdd/a\tb") },
		{ .fingerprint = RF_STR(PRINT_B), .tag = RF_STR("shop"), .title = RF_STR("race: b"), .package = RF_STR("x/shop") },
	};
	struct rf_baseline b = { .entries = entries, .count = 4 }, again;
	struct rf_error err = { 0 };
	struct rf_buf out;
	(void)state;
	rf_baseline_sort(&b);
	assert_int_equal(b.count, 3);
	rf_buf_init(&out);
	rf_baseline_put(&b, &out);
	assert_str(rf_buf_str(&out), "# redflag baseline 1\n# fingerprint, tag, title, package, test; written by `redflag baseline save`\n"
				     PRINT_A "\tcart\trace: a\tx/cart\tTestAdd/a b\n" PRINT_A "\twith tab\trace: a\n"
				     PRINT_B "\tshop\trace: b\tx/shop\t\n");
	assert_int_equal(rf_baseline_parse(rf_buf_str(&out), "f", &arena, &again, &err), 0);
	rf_buf_release(&out);
	assert_int_equal(again.count, 3);
	const struct rf_baseline_entry *cart = rf_baseline_find(&again, RF_STR(PRINT_A), RF_STR("cart"));
	assert_non_null(cart);
	assert_str(cart->title, "race: a");
	assert_str(cart->package, "x/cart");
	assert_str(cart->test, "TestAdd/a b");
	assert_int_equal(rf_baseline_find(&again, RF_STR(PRINT_A), RF_STR("with tab"))->package.len, 0);
	assert_non_null(rf_baseline_find(&again, RF_STR(PRINT_A), RF_STR("with\ttab")));
	assert_null(rf_baseline_find(&again, RF_STR(PRINT_A), RF_STR("shop")));
	assert_null(rf_baseline_find(&(struct rf_baseline){ 0 }, RF_STR(PRINT_A), RF_STR("shop")));
}

static void test_baseline_malformed(void **state)
{
	static const struct { const char *text, *says; int code; } cases[] = {
		{ "# fine\nabc\tshop\trace\n", "f:2: a line is a fingerprint", RF_ERR_INPUT },
		{ PRINT_A "\tshop\tr\n<<<<<<< HEAD\n", "f:2: this is a mark of a merge", RF_ERR_INPUT },
		{ "# redflag baseline 2\n", "newer redflag", RF_ERR_VERSION },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rf_baseline b;
		struct rf_error err = { 0 };
		assert_int_equal(rf_baseline_parse(rf_str_from(cases[i].text), "f", &arena, &b, &err), cases[i].code);
		assert_says(err, cases[i].says);
	}
}

/* One line an event: "TEST|output", "TEST!fail", "TEST!pass". */
static bool only_races(const char *events)
{
	struct rf_reasons r = { 0 };
	for (rf_str text = rf_str_from(events); text.len;) {
		rf_str line = rf_str_cut(&text, '\n');
		struct rf_test_event e = { .action = RF_ACTION_OUTPUT };
		bool ends = rf_str_find(line, '!') >= 0 && rf_str_find(line, '|') < 0;
		e.test = rf_str_cut(&line, ends ? '!' : '|');
		if (ends) {
			e.action = rf_str_eq_cstr(line, "fail") ? RF_ACTION_FAIL : RF_ACTION_PASS;
			rf_reasons_test_end(&r, &e, &arena);
		} else {
			e.output = rf_arena_printf(&arena, "%.*s\n", RF_STR_ARG(line));
			rf_reasons_output(&r, &e, &arena);
		}
	}
	return rf_reasons_only_races(&r);
}

#define RACE "    testing.go:1712: race detected during execution of test\n"

static void test_reasons(void **state)
{
	static const struct { const char *events; bool only_races; } cases[] = {
		{ "A|" RACE "A!fail", true },
		{ "A|" RACE "A|    a_test.go:12: wrong sum\nA!fail", false },
		{ "A|    a_test.go:12: only said\nA!pass\nB|" RACE "B!fail", true },
		{ "A|" RACE "A!fail\nB!fail", false },
		{ "A/x|    " RACE "A/x!fail\nA!fail", true },
		{ "A!fail\nA/x|    " RACE "A/x!fail", true },
		{ "A/x|    " RACE "A/x!fail\nA|    a_test.go:3: and so\nA!fail", false },
		{ "AB/x|    " RACE "AB/x!fail\nA!fail", false },
		{ "A|" RACE "A|panic: oh no\nA!fail", false },
		{ "A|" RACE "A!fail\n|exit status 2", false },
		{ "A|" RACE "A!fail\n|exit status 66", true },
		{ "A|" RACE "A!fail\n|exit status 1", true },
		{ "|testing: race detected in a goroutine that A left running", true },
		{ "|testing: race detected outside of test execution", true },
		{ "A!pass", false }, /* the package failed, and nobody says why */
		{ "A|a_test.go:12: printed by the test itself\nA|" RACE "A!fail", true },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (only_races(cases[i].events) != cases[i].only_races)
			fail_msg("%s", cases[i].events);
	}
}

static void test_gate(void **state)
{
	struct rf_outcome known = { .count = 2 }, fresh = { .count = 2, .new_count = 1 }, none = { 0 };
	struct rf_session_counts raced = { .packages = 2, .packages_failed = 1, .packages_only_raced = 1 };
	struct rf_session_counts other = { .packages = 2, .packages_failed = 2, .packages_only_raced = 1 };
	struct rf_session_counts text = { .text_failed = true };
	(void)state;
	assert_int_equal(rf_gate_findings(RF_FAIL_ON_DEFAULT, &known), 0);
	assert_int_equal(rf_gate_findings(RF_FAIL_ON_NEW, &fresh), 66);
	assert_int_equal(rf_gate_findings(RF_FAIL_ON_NEW, &known), 0);
	assert_int_equal(rf_gate_findings(RF_FAIL_ON_ANY, &known), 66);
	assert_int_equal(rf_gate_findings(RF_FAIL_ON_ANY, &none), 0);
	assert_int_equal(rf_gate_findings(RF_FAIL_ON_NEVER, &fresh), 0);
	assert_true(rf_gate_failed(RF_FAIL_ON_DEFAULT, &raced, &known, true));
	assert_true(rf_gate_failed(RF_FAIL_ON_DEFAULT, &raced, &known, false));
	assert_false(rf_gate_failed(RF_FAIL_ON_NEW, &raced, &known, true));
	assert_true(rf_gate_failed(RF_FAIL_ON_NEW, &other, &known, true));
	assert_true(rf_gate_failed(RF_FAIL_ON_NEVER, &other, &known, true));
	assert_true(rf_gate_failed(RF_FAIL_ON_NEW, &text, &known, true));
	assert_false(rf_gate_failed(RF_FAIL_ON_NEW, &raced, &known, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_baseline_round_trip),
		cmocka_unit_test(test_baseline_malformed),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_gate),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
