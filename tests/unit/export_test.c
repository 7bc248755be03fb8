/* Every format of `redflag export` against golden files in tests/corpus/export: all.FORMAT is the whole database of
 * export_sample.h, run.FORMAT its last run, w3c.FORMAT the first one. `RF_CORPUS_UPDATE=1 export` rewrites them; review the diff.
 * That other programs accept the formats is tests/e2e/export.sh's to find out.
 */
#include "unit.h"

#include "export/export.h"
#include "store/json.h"
#include "export/markup.h"
#include "export_sample.h"
#include "store/clean_text.h"

static const char *const directory = "tests/corpus/export";

static struct rf_export_options options_of(const char *trace)
{
	struct rf_export_options o = { .version = RF_STR("0.0.0"), .root = RF_STR("/src"), .module = RF_STR("/src") };
	o.kinds[RF_KIND_DATA_RACE] = (struct rf_export_kind){ "What it <means>.", "What to do." };
	if (trace)
		o.trace_id = rf_str_from(trace);
	return o;
}

static rf_str write_format(struct sample *s, const struct rf_export_options *o, const struct rf_export_format *format)
{
	struct rf_export *x;
	struct rf_buf out;
	rf_buf_init(&out);
	assert_int_equal(rf_export_open(&x, s->store, o, &s->err), 0);
	assert_int_equal(rf_export_write(x, format, &out, &s->err), 0);
	rf_str text = rf_arena_dup(&s->arena, rf_buf_str(&out));
	rf_buf_release(&out);
	rf_export_close(x);
	return text;
}

static rf_str read_golden(struct sample *s, const char *path)
{
	FILE *f = fopen(path, "rb");
	struct rf_buf b;
	char bytes[4096];
	rf_buf_init(&b);
	for (size_t n; f && (n = fread(bytes, 1, sizeof(bytes), f)) > 0;)
		rf_buf_put(&b, bytes, n);
	if (f)
		fclose(f);
	rf_str text = rf_arena_dup(&s->arena, rf_buf_str(&b));
	rf_buf_release(&b);
	return text;
}

static void show_difference(rf_str got, rf_str want)
{
	for (unsigned line = 1; got.len || want.len; line++) {
		rf_str a = rf_str_cut(&got, '\n'), b = rf_str_cut(&want, '\n');
		if (rf_str_eq(a, b))
			continue;
		print_error("line %u\n  got:  %.*s\n  want: %.*s\n", line, RF_STR_ARG(a), RF_STR_ARG(b));
		return;
	}
}

static void compare_golden(struct sample *s, rf_str got, const char *selection, const char *format)
{
	const char *path = rf_arena_printf(&s->arena, "%s/%s.%s", directory, selection, format).ptr;
	if (getenv("RF_CORPUS_UPDATE")) {
		FILE *f = fopen(path, "wb");
		assert_non_null(f);
		assert_int_equal(fwrite(got.ptr, 1, got.len, f), got.len);
		assert_int_equal(fclose(f), 0);
		return;
	}
	rf_str want = read_golden(s, path);
	if (!rf_str_eq(got, want)) {
		print_error("%s differs; RF_CORPUS_UPDATE=1 rewrites it\n", path);
		show_difference(got, want);
		fail();
	}
}

/* What no format may hold, however the names look. */
static void check_text(rf_str text)
{
	assert_true(rf_text_is_clean(text));
	assert_true(rf_str_find(text, '\x1b') < 0);
	if (text.ptr[0] != '{') /* JSON is for programs: names are what they are */
		assert_false(rf_str_contains(text, "\xe2\x80\xae"));
}

