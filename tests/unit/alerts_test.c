/* Alerts: what the file says, what comes into the queue, who takes it out of it. */
#include "unit.h"

#include "alert/alerts.h"
#include "store_sample.h"

#define SECOND ((uint64_t)1000000000u)

static const char *environment(const char *name)
{
	return strcmp(name, "TOKEN") == 0 ? "t0ken" : strcmp(name, "EMPTY") == 0 ? "" : NULL;
}

static void no_sleep(uint64_t ns)
{
	(void)ns;
}

static void read_config(struct sample *s, const char *text)
{
	if (rf_config_parse(rf_str_from(text), "dir/.redflag.yml", &s->arena, &s->config, &s->err) != 0)
		fail_msg("%s", s->err.text);
}

static struct rf_alerts make_alerts(struct sample *s)
{
	struct rf_alerts a;
	struct rf_alerts_options options = { .store = s->store, .config = &s->config, .clock = { sample_now, &s->clock },
					     .host = RF_STR("here"), .directory = s->directory, .look_up = environment,
					     .sleep = no_sleep };
	rf_alerts_init(&a, &options);
	return a;
}

/* --- the file --------------------------------------------------------------------------------------------------- */

static void test_config(void **state)
{
	struct sample *s = *state;
	read_config(s, "alerts:\n"
		       "  - type: webhook\n    url: https://user:pass@hooks.example.com:8443/services/T0/secret?x=1\n"
		       "    headers:\n      Authorization: Bearer $TOKEN\n    secret: $KEY\n    timeout: 60s\n"
		       "  - type: webhook\n    url: $HOOK\n    only: all\n"
		       "  - type: jsonl\n    path: a/b.jsonl\n    tag: order*\n    kind: data-race\n    severity: high\n"
		       "  - type: command\n    argv: [ci/tell, now]\n    name: pager\n"
		       "  - type: stderr\n");
	const struct rf_sink *sinks = s->config.sinks;
	assert_true(s->config.has_alerts);
	assert_int_equal(s->config.sink_count, 5);
	assert_str(sinks[0].name, "webhook hooks.example.com:8443"); /* nothing that may be secret */
	assert_str(sinks[0].headers[0].name, "Authorization");
	assert_str(sinks[0].headers[0].value, "Bearer $TOKEN");
	assert_true(sinks[0].timeout_ns == 60 * SECOND);
	assert_false(sinks[0].all);
	assert_str(sinks[1].name, "webhook $HOOK");
	assert_true(sinks[1].all);
	assert_true(sinks[1].timeout_ns == 10 * SECOND);
	assert_str(sinks[2].name, "jsonl a/b.jsonl");
	assert_int_equal(sinks[2].severity, RF_SEVERITY_HIGH);
	assert_true(rf_sink_wants(&sinks[2], RF_STR("data-race"), RF_STR("order:1"), RF_SEVERITY_CRITICAL));
	assert_false(rf_sink_wants(&sinks[2], RF_STR("data-race"), RF_STR("order:1"), RF_SEVERITY_MEDIUM));
	assert_false(rf_sink_wants(&sinks[2], RF_STR("use-after-free"), RF_STR("order:1"), RF_SEVERITY_HIGH));
	assert_false(rf_sink_wants(&sinks[2], RF_STR("data-race"), RF_STR("cart"), RF_SEVERITY_HIGH));
	assert_str(sinks[3].name, "pager");
	assert_str(sinks[3].argv[1], "now");
	assert_str(sinks[4].name, "stderr");
	read_config(s, "alerts:\n");
	assert_true(s->config.has_alerts);
	assert_int_equal(s->config.sink_count, 0);
}

