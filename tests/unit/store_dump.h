/* A database as one text without row numbers: two that say the same give the same text. Also everything that must be true of any. */
#ifndef RF_TESTS_UNIT_STORE_DUMP_H
#define RF_TESTS_UNIT_STORE_DUMP_H

#include <sqlite3.h>

#include "base/str.h"

#define DUMP_RUN(id) "(SELECT trace_id FROM runs WHERE id = " id ")"
#define DUMP_FINDING(id) "(SELECT d.fingerprint || ' ' || u.name FROM findings d JOIN tags u ON u.id = d.tag_id WHERE d.id = " id ")"
#define DUMP_STACK(id) \
	"(SELECT group_concat(function || ' ' || file || ':' || line || ' ' || pc || ' ' || offset, ' / ') || iif(cut, ' cut', '') FROM" \
	" (SELECT * FROM stacks s JOIN stack_frames x ON x.stack_id = s.id JOIN frames f ON f.id = x.frame_id WHERE s.id = " id \
	" ORDER BY x.position))"
#define DUMP_UID(id) "(SELECT uid FROM events WHERE id = " id ")"
#define DUMP_TEST(id) "(SELECT package || ' ' || name FROM tests WHERE id = " id ")"
#define DUMP_PROCESS "(SELECT spool_id FROM processes WHERE id = s.process_id)"

static const char *const store_dump_sql[] = {
	"SELECT 'run', trace_id, command, directory, host, started_at, last_at FROM runs",
	"SELECT 'process', " DUMP_RUN("run_id") ", spool_id, pid, started_at, finished, arguments, reports, tag, options FROM processes",
	"SELECT 'sample', " DUMP_PROCESS ", elapsed_ms, goroutines, timers, heap_live, resident, memory_limit, cgroup_limit, queued"
	" FROM samples s",
	"SELECT 'maker', " DUMP_PROCESS ", function, file, line, elements FROM channel_makers s",
	"SELECT 'creator', " DUMP_PROCESS ", function, file, line, waiting, live FROM goroutine_creators s",
	"SELECT 'profile', " DUMP_PROCESS ", kind, snapshot, elapsed_ms, period, dropped, stacks, value_1, value_2, value_3, value_4"
	" FROM profiles s",
	"SELECT 'profiled frame', " DUMP_PROCESS ", kind, number, function, file, line FROM profile_frames s",
	"SELECT 'profiled stack', " DUMP_PROCESS ", kind, position, frames, value_1, value_2, value_3, value_4 FROM profile_samples s",
	"SELECT 'finding', " DUMP_FINDING("f.id") ", kind, title, package, coarse, wildcard, side_a, side_b, test_a, test_b, events,"
	" events_alert, first_seen, last_seen, " DUMP_RUN("first_run_id") ", " DUMP_RUN("last_run_id") ", recurring, resolved_after,"
	" regressed_at, " DUMP_RUN("retry_run_id") ", " DUMP_FINDING("duplicate_of") ", duplicate_reason FROM findings f",
	"SELECT 'event', uid, text_uid, " DUMP_FINDING("finding_id") ", " DUMP_RUN("run_id") ","
	" (SELECT spool_id FROM processes WHERE id = process_id), source, time, verdict, policy, severity, suppressed_by, suppression,"
	" seed, tag, match_key, exact, test_a, test_b, stream_package, stream_test, memory, memory_start, memory_bytes, memory_name,"
	" " DUMP_STACK("events.allocated_stack_id") ", allocated_goid, switches, text FROM events",
	"SELECT 'goroutine', " DUMP_UID("event_id") ", position, thread, goid, parent_goid, created_unix_ns, state, entry, test, test_over,"
	" is_main, finished, is_thread, labels, " DUMP_STACK("goroutines.created_stack_id") " FROM goroutines",
	"SELECT 'access', " DUMP_UID("event_id") ", position, side, write, atomic, freed, previous, address, size, goroutine,"
	" " DUMP_STACK("accesses.stack_id") ", operation, leaf FROM accesses",
	"SELECT 'stack', " DUMP_STACK("t.id") " FROM stacks t",
	"SELECT 'frame', function, file, line FROM frames",
	"SELECT 'result', " DUMP_RUN("run_id") ", " DUMP_TEST("test_id") ", result, elapsed_ms, time, passed, failed, skipped, passed_later"
	" FROM results",
	"SELECT 'execution', " DUMP_RUN("run_id") ", " DUMP_TEST("test_id") ", started, result, elapsed_ms FROM executions",
	"SELECT 'output', " DUMP_RUN("run_id") ", " DUMP_TEST("test_id") ", started, bytes, text FROM outputs",
	"SELECT 'silence', " DUMP_FINDING("finding_id") ", policy, since, until, held, told FROM silences",
	"SELECT 'day', " DUMP_FINDING("finding_id") ", day, verdict, events FROM finding_days",
	"SELECT 'seen in', " DUMP_FINDING("finding_id") ", " DUMP_RUN("run_id") ", events FROM finding_runs",
	"SELECT 'gone', " DUMP_FINDING("finding_id") ", (SELECT trace_id FROM gone_runs WHERE id = run_id), day, verdict, events, first_seen,"
	" last_seen FROM gone_events",
};

