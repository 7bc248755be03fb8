/* Classes of races in the database: of events, of findings, in titles. */
#include "unit.h"

#include <fcntl.h>

#include "query/finding_list.h"
#include "store/search.h"
#include "store_sample.h"

enum go_kind { INT = 2, SLICE = 23, STRING = 24 };

static struct rf_report *record(struct sample *s, const char *a, const char *b, uint32_t kind, const char *type)
{
	struct rf_report *r = sample_report(s, a, b, 1);
	r->from_spool = true;
	r->memory = RF_MEMORY_HEAP;
	r->memory_kind = kind;
	r->memory_type = rf_str_from(type);
	r->memory_name = RF_STR("shop.Cart.field");
	return r;
}

/* The finding has the classes of all events; each event has its own. */
static void test_union(void **state)
{
	struct sample *s = *state;
	struct rf_report back;
	int64_t first, second, third;
	sample_store(s, record(s, "Add", "Total", STRING, "string"), "t1", "u1", NULL, &first);
	assert_str(sample_text(s, "SELECT class FROM v_findings"), "string");
	assert_str(sample_text(s, "SELECT title FROM v_findings"), "data race (string header): shop.Add and shop.Total");
	sample_store(s, record(s, "Add", "Total", SLICE, "[]int"), "t1", "u2", NULL, &second);
	sample_store(s, record(s, "Add", "Total", 0, ""), "t2", "u3", NULL, &third);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM findings"), 1);
	assert_str(sample_text(s, "SELECT class FROM v_findings"), "slice,string");
	assert_str(sample_text(s, "SELECT title FROM v_findings"),
		   "data race (slice header, string header): shop.Add and shop.Total");
	assert_str(sample_text(s, "SELECT group_concat(class || ':' || memory_type, ' ') FROM events"), "string:string slice:[]int :");
	assert_int_equal(rf_query_report(s->store, second, &s->arena, &back, &s->err), 0);
	assert_int_equal(back.classes, 1u << RF_CLASS_SLICE);
	assert_str(back.memory_type, "[]int");
	assert_str(back.memory_name, "shop.Cart.field");
}

static uint32_t found(struct sample *s, struct rf_finding_filter filter)
{
	struct rf_finding_row *rows;
	uint32_t count;
	assert_int_equal(rf_query_findings(s->store, &filter, &s->arena, &rows, &count, &s->err), 0);
	return count;
}

static void test_filters(void **state)
{
	struct sample *s = *state;
	int64_t id;
	sample_store(s, record(s, "Add", "Total", STRING, "string"), "t1", "u1", NULL, &id);
	sample_store(s, record(s, "Add", "Total", SLICE, "[]int"), "t1", "u2", NULL, &id);
	sample_store(s, record(s, "Get", "Set", INT, "int"), "t1", "u3", NULL, &id);
	assert_int_equal(found(s, (struct rf_finding_filter){ .class = RF_STR("slice") }), 1);
	assert_int_equal(found(s, (struct rf_finding_filter){ .class = RF_STR("string") }), 1);
	assert_int_equal(found(s, (struct rf_finding_filter){ .class = RF_STR("str") }), 0);
	assert_int_equal(found(s, (struct rf_finding_filter){ .class = RF_STR("counter") }), 0);
	assert_int_equal(found(s, (struct rf_finding_filter){ 0 }), 2);
	/* by a word that only the later title has */
	assert_int_equal(found(s, (struct rf_finding_filter){ .search = RF_STR("slice header") }), 1);
}

/* A side that is missing has another title than the finding that it joins, which keeps its own. */
static void test_wildcards(void **state)
{
	struct sample *s = *state;
	int64_t id;
	sample_store(s, record(s, "Add", "Total", SLICE, "[]int"), "t1", "u1", NULL, &id);
	sample_store(s, record(s, "Add", NULL, STRING, "string"), "t1", "u2", NULL, &id);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM findings"), 1);
	assert_str(sample_text(s, "SELECT title FROM v_findings"), "data race (slice header): shop.Add and shop.Total");
	assert_str(sample_text(s, "SELECT class FROM events ORDER BY id DESC"), "string");
}

/* --- counters ---------------------------------------------------------------------------------------------------- */

static const char *source_of(struct sample *s, const char *line, uint64_t unix_s)
{
	const char *path = rf_arena_printf(&s->arena, "%s/shop.go", s->directory).ptr;
	struct timespec times[2] = { { .tv_sec = (time_t)unix_s }, { .tv_sec = (time_t)unix_s } };
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "package shop\n\n\t%s\n", line);
	fclose(f);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	return path;
}

static const char *class_with(struct sample *s, const char *line, uint64_t written_unix_s, uint32_t kind, uint64_t reported_ns)
{
	static int n;
	struct rf_report *r = record(s, "Add", "Add", kind, "");
	int64_t id;
	for (int i = 0; i < 2; i++) {
		r->accesses[i].stack.frames[0].file = rf_str_from(source_of(s, line, written_unix_s));
		r->accesses[i].stack.frames[0].line = 3;
	}
	r->time_unix_ns = reported_ns;
	sample_store(s, r, "t1", rf_arena_printf(&s->arena, "u%d", n++).ptr, NULL, &id);
	return rf_arena_cstr(&s->arena, sample_text(s, "SELECT class FROM events ORDER BY id DESC"));
}

static void test_counters(void **state)
{
	struct sample *s = *state;
	uint64_t now = SAMPLE_NOW / 1000000000u;
	assert_string_equal(class_with(s, "n = 5", now - 9, INT, SAMPLE_NOW), "");
	assert_string_equal(class_with(s, "n++", now + 9, INT, SAMPLE_NOW), "");
	assert_string_equal(class_with(s, "n++", now - 9, STRING, SAMPLE_NOW), "string");
	assert_string_equal(class_with(s, "n += 1", now - 9, 0, SAMPLE_NOW), "");
	assert_string_equal(class_with(s, "n++", now - 9, INT, 0), "");
	assert_string_equal(class_with(s, "n += 1", now - 9, INT, SAMPLE_NOW), "counter");
	assert_string_equal(class_with(s, "n++", now - 9, 0, SAMPLE_NOW), "counter");
	assert_str(sample_text(s, "SELECT title FROM v_findings"), "data race (string header, counter) in shop.Add");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_union, sample_setup, sample_teardown),
		cmocka_unit_test_setup_teardown(test_filters, sample_setup, sample_teardown),
		cmocka_unit_test_setup_teardown(test_wildcards, sample_setup, sample_teardown),
		cmocka_unit_test_setup_teardown(test_counters, sample_setup, sample_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