static void test_config_malformed(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "alerts: yes\n", "f:1: \"alerts\" is a list" },
		{ "alerts:\n  - jsonl\n", "f:2: \"-\" is no sink" },
		{ "alerts:\n  - path: x\n", "f:2: \"type\" comes first" },
		{ "alerts:\n  - type: mail\n", "f:2: \"mail\" is no type" },
		{ "alerts:\n  - type: jsonl\n", "f:2: \"jsonl\" wants the file" },
		{ "alerts:\n  - type: jsonl\n    path: x\n    url: http://h\n", "f:4: \"url\" means nothing" },
		{ "alerts:\n  - type: webhook\n    url: file:///etc/passwd\n", "f:3: \"url\" wants an address" },
		{ "alerts:\n  - type: webhook\n    url: http://h\n    headers: x\n", "\"headers\" has 1 to 32 lines" },
		{ "alerts:\n  - type: webhook\n    url: http://h\n    headers:\n      \"a b\": c\n", "\"a b\" is no name of a header" },
		{ "alerts:\n  - type: webhook\n    url: http://h\n    timeout: 2m\n", "\"2m\" is longer than 60s" },
		{ "alerts:\n  - type: command\n    argv: sh -c x\n", "\"argv\" is a list" },
		{ "alerts:\n  - type: command\n    argv: []\n", "\"argv\" is a list" },
		{ "alerts:\n  - type: stderr\n    only: some\n", "\"some\" is neither new nor all" },
		{ "alerts:\n  - type: stderr\n    severity: huge\n", "\"huge\" is no severity" },
		{ "alerts:\n  - type: stderr\n    type: jsonl\n", "\"type\" comes twice" },
		{ "alerts:\n  - type: stderr\n    colour: red\n", "\"colour\" is not known here" },
		{ "alerts:\n  - type: stderr\n  - type: stderr\n", "\"stderr\" is the name of an earlier sink" },
	};
	struct sample *s = *state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(rf_config_parse(rf_str_from(cases[i].text), "f", &s->arena, &s->config, &s->err), RF_ERR_INPUT);
		assert_says(s->err, cases[i].says);
	}
}

static void test_expand(void **state)
{
	struct sample *s = *state;
	const char *out;
	assert_int_equal(rf_alert_expand(RF_STR("a$TOKEN/${TOKEN}x$$y"), environment, &s->arena, &out, &s->err), 0);
	assert_string_equal(out, "at0ken/t0kenx$y");
	static const struct { const char *text, *says; } bad[] = {
		{ "$NOWHERE", "NOWHERE is not set" }, { "$EMPTY", "EMPTY is not set" }, { "x$", "no name" }, { "${TOKEN", "no name" },
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(rf_alert_expand(rf_str_from(bad[i].text), environment, &s->arena, &out, &s->err), RF_ERR_INPUT);
		assert_says(s->err, bad[i].says);
	}
}

/* --- into the queue --------------------------------------------------------------------------------------------- */

static int take_in(struct sample *s, struct rf_alerts *a, const char *trace, const char *function)
{
	struct rf_session *session;
	struct rf_session_options options = { .store = s->store, .clock = { sample_now, &s->clock }, .trace_id = rf_str_from(trace),
					      .mix_trace = true, .command = RF_STR("test"), .directory = RF_STR("/src"),
					      .host = RF_STR("here"), .tags = { .option = rf_str_from(s->tag), .config = &s->config },
					      .before_commit = rf_alerts_queue, .commit_context = a };
	assert_int_equal(rf_session_open(&session, &options, &s->err), 0);
	rf_session_begin_stream(session);
	for (rf_str text = sample_race(s, function, "Total", 1); text.len;)
		rf_session_text(session, rf_str_cut(&text, '\n'));
	rf_session_end_stream(session);
	int rc = rf_session_finish(session, &s->err);
	rf_session_close(session);
	return rc;
}

static rf_str queue_of(struct sample *s)
{
	return sample_text(s, "SELECT group_concat(sink || ' ' || reason || ' ' || coalesce(finding, 0), ', ')"
			      " FROM (SELECT * FROM v_alerts ORDER BY id)");
}

