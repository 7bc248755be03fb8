#include "unit.h"

#include <stdatomic.h>
#include <unistd.h>

#include "session_fixture.h"

static void feed_text(struct rf_session *session, rf_str text)
{
	while (text.len)
		rf_session_text(session, rf_str_cut(&text, '\n'));
}

static void test_json_stream_twice(void **state)
{
	struct sample *s = *state;
	for (int i = 0; i < 2; i++) {
		struct rf_session *session = open_session(s, "t", true);
		feed_output(s, session, "example.com/shop", "TestOne", sample_race(s, "Add", "Total", 1), "");
		feed_json(s, session, "{\"Time\":\"2026-01-01T00:01:00Z\",\"Action\":\"fail\",\"Package\":\"example.com/shop\","
				      "\"Test\":\"TestOne\",\"Elapsed\":0.02}");
		feed_json(s, session, "{\"Time\":\"2026-01-01T00:01:00Z\",\"Action\":\"fail\",\"Package\":\"example.com/shop\"}");
		assert_int_equal(rf_session_counts(session)->packages_failed, 1);
		rf_session_flush(session);
		assert_int_equal(rf_session_counts(session)->events_known, i);
		finish(s, session);
	}
	assert_int_equal(sample_count(s, "SELECT count(*) FROM events"), 1);
	assert_str(sample_text(s, "SELECT stream_package || ' ' || stream_test FROM events"), "example.com/shop TestOne");
	assert_int_equal(sample_count(s, "SELECT tests_failed FROM v_runs"), 1);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM results WHERE result = 'fail'"), 2);
}

/* The added TraceID makes no other stream of it, and names its run. */
static void test_passed_on_log_is_the_same(void **state)
{
	struct sample *s = *state;
	struct rf_session *session = open_session(s, "t7", true);
	feed_output(s, session, "p", "T", sample_race(s, "Add", "Total", 1), "");
	finish(s, session);
	session = open_session(s, "", false);
	feed_output(s, session, "p", "T", sample_race(s, "Add", "Total", 1), ",\"TraceID\":\"t7\"");
	finish(s, session);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM events"), 1);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM runs"), 1);
}

static void test_plain_text_of_two_runs(void **state)
{
	struct sample *s = *state;
	const char *traces[] = { "t1", "t2", "t2" };
	for (int i = 0; i < 3; i++) {
		struct rf_session *session = open_session(s, traces[i], true);
		feed_text(session, sample_race(s, "Add", "Total", 1));
		finish(s, session);
	}
	assert_int_equal(sample_count(s, "SELECT count(*) FROM events"), 2);
	assert_str(sample_text(s, "SELECT status FROM v_findings"), "recurring");
}

static void test_grown_log(void **state)
{
	struct sample *s = *state;
	rf_str first = sample_race(s, "Add", "Total", 1), second = sample_race(s, "Remove", "Total", 1);
	for (int i = 0; i < 3; i++) {
		struct rf_session *session = open_session(s, "", false);
		rf_session_begin_stream(session);
		feed_text(session, first);
		if (i)
			feed_text(session, second);
		finish(s, session);
		assert_int_equal(sample_count(s, "SELECT count(*) FROM events"), i ? 2 : 1);
	}
	assert_int_equal(sample_count(s, "SELECT count(*) FROM runs"), 1);
}

/* A reporter that was killed has stored a report's beginning; the whole stream again has the report once. */
static void test_cut_report_is_completed(void **state)
{
	struct sample *s = *state;
	rf_str race = sample_race(s, "Add", "Total", 1);
	struct rf_session *session = open_session(s, "t", true);
	feed_output(s, session, "p", "T", rf_str_take(race, race.len / 2), "");
	finish(s, session);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM events"), 1);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM events WHERE text IS NOT NULL"), 1);
	session = open_session(s, "t", true);
	feed_output(s, session, "p", "T", race, "");
	finish(s, session);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM events"), 1);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM events WHERE text IS NOT NULL"), 0);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM findings"), 1);
}

