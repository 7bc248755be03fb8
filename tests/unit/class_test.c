#include "arena_fixture.h"

#include "finding/class.h"

#include <string.h>

static const struct {
	const char *line;
	bool counts, counts_number; /* the type isn't known; it is known to be a number */
} lines[] = {
	{ "\tn++", true, true },
	{ "\tc.hits[key]--", true, true },
	{ "\tgo func() { n++ }()", true, true },
	{ "\tif n++; n > 5 {", true, true },
	{ "\tn -= f(a <= b, c != d, e == g)", true, true },
	{ "\tn += 1", false, true },
	{ "\tn += len(\"a=b++\") + '=' // x = 1", false, true },
	{ "\tn += /* x = 1 */ 1", false, true },
	{ "\ttext += `\\` + \"++\"", false, true }, /* a type that isn't known is none that is known not to be a number */
	{ "\tn = n + 1", false, false },
	{ "\ta, b = b, a", false, false },
	{ "\tn := 1", false, false },
	{ "\tfor i := 0; i < n; i++ {", false, false },
	{ "\tn++; m++", false, false },
	{ "\tn++; m = 1", false, false },
	{ "\tn++; return n", false, false },
	{ "\tfor range list { n++ }", false, false },
	{ "\tbits |= 4", false, false },
	{ "\tbits <<= 1", false, false },
	{ "\tbits &^= 1", false, false },
	{ "\tuse(n) // n++", false, false },
	{ "\tuse(\"n++\")", false, false },
	{ "\tuse(\"\\\"n++\")", false, false },
	{ "\tuse('\"', n)", false, false },
	{ "   n++ */ use(n)", false, false },
	{ "\tif a <= b && c >= d {", false, false },
	{ "\tn+", false, false },
	{ "=", false, false },
	{ "", false, false },
	{ "\"", false, false },
	{ "/*", false, false },
	{ "n++ \"\\", true, true },
};

static void test_lines_that_count(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		/* of its exact length, so that a look behind it is noticed */
		char *text = strndup(lines[i].line, strlen(lines[i].line));
		rf_str line = { text, strlen(text) };
		if (rf_class_line_counts(line, false) != lines[i].counts || rf_class_line_counts(line, true) != lines[i].counts_number)
			fail_msg("wrong answer for: %s", lines[i].line);
		free(text);
	}
}

/* --- reports ------------------------------------------------------------------------------------------------------ */

static struct rf_frame frames[2];
static struct rf_goroutine goroutines[2];

/* A write and a read of the same place, as a spool tells it. */
static struct rf_report report_of(const char *top_a, const char *top_b)
{
	struct rf_report r = { .kind = RF_KIND_DATA_RACE, .access_count = 2, .from_spool = true };
	const char *tops[2] = { top_a, top_b };
	for (int i = 0; i < 2; i++) {
		frames[i] = (struct rf_frame){ .function = rf_str_from(tops[i]), .file = RF_STR("/src/shop.go"), .line = 7 };
		r.accesses[i] = (struct rf_access){ .write = i == 0, .previous = i == 1, .size = 1, .goroutine = &goroutines[i],
						    .stack = { &frames[i], 1, false } };
	}
	return r;
}

static unsigned classes_of(const struct rf_report *r, rf_str *title)
{
	struct rf_finding f;
	rf_finding_make(r, &arena, &f);
	if (title)
		*title = f.title;
	return f.classes;
}

/* The title is the same when the sides change places. */
static void assert_classes(struct rf_report r, unsigned want, const char *title)
{
	rf_str got;
	for (int order = 0; order < 2; order++) {
		assert_int_equal(classes_of(&r, &got), want);
		assert_str(got, title);
		struct rf_access first = r.accesses[0];
		r.accesses[0] = r.accesses[1];
		r.accesses[1] = first;
	}
}

static void test_types(void **state)
{
	struct rf_report r = report_of("shop.A", "shop.B");
	(void)state;
	assert_classes(r, 0, "data race: shop.A and shop.B");
	r.memory_kind = 24;
	assert_classes(r, 1u << RF_CLASS_STRING, "data race (string header): shop.A and shop.B");
	r.memory_kind = 23;
	assert_classes(r, 1u << RF_CLASS_SLICE, "data race (slice header): shop.A and shop.B");
	r.memory_kind = 20;
	assert_classes(r, 1u << RF_CLASS_INTERFACE, "data race (interface value): shop.A and shop.B");
	r.memory_kind = 21; /* the variable of a map */
	assert_classes(r, 0, "data race: shop.A and shop.B");
	r.memory_kind = 2;
	r.memory_in_context = true;
	assert_classes(r, 1u << RF_CLASS_CONTEXT, "data race (context value): shop.A and shop.B");
	r.kind = RF_KIND_USE_AFTER_FREE;
	r.memory_kind = 24;
	assert_classes(r, 0, "use after free: shop.A and shop.B");
}

