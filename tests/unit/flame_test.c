#include "arena_fixture.h"

#include "export/flame.h"
#include "export/flame_tree.h"

static struct rf_frame frame(const char *function, const char *file)
{
	return (struct rf_frame){ .function = rf_str_from(function), .file = rf_str_from(file) };
}

static struct rf_frame f_main, f_a, f_b;

static struct rf_profile_sample sample(int64_t value, const struct rf_frame *a, const struct rf_frame *b, const struct rf_frame *c)
{
	const struct rf_frame *frames[] = { a, b, c };
	struct rf_profile_sample s = { .values = { 1, value } };
	s.stack.frames = rf_arena_array(&arena, 3, sizeof(struct rf_frame));
	while (s.stack.count < 3 && frames[s.stack.count]) {
		s.stack.frames[s.stack.count] = *frames[s.stack.count];
		s.stack.count++;
	}
	return s;
}

/* a calls b and itself; main calls both. */
static uint32_t make_samples(struct rf_profile_sample samples[4])
{
	f_main = frame("main", "/src/main.c");
	f_a = frame("a<b>&\"", "/src/a.c");
	f_b = frame("example.com/shop.b", "/src/b.go");
	samples[0] = sample(60, &f_b, &f_a, &f_main);
	samples[1] = sample(30, &f_a, &f_a, &f_main);
	samples[2] = sample(10, &f_b, &f_main, NULL);
	samples[3] = sample(0, &f_main, NULL, NULL);
	return 4;
}

static void the_tree_adds_up(void **state)
{
	struct rf_profile_sample samples[4];
	struct rf_flame flame = { .samples = samples, .count = make_samples(samples), .value = 1 };
	(void)state;
	struct rf_flame_node *root = rf_flame_tree(&flame, &arena);
	assert_int_equal(root->total, 100);
	assert_int_equal(root->number, 1);
	const struct rf_flame_node *m = root->child, *a = m->child;
	assert_null(m->next);
	assert_int_equal(m->total, 100);
	assert_int_equal(m->self, 0);
	assert_int_equal(a->total, 90); /* the largest first */
	assert_int_equal(a->next->total, 10);
	assert_int_equal(a->child->total, 60);
	assert_int_equal(a->child->next->total, 30);
	assert_int_equal(a->child->next->self, 30);
	assert_ptr_equal(rf_flame_find(root, a->number), a);
	assert_ptr_equal(rf_flame_find(root, a->next->number), a->next);
	assert_ptr_equal(rf_flame_find(root, 4711), root);
	assert_ptr_equal(rf_flame_find(root, 0), root);
}

static rf_str drawn(struct rf_flame flame)
{
	struct rf_buf out;
	rf_buf_init(&out);
	assert_true(rf_flame_put(&out, &flame, &arena));
	rf_str text = rf_arena_dup(&arena, rf_buf_str(&out));
	rf_buf_release(&out);
	return text;
}

static uint32_t occurrences(rf_str text, const char *part)
{
	uint32_t count = 0;
	for (ptrdiff_t at; (at = rf_str_find_str(text, rf_str_from(part))) >= 0; count++)
		text = rf_str_skip(text, (size_t)at + 1);
	return count;
}

static void boxes_have_titles_and_no_markup_of_others(void **state)
{
	struct rf_profile_sample samples[4];
	struct rf_flame flame = { .samples = samples, .count = make_samples(samples), .value = 1 };
	(void)state;
	rf_str svg = drawn(flame);
	assert_int_equal(occurrences(svg, "<rect "), 6);
	assert_int_equal(occurrences(svg, "<title>"), 6);
	assert_int_equal(occurrences(svg, "<a "), 0);
	assert_int_equal(occurrences(svg, "<b>"), 0);
	assert_true(rf_str_contains(svg, "a&lt;b&gt;&amp;"));
	assert_true(rf_str_contains(svg, "60 B (60.0 %)"));
	assert_true(rf_str_contains(svg, "width=\"720.00\"")); /* 60 % of 1200 */
	assert_true(rf_str_contains(svg, "class=\"go"));
	assert_true(rf_str_contains(svg, "viewBox=\"0 0 1200 72\"")); /* four rows */
}

/* A box as the whole: what leads there is above it, and everything but itself is a link. */
static void a_link_shows_what_is_below(void **state)
{
	struct rf_profile_sample samples[4];
	struct rf_flame flame = { .samples = samples, .count = make_samples(samples), .value = 1, .link = "?at=" };
	(void)state;
	const struct rf_flame_node *a = rf_flame_tree(&flame, &arena)->child->child;
	flame.top = a->number;
	rf_str svg = drawn(flame);
	assert_int_equal(occurrences(svg, "<rect "), 5); /* not b of main */
	assert_int_equal(occurrences(svg, "<a "), 4);
	assert_int_equal(occurrences(svg, "width=\"1200.00\""), 3); /* all, main, a */
	assert_true(rf_str_contains(svg, "<a href=\"?at=1\">"));
	assert_true(rf_str_contains(svg, "width=\"800.00\"")); /* 60 of 90 */
	assert_true(rf_str_contains(svg, "60 B (60.0 %)"));    /* still of all */
}

