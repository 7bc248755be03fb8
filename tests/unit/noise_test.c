/* What the store does about noise: suppressed events, what migrations make of older databases. */
#include "unit.h"

#include "query/finding_list.h"
#include "query/noise.h"
#include "query/run_query.h"
#include "store/schema.h"
#include "store/status.h"
#include "store_sample.h"

/* A session that has a list takes in a race of functions a and b, as plain text. */
static void take_in(struct sample *s, const struct rf_suppressions *list, const char *trace, const char *a, const char *b)
{
	struct rf_session *session;
	struct rf_session_options options = { .store = s->store, .clock = { sample_now, &s->clock },
					      .trace_id = rf_str_from(trace), .mix_trace = true, .suppressions = list,
					      .command = RF_STR("test"), .directory = RF_STR("/src"),
					      .host = RF_STR("here"), .tags = { .option = rf_str_from(s->tag), .config = &s->config },
					      .baseline = s->baseline };
	assert_int_equal(rf_session_open(&session, &options, &s->err), 0);
	rf_session_begin_stream(session);
	for (rf_str text = sample_race(s, a, b, 1); text.len;)
		rf_session_text(session, rf_str_cut(&text, '\n'));
	rf_session_end_stream(session);
	assert_int_equal(rf_session_finish(session, &s->err), 0);
	rf_session_close(session);
}

/* Whatever counts what is new, wherever it is counted. */
static void assert_new(struct sample *s, int64_t wanted)
{
	struct rf_run_summary *runs;
	uint32_t count;
	assert_int_equal(sample_count(s, "SELECT sum(findings_new) FROM v_runs"), wanted);
	assert_int_equal(sample_count(s, "SELECT coalesce(sum(findings), 0) FROM v_new_by_day"), wanted);
	assert_int_equal(sample_count(s, "SELECT sum(findings_new) FROM v_events_by_day"), wanted);
	assert_int_equal(rf_query_runs(s->store, 1, 0, &s->arena, &runs, &count, &s->err), 0);
	assert_int_equal(count, 1);
	assert_int_equal(runs[0].findings_new, wanted);
}

