/* The views: their names and columns, which are a promise; what they say of a small history; and that they are there after a
 * migration from any older version.
 */
#include "unit.h"

#include "store/schema.h"
#include "store/stack_hash.h"
#include "store/views.h"
#include "store_sample.h"

static const struct {
	const char *name, *columns;
} views[] = {
	{ "v_alerts", "id,sink,reason,state,finding,event,silence,folded,created_at,delivered_at,error,not_before" },
	{ "v_events", "id,finding,run,trace_id,tag,time,verdict,seed,suppressed_by,suppression,policy,severity,fingerprint,kind,title,"
		      "package,test_a,test_b" },
	{ "v_events_by_day", "day,findings,findings_new,events,alert,known,bypassed,silenced,suppressed,silenced_share" },
	{ "v_events_by_day_and_tag", "day,tag,findings,events,alert,known,bypassed,silenced,suppressed,silenced_share" },
	{ "v_events_by_fingerprint", "fingerprint,kind,title,package,findings,events,alert,known,bypassed,silenced,suppressed,"
				     "silenced_share,first_seen,last_seen" },
	{ "v_events_by_tag", "tag,findings,events,alert,known,bypassed,silenced,suppressed,silenced_share,first_day,last_day" },
	{ "v_findings", "id,fingerprint,kind,title,tag,status,package,test_a,test_b,events,first_seen,last_seen,last_trace_id,"
			"resolved_after,regressed_at,retried,duplicate_of,duplicate_reason,class" },
	{ "v_findings_by_package", "package,findings,findings_new,findings_recurring,findings_regressed,findings_resolved,"
				   "findings_suppressed,events,first_seen,last_seen,findings_duplicate,findings_baseline" },
	{ "v_findings_by_tag", "tag,findings,findings_new,findings_recurring,findings_regressed,findings_resolved,"
			       "findings_suppressed,events,first_seen,last_seen,findings_duplicate,findings_baseline" },
	{ "v_findings_by_tag_and_package", "tag,package,findings,findings_new,findings_recurring,findings_regressed,"
					   "findings_resolved,findings_suppressed,events,first_seen,last_seen,findings_duplicate,findings_baseline" },
	{ "v_findings_by_test", "test,package,findings,findings_new,findings_recurring,findings_regressed,findings_resolved,"
				"findings_suppressed,events,first_seen,last_seen,findings_duplicate,findings_baseline" },
	{ "v_flaky_findings", "finding,fingerprint,kind,title,tag,package,status,ran_package,ran_test,runs,runs_found,share,last_seen" },
	{ "v_new_by_day", "day,findings,tags,packages" },
	{ "v_profile_stacks", "run,trace_id,process,pid,program,kind,position,stack,value_1,value_2,value_3,value_4" },
	{ "v_profiles", "run,trace_id,process,pid,program,kind,snapshot,elapsed_ms,period,stacks,dropped,live_objects,live_bytes,"
			"all_objects,all_bytes,cpu_ns,io_calls,io_ns,io_bytes" },
	{ "v_runs", "id,trace_id,command,directory,host,started_at,last_at,events,findings,findings_new,packages,tests_failed,"
		    "processes" },
	{ "v_search", "rowid,finding,kind,name,v_search,rank" },
	{ "v_silences", "id,finding,title,tag,policy,since,until,held,told" },
	{ "v_slow_packages", "package,runs,runs_failed,elapsed_ms_median,elapsed_ms_average,elapsed_ms_max,share,last_run" },
	{ "v_suppressions", "suppression,events,findings,first_used,last_used" },
	{ "v_time_to_resolve", "finding,fingerprint,kind,title,tag,package,events,first_seen,last_seen,resolved_at,days_seen,"
			       "days_to_resolve" },
};
#define VIEWS (sizeof(views) / sizeof(views[0]))

static rf_str columns_of(struct sample *s, const char *view)
{
	return sample_text(s, rf_arena_printf(&s->arena, "SELECT group_concat(name) FROM pragma_table_info('%s')", view).ptr);
}

static void assert_views(struct sample *s)
{
	assert_int_equal(sample_count(s, "SELECT count(*) FROM sqlite_schema WHERE type = 'view' AND name GLOB 'v_*'"), VIEWS);
	for (size_t i = 0; i < VIEWS; i++)
		assert_str(columns_of(s, views[i].name), views[i].columns);
}

