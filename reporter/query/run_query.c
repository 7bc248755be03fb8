/* Statements are prepared for the moment: each is asked once or a few times in a command. */
#include "query/run_query.h"

#include "store/collect.h"

/* --- runs ------------------------------------------------------------------------------------------------------ */

#define RUN_COLUMNS \
	"SELECT r.id, r.trace_id, r.command, r.directory, r.host, r.started_at, r.last_at, coalesce((SELECT p.traceparent" \
	" FROM processes p WHERE p.run_id = r.id AND p.traceparent <> '' ORDER BY p.id LIMIT 1), '') FROM runs r "

static void read_run(sqlite3_stmt *q, rf_arena *arena, struct rf_run_row *row)
{
	*row = (struct rf_run_row){ .id = sqlite3_column_int64(q, 0), .trace_id = rf_db_text(q, 1, arena),
				    .command = rf_db_text(q, 2, arena), .directory = rf_db_text(q, 3, arena),
				    .host = rf_db_text(q, 4, arena), .started_at = rf_db_text(q, 5, arena),
				    .last_at = rf_db_text(q, 6, arena), .traceparent = rf_db_text(q, 7, arena) };
}

/* 1: read; 0: there is none. Takes the statement. */
static int one_run(struct rf_store *s, sqlite3_stmt *q, rf_arena *arena, struct rf_run_row *row, struct rf_error *err)
{
	int rc = rf_db_step(s, q, err);
	if (rc == 1)
		read_run(q, arena, row);
	sqlite3_finalize(q);
	return rc;
}

int rf_query_run(struct rf_store *s, rf_str trace_id, rf_arena *arena, struct rf_run_row *row, struct rf_error *err)
{
	sqlite3_stmt *q;
	int rc = rf_prepare(s, RUN_COLUMNS "WHERE r.trace_id = ?1", &q, err);
	if (rc < 0)
		return rc;
	sqlite3_bind_text64(q, 1, trace_id.ptr, trace_id.len, SQLITE_TRANSIENT, SQLITE_UTF8);
	rc = one_run(s, q, arena, row, err);
	if (rc == 0)
		return rf_fail(err, RF_ERR_MISSING, "There is no run with the trace ID %.*s in %s; "
			       "`sqlite3 %s 'SELECT trace_id FROM v_runs'` shows what there is.", RF_STR_ARG(trace_id),
			       s->path, s->path);
	return rc < 0 ? rc : 0;
}

int rf_query_run_by_id(struct rf_store *s, int64_t id, rf_arena *arena, struct rf_run_row *row, struct rf_error *err)
{
	sqlite3_stmt *q;
	int rc = rf_prepare(s, RUN_COLUMNS "WHERE r.id = ?1", &q, err);
	if (rc < 0)
		return rc;
	sqlite3_bind_int64(q, 1, id);
	rc = one_run(s, q, arena, row, err);
	if (rc == 0)
		return rf_fail(err, RF_ERR_MISSING, "There is no run %lld in %s.", (long long)id, s->path);
	return rc < 0 ? rc : 0;
}

int rf_query_last_run(struct rf_store *s, rf_arena *arena, struct rf_run_row *row, struct rf_error *err)
{
	sqlite3_stmt *q;
	int rc = rf_prepare(s, RUN_COLUMNS "ORDER BY r.last_at DESC, r.id DESC LIMIT 1", &q, err);
	if (rc < 0)
		return rc;
	rc = one_run(s, q, arena, row, err);
	if (rc == 0)
		return rf_fail(err, RF_ERR_MISSING, "There is no run in %s yet; `redflag test ./...` makes one.", s->path);
	return rc < 0 ? rc : 0;
}

static void read_summary(sqlite3_stmt *q, rf_arena *arena, void *any)
{
	struct rf_run_summary *row = any;
	int64_t *const numbers[] = { &row->events, &row->findings, &row->findings_new, &row->packages, &row->tests_failed,
				     &row->processes };
	read_run(q, arena, &row->run);
	for (int i = 0; i < 6; i++)
		*numbers[i] = sqlite3_column_int64(q, i + 8);
}