/* Each gives no row in a sound database. */
static const char *const store_sound_sql[] = {
	"SELECT 'integrity: ' || integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
	"SELECT 'foreign key: ' || \"table\" FROM pragma_foreign_key_check",
	"SELECT 'sum of ' || id FROM findings f WHERE events <> (SELECT count(*) FROM events WHERE finding_id = f.id)"
	" + (SELECT coalesce(sum(events), 0) FROM gone_events WHERE finding_id = f.id)",
	"SELECT 'alerts of ' || id FROM findings f WHERE events_alert <>"
	" (SELECT count(*) FROM events WHERE finding_id = f.id AND verdict <> 'suppressed')"
	" + (SELECT coalesce(sum(events), 0) FROM gone_events WHERE finding_id = f.id AND verdict <> 'suppressed')",
	"SELECT 'times of ' || id FROM findings f WHERE (first_seen, last_seen) IS NOT (SELECT min(a), max(b) FROM"
	" (SELECT time AS a, time AS b FROM events WHERE finding_id = f.id"
	"  UNION ALL SELECT first_seen, last_seen FROM gone_events WHERE finding_id = f.id))",
	"SELECT 'days: ' || day FROM (SELECT day, finding_id, verdict, events FROM finding_days EXCEPT"
	" SELECT day, finding_id, verdict, sum(events) FROM (SELECT substr(time, 1, 10) AS day, finding_id, verdict, 1 AS events FROM events"
	"  UNION ALL SELECT day, finding_id, verdict, events FROM gone_events) GROUP BY 1, 2, 3)",
	"SELECT 'days missing' WHERE (SELECT sum(events) FROM finding_days) IS NOT (SELECT sum(events) FROM findings)",
	"SELECT 'runs: ' || run_id FROM (SELECT run_id, finding_id, events FROM finding_runs EXCEPT"
	" SELECT run_id, finding_id, count(*) FROM events GROUP BY 1, 2)",
	"SELECT 'an access without its stack' FROM accesses WHERE stack_id NOT IN (SELECT id FROM stacks)",
	"SELECT 'a goroutine without its stack' FROM goroutines WHERE created_stack_id NOT IN (SELECT id FROM stacks)",
	"SELECT 'an event without accesses' FROM events WHERE id NOT IN (SELECT event_id FROM accesses)",
	"SELECT 'a stack without frames' FROM stacks WHERE id NOT IN (SELECT stack_id FROM stack_frames)",
	"SELECT 'a frame that is gone' FROM stack_frames WHERE frame_id NOT IN (SELECT id FROM frames)",
	"SELECT 'sweep goes on' FROM upkeep WHERE name = 'sweep'",
};

static inline void dump_rows(sqlite3 *db, const char *sql, struct rf_buf *out)
{
	sqlite3_stmt *q = NULL;
	/* Sorted as whole rows, so that the order says nothing. */
	int rc = sqlite3_prepare_v2(db, sql, -1, &q, NULL);
	char *sorted = NULL;
	if (rc == SQLITE_OK) {
		struct rf_buf order;
		rf_buf_init(&order);
		for (int i = 0; i < sqlite3_column_count(q); i++)
			rf_buf_printf(&order, "%s%d", i ? ", " : "", i + 1);
		sorted = sqlite3_mprintf("%s ORDER BY %.*s", sql, (int)order.len, order.ptr);
		rf_buf_release(&order);
		sqlite3_finalize(q);
		rc = sqlite3_prepare_v2(db, sorted, -1, &q, NULL);
	}
	while (rc == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(q); i++) {
			const char *text = (const char *)sqlite3_column_text(q, i);
			rf_buf_printf(out, "%s%s", i ? "|" : "", text ? text : "NULL");
		}
		rf_buf_put_char(out, '\n');
	}
	if (rc != SQLITE_OK)
		rf_buf_printf(out, "%s: %s\n", sqlite3_errmsg(db), sql);
	sqlite3_finalize(q);
	sqlite3_free(sorted);
}

/* "" when all is well; else what isn't. */
static inline void store_check_sound(const char *path, struct rf_buf *out)
{
	sqlite3 *db = NULL;
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
		rf_buf_printf(out, "cannot open %s", path);
	/* One that was broken off before its tables were made is only empty. */
	bool has_tables = sqlite3_table_column_metadata(db, NULL, "findings", NULL, NULL, NULL, NULL, NULL, NULL) == SQLITE_OK;
	for (size_t i = 0; i < (has_tables ? sizeof(store_sound_sql) / sizeof(store_sound_sql[0]) : 1); i++)
		dump_rows(db, store_sound_sql[i], out);
	sqlite3_close(db);
}

static inline void store_dump(const char *path, struct rf_buf *out)
{
	sqlite3 *db = NULL;
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
		rf_buf_printf(out, "cannot open %s", path);
	for (size_t i = 0; i < sizeof(store_dump_sql) / sizeof(store_dump_sql[0]); i++)
		dump_rows(db, store_dump_sql[i], out);
	sqlite3_close(db);
}

#endif
