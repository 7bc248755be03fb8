/* The drawing of what ran before a race: rows and their places, and what stands in the SVG and the table. */
#include "unit.h"

#include "export/timeline_layout.h"

#define END 1000000000u /* when reports here are made */

struct drawn {
	rf_arena arena;
	struct rf_report report;
	struct rf_goroutine goroutines[2];
	struct rf_switch switches[80];
	struct rf_timeline timeline;
	struct rf_buf out;
};

/* Goroutine 7 writes at the end, 5 read before and started it. */
static int setup(void **state)
{
	struct drawn *d = calloc(1, sizeof(*d));
	rf_arena_init(&d->arena, 0);
	rf_buf_init(&d->out);
	d->goroutines[0] = (struct rf_goroutine){ .thread = 2, .goid = 7, .parent_goid = 5, .created_unix_ns = END - 4000,
						  .entry = RF_STR("example.com/shop.work"), .test = RF_STR("TestOne"),
						  .test_known = true };
	d->goroutines[1] = (struct rf_goroutine){ .thread = 1, .goid = 5, .parent_goid = 1, .test_known = true };
	d->report = (struct rf_report){ .kind = RF_KIND_DATA_RACE, .access_count = 2, .goroutine_count = 2, .from_spool = true,
					.time_unix_ns = END, .switches = d->switches };
	for (int i = 0; i < 2; i++) {
		d->report.goroutines[i] = &d->goroutines[i];
		d->report.accesses[i] = (struct rf_access){ .write = i == 0, .previous = i == 1,
							    .goroutine = &d->goroutines[i] };
	}
	*state = d;
	return 0;
}

static int teardown(void **state)
{
	struct drawn *d = *state;
	rf_buf_release(&d->out);
	rf_arena_release(&d->arena);
	free(d);
	return 0;
}

static void put(struct drawn *d, uint64_t before_ns, uint64_t from, uint64_t to, const char *reason)
{
	assert_true(d->report.switch_count < sizeof(d->switches) / sizeof(d->switches[0]));
	d->switches[d->report.switch_count++] = (struct rf_switch){ END - before_ns, from, to, 1, 2, rf_str_from(reason) };
}

static rf_str svg(struct drawn *d)
{
	rf_buf_reset(&d->out);
	rf_timeline_put_svg(&d->out, &d->report, "t1", &d->arena);
	return rf_buf_str(&d->out);
}

static rf_str table(struct drawn *d)
{
	rf_buf_reset(&d->out);
	rf_timeline_put_table(&d->out, &d->report, &d->arena);
	return rf_buf_str(&d->out);
}

static unsigned count(rf_str text, const char *part)
{
	unsigned n = 0;
	for (ptrdiff_t at; (at = rf_str_find_str(text, rf_str_from(part))) >= 0; n++)
		text = rf_str_skip(text, (size_t)at + 1);
	return n;
}

static void check_rows(const struct rf_timeline *t)
{
	assert_true(t->row_count > 0 && t->row_count <= RF_TIMELINE_ROWS_MAX);
	assert_int_equal(t->rows[0].y, RF_TIMELINE_TOP);
	assert_int_equal(t->rows[t->row_count - 1].kind, RF_TIMELINE_REPORT);
	for (uint32_t i = 1; i < t->row_count; i++)
		assert_true(t->rows[i].y >= t->rows[i - 1].y + RF_TIMELINE_ROW_MIN);
}

static void test_nothing_known(void **state)
{
	struct drawn *d = *state;
	assert_false(rf_timeline_is_known(&d->report));
	assert_int_equal(svg(d).len, 0);
	assert_int_equal(table(d).len, 0);
	put(d, 500, 1, 2, "chan receive"); /* of others alone: only the table has it */
	assert_false(rf_timeline_is_known(&d->report));
	assert_int_equal(svg(d).len, 0);
	assert_int_equal(count(table(d), "chan receive"), 1);
	d->report.access_count = 0;
	d->goroutines[0].goid = d->goroutines[1].goid = 0;
	assert_int_equal(svg(d).len, 0);
	assert_int_equal(count(table(d), "<tr>"), 2);
}

static void test_one_switch(void **state)
{
	struct drawn *d = *state;
	put(d, 1500, 5, 7, "sync.WaitGroup.Wait");
	assert_true(rf_timeline_make(&d->report, &d->timeline));
	check_rows(&d->timeline);
	/* It is all that the process did: so 5 started 7 and read before it stopped. */
	static const enum rf_timeline_row_kind kinds[] = { RF_TIMELINE_CREATE, RF_TIMELINE_ACCESS, RF_TIMELINE_SWITCH,
							   RF_TIMELINE_REPORT };
	assert_int_equal(d->timeline.row_count, 4);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(d->timeline.rows[i].kind, kinds[i]);
	rf_str text = svg(d);
	assert_int_equal(count(text, "<rect class=\"lane-0\""), 1);
	assert_int_equal(count(text, "<rect class=\"lane-1\""), 1);
	assert_true(rf_str_contains(text, ">sync.WaitGroup.W…<"));
	assert_true(rf_str_contains(text, "<title>sync.WaitGroup.Wait</title>"));
	assert_true(rf_str_contains(text, ">−1.5 µs<"));
	assert_true(rf_str_contains(text, ">starts 7<"));
	assert_true(rf_str_contains(text, ">read by then<"));
	assert_true(rf_str_contains(text, ">writes<"));
	assert_false(rf_str_contains(text, ">others<"));
	assert_true(rf_str_contains(text, "role=\"img\" aria-labelledby=\"t1-title t1-desc\""));
	assert_true(rf_str_contains(text, "goroutine 7 writes at time 0. goroutine 5 read before."));
	assert_false(rf_str_contains(text, "style="));
}

