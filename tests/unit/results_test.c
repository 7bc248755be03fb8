/* Tests by name, each time that they ran, and what they said. */
#include "unit.h"

#include "query/execution_query.h"
#include "session/session_state.h"
#include "store_sample.h"

static struct rf_session *open_session(struct sample *s)
{
	struct rf_session *session;
	struct rf_session_options options = { .store = s->store, .clock = { sample_now, &s->clock }, .trace_id = RF_STR("t"),
					      .command = RF_STR("report"), .tags = { .config = &s->config } };
	assert_int_equal(rf_session_open(&session, &options, &s->err), 0);
	return session;
}

/* An event a line, as go test prints it but for the package, which is "p" where none is named, and the time, which is
 * `second` and the line's number as nanoseconds. */
static void feed(struct sample *s, struct rf_session *session, int second, const char *lines)
{
	rf_str rest = rf_str_from(lines);
	for (unsigned i = 0; rest.len; i++) {
		struct rf_test_event event;
		rf_str line = rf_str_cut(&rest, '\n');
		bool build = rf_str_contains(line, "ImportPath"), named = rf_str_contains(line, "Package");
		rf_str json = second < 0 ? rf_arena_printf(&s->arena, "{%.*s%s}", RF_STR_ARG(line), build ? "" : ",\"Package\":\"p\"")
					 : rf_arena_printf(&s->arena, "{\"Time\":\"2026-01-01T00:00:%02d.%09uZ\",%.*s%s}", second, i,
							   RF_STR_ARG(line), build || named ? "" : ",\"Package\":\"p\"");
		assert_int_equal(rf_test2json_parse(json, &s->arena, &event, &s->err), 0);
		rf_session_event(session, &event, json);
	}
}

static void finish(struct sample *s, struct rf_session *session)
{
	rf_session_end_stream(session);
	assert_int_equal(rf_session_finish(session, &s->err), 0);
	rf_session_close(session);
}

static void run(struct sample *s, int second, const char *lines)
{
	struct rf_session *session = open_session(s);
	feed(s, session, second, lines);
	finish(s, session);
}

/* "TestA pass, TestB fail: what it said; " in the order in which they began */
static rf_str executions(struct sample *s)
{
	struct rf_execution_row *rows;
	uint32_t count;
	struct rf_buf b;
	rf_buf_init(&b);
	assert_int_equal(rf_query_executions(s->store, 1, &s->arena, &rows, &count, &s->err), 0);
	for (uint32_t i = 0; i < count; i++)
		rf_buf_printf(&b, "%.*s %.*s%s%.*s; ", RF_STR_ARG(rows[i].test), RF_STR_ARG(rows[i].result),
			      rows[i].output.len ? ": " : "", RF_STR_ARG(rf_str_trim(rows[i].output)));
	rf_str text = rf_arena_dup(&s->arena, rf_str_trim(rf_buf_str(&b)));
	rf_buf_release(&b);
	return text;
}

#define RUN(test) "\"Action\":\"run\",\"Test\":\"" test "\"\n"
#define SAYS(test, text) "\"Action\":\"output\",\"Test\":\"" test "\",\"Output\":\"" text "\\n\"\n"
#define ENDS(test, how) "\"Action\":\"" how "\",\"Test\":\"" test "\",\"Elapsed\":0.01\n"
#define PACKAGE(how) "\"Action\":\"" how "\",\"Elapsed\":1.5\n"

/* What frames the output is left out, also of a benchmark; what looks like it is not. */
static void test_what_they_say(void **state)
{
	struct sample *s = *state;
	run(s, 1, RUN("TestA") SAYS("TestA", "=== RUN   TestA") SAYS("TestA", "said") SAYS("TestA", "--- PASS: TestA (0.01s)")
	    ENDS("TestA", "pass") RUN("TestB") SAYS("TestB", "--- FAIL: TestA (0.01s)") SAYS("TestB/x", "=== NAME  TestB/x")
	    ENDS("TestB", "skip") "\"Action\":\"output\",\"Output\":\"PASS\\n\"\n" PACKAGE("pass"));
	assert_str(executions(s), "TestA pass: said; TestB skip: --- FAIL: TestA (0.01s);");
	assert_int_equal(sample_count(s, "SELECT count(*) FROM outputs"), 2);
	/* In the table with one row for all times, passing tests are none. */
	assert_int_equal(sample_count(s, "SELECT count(*) FROM results"), 2);
	assert_int_equal(sample_count(s, "SELECT elapsed_ms FROM executions LIMIT 1"), 10);
}

