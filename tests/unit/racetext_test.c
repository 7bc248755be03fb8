#include "unit.h"

#include "read/racetext.h"

#define RULE "==================\n"
#define ONE                                                                                                           \
	"WARNING: DATA RACE\n"                                                                                        \
	"Read at 0x00c000012028 by goroutine 7:\n"                                                                    \
	"  example.com/shop.(*Cart).Add()\n"                                                                          \
	"      /src/my shop/cart.go:12 +0x3a\n"                                                                       \
	"  example.com/shop.TestCart.func1()\n"                                                                       \
	"      /src/my shop/cart_test.go:30 +0x84\n"                                                                  \
	"\n"                                                                                                          \
	"Previous write at 0x00c000012028 by main goroutine:\n"                                                       \
	"  runtime.mapassign_faststr()\n"                                                                             \
	"      /go/src/internal/runtime/maps/runtime_faststr.go:263 +0x0\n"                                           \
	"  main.main()\n"                                                                                             \
	"      /src/main.go:7 +0x1bc\n"                                                                               \
	"\n"                                                                                                          \
	"Goroutine 7 (finished) created at:\n"                                                                        \
	"  main.main()\n"                                                                                             \
	"      /src/main.go:5 +0x99\n"

static rf_arena arena;
static struct rf_racetext reader;

static int setup(void **state)
{
	(void)state;
	rf_arena_init(&arena, 0);
	rf_racetext_init(&reader);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rf_racetext_release(&reader);
	rf_arena_release(&arena);
	return 0;
}

/* Feeds a text line by line; keeps the last report. Returns how many there were. */
static unsigned feed(const char *text, struct rf_report *last)
{
	unsigned count = 0;
	struct rf_report report;
	for (rf_str rest = rf_str_from(text); rest.len;) {
		if (rf_racetext_line(&reader, rf_str_cut(&rest, '\n'), &arena, &report)) {
			*last = report;
			count++;
		}
	}
	return count;
}

static unsigned feed_all(const char *text, struct rf_report *last)
{
	struct rf_report report;
	unsigned count = feed(text, last);
	if (rf_racetext_end(&reader, &arena, &report)) {
		*last = report;
		count++;
	}
	return count;
}

static void assert_one(const struct rf_report *r)
{
	assert_int_equal(r->kind, RF_KIND_DATA_RACE);
	assert_int_equal(r->access_count, 2);
	const struct rf_access *a = &r->accesses[0], *b = &r->accesses[1];
	assert_false(a->write || a->previous);
	assert_true(b->write && b->previous);
	assert_int_equal(a->address, 0xc000012028);
	assert_int_equal(a->stack.count, 2);
	assert_str(a->stack.frames[0].function, "example.com/shop.(*Cart).Add");
	assert_str(a->stack.frames[0].file, "/src/my shop/cart.go");
	assert_int_equal(a->stack.frames[0].line, 12);
	assert_int_equal(a->stack.frames[0].offset, 0x3a);
	assert_str(a->stack.frames[1].function, "example.com/shop.TestCart.func1");
	assert_int_equal(b->stack.count, 2);
	assert_str(b->stack.frames[1].function, "main.main");
	assert_int_equal(r->goroutine_count, 2);
	assert_int_equal(a->goroutine->thread, 7);
	assert_true(a->goroutine->finished);
	assert_str(a->goroutine->state, "finished");
	assert_int_equal(a->goroutine->created.count, 1);
	assert_int_equal(a->goroutine->created.frames[0].line, 5);
	assert_true(b->goroutine->is_main);
	assert_int_equal(b->goroutine->created.count, 0);
}

static void test_whole_report(void **state)
{
	struct rf_report r;
	(void)state;
	assert_int_equal(feed("before\n" RULE ONE RULE "after\n", &r), 1);
	assert_one(&r);
	assert_str(r.text, RULE ONE);
	assert_int_equal(reader.incomplete, 0);
	assert_int_equal(feed(RULE ONE RULE RULE ONE RULE, &r), 2);
	assert_one(&r);
	assert_int_equal(reader.incomplete, 0);
}