static void test_where_the_older_access_stands(void **state)
{
	struct drawn *d = *state;
	put(d, 9000, 1, 5, "chan receive");
	put(d, 5000, 5, 3, "sleep");
	put(d, 4000, 3, 5, "exited");
	put(d, 3000, 5, 7, "sleep");
	put(d, 2000, 7, 5, "preempted");
	put(d, 1000, 5, 7, "exited");
	assert_true(rf_timeline_make(&d->report, &d->timeline));
	check_rows(&d->timeline);
	/* Before its goroutine stopped last. */
	assert_int_equal(d->timeline.rows[d->timeline.row_count - 3].kind, RF_TIMELINE_ACCESS);
	assert_int_equal(d->timeline.rows[d->timeline.row_count - 2].before_ns, 1000);
	/* The goroutine ran first at -3000; its parent ran right before. */
	uint32_t create = 0;
	while (d->timeline.rows[create].kind != RF_TIMELINE_CREATE)
		create++;
	assert_int_equal(d->timeline.rows[create + 1].before_ns, 3000);
	assert_true(d->timeline.others);
	assert_int_equal(count(svg(d), ">others<"), 1);
}

static void test_still_running_side(void **state)
{
	struct drawn *d = *state;
	put(d, 9000, 0, 5, "");
	put(d, 8000, 1, 7, "chan receive");
	assert_true(rf_timeline_make(&d->report, &d->timeline));
	check_rows(&d->timeline);
	assert_int_equal(d->timeline.rows[d->timeline.row_count - 2].kind, RF_TIMELINE_ACCESS);
	assert_int_equal(count(svg(d), "<rect"), 2);
}

static void test_start_that_is_no_start(void **state)
{
	struct drawn *d = *state;
	for (unsigned i = 0; i < 32; i++) { /* a full record: more happened before it */
		put(d, 100000 - i * 2000, 5, 7, "sleep");
		put(d, 99000 - i * 2000, 7, 5, "sleep");
	}
	d->goroutines[0].created_unix_ns = END - 500000;
	assert_true(rf_timeline_make(&d->report, &d->timeline));
	for (uint32_t i = 0; i < d->timeline.row_count; i++)
		assert_int_not_equal(d->timeline.rows[i].kind, RF_TIMELINE_CREATE);
}

static void test_more_than_is_drawn(void **state)
{
	struct drawn *d = *state;
	for (unsigned i = 0; i < 32; i++) {
		put(d, 100000 - i * 2000, 5, 7, "sleep");
		put(d, 99000 - i * 2000, 7, 5, "sleep");
	}
	d->goroutines[0].created_unix_ns = END - 500000;
	assert_true(rf_timeline_make(&d->report, &d->timeline));
	check_rows(&d->timeline);
	assert_int_equal(d->timeline.left_out, 64 - RF_TIMELINE_SWITCHES_MAX);
	assert_int_equal(d->timeline.rows[0].before_ns, 68000);
	assert_true(rf_str_contains(svg(d), "32 switches are only there."));
	assert_int_equal(count(table(d), "<tr>"), 1 + 64 + 1);
}

static void test_others_are_left_out_first(void **state)
{
	struct drawn *d = *state;
	put(d, 90000, 1, 5, "");
	for (unsigned i = 0; i < 50; i++)
		put(d, 80000 - i * 100, 20 + i, 21 + i, "exited");
	put(d, 1000, 5, 7, "exited");
	assert_true(rf_timeline_make(&d->report, &d->timeline));
	check_rows(&d->timeline);
	assert_int_equal(d->timeline.left_out, 50);
	assert_int_equal(d->timeline.rows[0].before_ns, 90000);
}

static void test_32_switches(void **state)
{
	struct drawn *d = *state;
	for (unsigned i = 0; i < 32; i++)
		put(d, 100000 - i * 3000, i % 2 ? 7 : 5, i % 2 ? 5 : 7, "chan send");
	assert_true(rf_timeline_make(&d->report, &d->timeline));
	check_rows(&d->timeline);
	assert_int_equal(d->timeline.left_out, 0);
	assert_int_equal(count(svg(d), "runs on P1</text>"), 32);
}

