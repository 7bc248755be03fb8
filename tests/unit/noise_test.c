/* What the store does about noise: suppressed events, what migrations make of older databases. */
#include "unit.h"

#include "store/noise.h"
#include "store/schema.h"
#include "store_sample.h"

/* A session that has a list takes in a race of functions a and b, as plain text. */
static void take_in(struct sample *s, const struct rf_suppressions *list, const char *trace, const char *a, const char *b)
{
	struct rf_session *session;
	struct rf_session_options options = { .store = s->store, .clock = { sample_now, &s->clock },
					      .trace_id = rf_str_from(trace), .mix_trace = true, .suppressions = list,
					      .command = RF_STR("test"), .directory = RF_STR("/src"),
					      .host = RF_STR("here"), .tags = { .config = &s->config } };
	assert_int_equal(rf_session_open(&session, &options, &s->err), 0);
	rf_session_begin_stream(session);
	for (rf_str text = sample_race(s, a, b, 1); text.len;)
		rf_session_text(session, rf_str_cut(&text, '\n'));
	rf_session_end_stream(session);
	assert_int_equal(rf_session_finish(session, &s->err), 0);
	rf_session_close(session);
}

static void test_text_is_suppressed(void **state)
{
	struct sample *s = *state;
	struct rf_suppressions list;
	struct rf_suppression_use *uses;
	uint32_t count;
	assert_int_equal(rf_suppressions_parse(RF_STR("# expires=2026-01-01\nrace:shop.Add$\n"), "l", &s->arena, &list, &s->err), 0);
	take_in(s, &list, "t1", "Add", "Total");
	assert_str(sample_text(s, "SELECT verdict || ' ' || suppressed_by || ' ' || suppression FROM v_events"),
		   "suppressed reporter race:shop.Add$");
	assert_str(sample_text(s, "SELECT status FROM v_findings"), "suppressed");
	take_in(s, &list, "t2", "Remove", "Total");
	assert_int_equal(sample_count(s, "SELECT count(*) FROM v_events WHERE verdict = 'alert'"), 1);
	s->clock.now += (uint64_t)86400 * 1000000000u; /* the last day is over */
	take_in(s, &list, "t3", "Add", "Total");
	assert_int_equal(sample_count(s, "SELECT count(*) FROM v_events WHERE verdict = 'alert'"), 2);
	assert_int_equal(rf_noise_uses(s->store, &s->arena, &uses, &count, &s->err), 0);
	assert_int_equal(count, 1);
	assert_str(uses[0].text, "race:shop.Add$");
	assert_int_equal(uses[0].events, 1);
	assert_str(uses[0].last_used, "2026-01-01T00:00:00.000Z");
}

/* Text of a report whose record the reporter suppressed is the same event still. */
static void test_suppressed_record_joins_its_text(void **state)
{
	struct sample *s = *state;
	struct rf_suppressions list;
	int64_t id;
	assert_int_equal(rf_suppressions_parse(RF_STR("race:shop.Add$\n"), "l", &s->arena, &list, &s->err), 0);
	take_in(s, &list, "t1", "Add", "Total");
	struct rf_report *record = sample_report(s, "Add", "Total", 1);
	record->from_spool = true;
	assert_int_equal(sample_store(s, record, "t1", "spool-1", NULL, &id), RF_STORED_UPGRADED);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM events"), 1);
}

static void exec(struct sample *s, sqlite3 *handle, const char *sql)
{
	char *said = NULL;
	(void)s;
	if (sqlite3_exec(handle, sql, NULL, NULL, &said) != SQLITE_OK)
		fail_msg("%s", said);
}

/* A database as the first version left it. */
static void make_version_1(struct sample *s)
{
	sqlite3 *handle;
	rf_store_close(s->store);
	s->store = NULL;
	assert_int_equal(unlink(s->path), 0);
	assert_int_equal(sqlite3_open(s->path, &handle), SQLITE_OK);
	exec(s, handle, rf_schema_migrations[0]);
	exec(s, handle, "PRAGMA application_id = 0x52464442; PRAGMA user_version = 1;"
		"INSERT INTO runs VALUES (1, 't', 'test', '/', 'h', '2026-01-01', '2026-01-01');"
		"INSERT INTO tags VALUES (1, 'shop');"
		"INSERT INTO findings (id, fingerprint, fingerprint_version, coarse, kind, title, tag_id, package, wildcard,"
		" side_a, side_b) VALUES (7, 'f', 1, 'c', 'data-race', 'a race', 1, 'shop', 0, '', '');"
		"INSERT INTO events (id, uid, finding_id, run_id, source, time, verdict, tag, match_key, exact,"
		" stream_package, stream_test, memory, memory_start, memory_bytes, memory_name, allocated_goid) VALUES"
		" (1, 'u1', 7, 1, 'text', '2026-01-01T00:00:00.000Z', 'alert', 'shop', 1, 'x', '', '', 'unknown', 0, 0, '', 0),"
		" (2, 'u2', 7, 1, 'spool', '2026-01-01T00:00:01.000Z', 'suppressed', 'shop', 2, 'x', '', '', 'unknown', 0, 0, '', 0);");
	assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

static void test_version_1_migrates(void **state)
{
	struct sample *s = *state;
	struct rf_store_options options = sample_options(s);
	make_version_1(s);
	if (rf_store_open(&s->store, &options, &s->err) != 0)
		fail_msg("%s", s->err.text);
	assert_int_equal(sample_count(s, "PRAGMA user_version"), rf_schema_version());
	assert_str(sample_text(s, "PRAGMA integrity_check"), "ok");
	assert_str(sample_text(s, "SELECT group_concat(id || verdict || coalesce(suppressed_by, '-')) FROM v_events"),
		   "1alert-,2suppressedprocess");
	assert_str(sample_text(s, "SELECT id || status || events FROM v_findings"), "7new2");
	/* and takes new events as a new one would */
	int64_t id;
	sample_store(s, sample_report(s, "Add", "Total", 1), "t2", "u3", NULL, &id);
	assert_int_equal(id, 3);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM v_findings"), 2);
}

int main(void)
{
#define WITH_SAMPLE(test) cmocka_unit_test_setup_teardown(test, sample_setup, sample_teardown)
	const struct CMUnitTest tests[] = {
		WITH_SAMPLE(test_text_is_suppressed),
		WITH_SAMPLE(test_suppressed_record_joins_its_text),
		WITH_SAMPLE(test_version_1_migrates),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