static void test_line_ends(void **state)
{
	static const char text[] = RULE ONE RULE;
	struct rf_report r;
	unsigned count = 0;
	char line[256];
	(void)state;
	for (rf_str rest = rf_str_from(text); rest.len;) {
		rf_str part = rf_str_cut(&rest, '\n');
		int n = snprintf(line, sizeof(line), "%.*s\r\n", RF_STR_ARG(part));
		count += rf_racetext_line(&reader, (rf_str){ line, (size_t)n }, &arena, &r);
	}
	assert_int_equal(count, 1);
	assert_one(&r);
}

static void test_missing_stacks(void **state)
{
	struct rf_report r;
	(void)state;
	assert_int_equal(feed(RULE "WARNING: DATA RACE\n"
			      "Write at 0x00c000012028 by goroutine 7:\n  main.f()\n      /a.go:1 +0x1\n\n"
			      "Previous write at 0x00c000012028 by goroutine 8:\n"
			      "  [failed to restore the stack]\n\n"
			      "Goroutine 7 (running) created at:\n  main.main()\n      /a.go:9 +0x1\n\n"
			      "Goroutine 8 (running) created at:\n  [failed to restore the stack]\n" RULE, &r), 1);
	assert_int_equal(r.access_count, 2);
	assert_int_equal(r.accesses[0].stack.count, 1);
	assert_int_equal(r.accesses[1].stack.count, 0);
	assert_int_equal(r.accesses[1].goroutine->thread, 8);
	assert_int_equal(reader.incomplete, 0);
}

static void test_unknown_frames(void **state)
{
	struct rf_report r;
	(void)state;
	assert_int_equal(feed(RULE "WARNING: DATA RACE\n"
			      "Write at 0x00c000012028 by goroutine 7:\n  ?\?()\n      -:0 +0x46f0a1\n\n"
			      "Previous write at 0x00c000012028 by goroutine 0:\n  main.f()\n      /a.go:1 +0x1\n" RULE,
			      &r), 1);
	assert_int_equal(r.accesses[0].stack.count, 1);
	assert_str(r.accesses[0].stack.frames[0].function, "");
	assert_str(r.accesses[0].stack.frames[0].file, "");
	assert_int_equal(r.accesses[0].stack.frames[0].offset, 0x46f0a1);
	assert_int_equal(r.accesses[1].goroutine->thread, 0);
	assert_false(r.accesses[1].goroutine->is_main);
}

static void test_locations(void **state)
{
	struct rf_report r;
	(void)state;
	assert_int_equal(feed(RULE ONE "\nHeap block of size 48 at 0x00c000012000 allocated by goroutine 7:\n"
			      "  main.NewCart()\n      /a.go:3 +0x1\n" RULE, &r), 1);
	assert_int_equal(r.memory, RF_MEMORY_HEAP);
	assert_int_equal(r.memory_bytes, 48);
	assert_int_equal(r.memory_start, 0xc000012000);
	assert_int_equal(r.allocated.count, 1);
	assert_int_equal(feed(RULE ONE "\nGlobal var main.counter of size 8 at 0x000000622398 declared at /a.go:3\n"
			      RULE, &r), 1);
	assert_int_equal(r.memory, RF_MEMORY_GLOBAL);
	assert_str(r.memory_name, "main.counter");
	assert_int_equal(r.memory_start, 0x622398);
	assert_one(&r);
}

/* Output of the program on the line of the rule, as fmt.Print without a newline leaves it. */
static void test_text_before_rules(void **state)
{
	struct rf_report r;
	(void)state;
	assert_int_equal(feed("no newline" RULE ONE "dots..." RULE, &r), 1);
	assert_one(&r);
	assert_int_equal(feed("--- PASS: TestX (0.00s)WARNING: DATA RACE\n", &r), 0);
	assert_false(reader.open);
}