static void test_golden(void **state)
{
	static const struct { const char *name, *trace; } selections[] = {
		{ "all", NULL }, { "run", "build-77" }, { "w3c", SAMPLE_TRACE } };
	struct sample *s = *state;
	sample_fill(s);
	for (const struct rf_export_format *f = rf_export_formats; f->name && !f->of_profiles; f++) {
		for (size_t i = 0; i < sizeof(selections) / sizeof(selections[0]); i++) {
			struct rf_export_options o = options_of(selections[i].trace);
			rf_str text = write_format(s, &o, f);
			assert_true(text.len > 0);
			check_text(text);
			compare_golden(s, text, selections[i].name, f->name);
		}
	}
}

static void test_empty_database(void **state)
{
	struct sample *s = *state;
	struct rf_export_options o = options_of(NULL);
	struct rf_export *x = NULL;
	for (const struct rf_export_format *f = rf_export_formats; f->name && !f->of_profiles; f++)
		compare_golden(s, write_format(s, &o, f), "empty", f->name);
	o.last_run = true;
	assert_int_equal(rf_export_open(&x, s->store, &o, &s->err), RF_ERR_MISSING);
	assert_null(x);
	assert_says(s->err, "no run");
	o = options_of("nobody");
	assert_int_equal(rf_export_open(&x, s->store, &o, &s->err), RF_ERR_MISSING);
	assert_says(s->err, "nobody");
}

static void test_selection_and_order(void **state)
{
	struct sample *s = *state;
	struct rf_export_options o = options_of(NULL);
	sample_fill(s);
	rf_str text = write_format(s, &o, rf_export_format_find("json"));
	ptrdiff_t fresh = rf_str_find_str(text, RF_STR("shop.Keep")), old = rf_str_find_str(text, RF_STR("shop.Add and")),
		  hushed = rf_str_find_str(text, RF_STR("shop.Hush"));
	assert_true(fresh > 0 && fresh < old && old < hushed);
	o.status = RF_STR("suppressed");
	text = write_format(s, &o, rf_export_format_find("json"));
	assert_true(rf_str_contains(text, "shop.Hush"));
	assert_false(rf_str_contains(text, "shop.Keep"));
	o = options_of(SAMPLE_TRACE);
	text = write_format(s, &o, rf_export_format_find("json"));
	assert_true(rf_str_contains(text, "shop.Old"));
	assert_false(rf_str_contains(text, "shop.Keep"));
	o = options_of(NULL);
	o.last_run = true;
	text = write_format(s, &o, rf_export_format_find("json"));
	assert_false(rf_str_contains(text, "shop.Old "));
	assert_true(rf_str_contains(text, "\"trace_id\": \"build-77\""));
}

/* It ran elsewhere, or in a module inside the checkout, or was built with -trimpath. */
static void test_paths(void **state)
{
	struct sample *s = *state;
	struct rf_export_options o = options_of(NULL);
	struct rf_report *r = sample_report(s, "Add", "Total", 1);
	r->accesses[1].stack.frames[0].file = RF_STR("example.com/shop/trim.go");
	const struct sample_event event = { "t", "u", NULL, "TestOne", r };
	sample_put(s, &event);
	o.root = RF_STR("/checkout");
	o.module = RF_STR("/checkout/services/shop");
	o.module_path = RF_STR("example.com/shop");
	rf_str text = write_format(s, &o, rf_export_format_find("json"));
	assert_true(rf_str_contains(text, "\"file\": \"services/shop/shop.go\""));
	assert_true(rf_str_contains(text, "\"file\": \"services/shop/trim.go\""));
	assert_true(rf_str_contains(text, "\"file\": \"/go/src/testing/testing.go\""));
	o = options_of(NULL);
	o.root = RF_STR("/sr"); /* not a parent */
	o.module = RF_STR("");
	text = write_format(s, &o, rf_export_format_find("json"));
	assert_true(rf_str_contains(text, "\"file\": \"shop.go\""));
	assert_true(rf_str_contains(text, "\"file\": \"example.com/shop/trim.go\""));
}