/* Lines of two packages come mixed; within a package, a report goes on though the test that is charged changes. */
static void test_packages_are_apart_tests_are_not(void **state)
{
	struct sample *s = *state;
	struct rf_session *session = open_session(s, "t", true);
	rf_str a = sample_race(s, "Add", "Total", 1), b = sample_race(s, "Remove", "Total", 2);
	for (unsigned i = 0; a.len || b.len; i++) {
		feed_output(s, session, "p", i % 2 ? "TestA" : "TestB", rf_str_cut(&a, '\n'), "");
		feed_output(s, session, "q", "TestC", rf_str_cut(&b, '\n'), "");
	}
	finish(s, session);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM findings"), 2);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM events WHERE text IS NULL"), 2);
}

static void test_waits_a_second_at_most(void **state)
{
	struct sample *s = *state;
	struct rf_session *session = open_session(s, "t", true);
	assert_int_equal(rf_session_tick(session), 0);
	feed_output(s, session, "p", "T", sample_race(s, "Add", "Total", 1), "");
	assert_int_equal(rf_session_tick(session), RF_SESSION_WAIT_NS);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM events"), 0);
	s->clock.now += RF_SESSION_WAIT_NS;
	assert_int_equal(rf_session_tick(session), 0);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM events"), 1);
	rf_session_close(session);
}

/* What can't be stored waits for the next time. */
static void test_failure_is_tried_again(void **state)
{
	struct sample *s = *state;
	struct rf_session *session = open_session(s, "t", true);
	feed_output(s, session, "p", "T", sample_race(s, "Add", "Total", 1), "");
	s->store->fail_at_step = s->store->steps + 9;
	rf_session_flush(session);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM events"), 0);
	assert_true(rf_session_tick(session) > 0);
	s->store->fail_at_step = s->store->steps + 3;
	assert_true(rf_session_finish(session, &s->err) < 0);
	assert_says(s->err, "1 report could not be stored");
	finish(s, session);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM events"), 1);
}

#define MANY (RF_SESSION_BATCH * 2 + 300)

static struct rf_session *open_threaded(struct sample *s)
{
	struct rf_session *session;
	struct rf_session_options options = { .store = s->store, .clock = { sample_now, &s->clock }, .trace_id = RF_STR("t"),
					      .mix_trace = true, .threaded = true, .tags = { .config = &s->config } };
	assert_int_equal(rf_session_open(&session, &options, &s->err), 0);
	return session;
}

/* Several batches by the thread; one of them fails, is kept, and is stored with the next ones. */
static void test_stored_by_a_thread(void **state)
{
	struct sample *s = *state;
	rf_str race = sample_race(s, "Add", "Total", 1);
	struct rf_session *session = open_threaded(s);
	s->store->fail_at_step = s->store->steps + 500;
	for (int i = 0; i < MANY; i++) {
		feed_text(session, race);
		s->clock.now += RF_SESSION_WAIT_NS / 1000;
	}
	finish(s, session);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM events"), MANY);
	assert_int_equal(sample_count(s, "SELECT sum(events) FROM findings"), MANY);
}

struct slow_failure {
	atomic_int fed; /* reports */
	int transactions;
};

/* The second transaction, a whole batch, fails when the stream stands still for it. */
static int fail_late(void *context, struct rf_store *store, int64_t first_event, struct rf_error *err)
{
	struct slow_failure *f = context;
	(void)store;
	(void)first_event;
	if (++f->transactions != 2)
		return 0;
	for (int before = -1; before != atomic_load(&f->fed); usleep(50000))
		before = atomic_load(&f->fed);
	return rf_fail(err, RF_ERR_DATABASE, "The disk is busy.");
}