/* Lines of others between the report's lines are left out, and counted. */
static void test_foreign_lines(void **state)
{
	static const char text[] = RULE ONE RULE;
	struct rf_report r;
	unsigned cases = 0;
	char mixed[sizeof(text) + 64];
	(void)state;
	for (size_t at = sizeof(RULE ONE) - 2; at > sizeof(RULE) + 20; at--) {
		if (text[at] != '\n')
			continue;
		int n = snprintf(mixed, sizeof(mixed), "%.*s\n2026/01/02 10:11:12 log of another goroutine\n%s",
				 (int)at, text, text + at + 1);
		assert_true(n > 0 && (size_t)n < sizeof(mixed));
		uint64_t before = reader.incomplete;
		assert_int_equal(feed(mixed, &r), 1);
		assert_one(&r);
		/* behind the last line it was not mixed in at all */
		assert_int_equal(reader.incomplete - before, at != sizeof(RULE ONE) - 2);
		cases++;
	}
	assert_int_equal(cases, 15);
}

/* A dot that another test printed in front of our line. */
static void test_foreign_text_on_a_line(void **state)
{
	struct rf_report r;
	(void)state;
	assert_int_equal(feed(RULE "WARNING: DATA RACE\n"
			      "Read at 0x00c000012028 by goroutine 7:\n...  main.f()\nlog:      /a.go:1 +0x1\n\n"
			      "Previous write at 0x00c000012028 by goroutine 8:\n  main.g()\n      /a.go:2 +0x1\n" RULE,
			      &r), 1);
	assert_int_equal(reader.incomplete, 1);
	assert_str(r.accesses[0].stack.frames[0].function, "main.f");
	assert_str(r.accesses[0].stack.frames[0].file, "/a.go");
}

static void test_cut_report_before_another(void **state)
{
	struct rf_report r;
	(void)state;
	/* the rule that would open the second one closes the first */
	assert_int_equal(feed(RULE "WARNING: DATA RACE\nRead at 0x00c000012028 by goroutine 7:\n  main.f()\n"
			      RULE ONE RULE, &r), 2);
	assert_one(&r);
	assert_int_equal(reader.incomplete, 1);
	/* no rule at all between them */
	assert_int_equal(feed(RULE ONE ONE RULE, &r), 2);
	assert_one(&r);
	assert_int_equal(reader.incomplete, 2);
}

static void test_cut_report_at_the_end(void **state)
{
	struct rf_report r;
	(void)state;
	assert_int_equal(feed(RULE ONE, &r), 0);
	assert_true(rf_racetext_end(&reader, &arena, &r));
	assert_one(&r);
	assert_int_equal(reader.incomplete, 1);
	assert_false(rf_racetext_end(&reader, &arena, &r));
}

static void test_cut_report_and_much_output(void **state)
{
	struct rf_report r;
	(void)state;
	assert_int_equal(feed(RULE ONE, &r), 0);
	unsigned i = 0;
	while (!rf_racetext_line(&reader, RF_STR("2026/01/02 10:11:12 the program goes on"), &arena, &r)) {
		i++;
		assert_true(i <= RF_RACETEXT_FOREIGN_LINES_MAX);
	}
	assert_one(&r);
	assert_str(r.text, RULE ONE);
	assert_false(reader.open);
}

/* Every cut of a report gives a report or none, and never one with an access that isn't there. */
static void test_cut_everywhere(void **state)
{
	static const char text[] = RULE ONE RULE;
	char copy[sizeof(text)];
	(void)state;
	for (size_t n = 0; n < sizeof(text); n++) {
		struct rf_report r;
		memcpy(copy, text, n);
		copy[n] = '\0';
		unsigned found = feed_all(copy, &r);
		assert_true(found <= 1);
		if (found)
			assert_true(r.access_count >= 1 && r.accesses[0].goroutine);
		assert_false(reader.open);
	}
}

/* CI services and container logs put a prefix of one width before every line. */
static void test_prefix(void **state)
{
	static const char text[] = RULE ONE RULE;
	struct rf_report r;
	unsigned count = 0, number = 0;
	char line[256];
	(void)state;
	for (rf_str rest = rf_str_from(text); rest.len;) {
		rf_str part = rf_str_cut(&rest, '\n');
		int n = snprintf(line, sizeof(line), "2026-01-02T03:04:%02u.123Z app-1 | %.*s", number++, RF_STR_ARG(part));
		count += rf_racetext_line(&reader, (rf_str){ line, (size_t)n }, &arena, &r);
	}
	assert_int_equal(count, 1);
	assert_one(&r);
	assert_str(r.text, RULE ONE);
	assert_int_equal(reader.incomplete, 0);
}