static void test_names_and_columns(void **state)
{
	assert_views(*state);
}

static void run_sql(sqlite3 *handle, const char *sql)
{
	if (sqlite3_exec(handle, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s", sqlite3_errmsg(handle));
}

/* One finding that was seen twice, in tables as the first version had them. */
static const char first_rows[] =
	"INSERT INTO runs VALUES (1, 't', 'test', '/', 'h', '2026-01-01', '2026-01-01');"
	"INSERT INTO tags VALUES (1, 'shop');"
	"INSERT INTO findings (id, fingerprint, fingerprint_version, coarse, kind, title, tag_id, package, wildcard,"
	" side_a, side_b, test_a) VALUES (7, 'f', 1, 'c', 'data-race', 'a race', 1, 'shop', 0, '', '', 'TestOld');"
	"INSERT INTO events (id, uid, finding_id, run_id, source, time, verdict, tag, match_key, exact,"
	" stream_package, stream_test, memory, memory_start, memory_bytes, memory_name, allocated_goid) VALUES"
	" (1, 'u1', 7, 1, 'text', '2026-01-01T00:00:00.000Z', 'alert', 'shop', 1, 'x', '', '', 'unknown', 0, 0, '', 0),"
	" (2, 'u2', 7, 1, 'spool', '2026-01-02T00:00:00.000Z', 'alert', 'shop', 2, 'x', '', '', 'unknown', 0, 0, '', 0);";

/* The file as the first `version` migrations leave it. */
static void make_version(struct sample *s, int version)
{
	sqlite3 *handle;
	rf_store_close(s->store);
	s->store = NULL;
	assert_int_equal(unlink(s->path), 0);
	assert_int_equal(sqlite3_open(s->path, &handle), SQLITE_OK);
	assert_int_equal(rf_stack_hash_functions(handle), SQLITE_OK);
	for (int i = 0; i < version; i++) {
		run_sql(handle, rf_schema_migrations[i]);
		if (i == 0)
			run_sql(handle, first_rows);
	}
	run_sql(handle, rf_arena_printf(&s->arena, "PRAGMA application_id = 0x52464442; PRAGMA user_version = %d", version).ptr);
	run_sql(handle, "CREATE VIEW my_own AS SELECT title FROM v_findings;");
	assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

static void reopen(struct sample *s)
{
	struct rf_store_options options = sample_options(s);
	if (rf_store_open(&s->store, &options, &s->err) != 0)
		fail_msg("%s", s->err.text);
}

/* From every version to the newest: the data is there, the views are the current ones, the user's own view stays. */
static void test_every_version_migrates(void **state)
{
	struct sample *s = *state;
	int64_t id;
	for (int version = 1; version < rf_schema_version(); version++) {
		make_version(s, version);
		reopen(s);
		assert_int_equal(sample_count(s, "PRAGMA user_version"), rf_schema_version());
		assert_str(sample_text(s, "PRAGMA integrity_check"), "ok");
		assert_str(sample_text(s, "SELECT title FROM my_own"), "a race");
		run_sql(s->store->handle, "DROP VIEW my_own");
		assert_views(s);
		assert_str(sample_text(s, "SELECT id || status || events FROM v_findings"), "7new2");
		assert_str(sample_text(s, "SELECT test || findings || events FROM v_findings_by_test"), "TestOld12");
		assert_str(sample_text(s, "SELECT group_concat(day || events || findings_new) FROM v_events_by_day"),
			   "2026-01-0111,2026-01-0210");
		assert_int_equal(sample_count(s, "SELECT events FROM v_runs"), 2);
		assert_int_equal(sample_count(s, "SELECT rowid FROM v_search WHERE v_search MATCH '\"a race\"'"), 7);
		assert_int_equal(sample_count(s, "SELECT finding FROM v_search WHERE v_search MATCH 'testold' AND kind = 'test'"), 7);
		sample_store(s, sample_report(s, "Add", "Total", 1), "t2", "u3", NULL, &id);
		assert_int_equal(sample_count(s, "SELECT count(*) FROM v_findings"), 2);
	}
}

static void at_day(struct sample *s, unsigned day)
{
	s->clock.now = SAMPLE_NOW + day * UINT64_C(86400000000000);
}

/* Two findings on the first day, one of them in two tags; another one two days later. */
static void make_history(struct sample *s)
{
	int64_t id;
	at_day(s, 0);
	sample_store(s, sample_report(s, "Add", "Total", 1), "r1", "u1", "orders", &id);
	sample_store(s, sample_report(s, "Add", "Total", 2), "r1", "u2", "payment", &id);
	at_day(s, 2);
	sample_store(s, sample_report(s, "Add", "Total", 3), "r2", "u3", "orders", &id);
	sample_store(s, sample_report(s, "Remove", "Total", 4), "r2", "u4", "orders", &id);
}

static void test_findings_by(void **state)
{
	struct sample *s = *state;
	make_history(s);
	assert_str(sample_text(s, "SELECT group_concat(day || '=' || findings || '/' || tags || '/' || packages) FROM v_new_by_day"),
		   "2026-01-01=2/2/1,2026-01-03=1/1/1");
	assert_str(sample_text(s, "SELECT group_concat(tag || '=' || findings || '/' || findings_new || '/' || findings_recurring"
				  " || '/' || events) FROM v_findings_by_tag"), "orders=2/1/1/3,payment=1/1/0/1");
	assert_str(sample_text(s, "SELECT group_concat(package || '=' || findings || '/' || events) FROM v_findings_by_package"),
		   "example.com/shop=3/4");
	assert_str(sample_text(s, "SELECT findings || '/' || last_seen FROM v_findings_by_tag_and_package"
				  " WHERE tag = 'orders' AND package = 'example.com/shop'"), "2/2026-01-03T00:00:00.000Z");
}

static void test_findings_by_test(void **state)
{
	struct sample *s = *state;
	make_history(s);
	/* one side's owner is known from its creation stack; a finding whose sides have one owner counts once */
	assert_str(sample_text(s, "SELECT group_concat(test || '=' || findings) FROM v_findings_by_test"), "TestOne=3");
	run_sql(s->store->handle, "UPDATE findings SET test_a = 'TestOne', test_b = 'TestTwo' WHERE id = 1;"
				  "UPDATE findings SET test_a = 'TestOne', test_b = 'TestOne' WHERE id = 2;"
				  "UPDATE findings SET test_a = '', test_b = NULL WHERE id = 3;");
	assert_str(sample_text(s, "SELECT group_concat(test || '=' || findings) FROM v_findings_by_test"), "TestOne=2,TestTwo=1");
}

static void test_events_by(void **state)
{
	struct sample *s = *state;
	make_history(s);
	run_sql(s->store->handle, "UPDATE events SET verdict = 'silenced' WHERE id = 3; UPDATE events SET verdict = 'known' WHERE id = 2");
	assert_str(sample_text(s, "SELECT group_concat(day || '=' || findings || '/' || findings_new || '/' || events || '/' || alert ||"
				  " '/' || known || '/' || silenced || '/' || silenced_share) FROM v_events_by_day"),
		   "2026-01-01=2/1/2/1/1/0/0.0,2026-01-03=2/1/2/1/0/1/0.5");
	assert_str(sample_text(s, "SELECT group_concat(tag || '=' || findings || '/' || events || '/' || silenced_share || '/' ||"
				  " first_day || '/' || last_day) FROM v_events_by_tag"),
		   "orders=2/3/0.3333/2026-01-01/2026-01-03,payment=1/1/0.0/2026-01-01/2026-01-01");
	assert_str(sample_text(s, "SELECT group_concat(day || tag || '=' || events || '/' || silenced) FROM v_events_by_day_and_tag"),
		   "2026-01-01orders=1/0,2026-01-01payment=1/0,2026-01-03orders=2/1");
	assert_str(sample_text(s, "SELECT findings || '/' || events || '/' || silenced || '/' || known || '/' || first_seen || '/' ||"
				  " last_seen FROM v_events_by_fingerprint ORDER BY events DESC"),
		   "2/3/1/1/2026-01-01T00:00:00.000Z/2026-01-03T00:00:00.000Z");
	assert_str(sample_text(s, "SELECT events || '/' || findings || '/' || findings_new FROM v_runs WHERE trace_id = 'r2'"), "2/2/1");
	assert_int_equal(sample_count(s, "SELECT count(*) FROM v_events WHERE tag = 'orders' AND kind = 'data-race'"), 3);
}

static void test_time_to_resolve(void **state)
{
	struct sample *s = *state;
	int64_t id;
	for (unsigned i = 0; i < 11; i++) { /* long ago, so that it is over */
		s->clock.now = UINT64_C(946684800000000000) + i * UINT64_C(43200000000000);
		sample_store(s, sample_report(s, "Add", "Total", i), "r1", rf_arena_printf(&s->arena, "u%u", i).ptr, NULL, &id);
	}
	at_day(s, 0);
	sample_store(s, sample_report(s, "Remove", "Total", 1), "r1", "x", NULL, &id);
	assert_str(sample_text(s, "SELECT group_concat(finding || ' ' || days_seen || ' ' || days_to_resolve || ' ' || events)"
				  " FROM v_time_to_resolve"), "1 5.0 12.0 11");
}

static void add_result(struct sample *s, int64_t run, const char *package, const char *result, unsigned elapsed_ms)
{
	run_sql(s->store->handle, rf_arena_printf(&s->arena,
		"INSERT OR IGNORE INTO runs VALUES (%lld, 'r%lld', 'test', '/', 'h', '2026-01-01', '2026-01-01');"
		"INSERT OR IGNORE INTO tests (package, name) VALUES ('%s', '');"
		"INSERT INTO results (run_id, test_id, result, elapsed_ms, time, passed, failed, skipped) SELECT %lld, id, '%s', %u,"
		" '2026-01-01', 1, 0, 0 FROM tests WHERE package = '%s' AND name = ''",
		(long long)run, (long long)run, package, (long long)run, result, elapsed_ms, package).ptr);
}

static void test_slow_packages(void **state)
{
	struct sample *s = *state;
	add_result(s, 1, "a", "pass", 100);
	add_result(s, 1, "b", "pass", 300);
	add_result(s, 2, "a", "fail", 200);
	add_result(s, 2, "b", "pass", 200);
	add_result(s, 3, "a", "pass", 900);
	add_result(s, 3, "b", "pass", 0); /* from Go's cache */
	assert_str(sample_text(s, "SELECT group_concat(package || '=' || runs || '/' || runs_failed || '/' || elapsed_ms_median"
				  " || '/' || elapsed_ms_average || '/' || elapsed_ms_max || '/' || share || '/' || last_run)"
				  " FROM v_slow_packages"), "a=3/1/200/400/900/0.7059/3,b=2/0/250/250/300/0.625/2");
}

/* A package that ran in runs 1 to 4, and a finding of it in 2 and 4. */
static void test_flaky(void **state)
{
	struct sample *s = *state;
	int64_t id;
	for (int64_t run = 1; run <= 4; run++)
		add_result(s, run, "example.com/shop", "pass", 10);
	sample_store(s, sample_report(s, "Add", "Total", 1), "r2", "u1", NULL, &id);
	sample_store(s, sample_report(s, "Add", "Total", 2), "r4", "u2", NULL, &id);
	sample_store(s, sample_report(s, "Add", "Total", 3), "no-results", "u3", NULL, &id);
	assert_str(sample_text(s, "SELECT ran_package || '/' || coalesce(ran_test, '-') || '/' || runs_found || '/' || runs || '/' || share"
				  " FROM v_flaky_findings"), "example.com/shop/-/2/3/0.6667");
	/* its test ran in two of them only, and was skipped in one */
	run_sql(s->store->handle, "INSERT INTO tests (package, name) VALUES ('example.com/shop', 'TestOne');"
				  "INSERT INTO executions SELECT v.column1, t.id, 1, v.column2, 5 FROM tests t,"
				  " (VALUES (1, 'pass'), (3, 'skip'), (4, 'pass')) v WHERE t.name = 'TestOne';"
				  "INSERT INTO executions SELECT 4, id, 2, 'fail', 5 FROM tests WHERE name = 'TestOne'");
	assert_str(sample_text(s, "SELECT ran_test || '/' || runs_found || '/' || runs || '/' || share FROM v_flaky_findings"),
		   "TestOne/1/1/1.0");
}

#define WITH_SAMPLE(test) cmocka_unit_test_setup_teardown(test, sample_setup, sample_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SAMPLE(test_names_and_columns),
		WITH_SAMPLE(test_every_version_migrates),
		WITH_SAMPLE(test_findings_by),
		WITH_SAMPLE(test_findings_by_test),
		WITH_SAMPLE(test_events_by),
		WITH_SAMPLE(test_flaky),
		WITH_SAMPLE(test_time_to_resolve),
		WITH_SAMPLE(test_slow_packages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
