#include "arena_fixture.h"

#include "toolchain/anchors.h"

static const char source[] = "package p\n"
			     "\n"
			     "func one(a int,  b interface{}) {\n"
			     "\tx := \"// no comment\" // a comment\n"
			     "\tif x {\n"
			     "\t\ty()\n"
			     "\t}\n"
			     "}\n"
			     "\n"
			     "func two() { return }\n"
			     "func (t *T) three(a map[string]struct{}) (err error) { err = y(); return }\n"
			     "func four(\n"
			     "\ta int,\n"
			     ") { // four\n"
			     "\ty()\n"
			     "\ty()\n"
			     "}\n"
			     "func five()\n";

/* The source after the stanzas of `table`, or NULL with *err. */
static const char *apply(const char *table, const char *file, struct rf_error *err)
{
	struct rf_anchors anchors;
	rf_str out;
	if (rf_anchors_parse(rf_str_from(table), RF_STR("go1.26.8"), RF_STR("amd64"), &arena, &anchors, err) != 0)
		return NULL;
	if (rf_anchors_apply(&anchors, rf_str_from(file), rf_str_from(source), RF_STR("go1.26.8"), &arena, &out, err) != 0)
		return NULL;
	return rf_arena_cstr(&arena, out);
}

/* One stanza for p.go changes exactly the line that holds `want`. */
static void changes(const char *stanza, const char *want)
{
	struct rf_error err = { 0 };
	const char *got = apply(rf_arena_printf(&arena, "file: p.go\n%s\n", stanza).ptr, "p.go", &err);
	if (!got)
		fail_msg("%s", err.text);
	rf_str new_rest = rf_str_from(got), old_rest = rf_str_from(source);
	unsigned changed = 0;
	while (old_rest.len) {
		rf_str now = rf_str_cut(&new_rest, '\n'), before = rf_str_cut(&old_rest, '\n');
		if (rf_str_eq(now, before))
			continue;
		changed++;
		assert_str(now, want);
	}
	assert_int_equal(changed, 1);
	assert_int_equal(new_rest.len, 0);
}

static void refuses(const char *stanza, enum rf_err code, const char *part)
{
	struct rf_error err = { 0 };
	assert_null(apply(rf_arena_printf(&arena, "file: p.go\n%s\n", stanza).ptr, "p.go", &err));
	assert_int_equal(err.code, code);
	assert_says(err, part);
}

static void test_open(void **state)
{
	(void)state;
	changes("open: func one(\ninsert: rf()", "func one(a int,  b interface{}) { rf()");
	changes("open: func two(\ninsert: rf()", "func two() { rf(); return }");
	changes("open: func (t *T) three(\ninsert: rf()",
		"func (t *T) three(a map[string]struct{}) (err error) { rf(); err = y(); return }");
	changes("open: func four(\ninsert: rf()", ") { rf() // four");
	refuses("open: func five(\ninsert: rf()", RF_ERR_VERSION, "has no body");
}

static void test_after(void **state)
{
	(void)state;
	changes("after: x := \"// no\ninsert: rf()", "\tx := \"// no comment\"; rf() // a comment");
	changes("after: if x {\ninsert: rf()", "\tif x { rf()");
	changes("within: func four(\nafter-first: y()\ninsert: rf()", "\ty(); rf()");
	refuses("after: a int,\ninsert: rf()", RF_ERR_VERSION, "more than once");
	refuses("within: func four(\nafter: a int,\ninsert: rf()", RF_ERR_VERSION, "no whole statement");
}

static void test_before(void **state)
{
	(void)state;
	changes("within: func one(\nbefore: y()\ninsert: rf()", "\t\trf(); y()");
	changes("before: if x\ninsert: rf()", "\trf(); if x {");
	changes("within: func four(\nbefore-first: y()\ninsert: rf()", "\trf(); y()");
}

static void test_replace(void **state)
{
	(void)state;
	changes("replace: return }\nwithin: func two(\ninsert: panic(1) }", "func two() { panic(1) }");
	changes("replace: if x\ninsert: if !x", "\tif !x {");
}

/* White space of the source may be any; an anchor in a comment is none. */
static void test_matching(void **state)
{
	(void)state;
	changes("open: func one(a int, b\ninsert: rf()", "func one(a int,  b interface{}) { rf()");
	refuses("after: a comment\ninsert: rf()", RF_ERR_VERSION, "isn't found");
	refuses("open: ne(a int\nwithin: func nowhere(\ninsert: rf()", RF_ERR_VERSION, "func nowhere(");
	refuses("after: y()\ninsert: rf()", RF_ERR_VERSION, "more than once");
}

