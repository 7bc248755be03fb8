#include "arena_fixture.h"

#include "policy/suppressions.h"
#include "read/racetext.h"

/* What ThreadSanitizer's own TemplateMatch answers, odd ones included. */
static void test_template(void **state)
{
	static const struct { const char *pattern, *name; bool fits; } cases[] = {
		{ "Add", "shop.(*Cart).Add", true },
		{ "Add", "shop.(*Cart).Total", false },
		{ "^shop.", "shop.Add", true },
		{ "^shop.", "example.com/shop.Add", false },
		{ "shop.Add$", "example.com/shop.Add", true },
		{ "shop.Add$", "example.com/shop.Adder", false },
		{ "^shop.(*Cart).Add$", "shop.(*Cart).Add", true },
		{ "^shop.(*Cart).Add$", "shop.(*Cart).Add.func1", false },
		{ "^shop.*Total", "shop.(*Cart).Total.func1", true },
		{ "shop.*", "shop.", true },
		{ "shop.*$", "shop.Add", true },
		{ "ab$", "abab", false }, /* the first place counts, without going back */
		{ "*Add", "Add", true },
		{ "^*Add", "x.Add", true },
		{ "Add", "", false },
		{ "aaa", "aa", false },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (rf_suppression_template(rf_str_from(cases[i].pattern), rf_str_from(cases[i].name)) != cases[i].fits)
			fail_msg("%s on %s", cases[i].pattern, cases[i].name);
	}
}

static const char list_text[] =
	"# races of the driver\n"
	"# owner=payment expires=2027-01-31 reason=the driver's own race, see its tracker\n"
	"race:^example.com/driver.\n"
	"\n"
	"# owner=nobody\n"
	"\n"
	"race_top:shop.(*Cart).Add # expires=2020-02-29 reason=\"old = gone\" owner=cart\n"
	"\t# kind=use-after-free tag=order-service:*\r\n"
	"\trace:pool.go\r\n"
	"mutex:anything\n"
	"race:last";

static void load(struct rf_suppressions *list, const char *text)
{
	struct rf_error err = { 0 };
	if (rf_suppressions_parse(rf_str_from(text), "list.supp", &arena, list, &err) != 0)
		fail_msg("%s", err.text);
}

static void test_file(void **state)
{
	struct rf_suppressions list;
	(void)state;
	load(&list, list_text);
	assert_int_equal(list.count, 5);
	assert_str(list.entries[0].text, "race:^example.com/driver.");
	assert_str(list.entries[0].owner, "payment");
	assert_str(list.entries[0].expires, "2027-01-31");
	assert_str(list.entries[0].reason, "the driver's own race, see its tracker");
	assert_int_equal(list.entries[0].line, 3);
	assert_false(list.entries[0].trailing_comment);
	assert_str(list.entries[1].text, "race_top:shop.(*Cart).Add");
	assert_str(list.entries[1].owner, "cart"); /* an empty line ends what a comment is for */
	assert_str(list.entries[1].reason, "old = gone");
	assert_true(list.entries[1].trailing_comment);
	assert_str(list.entries[2].text, "race:pool.go");
	assert_str(list.entries[2].tag, "order-service:*");
	assert_str(list.entries[2].kind, "use-after-free");
	assert_str(list.entries[3].type, "mutex");
	assert_str(list.entries[4].text, "race:last");
	assert_int_equal(list.entries[4].owner.len, 0);
}