/* -count=2, and a retry in a stream of its own: each time counts, and the same log adds nothing. */
static void test_repeats(void **state)
{
	struct sample *s = *state;
	const char *log = RUN("TestA") SAYS("TestA", "one") ENDS("TestA", "fail") RUN("TestA") SAYS("TestA", "two") ENDS("TestA", "pass")
		PACKAGE("fail");
	run(s, 1, log);
	run(s, 1, log);
	run(s, 2, RUN("TestA") ENDS("TestA", "pass") PACKAGE("pass"));
	assert_str(executions(s), "TestA fail: one; TestA pass: two; TestA pass;");
	assert_int_equal(sample_count(s, "SELECT count(*) FROM results WHERE result = 'fail' AND passed_later = 1"), 1);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM outputs"), 2);
}

static void test_stream_without_times(void **state)
{
	struct sample *s = *state;
	const char *log = RUN("TestB") ENDS("TestB", "pass") RUN("TestA") ENDS("TestA", "pass") RUN("TestA") ENDS("TestA", "fail")
		PACKAGE("fail");
	run(s, -1, log);
	run(s, -1, log);
	assert_str(executions(s), "TestB pass; TestA pass; TestA fail;");
}

/* os.Exit, a panic in another goroutine, a time-out: no test that ran is missing, and it counts as failed. */
static void test_process_ends_early(void **state)
{
	struct sample *s = *state;
	struct rf_session *session = open_session(s);
	feed(s, session, 1, RUN("TestA") RUN("TestA/sub") SAYS("TestA/sub", "panic: early") PACKAGE("fail"));
	assert_int_equal(rf_session_package(session, 0)->failed, 1);
	finish(s, session);
	assert_str(executions(s), "TestA unfinished; TestA/sub unfinished: panic: early;");
	assert_int_equal(sample_count(s, "SELECT count(*) FROM results WHERE result = 'fail'"), 3);
	assert_int_equal(sample_count(s, "SELECT failed FROM results x JOIN tests t ON t.id = x.test_id WHERE t.name = ''"), 1);
}

/* A log that is read before it is whole, and then again. */
static void test_cut_stream(void **state)
{
	struct sample *s = *state;
	const char *begin = RUN("TestA") ENDS("TestA", "pass") RUN("TestB") SAYS("TestB", "as far");
	run(s, 1, begin);
	assert_str(executions(s), "TestA pass; TestB cut: as far;");
	assert_str(sample_text(s, "SELECT group_concat(result) FROM results"), "cut");
	run(s, 1, rf_arena_printf(&s->arena, "%s%s", begin, SAYS("TestB", "as this") ENDS("TestB", "pass") PACKAGE("pass")).ptr);
	assert_str(executions(s), "TestA pass; TestB pass: as far\nas this;");
	assert_str(sample_text(s, "SELECT group_concat(result) FROM results"), "pass");
	run(s, 1, begin);
	assert_str(executions(s), "TestA pass; TestB pass: as far\nas this;");
	assert_str(sample_text(s, "SELECT group_concat(result) FROM results"), "pass");
}