static void test_queue(void **state)
{
	struct sample *s = *state;
	read_config(s, "alerts:\n  - type: jsonl\n    path: new\n  - type: jsonl\n    path: all\n    only: all\n"
		       "  - type: jsonl\n    path: other\n    tag: cart*\n    only: all\n");
	struct rf_alerts a = make_alerts(s);
	assert_int_equal(take_in(s, &a, "t1", "Add"), 0);
	assert_str(queue_of(s), "jsonl new new 1, jsonl all new 1");
	assert_int_equal(take_in(s, &a, "t2", "Add"), 0);
	assert_str(queue_of(s), "jsonl new new 1, jsonl all new 1, jsonl all seen 1");
	assert_int_equal(take_in(s, &a, "t2", "Add"), 0); /* the same stream: no new event */
	assert_int_equal(sample_count(s, "SELECT count(*) FROM alerts"), 3);
	assert_int_equal(take_in(s, &a, "t3", "Add"), 0); /* the third in five minutes is silenced */
	assert_int_equal(sample_count(s, "SELECT count(*) FROM alerts"), 3);
	s->clock.now += 1000 * SECOND;
	assert_int_equal(rf_alerts_silences(&a, &s->err), 0);
	assert_int_equal(rf_alerts_silences(&a, &s->err), 0); /* once */
	assert_int_equal(sample_count(s, "SELECT count(*) FROM alerts WHERE reason = 'silence'"), 2);
	assert_int_equal(a.ended.len, 0); /* the file names no stderr */
	rf_alerts_release(&a);
}