static void take_in_tagged(struct sample *s, const char *trace, const char *tag)
{
	s->tag = tag;
	take_in(s, NULL, trace, "Add", "Total");
	s->tag = NULL;
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
	assert_new(s, 0);
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

/* --- policies --------------------------------------------------------------------------------------------------- */

#define MINUTE ((uint64_t)60 * 1000000000u)

/* Each event at its minute; what became of them, one letter each. */
static const char *verdicts(struct sample *s, const char *tag, const unsigned *minutes, size_t count)
{
	struct rf_buf b;
	rf_buf_init(&b);
	for (size_t i = 0; i < count; i++) {
		const char *trace = rf_arena_printf(&s->arena, "%s-%u-%zu", tag, minutes[i], i).ptr;
		s->clock.now = SAMPLE_NOW + minutes[i] * MINUTE;
		take_in_tagged(s, trace, tag);
		rf_str v = sample_text(s, "SELECT substr(verdict, 1, 1) FROM events ORDER BY id DESC LIMIT 1");
		rf_buf_put_str(&b, v);
	}
	const char *all = rf_arena_cstr(&s->arena, rf_buf_str(&b));
	rf_buf_release(&b);
	return all;
}
#define VERDICTS(s, tag, ...) \
	verdicts((s), (tag), (const unsigned[]){ __VA_ARGS__ }, sizeof((unsigned[]){ __VA_ARGS__ }) / sizeof(unsigned))

static uint32_t end_silences(struct sample *s, uint64_t now, struct rf_silence **over)
{
	uint32_t count;
	assert_int_equal(rf_store_begin(s->store, &s->err), 0);
	assert_int_equal(rf_noise_silences_end(s->store, now, &s->arena, over, &count, &s->err), 0);
	assert_int_equal(rf_store_commit(s->store, &s->err), 0);
	return count;
}

static void test_default_policy(void **state)
{
	struct sample *s = *state;
	struct rf_silence *over;
	/* the third in five minutes is held back, and all until minute 17 */
	assert_string_equal(VERDICTS(s, "shop", 0, 1, 2, 3, 16), "aasss");
	assert_int_equal(end_silences(s, SAMPLE_NOW + 16 * MINUTE, &over), 0);
	assert_int_equal(end_silences(s, SAMPLE_NOW + 17 * MINUTE, &over), 1);
	assert_int_equal(over[0].held, 3);
	assert_str(over[0].policy, "default");
	assert_str(over[0].since, "2026-01-01T00:02:00.000Z");
	assert_str(over[0].until, "2026-01-01T00:17:00.000Z");
	/* one alert, whoever asks */
	assert_int_equal(end_silences(s, SAMPLE_NOW + 18 * MINUTE, &over), 0);
	/* over at 17; events five minutes apart never fill the number */
	assert_string_equal(VERDICTS(s, "shop", 22, 27, 32, 37), "aaaa");
	assert_int_equal(sample_count(s, "SELECT events FROM v_findings"), 9);
	assert_str(sample_text(s, "SELECT DISTINCT policy FROM v_events"), "default");
}

static void test_tags_are_apart_and_canaries_sing(void **state)
{
	struct sample *s = *state;
	assert_string_equal(VERDICTS(s, "shop", 0, 0), "aa");
	assert_string_equal(VERDICTS(s, "cart", 0, 0), "aa");
	assert_string_equal(VERDICTS(s, "x:canary:true", 1, 1, 1, 1, 1), "bbbbb");
	assert_int_equal(sample_count(s, "SELECT count(*) FROM v_silences"), 0);
}

static void test_rules(void **state)
{
	struct sample *s = *state;
	assert_int_equal(rf_config_parse(RF_STR("policies:\n  - tag: pay*\n    bypass: true\n    severity: high\n"
						"  - kind: use-after-free\n    bypass: true\n"
						"  - events: 2\n    within: 90s\n    silence: 1h\n"),
					 "f", &s->arena, &s->config, &s->err), 0);
	assert_string_equal(VERDICTS(s, "payment", 0, 0, 0), "bbb");
	assert_str(sample_text(s, "SELECT DISTINCT policy || ' ' || severity FROM v_events"), "f:2 high");
	assert_string_equal(VERDICTS(s, "shop", 0, 2, 3, 62, 65), "aassa");
}

static void test_rules_malformed(void **state)
{
	static const struct { const char *text, *says; } cases[] = {
		{ "policies:\n  - tags: x\n", "f:2: \"tags\" is not known here" },
		{ "policies:\n  - within: 5\n", "is no time" },
		{ "policies:\n  - within: 400d\n", "is no time" },
		{ "policies:\n  - events: 1\n", "is no number from 2" },
		{ "policies:\n  - bypass: maybe\n", "neither true nor false" },
		{ "policies:\n  - severity: huge\n", "is no severity" },
		{ "policies:\n  - kind: leak\n", "is no kind" },
		{ "policies:\n  - word\n", "is no policy" },
		{ "policies: word\n", "is a list" },
	};
	struct sample *s = *state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rf_config c;
		assert_int_equal(rf_config_parse(rf_str_from(cases[i].text), "f", &s->arena, &c, &s->err), RF_ERR_INPUT);
		assert_says(s->err, cases[i].says);
	}
}

/* A record that takes its text's place is no second event, and keeps what was decided. */
static void test_upgrade_keeps_the_verdict(void **state)
{
	struct sample *s = *state;
	int64_t id;
	assert_string_equal(VERDICTS(s, "example.com/shop", 0, 0, 0), "aas");
	struct rf_report *record = sample_report(s, "Add", "Total", 1);
	record->from_spool = true;
	assert_int_equal(sample_store(s, record, "example.com/shop-0-2", "spool-1", NULL, &id), RF_STORED_UPGRADED);
	assert_str(sample_text(s, "SELECT verdict || source FROM events ORDER BY id DESC LIMIT 1"), "silencedspool");
	assert_int_equal(sample_count(s, "SELECT held FROM v_silences"), 1);
}

static void test_baseline_is_known(void **state)
{
	struct sample *s = *state;
	struct rf_baseline_entry entry = { .tag = RF_STR("shop") };
	struct rf_baseline baseline = { .entries = &entry, .count = 1 };
	take_in_tagged(s, "t0", "shop");
	entry.fingerprint = sample_text(s, "SELECT fingerprint FROM v_findings");
	s->baseline = &baseline;
	assert_string_equal(VERDICTS(s, "shop", 1, 1, 1, 1), "kkkk");
	assert_int_equal(sample_count(s, "SELECT count(*) FROM v_silences"), 0);
}

static void exec(struct sample *s, sqlite3 *handle, const char *sql)
{
	char *said = NULL;
	(void)s;
	if (sqlite3_exec(handle, sql, NULL, NULL, &said) != SQLITE_OK)
		fail_msg("%s", said);
}