/* Nothing is known but that it happened. */
static void test_no_stacks(void **state)
{
	struct sample *s = *state;
	struct rf_export_options o = options_of(NULL);
	struct rf_report *r = sample_report(s, "Add", NULL, 1);
	for (uint32_t i = 0; i < r->access_count; i++)
		r->accesses[i].stack.count = r->accesses[i].goroutine->created.count = 0;
	const struct sample_event event = { "t", "u", NULL, "TestOne", r };
	sample_put(s, &event);
	for (const struct rf_export_format *f = rf_export_formats; f->name && !f->of_profiles; f++)
		assert_true(write_format(s, &o, f).len > 0);
	rf_str text = write_format(s, &o, rf_export_format_find("sarif"));
	assert_true(rf_str_contains(text, "\"uri\": \"go.mod\""));
	assert_false(rf_str_contains(text, "codeFlows")); /* one without steps would be invalid */
	assert_true(rf_str_starts(write_format(s, &o, rf_export_format_find("github")), "::error title="));
}

static int write_failing(struct sample *s, const struct rf_export_options *o, const struct rf_export_format *format, uint64_t n,
			 bool *reached)
{
	struct rf_export *x = NULL;
	struct rf_buf out;
	rf_buf_init(&out);
	s->store->fail_at_step = s->store->steps + n;
	int rc = rf_export_open(&x, s->store, o, &s->err);
	if (rc == 0)
		rc = rf_export_write(x, format, &out, &s->err);
	*reached = s->store->steps >= s->store->fail_at_step;
	s->store->fail_at_step = 0;
	rf_export_close(x);
	rf_buf_release(&out);
	return rc;
}

/* A database that fails at any moment is an error, and never a file that lacks something. */
static void test_database_fails(void **state)
{
	struct sample *s = *state;
	struct rf_export_options o = options_of(SAMPLE_TRACE);
	uint64_t failures = 0;
	sample_fill(s);
	for (const struct rf_export_format *f = rf_export_formats; f->name && !f->of_profiles; f++) {
		bool reached = true;
		for (uint64_t n = 1; reached; n++) {
			int rc = write_failing(s, &o, f, n, &reached);
			assert_int_equal(rc, reached ? RF_ERR_DATABASE : 0);
			failures += reached;
		}
	}
	assert_true(failures > 100);
}

static uint32_t count_of(rf_str text, const char *what)
{
	uint32_t n = 0;
	for (ptrdiff_t at; (at = rf_str_find_str(text, rf_str_from(what))) >= 0; n++)
		text = rf_str_skip(text, (size_t)at + strlen(what));
	return n;
}

/* GitHub drops what is above its limits without a word; we count it. */
static void test_limits(void **state)
{
	struct sample *s = *state;
	struct rf_export_options o = options_of("many");
	struct rf_export *x;
	struct rf_buf summary;
	for (unsigned i = 0; i < 400; i++) {
		const char *name = rf_arena_printf(&s->arena, "Function%u", i).ptr;
		const struct sample_event event = { "many", name, NULL, "TestOne", sample_record(s, name, "Total", i) };
		sample_put(s, &event);
	}
	rf_str text = write_format(s, &o, rf_export_format_find("github"));
	assert_int_equal(count_of(text, "::error "), 10);
	assert_true(rf_str_contains(text, "Function399 ")); /* the latest are the newest */
	assert_true(rf_str_contains(text, "::and 390 more;"));
	text = write_format(s, &o, rf_export_format_find("markdown"));
	assert_true(text.len < 65536);
	assert_int_equal(count_of(text, "\n| "), 51); /* with the head */
	assert_true(rf_str_contains(text, "and 350 more"));
	assert_int_equal(count_of(text, "<details>"), count_of(text, "</details>"));
	assert_true(count_of(text, "<details>") > 50);
	assert_true(rf_str_contains(text, "don't fit here"));
	rf_buf_init(&summary);
	assert_int_equal(rf_export_open(&x, s->store, &o, &s->err), 0);
	assert_int_equal(rf_export_write_step_summary(x, &summary, &s->err), 0);
	assert_int_equal(count_of(rf_buf_str(&summary), "\n| "), 401);
	assert_true(summary.len < 1048576);
	rf_export_close(x);
	rf_buf_release(&summary);
}