int rf_query_runs(struct rf_store *s, uint32_t limit, uint32_t offset, rf_arena *arena, struct rf_run_summary **rows,
		  uint32_t *count, struct rf_error *err)
{
	sqlite3_stmt *q;
	void *array = NULL;
	/* As v_runs, but the sums of the page's runs alone, and from what is counted already. */
	int rc = rf_prepare(s, "WITH page AS (SELECT * FROM runs ORDER BY last_at DESC, id DESC LIMIT ?1 OFFSET ?2)"
			 " SELECT r.id, r.trace_id, r.command, r.directory, r.host, r.started_at, r.last_at, '',"
			 " (SELECT coalesce(sum(x.events), 0) FROM finding_runs x WHERE x.run_id = r.id),"
			 " (SELECT count(*) FROM finding_runs x WHERE x.run_id = r.id),"
			 " (SELECT count(*) FROM findings f WHERE f.first_run_id = r.id AND f.duplicate_of IS NULL"
			 "   AND f.events_alert > 0 AND NOT f.in_baseline),"
			 " (SELECT count(*) FROM results x JOIN tests t ON t.id = x.test_id WHERE x.run_id = r.id AND t.name = ''),"
			 " (SELECT coalesce(sum(x.failed), 0) FROM results x WHERE x.run_id = r.id),"
			 " (SELECT count(*) FROM processes p WHERE p.run_id = r.id)"
			 " FROM page r ORDER BY r.last_at DESC, r.id DESC", &q, err);
	if (rc < 0)
		return rc;
	sqlite3_bind_int64(q, 1, limit);
	sqlite3_bind_int64(q, 2, offset);
	rc = rf_collect_once(s, q, sizeof(**rows), read_summary, arena, &array, count, err);
	*rows = array;
	return rc;
}

int rf_query_run_processes(struct rf_store *s, int64_t run_id, uint32_t limit, rf_arena *arena, struct rf_process_row **rows,
			   uint32_t *count, struct rf_error *err)
{
	sqlite3_stmt *q;
	void *array = NULL;
	int rc = rf_prepare(s, RF_PROCESS_COLUMNS "WHERE run_id = ?1 ORDER BY started_at, id LIMIT ?2", &q, err);
	if (rc < 0)
		return rc;
	sqlite3_bind_int64(q, 1, run_id);
	sqlite3_bind_int64(q, 2, limit);
	rc = rf_collect_once(s, q, sizeof(**rows), rf_collect_process_row, arena, &array, count, err);
	*rows = array;
	return rc;
}

/* --- results --------------------------------------------------------------------------------------------------- */

static void read_result(sqlite3_stmt *q, rf_arena *arena, void *any)
{
	struct rf_result_row *row = any;
	*row = (struct rf_result_row){ .package = rf_db_text(q, 0, arena), .test = rf_db_text(q, 1, arena),
				       .result = rf_db_text(q, 2, arena), .elapsed_ms = sqlite3_column_int64(q, 3),
				       .time = rf_db_text(q, 4, arena), .passed = sqlite3_column_int64(q, 5),
				       .failed = sqlite3_column_int64(q, 6), .skipped = sqlite3_column_int64(q, 7) };
}

int rf_query_results(struct rf_store *s, int64_t run_id, rf_arena *arena, struct rf_result_row **rows, uint32_t *count,
		     struct rf_error *err)
{
	sqlite3_stmt *q;
	void *array = NULL;
	int rc = rf_prepare(s, "SELECT t.package, t.name, x.result, x.elapsed_ms, x.time, x.passed, x.failed, x.skipped"
			 " FROM results x JOIN tests t ON t.id = x.test_id WHERE x.run_id = ?1"
			 " ORDER BY t.package, t.name", &q, err);
	if (rc < 0)
		return rc;
	sqlite3_bind_int64(q, 1, run_id);
	rc = rf_collect_once(s, q, sizeof(**rows), read_result, arena, &array, count, err);
	*rows = array;
	return rc;
}

/* --- occurrences ----------------------------------------------------------------------------------------------- */

#define EVENT_COLUMNS \
	"SELECT e.id, e.finding_id, e.run_id, r.trace_id, e.tag, e.time, e.verdict, e.seed, e.source, e.test_a, e.test_b," \
	" e.stream_package, e.stream_test, e.process_id FROM events e JOIN runs r ON r.id = e.run_id" \
	" WHERE e.finding_id = ?1 AND (?2 = 0 OR e.run_id = ?2) "