/* What is only in the baseline has a status of its own, wherever a status is read, as long as one run has seen it. */
static void test_status_baseline(void **state)
{
	struct sample *s = *state;
	struct rf_baseline_entry entry = { .tag = RF_STR("shop") };
	struct rf_baseline baseline = { .entries = &entry, .count = 1 };
	struct rf_finding_list list = { .limit = 10 };
	struct rf_finding_row row, *rows;
	uint32_t count;
	take_in_tagged(s, "t0", "shop");
	entry.fingerprint = sample_text(s, "SELECT fingerprint FROM v_findings");
	exec(s, s->store->handle, "DELETE FROM events; DELETE FROM findings; DELETE FROM runs");
	s->baseline = &baseline;
	take_in_tagged(s, "t0", "shop");
	list.values[RF_FACET_STATUS] = RF_STR("baseline");
	assert_str(sample_text(s, "SELECT status FROM v_findings"), "baseline");
	assert_int_equal(rf_query_finding_list(s->store, &list, &s->arena, &rows, &count, &s->err), 0);
	assert_int_equal(count, 1);
	assert_int_equal(rf_query_finding_by_id(s->store, rows[0].id, &s->arena, &row, &s->err), 0);
	assert_true(row.in_baseline);
	assert_str(row.status, "baseline");
	assert_new(s, 0);
	assert_int_equal(sample_count(s, "SELECT findings_baseline FROM v_findings_by_tag"), 1);
	/* Another tag isn't in it; what was said of an event may change later. */
	take_in_tagged(s, "t9", "other");
	assert_str(sample_text(s, "SELECT group_concat(status) FROM (SELECT status FROM v_findings ORDER BY id)"), "baseline,new");
	exec(s, s->store->handle, "UPDATE events SET verdict = 'alert' WHERE verdict = 'known'");
	assert_str(sample_text(s, "SELECT group_concat(status) FROM (SELECT status FROM v_findings ORDER BY id)"), "new,new");
	exec(s, s->store->handle, "UPDATE events SET verdict = 'known' WHERE id = 1");
	assert_str(sample_text(s, "SELECT status FROM v_findings WHERE id = 1"), "baseline");
	take_in_tagged(s, "t1", "shop");
	assert_str(sample_text(s, "SELECT status FROM v_findings WHERE id = 1"), "recurring");
}

/* --- states --------------------------------------------------------------------------------------------------- */

#define DAY ((uint64_t)86400 * 1000000000u)
#define YEAR_2000 ((uint64_t)946684800 * 1000000000u)
#define YEAR_2100 ((uint64_t)4102444800 * 1000000000u)

/* `count` events, `step` apart, from `start` on; each a run of its own. */
static void seen(struct sample *s, uint64_t start, uint64_t step, int count)
{
	for (int i = 0; i < count; i++) {
		s->clock.now = start + (uint64_t)i * step;
		take_in_tagged(s, rf_arena_printf(&s->arena, "%llu", (unsigned long long)s->clock.now).ptr, "shop");
	}
}

static void test_resolved(void **state)
{
	struct sample *s = *state;
	seen(s, YEAR_2000, DAY, 9);
	assert_str(sample_text(s, "SELECT status FROM v_findings"), "recurring"); /* nine say too little */
	seen(s, YEAR_2000 + 9 * DAY, DAY, 1);
	/* one a day: 3 * ln(100) is 13.8 days */
	assert_str(sample_text(s, "SELECT resolved_after FROM v_findings"), "2000-01-23T19:34:20.112Z");
	assert_str(sample_text(s, "SELECT status FROM v_findings"), "resolved");
	assert_int_equal(sample_count(s, "SELECT regressed_at IS NULL FROM v_findings"), 1);
}

static void test_bounds_of_resolved(void **state)
{
	struct sample *s = *state;
	seen(s, YEAR_2000, 1000000000u, 10); /* ten in as many seconds: a week all the same */
	assert_str(sample_text(s, "SELECT substr(resolved_after, 1, 16) FROM v_findings"), "2000-01-08T00:00");
	seen(s, YEAR_2000 + 6 * DAY, 40 * DAY, 10); /* rare: not more than 90 days */
	assert_int_equal(sample_count(s, "SELECT round(julianday(resolved_after) - julianday(last_seen)) FROM v_findings"), 90);
}

