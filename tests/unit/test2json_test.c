#include "arena_fixture.h"

#include "read/test2json.h"

static struct rf_test_event parsed(const char *line)
{
	struct rf_test_event event;
	struct rf_error err = { 0 };
	if (rf_test2json_parse(rf_str_from(line), &arena, &event, &err))
		fail_msg("%s: %s", line, err.text);
	return event;
}

static void refused(const char *line)
{
	struct rf_test_event event;
	struct rf_error err = { 0 };
	if (rf_test2json_parse(rf_str_from(line), &arena, &event, &err) != RF_ERR_INPUT)
		fail_msg("%s is not refused", line);
	assert_true(strlen(err.text) > 20);
	assert_int_equal(event.output.len, 0);
}

static void test_output(void **state)
{
	(void)state;
	struct rf_test_event e = parsed("{\"Time\":\"2026-01-02T03:04:05.6Z\",\"Action\":\"output\",\"Package\":\"a.b/c\","
					"\"Test\":\"TestX/y_z\",\"Output\":\"  main.f()\\n\"}\n");
	assert_int_equal(e.action, RF_ACTION_OUTPUT);
	assert_str(e.time, "2026-01-02T03:04:05.6Z");
	assert_str(e.package, "a.b/c");
	assert_str(e.test, "TestX/y_z");
	assert_str(e.output, "  main.f()\n");
	assert_false(e.has_trace_id);
	assert_true(e.elapsed_s < 0);
}