static void test_errors_name_everything(void **state)
{
	struct rf_error err = { 0 };
	(void)state;
	assert_null(apply("file: p.go\nopen: func gone(\ninsert: rf()\n", "p.go", &err));
	assert_says(err, "p.go");
	assert_says(err, "func gone(");
	assert_says(err, "go1.26.8");
	assert_says(err, "line 1");
}

static void test_order(void **state)
{
	struct rf_error err = { 0 };
	const char *table = "file: p.go\nafter: if x {\ninsert: a()\n\nfile: p.go\nopen: func two(\ninsert: b()\n\n"
			    "file: p.go\nopen: func two(\ninsert: c()\n\nfile: p.go\nafter: if x {\ninsert: d()\n\n"
			    "file: p.go\nbefore: x := \"\ninsert: e()\n\nfile: p.go\nbefore: x := \"\ninsert: f()\n";
	const char *got = apply(table, "p.go", &err);
	(void)state;
	assert_non_null(got);
	assert_non_null(strstr(got, "\tif x { a(); d()\n"));
	assert_non_null(strstr(got, "func two() { b(); c(); return }\n"));
	assert_non_null(strstr(got, "\te(); f(); x := \"// no comment\" // a comment\n"));
}

static void test_assembly(void **state)
{
	struct rf_anchors anchors;
	struct rf_error err = { 0 };
	rf_str out, text = RF_STR("TEXT a(SB), 4\n\tRET\nTEXT b(SB), 4\n\tMOVQ A, B\n\tRET\n");
	(void)state;
	assert_int_equal(rf_anchors_parse(RF_STR("file: a.s\nwithin: TEXT b(SB)\nbefore: RET\ninsert: NOP\n"), RF_STR("go1.26"),
					  RF_STR("amd64"), &arena, &anchors, &err), 0);
	assert_int_equal(rf_anchors_apply(&anchors, RF_STR("a.s"), text, RF_STR("go1.26"), &arena, &out, &err), 0);
	assert_str(out, "TEXT a(SB), 4\n\tRET\nTEXT b(SB), 4\n\tMOVQ A, B\n\tNOP; RET\n");
}

static size_t kept(const char *condition, const char *version)
{
	struct rf_anchors anchors;
	struct rf_error err = { 0 };
	rf_str table = rf_arena_printf(&arena, "file: p.go\n%s\nopen: func two(\ninsert: rf()\n", condition);
	if (rf_anchors_parse(table, rf_str_from(version), RF_STR("amd64"), &arena, &anchors, &err) != 0)
		fail_msg("%s", err.text);
	return anchors.count;
}

static void test_conditions(void **state)
{
	(void)state;
	assert_int_equal(kept("go: >=1.26", "go1.26.8"), 1);
	assert_int_equal(kept("go: >=1.26", "go1.25.4"), 0);
	assert_int_equal(kept("go: >1.25 <1.27", "go1.26rc1"), 1);
	assert_int_equal(kept("go: >1.25 <1.27", "go1.27.0"), 0);
	assert_int_equal(kept("go: <=1.26", "go1.26"), 1);
	assert_int_equal(kept("arch: arm64", "go1.26"), 0);
	assert_int_equal(kept("arch: amd64", "go1.26"), 1);
	assert_int_equal(rf_go_minor(RF_STR("go1.27-devel_abc")), 27);
	assert_int_equal(rf_go_minor(RF_STR("devel go1.27")), -1);
}

static void test_bad_tables(void **state)
{
	(void)state;
	refuses("open: func two(", RF_ERR_INPUT, "needs file, insert and a place");
	refuses("insert: x", RF_ERR_INPUT, "needs file, insert and a place");
	refuses("open: func two(\nafter: x\ninsert: y", RF_ERR_INPUT, "two places");
	refuses("opne: func two(\ninsert: y", RF_ERR_INPUT, "unknown key `opne`");
	refuses("no key at all", RF_ERR_INPUT, "no `key: value`");
	refuses("open:\ninsert: y", RF_ERR_INPUT, "has no value");
	refuses("go: 1.26\nopen: func two(\ninsert: y", RF_ERR_INPUT, "no condition");
	refuses("after-first: y()\ninsert: y", RF_ERR_INPUT, "needs within");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open),	    cmocka_unit_test(test_after),
		cmocka_unit_test(test_before),	    cmocka_unit_test(test_replace),
		cmocka_unit_test(test_matching),    cmocka_unit_test(test_errors_name_everything),
		cmocka_unit_test(test_order),	    cmocka_unit_test(test_assembly),
		cmocka_unit_test(test_conditions),  cmocka_unit_test(test_bad_tables),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