/* They say how they ended only when they fail. */
static void test_benchmarks(void **state)
{
	struct sample *s = *state;
	run(s, 1, RUN("BenchmarkA") SAYS("BenchmarkA", "BenchmarkA") SAYS("BenchmarkA", "BenchmarkA-2 \\t 10 \\t 5 ns/op") RUN("BenchmarkG")
	    RUN("BenchmarkG/x") SAYS("BenchmarkG/x", "BenchmarkG/x-2 \\t 10 \\t 6 ns/op") RUN("BenchmarkB") ENDS("BenchmarkB", "fail")
	    RUN("BenchmarkC") PACKAGE("fail"));
	assert_str(executions(s), "BenchmarkA pass: BenchmarkA-2 \t 10 \t 5 ns/op; BenchmarkG pass; "
		   "BenchmarkG/x pass: BenchmarkG/x-2 \t 10 \t 6 ns/op; BenchmarkB fail; BenchmarkC unfinished;");
}

static void test_builds(void **state)
{
	struct sample *s = *state;
	struct rf_execution_row *rows;
	uint32_t count;
	run(s, 1, "\"ImportPath\":\"lib\",\"Action\":\"build-output\",\"Output\":\"# lib\\nlib.go:1:1: no\\n\"\n"
	    "\"ImportPath\":\"lib\",\"Action\":\"build-fail\"\n"
	    "\"Action\":\"fail\",\"Package\":\"lib\",\"FailedBuild\":\"lib\"\n"
	    "\"Action\":\"fail\",\"Package\":\"user\",\"FailedBuild\":\"lib\"\n"
	    "\"Action\":\"fail\",\"Package\":\"x\",\"FailedBuild\":\"unheard of\"\n");
	assert_int_equal(rf_query_package_outputs(s->store, 1, &s->arena, &rows, &count, &s->err), 0);
	assert_int_equal(count, 2);
	assert_str(rows[0].package, "lib");
	assert_str(rows[1].package, "user");
	assert_str(rows[1].output, "# lib\nlib.go:1:1: no\n");
}

/* Lines of a test that never ran are the package's. */
static void test_output_of_nobody(void **state)
{
	struct sample *s = *state;
	run(s, 1, SAYS("TestNever", "who am I") "\"Action\":\"output\",\"Output\":\"set up\\n\"\n" PACKAGE("pass"));
	assert_str(executions(s), "");
	assert_int_equal(sample_count(s, "SELECT count(*) FROM outputs WHERE text LIKE '%who am I%set up%'"
				      " OR text LIKE '%set up%who am I%'"), 1);
}

/* Thousands of parallel tests, each of which talks a lot, and then fails. */
static void test_bounds(void **state)
{
	struct sample *s = *state;
	struct rf_session *session = open_session(s);
	char line[4096];
	feed(s, session, 1, "\"Action\":\"start\"\n");
	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < 1000; i++) {
			if (round == 0)
				feed(s, session, 1, rf_arena_printf(&s->arena, "\"Action\":\"run\",\"Test\":\"Test%d\"\n", i).ptr);
			snprintf(line, sizeof(line), "\"Action\":\"output\",\"Test\":\"Test%d\",\"Output\":\"%03500d\\n\"\n", i, round);
			feed(s, session, 1, line);
			rf_arena_reset(&s->arena);
		}
		assert_true(session->kept.bytes <= RF_SESSION_OUTPUT_BYTES_MAX);
	}
	for (int i = 0; i < 1000; i++) {
		feed(s, session, 2, rf_arena_printf(&s->arena, "\"Action\":\"fail\",\"Test\":\"Test%d\"\n", i).ptr);
		assert_true(session->waiting->arena.used_total < RF_SESSION_BATCH_BYTES + ((size_t)1 << 20));
	}
	feed(s, session, 3, PACKAGE("fail"));
	finish(s, session);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM executions WHERE result = 'fail'"), 1000);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM outputs WHERE bytes = 5 * 3501"), 1000);
	assert_true(sample_count(s, "SELECT sum(length(text)) FROM outputs") <= (int64_t)RF_SESSION_OUTPUT_BYTES_MAX + 1000 * 64);
}