static void test_actions(void **state)
{
	static const struct {
		const char *line;
		enum rf_action action;
	} cases[] = {
		{ "{\"Action\":\"start\"}", RF_ACTION_START },   { "{\"Action\":\"run\"}", RF_ACTION_RUN },
		{ "{\"Action\":\"pause\"}", RF_ACTION_PAUSE },   { "{\"Action\":\"cont\"}", RF_ACTION_CONT },
		{ "{\"Action\":\"pass\"}", RF_ACTION_PASS },     { "{\"Action\":\"bench\"}", RF_ACTION_BENCH },
		{ "{\"Action\":\"fail\"}", RF_ACTION_FAIL },     { "{\"Action\":\"skip\"}", RF_ACTION_SKIP },
		{ "{\"Action\":\"attr\"}", RF_ACTION_ATTR },     { "{\"Action\":\"artifacts\"}", RF_ACTION_ARTIFACTS },
		{ "{\"Action\":\"build-output\"}", RF_ACTION_BUILD_OUTPUT },
		{ "{\"Action\":\"build-fail\"}", RF_ACTION_BUILD_FAIL },
		{ "{\"Action\":\"something new\"}", RF_ACTION_OTHER },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(parsed(cases[i].line).action, cases[i].action);
}

static void test_other_members(void **state)
{
	(void)state;
	struct rf_test_event e = parsed(" { \"FailedBuild\" : [1, {\"a\":[true,false,null]}, \"]}\"], \"Elapsed\": 1.5e-1 ,\r\n"
					"\"TraceID\":\"x\", \"Action\":\"fail\", \"Test\":null, \"Output\":{\"a\":1} } ");
	assert_int_equal(e.action, RF_ACTION_FAIL);
	assert_true(e.elapsed_s > 0.149 && e.elapsed_s < 0.151);
	assert_true(e.has_trace_id);
	assert_int_equal(e.test.len, 0);
	assert_int_equal(e.output.len, 0);
	assert_str(parsed("{\"ImportPath\":\"a.b/c [a.b/c.test]\",\"Action\":\"build-output\",\"Output\":\"x\"}").package,
		   "a.b/c [a.b/c.test]");
	assert_str(parsed("{\"Action\":\"run\",\"Test\":\"A\",\"Test\":\"B\"}").test, "B");
}

static void test_escapes(void **state)
{
	(void)state;
	assert_str(parsed("{\"Action\":\"output\",\"Output\":\"a\\\"b\\\\c\\/d\\b\\f\\r\\t\"}").output, "a\"b\\c/d\b\f\r\t");
	assert_str(parsed("{\"Action\":\"output\",\"Output\":\"\\u003cx\\u00e9\\u20ac\\ud83d\\ude00\\u003E\"}").output,
		   "<x\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80>");
	/* halves of a pair: alone, at the end, twice the first, the second first */
	assert_str(parsed("{\"Action\":\"output\",\"Output\":\"\\ud83dx\"}").output, "\xef\xbf\xbdx");
	assert_str(parsed("{\"Action\":\"output\",\"Output\":\"\\ud83d\"}").output, "\xef\xbf\xbd");
	assert_str(parsed("{\"Action\":\"output\",\"Output\":\"\\ud83d\\ud83d\\ude00\"}").output,
		   "\xef\xbf\xbd\xf0\x9f\x98\x80");
	assert_str(parsed("{\"Action\":\"output\",\"Output\":\"\\ude00\\n\"}").output, "\xef\xbf\xbd\n");
	assert_str(parsed("{\"\\u0041ction\":\"out\\u0070ut\",\"Output\":\"x\"}").output, "x");
	/* NUL, decoded and raw, and invalid UTF-8 are kept */
	rf_str nul = parsed("{\"Action\":\"output\",\"Output\":\"a\\u0000b\"}").output;
	assert_int_equal(nul.len, 3);
	assert_memory_equal(nul.ptr, "a\0b", 3);
	assert_str(parsed("{\"Action\":\"output\",\"Output\":\"\xff\xc3\"}").output, "\xff\xc3");
}

static void test_raw_nul(void **state)
{
	static const char line[] = "{\"Action\":\"output\",\"Output\":\"a\0b\"}";
	struct rf_test_event event;
	struct rf_error err;
	(void)state;
	assert_int_equal(rf_test2json_parse((rf_str){ line, sizeof(line) - 1 }, &arena, &event, &err), 0);
	assert_int_equal(event.output.len, 3);
	assert_memory_equal(event.output.ptr, "a\0b", 3);
}

static void test_refused(void **state)
{
	static const char *const lines[] = {
		"", "\n", "ok  \ta.b/c\t0.1s", "{}", "{", "{\"Action\"", "{\"Action\":", "{\"Action\":\"output\"",
		"{\"Action\":\"output\",}", "{\"Action\":\"output\"} x", "{\"Action\":\"output\"}{}", "[1]", "\"Action\"",
		"{\"level\":\"info\",\"msg\":\"a program's own log\"}", "{\"Action\":\"output\",\"Output\":\"\\x\"}",
		"{\"Action\":\"output\",\"Output\":\"\\u12g4\"}", "{\"Action\":\"output\",\"Output\":\"\\u12\"}",
		"{\"Action\":\"output\",\"Output\":\"a\\\"}", "{Action:\"output\"}", "{\"Action\":3}",
		"{\"Action\":\"run\",\"a\":[1 2]}", "{\"Action\":\"run\",\"a\":[1,2}", "{\"Action\":\"run\",\"a\":}",
		"{\"Action\":\"run\",\"a\":{\"b\" 1}}",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		refused(lines[i]);
}

static void test_depth(void **state)
{
	char line[4096];
	(void)state;
	for (unsigned depth = 1; depth < 200; depth += 7) {
		int n = snprintf(line, sizeof(line), "{\"Action\":\"run\",\"a\":");
		for (unsigned i = 0; i < depth; i++)
			n += snprintf(line + n, sizeof(line) - (size_t)n, "[");
		for (unsigned i = 0; i < depth; i++)
			n += snprintf(line + n, sizeof(line) - (size_t)n, "]");
		snprintf(line + n, sizeof(line) - (size_t)n, "}");
		if (depth <= RF_TEST2JSON_DEPTH_MAX)
			assert_int_equal(parsed(line).action, RF_ACTION_RUN);
		else
			refused(line);
	}
}

/* Every prefix of an event is refused, none is read past its end (which ASan sees, the copy is exact). */
static void test_cut_everywhere(void **state)
{
	static const char line[] = "{\"Time\":\"2026\",\"Action\":\"output\",\"Output\":\"\\ud83d\\ude00 \\\\\\\"\",\"E\":[1.5,{}]}";
	(void)state;
	for (size_t n = 0; n < sizeof(line) - 1; n++) {
		struct rf_test_event event;
		struct rf_error err;
		char *copy = malloc(n ? n : 1);
		memcpy(copy, line, n);
		assert_int_equal(rf_test2json_parse((rf_str){ copy, n }, &arena, &event, &err), RF_ERR_INPUT);
		free(copy);
	}
	parsed(line);
}

static void with_trace_id(const char *line, const char *want)
{
	struct rf_test_event event = parsed(line);
	struct rf_buf out;
	rf_buf_init(&out);
	rf_test2json_put_with_trace_id(&out, rf_str_from(line), &event, RF_STR("4bf92f35"));
	assert_str(rf_buf_str(&out), want);
	rf_buf_release(&out);
}

static void test_trace_id(void **state)
{
	(void)state;
	with_trace_id("{\"Action\":\"run\"}\n", "{\"Action\":\"run\",\"TraceID\":\"4bf92f35\"}\n");
	with_trace_id("{\"Action\":\"run\" }\r\n", "{\"Action\":\"run\" ,\"TraceID\":\"4bf92f35\"}\r\n");
	with_trace_id(" {\"Action\":\"output\",\"Output\":\"}\\u003c\"}",
		      " {\"Action\":\"output\",\"Output\":\"}\\u003c\",\"TraceID\":\"4bf92f35\"}");
	with_trace_id("{\"Action\":\"run\",\"TraceID\":\"other\"}\n", "{\"Action\":\"run\",\"TraceID\":\"other\"}\n");
}

static void test_memory_runs_out(void **state)
{
	rf_arena small;
	struct rf_test_event event;
	struct rf_error err;
	(void)state;
	rf_arena_init(&small, 8);
	assert_int_equal(rf_test2json_parse(RF_STR("{\"Action\":\"output\",\"Output\":\"longer than eight\\n\"}"), &small,
					    &event, &err), 0);
	assert_true(small.failed);
	assert_int_equal(event.output.len, 0);
	rf_arena_release(&small);
}

#define EVENT "{\"Time\":\"2026-01-02T03:04:05.6Z\",\"Action\":\"output\",\"Package\":\"a.b/c\",\"Test\":\"TestX\","

/* Each is read behind each, and means the same as alone. */
static void test_behind_another_line(void **state)
{
	static const char *const lines[] = {
		EVENT "\"Output\":\"a\\n\"}\n", EVENT "\"Output\":\"\"}", EVENT "\"Output\":\"b\",\"TraceID\":\"x\"}\n",
		EVENT "\"Output\":\"b\",\"Test\":\"TestY\"}", EVENT "\"Output\":\"b\",\"Action\":\"run\"}", EVENT "\"Output\":1}",
		EVENT "\"Output\":\"b\",\"Package\":\"d\",\"Time\":\"\",\"Output\":\"c\"} \r\n", EVENT "\"Output\":\"b", EVENT "\"Output\"",
		EVENT "\"Output\":\"b\"} x", EVENT "\"Output\":\"\\x\"}", EVENT "\"Elapsed\":1,\"Output\":\"b\"}", EVENT "\"Output\" :\"b\"}",
		"{\"Time\":\"\",\"Action\":\"output\",\"Package\":\"a.b/c\",\"Test\":\"TestX\",\"Output\":\"no time\"}",
		"{\"Time\":\"\\u0041\",\"Action\":\"output\",\"Package\":\"a.b/c\",\"Test\":\"TestX\",\"Output\":\"x\"}",
		"{\"Time\":\"t\",\"Action\":\"output\",\"Package\":\"a.b/c\",\"Output\":\"of the package\"}",
		"{\"Time\":\"t\",\"Action\":\"output\",\"Package\":\"a.b/c\",\"Test\":\"\",\"Output\":\"x\"}",
		"{\"Time\":\"t\",\"Action\":\"output\",\"Package\":\"a.b/c2\",\"Test\":\"Test\\u0058\",\"Output\":\"x\"}",
		"{\"Time\":\"t\",\"Action\":\"output\",\"Package\":\"\",\"Output\":\"x\"}",
		"{\"Time\":\"t\",\"Action\":\"output\",\"Output\":\"x\"}",
		"{\"Time\":\"t\",\"Action\":\"pass\",\"Package\":\"a.b/c\",\"Test\":\"TestX\",\"Elapsed\":0.5}", "{\"Time\":\"t", "{", "text",
	};
	size_t count = sizeof(lines) / sizeof(lines[0]);
	(void)state;
	for (size_t i = 0; i < count * count; i++) {
		struct rf_test2json_before before = { 0 };
		struct rf_test_event alone, next;
		struct rf_error err;
		rf_test2json_parse_next(&before, rf_str_from(lines[i / count]), &arena, &next, &err);
		rf_test2json_parse_next(&before, rf_str_from(lines[0]), &arena, &next, &err);
		if (i / count % 2)
			rf_test2json_parse_next(&before, rf_str_from(lines[i / count]), &arena, &next, &err);
		int rc = rf_test2json_parse(rf_str_from(lines[i % count]), &arena, &alone, &err);
		assert_int_equal(rf_test2json_parse_next(&before, rf_str_from(lines[i % count]), &arena, &next, &err), rc);
		assert_int_equal(next.action, alone.action);
		assert_true(next.elapsed_s == alone.elapsed_s && next.has_trace_id == alone.has_trace_id);
		assert_true(rf_str_eq(next.time, alone.time) && rf_str_eq(next.package, alone.package));
		assert_true(rf_str_eq(next.test, alone.test) && rf_str_eq(next.output, alone.output));
	}
}

static void test_long_names(void **state)
{
	char line[2048];
	struct rf_test2json_before before = { 0 };
	struct rf_test_event event;
	struct rf_error err;
	(void)state;
	for (int bytes = 380; bytes < 700; bytes++) {
		int n = snprintf(line, sizeof(line), "{\"Time\":\"t\",\"Action\":\"output\",\"Package\":\"%0*d\",\"Output\":\"x%d\"}",
				 bytes, bytes, bytes);
		for (int i = 0; i < 2; i++) {
			assert_int_equal(rf_test2json_parse_next(&before, (rf_str){ line, (size_t)n }, &arena, &event, &err), 0);
			assert_int_equal(event.package.len, bytes);
			assert_int_equal(event.output.len, 4);
		}
		assert_true(before.len <= sizeof(before.bytes));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output),       cmocka_unit_test(test_actions),
		cmocka_unit_test(test_other_members), cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_raw_nul),      cmocka_unit_test(test_refused),
		cmocka_unit_test(test_depth),        cmocka_unit_test(test_cut_everywhere),
		cmocka_unit_test(test_trace_id),     cmocka_unit_test(test_memory_runs_out),
		cmocka_unit_test(test_behind_another_line), cmocka_unit_test(test_long_names),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