/* A test that logs the race report of a program that it ran has found no race itself. */
static void test_logged_report(void **state)
{
	static const char text[] = ONE RULE;
	struct rf_report r;
	char line[256];
	(void)state;
	assert_false(rf_racetext_line(&reader, RF_STR("    x_test.go:12: =================="), &arena, &r));
	for (rf_str rest = rf_str_from(text); rest.len;) {
		rf_str part = rf_str_cut(&rest, '\n');
		int n = snprintf(line, sizeof(line), "        %.*s", RF_STR_ARG(part));
		assert_false(rf_racetext_line(&reader, (rf_str){ line, (size_t)n }, &arena, &r));
	}
	assert_false(reader.open);
}

static void test_no_report(void **state)
{
	struct rf_report r;
	bool incomplete;
	(void)state;
	assert_int_equal(feed_all(RULE RULE "====\n" "=======================================\nWARNING\n" RULE
				  "WARNING: DATA RACE\n" RULE, &r), 0);
	assert_false(rf_racetext_parse(RF_STR("ok  \tshop\t0.1s\n"), &arena, &r, &incomplete));
	assert_false(rf_racetext_parse(RF_STR(""), &arena, &r, &incomplete));
}

static void test_frame_bound(void **state)
{
	struct rf_buf b;
	struct rf_report r;
	bool incomplete;
	(void)state;
	rf_buf_init(&b);
	rf_buf_put_cstr(&b, "WARNING: DATA RACE\nRead at 0x0000000000aa by goroutine 7:\n");
	for (unsigned i = 0; i < RF_RACETEXT_FRAMES_MAX + 5; i++)
		rf_buf_printf(&b, "  main.f%u()\n      /a.go:%u +0x1\n", i, i);
	rf_buf_put_cstr(&b, "\nPrevious write at 0x0000000000aa by goroutine 8:\n  main.g()\n      /a.go:2 +0x1\n");
	assert_true(rf_racetext_parse(rf_buf_str(&b), &arena, &r, &incomplete));
	assert_int_equal(r.accesses[0].stack.count, RF_RACETEXT_FRAMES_MAX);
	assert_true(r.accesses[0].stack.cut);
	assert_int_equal(r.accesses[1].stack.count, 1);
	assert_false(r.accesses[1].stack.cut);
	rf_buf_release(&b);
}

static void test_byte_bound(void **state)
{
	struct rf_report r;
	char line[4096];
	(void)state;
	memset(line, 'x', sizeof(line));
	memcpy(line, "  main.", 7);
	assert_int_equal(feed(RULE ONE, &r), 0);
	for (size_t sent = 0; sent < 2 * RF_RACETEXT_BYTES_MAX; sent += sizeof(line))
		assert_false(rf_racetext_line(&reader, (rf_str){ line, sizeof(line) }, &arena, &r));
	assert_true(reader.bytes_dropped >= RF_RACETEXT_BYTES_MAX);
	assert_true(rf_racetext_line(&reader, RF_STR("=================="), &arena, &r));
	assert_one(&r);
}

static void test_many_accesses(void **state)
{
	struct rf_buf b;
	struct rf_report r;
	bool incomplete;
	(void)state;
	rf_buf_init(&b);
	rf_buf_put_cstr(&b, "WARNING: DATA RACE\n");
	for (unsigned i = 0; i < 40; i++)
		rf_buf_printf(&b, "Read at 0x0000000000aa by goroutine %u:\n  main.f()\n      /a.go:1 +0x1\n", i);
	assert_true(rf_racetext_parse(rf_buf_str(&b), &arena, &r, &incomplete));
	assert_int_equal(r.access_count, RF_REPORT_ACCESSES_MAX);
	assert_true(r.goroutine_count <= RF_REPORT_GOROUTINES_MAX);
	assert_true(incomplete);
	rf_buf_release(&b);
}