static void test_known_and_suppressed_give_none(void **state)
{
	struct sample *s = *state;
	int64_t event;
	read_config(s, "alerts:\n  - type: jsonl\n    path: x\n    only: all\n");
	struct rf_alerts a = make_alerts(s);
	sample_store(s, sample_report(s, "Add", "Total", 1), "t", "u1", NULL, &event);
	assert_int_equal(sqlite3_exec(s->store->handle, "UPDATE events SET verdict = 'known'", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(rf_store_begin(s->store, &s->err), 0);
	assert_int_equal(rf_alerts_queue(&a, s->store, 1, &s->err), 0);
	assert_int_equal(rf_store_commit(s->store, &s->err), 0);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM alerts"), 0);
	rf_alerts_release(&a);
}

/* Without "alerts:" ends of silences are lines for stderr; and lines of what was undone don't come twice. */
static void test_stderr(void **state)
{
	struct sample *s = *state;
	struct rf_buf out;
	struct rf_alerts a = make_alerts(s);
	assert_false(rf_alerts_wanted(&a));
	for (int i = 0; i < 3; i++)
		assert_int_equal(take_in(s, &a, (const char *[]){ "t1", "t2", "t3" }[i], "Add"), 0);
	s->clock.now += 1000 * SECOND;
	assert_int_equal(rf_alerts_silences(&a, &s->err), 0);
	rf_buf_init(&out);
	rf_alerts_put_lines(&a, &out);
	assert_true(rf_str_starts(rf_buf_str(&out), "Finding 1 (data race"));
	assert_true(rf_str_contains(rf_buf_str(&out), "; 1 report was held back (policy default).\n"));
	rf_alerts_release(&a);
	read_config(s, "alerts:\n  - type: stderr\n    only: all\n");
	a = make_alerts(s);
	for (int i = 0; i < 3; i++) /* the same transaction, undone twice */
		assert_int_equal(rf_alerts_queue(&a, s->store, 2, &s->err), 0);
	rf_buf_reset(&out);
	rf_alerts_put_lines(&a, &out);
	rf_str text = rf_buf_str(&out), line = rf_str_cut(&text, '\n');
	assert_true(rf_str_starts(line, "Again: data race"));
	assert_int_equal(text.len, 0);
	rf_buf_release(&out);
	rf_alerts_release(&a);
}

/* Many silences that end at once are ten lines and a sum. */
static void test_many_ends(void **state)
{
	struct sample *s = *state;
	struct rf_buf out;
	struct rf_alerts a = make_alerts(s);
	for (int f = 0; f < RF_ALERTS_ENDED_MAX + 3; f++) {
		for (int i = 0; i < 4; i++)
			assert_int_equal(take_in(s, &a, rf_arena_printf(&s->arena, "t%d", i).ptr,
						 rf_arena_printf(&s->arena, "F%d", f).ptr), 0);
	}
	s->clock.now += 1000 * SECOND;
	assert_int_equal(rf_alerts_silences(&a, &s->err), 0);
	rf_buf_init(&out);
	rf_alerts_put_lines(&a, &out);
	assert_int_equal(rf_str_count(rf_buf_str(&out), '\n'), RF_ALERTS_ENDED_MAX + 1);
	assert_true(rf_str_contains(rf_buf_str(&out), "3 more silences have ended, with 6 reports held back; "));
	rf_buf_release(&out);
	rf_alerts_release(&a);
}

/* Whichever call into SQLite fails: events and their alerts are there together, or neither. */
static void test_nth_call_fails(void **state)
{
	struct sample *s = *state;
	read_config(s, "alerts:\n  - type: jsonl\n    path: x\n");
	struct rf_alerts a = make_alerts(s);
	for (uint64_t n = 1; n < 400; n++) {
		const char *function = rf_arena_printf(&s->arena, "F%u", (unsigned)n).ptr;
		s->store->fail_at_step = s->store->steps + n;
		int rc = take_in(s, &a, "t", function);
		s->store->fail_at_step = 0;
		assert_int_equal(sample_count(s, "SELECT (SELECT count(*) FROM events) - (SELECT count(*) FROM alerts)"), 0);
		if (rc == 0 && n > 60)
			break;
	}
	assert_true(sample_count(s, "SELECT count(*) FROM alerts") > 0);
	rf_alerts_release(&a);
}

static void test_folds_what_has_no_room(void **state)
{
	struct sample *s = *state;
	int64_t sink, open;
	read_config(s, "alerts:\n  - type: jsonl\n    path: x\n");
	struct rf_alerts a = make_alerts(s);
	assert_int_equal(rf_outbox_sink(s->store, RF_STR("jsonl x"), "jsonl", &sink, &s->err), 0);
	assert_int_equal(sqlite3_exec(s->store->handle,
				      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)"
				      " INSERT INTO alerts (sink_id, reason, created_at) SELECT 1, 'new', '' FROM n",
				      NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(take_in(s, &a, "t1", "F1"), 0); /* the last that has room */
	assert_int_equal(take_in(s, &a, "t1", "F2"), 0);
	assert_int_equal(take_in(s, &a, "t1", "F3"), 0);
	assert_int_equal(rf_outbox_open(s->store, sink, &open, &s->err), 0);
	assert_int_equal(open, RF_OUTBOX_OPEN_MAX + 1);
	assert_int_equal(sample_count(s, "SELECT folded FROM alerts WHERE reason = 'folded'"), 2);
	rf_alerts_release(&a);
}

/* --- out of it -------------------------------------------------------------------------------------------------- */

static enum rf_outbox_claimed claim(struct sample *s, const char *owner, struct rf_outbox_claim *c)
{
	enum rf_outbox_claimed how;
	*c = (struct rf_outbox_claim){ .owner = rf_str_from(owner), .lease_ns = 30 * SECOND };
	if (rf_outbox_claim(s->store, 1, c, &s->arena, &how, &s->err) != 0)
		fail_msg("%s", s->err.text);
	return how;
}

static void test_leases(void **state)
{
	struct sample *s = *state;
	struct rf_outbox_claim c;
	const char *mine = rf_arena_printf(&s->arena, "here %d %llu a", (int)getpid(), (unsigned long long)SAMPLE_NOW * 2).ptr;
	read_config(s, "alerts:\n  - type: jsonl\n    path: x\n");
	struct rf_alerts a = make_alerts(s);
	assert_int_equal(take_in(s, &a, "t1", "F1"), 0);
	assert_int_equal(claim(s, mine, &c), RF_OUTBOX_CLAIMED);
	assert_int_equal(c.count, 1);
	assert_str(c.alerts[0].reason, "new");
	assert_true(rf_str_contains(c.alerts[0].title, "F1"));
	rf_str key = c.key;
	assert_int_equal(key.len, 32);
	assert_int_equal(claim(s, "there 1 1 b", &c), RF_OUTBOX_BUSY); /* ours runs */
	assert_int_equal(take_in(s, &a, "t1", "F2"), 0); /* comes into the next batch, not into this one */
	s->clock.now += 31 * SECOND;
	assert_int_equal(claim(s, "there 1 1 b", &c), RF_OUTBOX_CLAIMED); /* its time was over */
	assert_true(rf_str_eq(c.key, key));
	assert_int_equal(c.count, 1);
	assert_int_equal(claim(s, mine, &c), RF_OUTBOX_BUSY);
	assert_int_equal(rf_outbox_release(s->store, 1, RF_STR("there 1 1 b"), &s->err), 0);
	assert_int_equal(claim(s, "here 999999999 1 dead", &c), RF_OUTBOX_CLAIMED);
	assert_int_equal(claim(s, mine, &c), RF_OUTBOX_CLAIMED); /* the owner is no process of this host any more */
	assert_int_equal(rf_outbox_failed(s->store, 1, key, false, RF_STR("no"), s->clock.now + SECOND, &s->err), 0);
	assert_int_equal(claim(s, mine, &c), RF_OUTBOX_LATER);
	assert_true(c.not_before_unix_ns == s->clock.now + SECOND);
	s->clock.now += SECOND;
	assert_int_equal(claim(s, mine, &c), RF_OUTBOX_CLAIMED);
	assert_true(rf_str_eq(c.key, key));
	assert_int_equal(c.failures, 1);
	assert_int_equal(rf_outbox_delivered(s->store, 1, key, 0, &s->err), 0);
	assert_int_equal(claim(s, mine, &c), RF_OUTBOX_CLAIMED);
	assert_false(rf_str_eq(c.key, key));
	assert_int_equal(rf_outbox_failed(s->store, 1, c.key, true, RF_STR("never"), 0, &s->err), 0);
	assert_int_equal(claim(s, mine, &c), RF_OUTBOX_NOTHING);
	assert_str(sample_text(s, "SELECT lease IS NULL FROM alert_sinks"), "1");
	assert_int_equal(rf_outbox_retry(s->store, 1, &s->err), 0);
	assert_int_equal(claim(s, mine, &c), RF_OUTBOX_CLAIMED);
	rf_alerts_release(&a);
}

static void test_deliver(void **state)
{
	struct sample *s = *state;
	struct rf_alerts_delivery d = { .time_ns = 5 * SECOND };
	read_config(s, "alerts:\n  - type: jsonl\n    path: lines\n  - type: jsonl\n    path: no/such/directory\n"
		       "  - type: jsonl\n    path: .\n");
	struct rf_alerts a = make_alerts(s);
	assert_int_equal(take_in(s, &a, "t1", "F1"), 0);
	assert_int_equal(take_in(s, &a, "t1", "F2"), 0);
	assert_int_equal(rf_alerts_deliver(&a, &d, &s->err), 0);
	assert_int_equal(d.delivered, 2);
	assert_int_equal(d.left, 4);
	rf_str notes = rf_buf_str(&d.notes);
	assert_true(rf_str_contains(notes, "2 alerts for \"jsonl no/such/directory\" wait: Cannot write"));
	assert_true(rf_str_contains(notes, "2 alerts for \"jsonl .\" wait: Cannot write"));
	rf_buf_release(&d.notes);
	assert_str(sample_text(s, "SELECT group_concat(state || ' ' || n, ', ') FROM (SELECT state, count(*) AS n FROM alerts"
				  " GROUP BY state ORDER BY state)"), "delivered 2, waiting 4");
	assert_int_equal(sample_count(s, "SELECT count(*) FROM alert_sinks WHERE lease IS NOT NULL"), 0);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM alert_sinks WHERE failures = 1 AND not_before > ''"), 2);
	rf_alerts_release(&a);
}

/* The clock goes on by a second whenever somebody looks, so the time runs out between two batches. */
static uint64_t ticking(void *context)
{
	return ((struct sample_clock *)context)->now += SECOND;
}

static void test_time_runs_out(void **state)
{
	struct sample *s = *state;
	read_config(s, "alerts:\n  - type: jsonl\n    path: lines\n");
	struct rf_alerts a = make_alerts(s);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(take_in(s, &a, "t1", rf_arena_printf(&s->arena, "F%d", i).ptr), 0);
		/* each in a batch of its own */
		assert_int_equal(sqlite3_exec(s->store->handle, "UPDATE alerts SET batch = id", NULL, NULL, NULL), SQLITE_OK);
	}
	for (uint64_t seconds = 0; seconds < 12; seconds += 4) {
		struct rf_alerts_delivery d = { .time_ns = seconds * SECOND };
		a.options.clock.now_unix_ns = ticking;
		assert_int_equal(rf_alerts_deliver(&a, &d, &s->err), 0);
		assert_int_equal(d.left, sample_count(s, "SELECT count(*) FROM alerts WHERE state <> 'delivered'"));
		assert_true(seconds || d.delivered == 0);
		assert_true(d.left > 0);
		rf_buf_release(&d.notes);
	}
	assert_true(sample_count(s, "SELECT count(*) FROM alerts WHERE state = 'delivered'") > 0);
	rf_alerts_release(&a);
}

/* As long as the history is: what waits is found by index, a finding by its number. */
static void test_plans(void **state)
{
	static const enum rf_sql statements[] = { RF_SQL_OUTBOX_OPEN, RF_SQL_OUTBOX_FOLD, RF_SQL_OUTBOX_WAITING, RF_SQL_OUTBOX_BATCH,
						  RF_SQL_OUTBOX_BATCH_MAKE, RF_SQL_OUTBOX_ALERTS, RF_SQL_OUTBOX_DONE,
						  RF_SQL_OUTBOX_SINK_DONE, RF_SQL_OUTBOX_FAILED, RF_SQL_OUTBOX_RETRY,
						  RF_SQL_OUTBOX_CANDIDATES };
	struct sample *s = *state;
	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
		sqlite3_stmt *q;
		rf_str sql = rf_arena_printf(&s->arena, "EXPLAIN QUERY PLAN %s", rf_sql_text(statements[i]));
		assert_int_equal(sqlite3_prepare_v2(s->store->handle, sql.ptr, -1, &q, NULL), SQLITE_OK);
		while (sqlite3_step(q) == SQLITE_ROW) {
			rf_str step = rf_db_text(q, 3, &s->arena);
			if (rf_str_starts(step, "SCAN") || rf_str_starts(step, "MATERIALIZE"))
				fail_msg("%s: %.*s", rf_sql_text(statements[i]), RF_STR_ARG(step));
		}
		sqlite3_finalize(q);
	}
}

int main(void)
{
#define WITH_SAMPLE(test) cmocka_unit_test_setup_teardown(test, sample_setup, sample_teardown)
	const struct CMUnitTest tests[] = {
		WITH_SAMPLE(test_config),
		WITH_SAMPLE(test_config_malformed),
		WITH_SAMPLE(test_expand),
		WITH_SAMPLE(test_queue),
		WITH_SAMPLE(test_known_and_suppressed_give_none),
		WITH_SAMPLE(test_stderr),
		WITH_SAMPLE(test_many_ends),
		WITH_SAMPLE(test_nth_call_fails),
		WITH_SAMPLE(test_folds_what_has_no_room),
		WITH_SAMPLE(test_leases),
		WITH_SAMPLE(test_deliver),
		WITH_SAMPLE(test_time_runs_out),
		WITH_SAMPLE(test_plans),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
