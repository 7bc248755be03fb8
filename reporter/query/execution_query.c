/* Statements are prepared for the moment: each is asked once in a command. */
#include "query/execution_query.h"

#include "store/collect.h"

static int prepare(struct rf_store *s, const char *sql, int64_t run_id, sqlite3_stmt **q, struct rf_error *err)
{
	int rc = rf_prepare(s, sql, q, err);
	if (rc == 0)
		sqlite3_bind_int64(*q, 1, run_id);
	return rc;
}

static void read_execution(sqlite3_stmt *q, rf_arena *arena, void *any)
{
	struct rf_execution_row *row = any;
	*row = (struct rf_execution_row){ .package = rf_db_text(q, 0, arena), .test = rf_db_text(q, 1, arena),
					  .result = rf_db_text(q, 2, arena), .elapsed_ms = sqlite3_column_int64(q, 3),
					  .started = (uint64_t)sqlite3_column_int64(q, 4),
					  .output = rf_db_text(q, 5, arena) };
}

static int collect(struct rf_store *s, const char *sql, int64_t run_id, rf_arena *arena, struct rf_execution_row **rows,
		   uint32_t *count, struct rf_error *err)
{
	sqlite3_stmt *q;
	void *array = NULL;
	int rc = prepare(s, sql, run_id, &q, err);
	if (rc == 0)
		rc = rf_collect_once(s, q, sizeof(**rows), read_execution, arena, &array, count, err);
	*rows = array;
	return rc;
}

int rf_query_executions(struct rf_store *s, int64_t run_id, rf_arena *arena, struct rf_execution_row **rows, uint32_t *count,
			struct rf_error *err)
{
	return collect(s, "SELECT t.package, t.name, e.result, e.elapsed_ms, e.started, coalesce(o.text, '') FROM executions e"
		       " JOIN tests t ON t.id = e.test_id LEFT JOIN outputs o ON o.run_id = e.run_id AND o.test_id = e.test_id"
		       " AND o.started = e.started WHERE e.run_id = ?1 ORDER BY t.package, e.started, t.name", run_id, arena, rows,
		       count, err);
}

int rf_query_package_outputs(struct rf_store *s, int64_t run_id, rf_arena *arena, struct rf_execution_row **rows,
			     uint32_t *count, struct rf_error *err)
{
	return collect(s, "SELECT t.package, '', '', 0, o.started, o.text FROM outputs o JOIN tests t ON t.id = o.test_id"
		       " WHERE o.run_id = ?1 AND t.name = '' ORDER BY t.package, o.started", run_id, arena, rows, count, err);
}

int rf_query_run_go_version(struct rf_store *s, int64_t run_id, rf_arena *arena, rf_str *version, struct rf_error *err)
{
	sqlite3_stmt *q = NULL;
	int rc = prepare(s, "SELECT go_version FROM processes WHERE run_id = ?1 AND go_version <> '' ORDER BY id LIMIT 1", run_id, &q,
			 err);
	*version = RF_STR("");
	if (rc == 0 && (rc = rf_db_step(s, q, err)) == 1)
		*version = rf_db_text(q, 0, arena);
	sqlite3_finalize(q);
	return rc < 0 ? rc : 0;
}