static void test_malformed(void **state)
{
	static const struct { const char *text, *says; } cases[] = {
		{ "race:a\nrase:b\n", "f:2: \"rase:b\" is no suppression" },
		{ "race\n", "f:1" },
		{ "race:\n", "would suppress everything" },
		{ "race:^\n", "would suppress everything" },
		{ "# expires=31.1.2027\nrace:a\n", "f:1: \"31.1.2027\" is no date" },
		{ "# expires=2027-02-29\nrace:a\n", "is no date" },
		{ "# owner=\nrace:a\n", "needs a value" },
		{ "# owner=a\n# owner=b\nrace:a\n", "f:2: \"owner\" comes twice" },
		{ "# owner=a expire=2027-01-01\nrace:a\n", "is not known here" },
		{ "# owner=a b\nrace:a\n", "stands behind a value" },
		{ "# kind=deadlock\nrace:a\n", "is no kind" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rf_suppressions list;
		struct rf_error err = { 0 };
		if (rf_suppressions_parse(rf_str_from(cases[i].text), "f", &arena, &list, &err) != RF_ERR_INPUT)
			fail_msg("accepted: %s", cases[i].text);
		assert_says(err, cases[i].says);
		assert_int_equal(list.count, 0);
	}
}

static void test_dates(void **state)
{
	uint64_t end;
	(void)state;
	assert_true(rf_suppression_date(RF_STR("1970-01-01"), &end));
	assert_int_equal(end, 86400000000000u);
	assert_true(rf_suppression_date(RF_STR("2026-01-31"), &end));
	assert_int_equal(end / 1000000000u, 1769904000u); /* 2026-02-01T00:00:00Z */
	assert_true(rf_suppression_date(RF_STR("2024-02-29"), &end));
	assert_false(rf_suppression_date(RF_STR("2026-1-31"), &end));
	assert_false(rf_suppression_date(RF_STR("2026-13-01"), &end));
	assert_false(rf_suppression_date(RF_STR("2026-00-10"), &end));
	assert_false(rf_suppression_date(RF_STR("+026-01-01"), &end));
}

static struct rf_report *report(const char *top, const char *below)
{
	struct rf_report *r = rf_arena_alloc(&arena, sizeof(*r));
	bool incomplete;
	rf_str text = rf_arena_printf(&arena,
		"==================\nWARNING: DATA RACE\nWrite at 0x00c000000001 by goroutine 9:\n"
		"  %s()\n      /src/pool.go:10 +0x10\n  %s()\n      /src/shop.go:12 +0x10\n\n"
		"Previous read at 0x00c000000001 by goroutine 8:\n  shop.Total()\n      /src/shop.go:20 +0x11\n\n"
		"Goroutine 9 (running) created at:\n  shop.Created()\n      /src/shop_test.go:7 +0x44\n\n"
		"Goroutine 8 (running) created at:\n  shop.Created()\n      /src/shop_test.go:8 +0x44\n"
		"==================\n", top, below);
	assert_true(rf_racetext_parse(text, &arena, r, &incomplete));
	return r;
}

static const char *match(const char *text, const struct rf_report *r, const char *tag, uint64_t now)
{
	struct rf_suppressions list;
	load(&list, text);
	const struct rf_suppression *e = rf_suppressions_match(&list, r, rf_str_from(tag), now);
	return e ? rf_arena_cstr(&arena, e->text) : "";
}

static void test_match(void **state)
{
	struct rf_report *r = report("shop.Add", "shop.Fill");
	(void)state;
	assert_string_equal(match("race:nothing\nrace:Fill\nrace:Add\n", r, "", 0), "race:Fill");
	assert_string_equal(match("race:Total\n", r, "", 0), "race:Total");
	assert_string_equal(match("race:/pool.go$\n", r, "", 0), "race:/pool.go$"); /* a file */
	assert_string_equal(match("race_top:Fill\n", r, "", 0), "");
	assert_string_equal(match("race_top:Add\n", r, "", 0), "race_top:Add");
	assert_string_equal(match("race:Created\n", r, "", 0), ""); /* creation stacks are not looked at */
	assert_string_equal(match("mutex:Add\n", r, "", 0), "");
	assert_string_equal(match("# tag=order:*\nrace:Add\n", r, "order:pay", 0), "race:Add");
	assert_string_equal(match("# tag=order:*\nrace:Add\n", r, "cart", 0), "");
	assert_string_equal(match("# kind=use-after-free\nrace:Add\n", r, "", 0), "");
	assert_string_equal(match("# kind=data-race\nrace:Add\n", r, "", 0), "race:Add");
}

static void test_expiry(void **state)
{
	struct rf_report *r = report("shop.Add", "shop.Fill");
	uint64_t end;
	(void)state;
	assert_true(rf_suppression_date(RF_STR("2026-01-31"), &end));
	assert_string_equal(match("# expires=2026-01-31\nrace:Add\n", r, "", end - 1), "race:Add");
	assert_string_equal(match("# expires=2026-01-31\nrace:Add\n", r, "", end), "");
	assert_string_equal(match("# expires=2026-01-31\nrace:Add\nrace:Fill\n", r, "", end), "race:Fill");
}

static void test_for_the_process(void **state)
{
	struct rf_suppressions list;
	struct rf_buf out;
	uint64_t now;
	(void)state;
	load(&list, list_text);
	assert_true(rf_suppression_date(RF_STR("2026-01-31"), &now));
	rf_buf_init(&out);
	assert_int_equal(rf_suppressions_put_process(&list, now, &out), 2);
	assert_str(rf_buf_str(&out), "race:^example.com/driver.\nrace:last\n");
	rf_buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_template),  cmocka_unit_test(test_file),  cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_dates),     cmocka_unit_test(test_match), cmocka_unit_test(test_expiry),
		cmocka_unit_test(test_for_the_process),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