static void nothing_gives_nothing(void **state)
{
	struct rf_profile_sample samples[4];
	struct rf_flame flame = { .value = 1 };
	(void)state;
	assert_str(drawn(flame), "");
	make_samples(samples);
	flame.samples = &samples[3];
	flame.count = 1;
	assert_str(drawn(flame), "");
	samples[0].stack.count = 0; /* a stack that was lost */
	flame.samples = samples;
	assert_true(rf_str_contains(drawn(flame), "[unknown]"));
}

/* More stacks than boxes, and deeper ones than rows: both are bounded, and the first row is whole. */
static void a_large_profile_is_bounded(void **state)
{
	enum { STACKS = 900, ROWS = 6, DEPTH = 256 };
	struct rf_profile_sample *samples = rf_arena_array(&arena, STACKS + 1, sizeof(*samples));
	struct rf_flame flame = { .samples = samples, .count = STACKS + 1, .value = 1 };
	(void)state;
	for (uint32_t i = 0; i < STACKS; i++) {
		samples[i] = (struct rf_profile_sample){ .values = { 1, 100 + i } };
		samples[i].stack.count = ROWS;
		samples[i].stack.frames = rf_arena_array(&arena, ROWS, sizeof(struct rf_frame));
		for (uint32_t k = 0; k < ROWS; k++)
			samples[i].stack.frames[k] = (struct rf_frame){ .function = rf_arena_printf(&arena, "f%u", i), .file = RF_STR("") };
	}
	samples[STACKS] = (struct rf_profile_sample){ .values = { 1, 5000 } };
	samples[STACKS].stack.frames = rf_arena_array(&arena, DEPTH, sizeof(struct rf_frame));
	for (samples[STACKS].stack.count = 0; samples[STACKS].stack.count < DEPTH; samples[STACKS].stack.count++)
		samples[STACKS].stack.frames[samples[STACKS].stack.count] = frame("deeper", "/src/a.c");
	rf_str svg = drawn(flame);
	assert_true(occurrences(svg, "<rect ") <= RF_FLAME_BOXES_MAX);
	assert_true(occurrences(svg, "<rect ") >= RF_FLAME_ROWS_MAX + RF_FLAME_BOXES_MAX / 4);
	assert_int_equal(occurrences(svg, ">deeper\n"), RF_FLAME_ROWS_MAX - 1);
}

static void functions_count_once_a_stack(void **state)
{
	struct rf_profile_sample samples[4];
	struct rf_flame flame = { .samples = samples, .count = make_samples(samples), .value = 1 };
	struct rf_flame_row *rows;
	(void)state;
	assert_int_equal(rf_flame_functions(&flame, 10, &arena, &rows), 3);
	assert_str(rows[0].function, "example.com/shop.b");
	assert_int_equal(rows[0].self, 70);
	assert_int_equal(rows[0].total, 70);
	assert_int_equal(rows[1].self, 30);
	assert_int_equal(rows[1].total, 90); /* it calls itself */
	assert_int_equal(rows[2].self, 0);
	assert_int_equal(rf_flame_functions(&flame, 1, &arena, &rows), 1);
}

static void values_are_for_people(void **state)
{
	struct rf_buf out;
	(void)state;
	rf_buf_init(&out);
	rf_flame_put_value(&out, RF_PROFILE_HEAP, 1, 1500000);
	rf_buf_put_char(&out, ',');
	rf_flame_put_value(&out, RF_PROFILE_HEAP, 0, 1500000);
	for (int64_t ns = 1500; ns < 10000000000; ns *= 1000) {
		rf_buf_put_char(&out, ',');
		rf_flame_put_value(&out, RF_PROFILE_CPU, 1, ns);
	}
	assert_str(rf_buf_str(&out), "1.5 MB,1500000,1.5 us,1.5 ms,1.50 s");
	rf_buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tree_adds_up),
		cmocka_unit_test(boxes_have_titles_and_no_markup_of_others),
		cmocka_unit_test(a_link_shows_what_is_below),
		cmocka_unit_test(nothing_gives_nothing),
		cmocka_unit_test(a_large_profile_is_bounded),
		cmocka_unit_test(functions_count_once_a_stack),
		cmocka_unit_test(values_are_for_people),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