static void test_maps(void **state)
{
	struct rf_report r = report_of("runtime.mapassign_faststr", "runtime.mapaccess1_faststr");
	struct rf_frame stacks[2][2];
	(void)state;
	for (int i = 0; i < 2; i++) {
		stacks[i][0] = frames[i];
		stacks[i][1] = (struct rf_frame){ .function = i ? RF_STR("shop.B") : RF_STR("shop.A"), .line = 3 };
		r.accesses[i].stack = (struct rf_stack){ stacks[i], 2, false };
	}
	assert_classes(r, 1u << RF_CLASS_MAP, "data race (map): shop.A and shop.B");
	stacks[0][0].function = RF_STR("shop.A"); /* a key, which the map reads */
	assert_classes(r, 0, "data race (map, plain): shop.B and shop.A");
	stacks[0][0].function = RF_STR("runtime.mapassign_faststr");
	r.accesses[1].stack.count = 0;
	assert_classes(r, 1u << RF_CLASS_MAP, "data race (map): shop.A and an unknown stack");
	r.accesses[0].write = false;
	assert_classes(r, 0, "data race (map): shop.A and an unknown stack");
}

static void test_atomics(void **state)
{
	struct rf_report r = report_of("shop.A", "shop.B");
	unsigned atomic = 1u << RF_CLASS_ATOMIC;
	(void)state;
	r.accesses[0].atomic = true;
	r.accesses[0].size = 8;
	assert_classes(r, atomic, "data race (atomic, plain): shop.A and shop.B");
	r.accesses[1].size = 8;
	assert_classes(r, atomic | 1u << RF_CLASS_ATOMIC_COPY, "data race (atomic, copy): shop.A and shop.B");
	r.memory_kind = 24;
	assert_classes(r, atomic | 1u << RF_CLASS_ATOMIC_COPY | 1u << RF_CLASS_STRING,
		       "data race (string header, atomic, copy): shop.A and shop.B");
	r.memory_kind = 0;
	r.accesses[0].atomic = false;
	assert_classes(r, 0, "data race: shop.A and shop.B");
	/* Text has no sizes, and atomics by name. */
	struct rf_frame stack[2] = { { .function = RF_STR("sync/atomic.AddInt32") }, { .function = RF_STR("shop.A"), .line = 3 } };
	r.from_spool = false;
	r.accesses[0].stack = (struct rf_stack){ stack, 2, false };
	assert_classes(r, atomic, "data race (atomic, plain): shop.A and shop.B");
	r.accesses[1].stack.count = 0;
	assert_classes(r, 0, "data race (atomic): shop.A and an unknown stack");
}

static const struct rf_frame *place_of(const struct rf_report *r)
{
	struct rf_finding f;
	rf_finding_make(r, &arena, &f);
	return rf_class_counter_place(r, &f);
}

static void test_places_of_counters(void **state)
{
	struct rf_report r = report_of("shop.A", "shop.A");
	(void)state;
	assert_ptr_equal(place_of(&r), &frames[0]);
	r.memory_kind = 24;
	assert_null(place_of(&r));
	r.memory_kind = 2;
	assert_ptr_equal(place_of(&r), &frames[0]);
	frames[1].line++;
	assert_null(place_of(&r));
	frames[1].line--;
	frames[1].function = RF_STR("shop.B");
	assert_null(place_of(&r));
	frames[1].function = RF_STR("shop.A");
	r.accesses[1].write = true;
	assert_null(place_of(&r));
	r.accesses[1].write = false;
	r.accesses[1].atomic = true;
	assert_null(place_of(&r));
	r.accesses[1].atomic = false;
	r.accesses[1].size = 8;
	assert_null(place_of(&r));
	r.accesses[1].size = 1;
	r.accesses[1].stack.count = 0;
	assert_null(place_of(&r));
	r.accesses[1].stack.count = 1;
	r.access_count = 1;
	assert_null(place_of(&r));
}

/* What was proved when a report was stored holds, and no class is in a hash. */
static void test_stored_classes(void **state)
{
	struct rf_report r = report_of("shop.A", "shop.B");
	struct rf_finding plain, classed;
	(void)state;
	rf_finding_make(&r, &arena, &plain);
	r.classes = 1u << RF_CLASS_COUNTER | 1u << RF_CLASS_STRING;
	rf_finding_make(&r, &arena, &classed);
	assert_int_equal(classed.classes, r.classes);
	assert_str(classed.title, "data race (string header, counter): shop.A and shop.B");
	assert_string_equal(plain.fingerprint, classed.fingerprint);
	assert_string_equal(plain.exact, classed.exact);
	assert_string_equal(plain.coarse, classed.coarse);
}

static void test_names(void **state)
{
	char text[RF_CLASSES_BYTES];
	unsigned all = (1u << RF_CLASS_COUNT) - 1;
	(void)state;
	for (int i = 0; i < RF_CLASS_COUNT; i++) {
		assert_int_equal(rf_class_from_name(rf_str_from(rf_class_name((enum rf_class)i))), i);
		assert_true(strlen(rf_class_words((enum rf_class)i)) > 0);
	}
	assert_int_equal(rf_class_from_name(RF_STR("maps")), RF_CLASS_COUNT);
	assert_int_equal(rf_class_from_name(RF_STR("")), RF_CLASS_COUNT);
	assert_str(rf_classes_put(0, text), "");
	assert_str(rf_classes_put(1u << RF_CLASS_STRING | 1u << RF_CLASS_MAP, text), "map,string");
	for (unsigned set = 0; set <= all; set++)
		assert_int_equal(rf_classes_from_text(rf_classes_put(set, text)), set);
	assert_int_equal(rf_classes_from_text(RF_STR(",,string,nonsense,")), 1u << RF_CLASS_STRING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_that_count),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_maps),
		cmocka_unit_test(test_atomics),
		cmocka_unit_test(test_places_of_counters),
		cmocka_unit_test(test_stored_classes),
		cmocka_unit_test(test_names),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