static void test_regressed(void **state)
{
	struct sample *s = *state;
	seen(s, YEAR_2100, DAY, 10);
	assert_str(sample_text(s, "SELECT status FROM v_findings"), "recurring"); /* its time isn't over */
	seen(s, YEAR_2100 + 20 * DAY, DAY, 1);
	assert_str(sample_text(s, "SELECT status FROM v_findings"), "recurring");
	seen(s, YEAR_2100 + 100 * DAY, DAY, 1);
	assert_str(sample_text(s, "SELECT status || ' ' || regressed_at FROM v_findings"),
		   "regressed 2100-04-11T00:00:00.000Z");
	/* an old log is no regression */
	exec(s, s->store->handle, "UPDATE findings SET regressed_at = NULL");
	seen(s, YEAR_2100 - 50 * DAY, DAY, 1);
	assert_str(sample_text(s, "SELECT status FROM v_findings"), "recurring");
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

static uint64_t told_bytes;

static void told(const char *path, uint64_t bytes)
{
	(void)path;
	assert_int_equal(told_bytes, 0);
	told_bytes = bytes;
}

static void test_version_1_migrates(void **state)
{
	struct sample *s = *state;
	struct rf_store_options options = sample_options(s);
	make_version_1(s);
	told_bytes = 0;
	options.upgrading = told;
	for (int i = 0; i < 2; i++) { /* the second time there is nothing to do, and nothing to say */
		rf_store_close(s->store);
		s->store = NULL;
		if (rf_store_open(&s->store, &options, &s->err) != 0)
			fail_msg("%s", s->err.text);
	}
	assert_true(told_bytes > 4096);
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

/* A file comes faster than the second after which a batch is stored. */
static void test_many_at_once(void **state)
{
	struct sample *s = *state;
	struct rf_session *session;
	struct rf_session_options options = { .store = s->store, .clock = { sample_now, &s->clock }, .trace_id = RF_STR("t"),
					      .mix_trace = true, .command = RF_STR("test"), .directory = RF_STR("/"),
					      .host = RF_STR("h"), .tags = { .config = &s->config } };
	assert_int_equal(rf_session_open(&session, &options, &s->err), 0);
	rf_session_begin_stream(session);
	for (unsigned i = 0; i < RF_SESSION_PENDING_MAX + 100; i++) {
		for (rf_str text = sample_race(s, "Add", "Total", i); text.len;)
			rf_session_text(session, rf_str_cut(&text, '\n'));
	}
	rf_session_end_stream(session);
	assert_int_equal(rf_session_finish(session, &s->err), 0);
	rf_session_close(session);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM events"), RF_SESSION_PENDING_MAX + 100);
	assert_int_equal(sample_count(s, "SELECT held FROM v_silences"), RF_SESSION_PENDING_MAX + 98);
}

/* The list in sentences is the table of names. */
static void test_states(void **state)
{
	struct sample *s = *state;
	rf_str list = RF_STR(RF_STATUS_LIST("or"));
	for (enum rf_status status = 0; status < RF_STATUS_COUNT; status++) {
		rf_str name = rf_str_cut(&list, ' ');
		if (rf_str_eq_cstr(name, "or"))
			name = rf_str_cut(&list, ' ');
		if (rf_str_ends(name, ","))
			name.len--;
		assert_str(name, rf_status_name(status));
		assert_int_equal(rf_status_from_name(name), status);
		assert_int_equal(rf_status_check(rf_status_name(status), &s->err), 0);
	}
	assert_int_equal(list.len, 0);
	assert_int_equal(rf_status_check(NULL, &s->err), 0);
	assert_int_equal(rf_status_check("old", &s->err), RF_ERR_USAGE);
	assert_says(s->err, "there are new, baseline, recurring");
}

int main(void)
{
#define WITH_SAMPLE(test) cmocka_unit_test_setup_teardown(test, sample_setup, sample_teardown)
	const struct CMUnitTest tests[] = {
		WITH_SAMPLE(test_text_is_suppressed),
		WITH_SAMPLE(test_suppressed_record_joins_its_text),
		WITH_SAMPLE(test_version_1_migrates),
		WITH_SAMPLE(test_default_policy),
		WITH_SAMPLE(test_tags_are_apart_and_canaries_sing),
		WITH_SAMPLE(test_rules),
		WITH_SAMPLE(test_rules_malformed),
		WITH_SAMPLE(test_upgrade_keeps_the_verdict),
		WITH_SAMPLE(test_baseline_is_known),
		WITH_SAMPLE(test_status_baseline),
		WITH_SAMPLE(test_many_at_once),
		WITH_SAMPLE(test_resolved),
		WITH_SAMPLE(test_bounds_of_resolved),
		WITH_SAMPLE(test_regressed),
		WITH_SAMPLE(test_states),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