static void test_equal_times(void **state)
{
	struct drawn *d = *state;
	for (unsigned i = 0; i < 6; i++)
		put(d, 700, i % 2 ? 7 : 5, i % 2 ? 5 : 7, "sleep");
	assert_true(rf_timeline_make(&d->report, &d->timeline));
	check_rows(&d->timeline);
	assert_int_equal(count(svg(d), ">−700 ns<"), 1); /* said once */
	d->report.switch_count = 0;
	for (unsigned i = 0; i < 3; i++)
		put(d, 0, 5, 7, "sleep");
	assert_true(rf_timeline_make(&d->report, &d->timeline));
	check_rows(&d->timeline);
	for (uint32_t i = 0; i < d->timeline.row_count; i++)
		assert_false(d->timeline.rows[i].after_break);
}

static void test_long_times_are_cut(void **state)
{
	struct drawn *d = *state;
	put(d, 900000000, 1, 5, "");
	for (unsigned i = 0; i < 8; i++)
		put(d, 9000 - i * 1000, i % 2 ? 7 : 5, i % 2 ? 5 : 7, "sleep");
	assert_true(rf_timeline_make(&d->report, &d->timeline));
	check_rows(&d->timeline);
	unsigned breaks = 0;
	for (uint32_t i = 0; i < d->timeline.row_count; i++)
		breaks += d->timeline.rows[i].after_break;
	assert_int_equal(breaks, 1);
	assert_int_equal(count(svg(d), "class=\"break\""), 1);
	assert_true(rf_str_contains(svg(d), ">−900 ms<"));
	/* Nothing of it makes the drawing long. */
	assert_true(d->timeline.rows[d->timeline.row_count - 1].y <
		    RF_TIMELINE_TOP + d->timeline.row_count * RF_TIMELINE_ROW_MAX);
}

static void test_a_time_after_the_end(void **state)
{
	struct drawn *d = *state;
	put(d, 5, 5, 7, "sleep");
	put(d, 0, 7, 5, "sleep");
	d->switches[1].time_unix_ns = END + 100; /* another CPU's clock */
	d->switches[0].time_unix_ns = 0;
	assert_true(rf_timeline_make(&d->report, &d->timeline));
	check_rows(&d->timeline);
	assert_int_equal(d->timeline.rows[d->timeline.row_count - 1].before_ns, 0);
}

static void test_one_goroutine(void **state)
{
	struct drawn *d = *state;
	d->report.accesses[1].goroutine = &d->goroutines[0];
	d->report.accesses[1].freed = true;
	put(d, 1500, 5, 7, "exited");
	assert_true(rf_timeline_make(&d->report, &d->timeline));
	check_rows(&d->timeline);
	assert_int_equal(d->timeline.lane_count, 1);
	assert_true(rf_str_contains(svg(d), ">freed by then<"));
}

static void test_no_newer_access(void **state)
{
	struct drawn *d = *state;
	d->report.accesses[0].previous = true;
	put(d, 1500, 5, 7, "exited");
	assert_true(rf_timeline_make(&d->report, &d->timeline));
	check_rows(&d->timeline);
	assert_int_equal(count(svg(d), "class=\"mark older\""), 2);
	assert_false(rf_str_contains(table(d), "the race is seen"));
}

static void test_runs_on_elsewhere(void **state)
{
	struct drawn *d = *state;
	put(d, 1500, 7, 7, "preempted");
	assert_true(rf_timeline_make(&d->report, &d->timeline));
	assert_true(rf_str_contains(svg(d), ">P1, preempted<"));
	assert_int_equal(count(svg(d), "runs on"), 0);
}

static void test_names_are_escaped(void **state)
{
	static const char evil[] = "</title><script>alert(1)</script>\"'\xff\xe2\x80\xae";
	struct drawn *d = *state;
	put(d, 1500, 5, 7, evil);
	d->goroutines[0].test = rf_str_from(evil);
	d->goroutines[0].entry = rf_str_from(evil);
	for (int i = 0; i < 2; i++) {
		rf_str text = i ? table(d) : svg(d);
		assert_true(rf_str_contains(text, "&lt;script&gt;"));
		assert_false(rf_str_contains(text, "<script"));
		assert_false(rf_str_contains(text, "\xff"));
		assert_false(rf_str_contains(text, "\xe2\x80\xae"));
	}
	put(d, 1000, 7, 5, "ääääääääääääääääääää"); /* cut between characters */
	assert_true(rf_str_contains(svg(d), ">ääääääääääääääää…<"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing_known, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_switch, setup, teardown),
		cmocka_unit_test_setup_teardown(test_where_the_older_access_stands, setup, teardown),
		cmocka_unit_test_setup_teardown(test_still_running_side, setup, teardown),
		cmocka_unit_test_setup_teardown(test_start_that_is_no_start, setup, teardown),
		cmocka_unit_test_setup_teardown(test_more_than_is_drawn, setup, teardown),
		cmocka_unit_test_setup_teardown(test_others_are_left_out_first, setup, teardown),
		cmocka_unit_test_setup_teardown(test_32_switches, setup, teardown),
		cmocka_unit_test_setup_teardown(test_equal_times, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_times_are_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_time_after_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_goroutine, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_newer_access, setup, teardown),
		cmocka_unit_test_setup_teardown(test_runs_on_elsewhere, setup, teardown),
		cmocka_unit_test_setup_teardown(test_names_are_escaped, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