static void test_bounds_of_a_run(void **state)
{
	struct sample *s = *state;
	struct rf_session *session = open_session(s);
	static char line[RF_KEPT_BYTES_MAX + 256];
	for (int i = 0; i < 400; i++) {
		int n = snprintf(line, sizeof(line), "\"Action\":\"output\",\"Test\":\"Test%d\",\"Output\":\"%060000d\\n\"\n", i, i);
		assert_true(n > 60000);
		feed(s, session, 1, line);
		feed(s, session, 2, rf_arena_printf(&s->arena, "\"Action\":\"%s\",\"Test\":\"Test%d\"\n", i % 2 ? "skip" : "pass", i).ptr);
		rf_arena_reset(&s->arena);
	}
	session->output_bytes = 2 * RF_RUN_OUTPUT_MAX;
	session->output_passed_bytes = RF_RUN_OUTPUT_PASSED_MAX;
	feed(s, session, 3, SAYS("TestY", "late") ENDS("TestY", "fail") SAYS("TestZ", "late") ENDS("TestZ", "pass") PACKAGE("fail"));
	finish(s, session);
	assert_true(sample_count(s, "SELECT sum(length(text)) FROM outputs") < (int64_t)(RF_RUN_OUTPUT_MAX + RF_RUN_OUTPUT_PASSED_MAX));
	assert_int_equal(sample_count(s, "SELECT max(length(text)) BETWEEN 60000 AND 65536 FROM outputs"), 1);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM outputs WHERE text = '[redflag: 5 bytes left out]' || char(10)"), 2);
}

/* Tests that begin and never end: those that don't fit into memory have an end all the same, when it comes. */
static void test_too_many_at_once(void **state)
{
	struct sample *s = *state;
	struct rf_session *session = open_session(s);
	session->open_tests.bytes_max = 1000;
	for (int i = 0; i < 50; i++)
		feed(s, session, 1, rf_arena_printf(&s->arena, RUN("Test%d") SAYS("Test%d", "hello"), i, i).ptr);
	assert_true(session->open_tests.bytes <= 1000);
	for (int i = 0; i < 50; i++)
		feed(s, session, 2, rf_arena_printf(&s->arena, "\"Action\":\"fail\",\"Test\":\"Test%d\"\n", i).ptr);
	assert_int_equal(session->open_tests.bytes, 0);
	feed(s, session, 3, PACKAGE("fail"));
	finish(s, session);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM executions WHERE result = 'fail'"), 50);
	/* What the others said is not lost either. */
	assert_int_equal(sample_count(s, "SELECT sum(bytes) FROM outputs"), 50 * 6);
}

/* Each call of SQLite fails once: what was not stored is stored with the next. */
static void test_every_step_may_fail(void **state)
{
	struct sample *s = *state;
	for (uint64_t n = 1;; n++) {
		struct rf_session *session = open_session(s);
		sqlite3_exec(s->store->handle, "DELETE FROM executions; DELETE FROM outputs; DELETE FROM results", NULL, NULL, NULL);
		s->store->fail_at_step = s->store->steps + n;
		feed(s, session, 1, RUN("TestA") SAYS("TestA", "one") ENDS("TestA", "fail") RUN("TestA") ENDS("TestA", "pass") RUN("TestB")
		     PACKAGE("fail"));
		bool reached = s->store->steps >= s->store->fail_at_step;
		s->store->fail_at_step = 0;
		finish(s, session);
		assert_str(executions(s), "TestA fail: one; TestA pass; TestB unfinished;");
		assert_int_equal(sample_count(s, "SELECT count(*) FROM results"), 3);
		if (!reached)
			return;
		assert_true(n < 200);
	}
}

#define WITH_SAMPLE(test) cmocka_unit_test_setup_teardown(test, sample_setup, sample_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SAMPLE(test_what_they_say),
		WITH_SAMPLE(test_repeats),
		WITH_SAMPLE(test_stream_without_times),
		WITH_SAMPLE(test_process_ends_early),
		WITH_SAMPLE(test_cut_stream),
		WITH_SAMPLE(test_benchmarks),
		WITH_SAMPLE(test_builds),
		WITH_SAMPLE(test_output_of_nobody),
		WITH_SAMPLE(test_bounds),
		WITH_SAMPLE(test_bounds_of_a_run),
		WITH_SAMPLE(test_too_many_at_once),
		WITH_SAMPLE(test_every_step_may_fail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