/* --- the writers ----------------------------------------------------------------------------------------------- */

static void test_json(void **state)
{
	struct rf_buf b;
	struct rf_json j;
	(void)state;
	rf_buf_init(&b);
	rf_json_init(&j, &b);
	rf_json_object(&j, NULL);
	rf_json_array(&j, "empty");
	rf_json_end(&j);
	rf_json_array(&j, "a\"");
	rf_json_int(&j, NULL, INT64_MIN);
	rf_json_str(&j, NULL, (rf_str){ "\xff\0\x1b", 3 });
	rf_json_str(&j, NULL, (rf_str){ NULL, 0 });
	rf_json_end(&j);
	rf_json_str_if(&j, "none", RF_STR(""));
	rf_json_hex(&j, "at", UINT64_MAX);
	rf_json_bool(&j, "yes", true);
	rf_json_end(&j);
	rf_json_finish(&j);
	assert_str(rf_buf_str(&b), "{\n  \"empty\": [],\n  \"a\\\"\": [\n    -9223372036854775808,\n"
				   "    \"\xef\xbf\xbd\\u0000\\u001b\",\n    null\n  ],\n"
				   "  \"at\": \"0xffffffffffffffff\",\n  \"yes\": true\n}\n");
	rf_buf_release(&b);
}

static void check_put(void (*put)(struct rf_buf *, rf_str), const char *text, const char *want)
{
	struct rf_buf b;
	rf_buf_init(&b);
	put(&b, rf_str_from(text));
	assert_str(rf_buf_str(&b), want);
	rf_buf_release(&b);
}

static void test_markup(void **state)
{
	(void)state;
	check_put(rf_markup_put, "<a href=\"'\">&]]>\n\t", "&lt;a href=&quot;&#39;&quot;&gt;&amp;]]&gt;\n\t");
	check_put(rf_markup_put, "\x1b[1m\r\x7f\xc2\x85\xe2\x80\xae\xef\xbf\xbf\xed\xa0\x80",
		  "\\x1b[1m\\x0d\\x7f\\x85\\u202e\\uffff\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	check_put(rf_markup_put_attribute, "a\n\t\"", "a&#10;&#9;&quot;");
	check_put(rf_markup_put_markdown, "a|b`c*_[x](y)<i>\\\n\r", "a&#124;b&#96;c&#42;&#95;&#91;x&#93;(y)&#60;i&#62;&#92;&#92;n&#92;x0d");
	check_put(rf_markup_put_markdown, "@me #1 http://x.y", "&#64;&#8203;me &#35;&#8203;1 http&#58;&#8203;//x.y");
	check_put(rf_markup_put_message, "50%: a,b\r\n::error::\x1b[1m\xff", "50%25: a,b%0D%0A::error::\\x1b[1m\xef\xbf\xbd");
	check_put(rf_markup_put_property, "a:b,c%\n", "a%3Ab%2Cc%25%0A");
	check_put(rf_markup_put_uri, "a b/c%d:\xc3\xbc.go", "a%20b/c%25d%3A%C3%BC.go");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_golden, sample_setup, sample_teardown),
		cmocka_unit_test_setup_teardown(test_empty_database, sample_setup, sample_teardown),
		cmocka_unit_test_setup_teardown(test_selection_and_order, sample_setup, sample_teardown),
		cmocka_unit_test_setup_teardown(test_paths, sample_setup, sample_teardown),
		cmocka_unit_test_setup_teardown(test_no_stacks, sample_setup, sample_teardown),
		cmocka_unit_test_setup_teardown(test_database_fails, sample_setup, sample_teardown),
		cmocka_unit_test_setup_teardown(test_limits, sample_setup, sample_teardown),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_markup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