/* Every bound of memory gives fewer parts, never a crash, and says so. */
static void test_memory_runs_out(void **state)
{
	bool incomplete;
	(void)state;
	for (size_t cap = 16; cap < 4096; cap += 16) {
		rf_arena small;
		struct rf_report r;
		rf_arena_init(&small, cap);
		if (rf_racetext_parse(RF_STR(RULE ONE RULE), &small, &r, &incomplete))
			assert_true(small.failed || r.access_count == 2);
		else
			assert_true(small.failed);
		rf_arena_release(&small);
	}
}

/* tsan-glue/print.c prints these; others only look like them. */
static void test_own_kinds(void **state)
{
	static const char pool[] =
		"Put at 0x00c000012028 by goroutine 7:\n  sync.(*Pool).Put()\n      /go/src/sync/pool.go:104 +0x44\n"
		"  main.f()\n      /src/main.go:12 +0x3a\n\nPrevious put at 0x00c000012028 by main goroutine:\n"
		"  [failed to restore the stack]\n\nGoroutine 7 (running) created at:\n  main.main()\n      /src/main.go:5 +0x99\n";
	struct rf_report r = { 0 };
	char text[4096];
	(void)state;
	snprintf(text, sizeof(text), RULE "WARNING: REDFLAG: double-put\n%s" RULE RULE ONE RULE, pool);
	assert_int_equal(feed_all(text, &r), 2);
	assert_int_equal(r.kind, RF_KIND_DATA_RACE); /* the one behind it is none of ours */
	snprintf(text, sizeof(text), "web-1 | " RULE "web-1 | WARNING: REDFLAG: double-put\r\n");
	for (rf_str rest = rf_str_from(pool), line = rf_str_cut(&rest, '\n'); rest.len; line = rf_str_cut(&rest, '\n'))
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "web-1 | %.*s\n", RF_STR_ARG(line));
	assert_int_equal(feed_all(text, &r), 1);
	assert_true(r.kind == RF_KIND_DOUBLE_PUT && r.access_count == 2 && r.accesses[0].stack.count == 2 && r.accesses[1].stack.count == 0);
	assert_true(r.accesses[0].put && r.accesses[0].freed && r.accesses[0].write && !r.accesses[0].previous);
	assert_true(r.accesses[1].put && r.accesses[1].previous && r.accesses[1].goroutine->is_main);
	snprintf(text, sizeof(text), RULE "WARNING: REDFLAG: use-after-free\nRead%sPrevious free%s", &pool[3], strstr(pool, "put") + 3);
	assert_true(feed_all(text, &r) == 1 && r.kind == RF_KIND_USE_AFTER_FREE && r.accesses[1].freed && !r.accesses[1].put);
	assert_int_equal(feed_all(RULE "WARNING: REDFLAG: no-such-put\nPut at 0x0 by goroutine 7:\n" RULE, &r), 0);
	snprintf(text, sizeof(text), RULE "says double-put\nREDFLAG: double-put\ndouble-put\nWARNING: REDFLAG: data-race\n%s", pool);
	assert_int_equal(feed_all(text, &r), 0);
	snprintf(text, sizeof(text), RULE "WARNING: DATA RACE\n%s" RULE, pool);
	assert_int_equal(feed_all(text, &r), 0); /* no race has a Put */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_own_kinds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_whole_report, setup, teardown),
		cmocka_unit_test_setup_teardown(test_line_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(test_missing_stacks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown_frames, setup, teardown),
		cmocka_unit_test_setup_teardown(test_locations, setup, teardown),
		cmocka_unit_test_setup_teardown(test_text_before_rules, setup, teardown),
		cmocka_unit_test_setup_teardown(test_foreign_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(test_foreign_text_on_a_line, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cut_report_before_another, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cut_report_at_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cut_report_and_much_output, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cut_everywhere, setup, teardown),
		cmocka_unit_test_setup_teardown(test_prefix, setup, teardown),
		cmocka_unit_test_setup_teardown(test_logged_report, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_report, setup, teardown),
		cmocka_unit_test_setup_teardown(test_frame_bound, setup, teardown),
		cmocka_unit_test_setup_teardown(test_byte_bound, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_accesses, setup, teardown),
		cmocka_unit_test_setup_teardown(test_memory_runs_out, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