static int collect_events(struct rf_store *s, const char *sql, int64_t finding_id, int64_t run_id, uint32_t limit,
			  rf_arena *arena, struct rf_event_row **rows, uint32_t *count, struct rf_error *err)
{
	sqlite3_stmt *q;
	void *array = NULL;
	int rc = rf_prepare(s, sql, &q, err);
	if (rc < 0)
		return rc;
	sqlite3_bind_int64(q, 1, finding_id);
	sqlite3_bind_int64(q, 2, run_id);
	sqlite3_bind_int64(q, 3, limit);
	rc = rf_collect_once(s, q, sizeof(**rows), rf_collect_event_row, arena, &array, count, err);
	*rows = array;
	return rc;
}

int rf_query_run_events(struct rf_store *s, int64_t finding_id, int64_t run_id, uint32_t limit, rf_arena *arena,
			struct rf_event_row **rows, uint32_t *count, struct rf_error *err)
{
	return collect_events(s, EVENT_COLUMNS "ORDER BY e.time DESC, e.id DESC LIMIT ?3", finding_id, run_id, limit, arena,
			      rows, count, err);
}

/* The same order as RF_SQL_EVENT_BEST. */
int rf_query_run_best_event(struct rf_store *s, int64_t finding_id, int64_t run_id, rf_arena *arena,
			    struct rf_event_row *row, struct rf_error *err)
{
	struct rf_event_row *rows;
	uint32_t count;
	int rc = collect_events(s, EVENT_COLUMNS "ORDER BY e.source = 'spool' DESC, (SELECT count(*) FROM accesses a"
				" WHERE a.event_id = e.id AND a.stack_id IS NOT NULL) DESC, e.time DESC, e.id DESC LIMIT ?3",
				finding_id, run_id, 1, arena, &rows, &count, err);
	if (rc < 0)
		return rc;
	if (count == 0)
		return rf_fail(err, RF_ERR_MISSING, "Finding %lld has no such occurrence in %s.", (long long)finding_id,
			       s->path);
	*row = rows[0];
	return 0;
}

static void read_blame(sqlite3_stmt *q, rf_arena *arena, void *any)
{
	struct rf_blame_row *row = any;
	*row = (struct rf_blame_row){ .finding_id = sqlite3_column_int64(q, 0), .package = rf_db_text(q, 1, arena),
				      .test = rf_db_text(q, 2, arena), .title = rf_db_text(q, 3, arena),
				      .suppressed = sqlite3_column_int(q, 4) != 0, .test_a = rf_db_text(q, 5, arena),
				      .test_b = rf_db_text(q, 6, arena), .started = (uint64_t)sqlite3_column_int64(q, 7) };
}

/* Of the times that the event's test ran, the last that began before the event, and rather one that failed: events have milliseconds,
 * and more than one may fit into these. Streams without times have small numbers instead of them. */
#define EXECUTION_OF_EVENT                                                                                                        \
	"(SELECT x.started FROM tests t JOIN executions x ON x.test_id = t.id WHERE t.package = e.stream_package"                  \
	" AND t.name = e.stream_test AND x.run_id = e.run_id AND x.started >= 31536000000000000 AND x.started / 1000000 <="        \
	" strftime('%s', e.time) * 1000 + substr(e.time, 21, 3) ORDER BY x.result = 'pass', x.started DESC LIMIT 1)"

int rf_query_blames(struct rf_store *s, int64_t run_id, rf_arena *arena, struct rf_blame_row **rows, uint32_t *count,
		    struct rf_error *err)
{
	sqlite3_stmt *q;
	void *array = NULL;
	int rc = rf_prepare(s, "SELECT DISTINCT e.finding_id, e.stream_package, e.stream_test, f.title,"
			 " e.verdict = 'suppressed', e.test_a, e.test_b, " EXECUTION_OF_EVENT " FROM events e"
			 " JOIN findings f ON f.id = e.finding_id WHERE e.run_id = ?1 ORDER BY 1, 2, 3, 5, 6, 7, 8", &q, err);
	if (rc < 0)
		return rc;
	sqlite3_bind_int64(q, 1, run_id);
	rc = rf_collect_once(s, q, sizeof(**rows), read_blame, arena, &array, count, err);
	*rows = array;
	return rc;
}