/* The stream learns that a batch failed when no more reports may wait: the next try is waited for. */
static void test_failure_seen_late(void **state)
{
	struct sample *s = *state;
	rf_str race = sample_race(s, "Add", "Total", 1);
	struct slow_failure failure = { 0 };
	struct rf_session *session;
	struct rf_session_options options = { .store = s->store, .clock = { sample_now, &s->clock }, .trace_id = RF_STR("t"),
					      .mix_trace = true, .threaded = true, .tags = { .config = &s->config },
					      .before_commit = fail_late, .commit_context = &failure };
	assert_int_equal(rf_session_open(&session, &options, &s->err), 0);
	for (int i = 0; i < MANY; i++) {
		feed_text(session, race);
		atomic_fetch_add(&failure.fed, 1);
	}
	finish(s, session);
	assert_true(failure.transactions > 2);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM events"), MANY);
}

/* While nothing can be written a bounded number waits, the others are lost, and the end says so. */
static void test_more_than_may_wait(void **state)
{
	struct sample *s = *state;
	rf_str race = sample_race(s, "Add", "Total", 1);
	struct rf_session *session = open_session(s, "t", true);
	assert_int_equal(sqlite3_exec(s->store->handle, "PRAGMA query_only = ON", NULL, NULL, NULL), SQLITE_OK);
	for (int i = 0; i < RF_SESSION_PENDING_MAX + 100; i++)
		feed_text(session, race);
	assert_true(rf_session_counts(session)->lost >= 100);
	assert_true(rf_session_finish(session, &s->err) < 0);
	assert_says(s->err, "12388 reports could not be stored");
	rf_session_close(session);
}

static void test_findings_of_a_session(void **state)
{
	struct sample *s = *state;
	int64_t *ids, id;
	bool *is_new;
	uint32_t count;
	sample_store(s, sample_report(s, "Add", "Total", 1), "before", "u1", NULL, &id);
	struct rf_session *session = open_session(s, "t", true);
	feed_output(s, session, "p", "T", sample_race(s, "Add", "Total", 1), "");
	feed_output(s, session, "p", "T", sample_race(s, "Remove", "Total", 1), "");
	feed_output(s, session, "p", "T", sample_race(s, "Remove", "Total", 2), "");
	rf_session_flush(session);
	assert_int_equal(rf_session_findings(session, true, &s->arena, &ids, &is_new, &count, &s->err), 0);
	assert_int_equal(count, 0); /* the package isn't over */
	assert_int_equal(rf_session_findings(session, false, &s->arena, &ids, &is_new, &count, &s->err), 0);
	assert_int_equal(count, 2);
	assert_false(is_new[0]);
	assert_true(is_new[1]);
	finish(s, session);
}

static void test_without_a_store(void **state)
{
	struct sample *s = *state;
	struct rf_session_options options = { .clock = { sample_now, &s->clock }, .trace_id = RF_STR("t") };
	struct rf_session *session;
	assert_int_equal(rf_session_open(&session, &options, &s->err), 0);
	feed_output(s, session, "p", "T", sample_race(s, "Add", "Total", 1), "");
	rf_session_end_stream(session);
	assert_true(rf_session_finish(session, &s->err) < 0);
	rf_session_close(session);
}

#define WITH_SAMPLE(test) cmocka_unit_test_setup_teardown(test, sample_setup, sample_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SAMPLE(test_json_stream_twice),
		WITH_SAMPLE(test_passed_on_log_is_the_same),
		WITH_SAMPLE(test_plain_text_of_two_runs),
		WITH_SAMPLE(test_grown_log),
		WITH_SAMPLE(test_cut_report_is_completed),
		WITH_SAMPLE(test_packages_are_apart_tests_are_not),
		WITH_SAMPLE(test_waits_a_second_at_most),
		WITH_SAMPLE(test_failure_is_tried_again),
		WITH_SAMPLE(test_stored_by_a_thread),
		WITH_SAMPLE(test_failure_seen_late),
		WITH_SAMPLE(test_more_than_may_wait),
		WITH_SAMPLE(test_findings_of_a_session),
		WITH_SAMPLE(test_without_a_store),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
