/* A retry launders nothing: a finding whose test failed and then passed stays, and says so. */
#include "unit.h"

#include "store_sample.h"

static void feed(struct rf_session *session, struct sample *s, const char *time, const char *action, const char *output)
{
	struct rf_test_event e;
	rf_str line = rf_arena_printf(&s->arena, "{\"Time\":\"%s\",\"Action\":\"%s\",\"Package\":\"example.com/shop\","
				      "\"Test\":\"TestOne\"}", time, action);
	assert_int_equal(rf_test2json_parse(line, &s->arena, &e, &s->err), 0);
	e.output = rf_str_from(output);
	rf_session_event(session, &e, line);
}

static struct rf_session *open_run(struct sample *s)
{
	struct rf_session *session;
	struct rf_session_options options = { .store = s->store, .clock = { sample_now, &s->clock }, .trace_id = RF_STR("t"),
					      .command = RF_STR("test"), .directory = RF_STR("/"), .host = RF_STR("h"),
					      .tags = { .config = &s->config } };
	assert_int_equal(rf_session_open(&session, &options, &s->err), 0);
	rf_session_begin_stream(session);
	return session;
}

static void close_run(struct sample *s, struct rf_session *session)
{
	rf_session_end_stream(session);
	assert_int_equal(rf_session_finish(session, &s->err), 0);
	rf_session_close(session);
}

/* One go test of TestOne under trace t, at `time`; with the race it fails. */
static void run_one(struct sample *s, const char *time, bool races)
{
	struct rf_session *session = open_run(s);
	if (races)
		feed(session, s, time, "output", rf_arena_cstr(&s->arena, sample_race(s, "Add", "Total", 1)));
	feed(session, s, time, races ? "fail" : "pass", "");
	close_run(s, session);
}

static void test_a_retry(void **state)
{
	struct sample *s = *state;
	run_one(s, "2026-01-01T00:00:01Z", false); /* before it: says nothing */
	run_one(s, "2026-01-01T00:00:02Z", true);
	assert_int_equal(sample_count(s, "SELECT retried FROM v_findings"), 0);
	run_one(s, "2026-01-01T00:00:01Z", false); /* the first log again */
	assert_int_equal(sample_count(s, "SELECT retried FROM v_findings"), 0);
	run_one(s, "2026-01-01T00:00:03Z", false);
	assert_int_equal(sample_count(s, "SELECT retried FROM v_findings"), 1);
	assert_str(sample_text(s, "SELECT status FROM v_findings"), "new");
	assert_str(sample_text(s, "SELECT result FROM results"), "fail");
}

/* -count=2 of a fast test: both end in one millisecond, and are stored in one transaction. */
static void test_a_repeat(void **state)
{
	struct sample *s = *state;
	struct rf_session *session = open_run(s);
	feed(session, s, "2026-01-01T00:00:01.0001Z", "run", "");
	feed(session, s, "2026-01-01T00:00:01.0002Z", "output", rf_arena_cstr(&s->arena, sample_race(s, "Add", "Total", 1)));
	feed(session, s, "2026-01-01T00:00:01.0003Z", "fail", "");
	feed(session, s, "2026-01-01T00:00:01.0004Z", "run", "");
	feed(session, s, "2026-01-01T00:00:01.0005Z", "pass", "");
	close_run(s, session);
	assert_int_equal(sample_count(s, "SELECT retried FROM v_findings"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_retry, sample_setup, sample_teardown),
		cmocka_unit_test_setup_teardown(test_a_repeat, sample_setup, sample_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
