#include "query/compare.h"

#include "store/collect.h"
#include "store/statements.h"

#define OF_RUN(run) "SELECT finding_id FROM finding_runs WHERE run_id = " run

static const char *const sets[] = {
	[RF_COMPARE_ONLY_A] = OF_RUN(":a") " EXCEPT " OF_RUN(":b"),
	[RF_COMPARE_ONLY_B] = OF_RUN(":b") " EXCEPT " OF_RUN(":a"),
	[RF_COMPARE_BOTH] = OF_RUN(":a") " INTERSECT " OF_RUN(":b"),
};
_Static_assert(sizeof(sets) / sizeof(sets[0]) == RF_COMPARE_SET_COUNT, "a set has no statement");

static int prepare(struct rf_store *s, rf_str sql, int64_t run_a, int64_t run_b, rf_arena *arena, sqlite3_stmt **q,
		   struct rf_error *err)
{
	int rc = rf_prepare(s, rf_arena_cstr(arena, sql), q, err);
	if (rc < 0)
		return rc;
	rf_bind_number(*q, ":a", run_a);
	rf_bind_number(*q, ":b", run_b);
	return 0;
}

int rf_compare_findings(struct rf_store *s, int64_t run_a, int64_t run_b, enum rf_compare_set set, uint32_t limit, rf_arena *arena,
			struct rf_finding_row **rows, uint32_t *count, int64_t *total, struct rf_error *err)
{
	sqlite3_stmt *q;
	void *array = NULL;
	int rc = prepare(s, rf_arena_printf(arena, "SELECT count(*) FROM (%s)", sets[set]), run_a, run_b, arena, &q, err);
	if (rc < 0)
		return rc;
	rc = rf_db_step(s, q, err);
	*total = rc == 1 ? sqlite3_column_int64(q, 0) : 0;
	sqlite3_finalize(q);
	if (rc < 0)
		return rc;
	rc = prepare(s, rf_arena_printf(arena, RF_LIST_COLUMNS "WHERE v.id IN (SELECT id FROM findings WHERE id IN (%s) ORDER BY"
					       " last_seen DESC, id DESC LIMIT :limit) ORDER BY v.last_seen DESC, v.id DESC",
					sets[set]), run_a, run_b, arena, &q, err);
	if (rc < 0)
		return rc;
	rf_bind_number(q, ":limit", limit);
	rc = rf_collect_once(s, q, sizeof(**rows), rf_collect_finding_row, arena, &array, count, err);
	*rows = array;
	return rc;
}

static void read_result(sqlite3_stmt *q, rf_arena *arena, void *any)
{
	*(struct rf_compare_result *)any = (struct rf_compare_result){
		.package = rf_db_text(q, 0, arena), .test = rf_db_text(q, 1, arena),
		.result_a = rf_db_text(q, 2, arena), .result_b = rf_db_text(q, 3, arena) };
}

int rf_compare_results(struct rf_store *s, int64_t run_a, int64_t run_b, uint32_t limit, rf_arena *arena,
		       struct rf_compare_result **rows, uint32_t *count, struct rf_error *err)
{
	sqlite3_stmt *q;
	void *array = NULL;
	int rc = prepare(s, RF_STR("WITH ended(test_id, run_id, result) AS (SELECT test_id, run_id, CASE WHEN max(result = 'fail') THEN 'fail'"
				   " WHEN max(result IN ('unfinished', 'cut')) THEN 'unfinished' WHEN max(result = 'pass') THEN 'pass'"
				   " ELSE max(result) END FROM executions WHERE run_id IN (:a, :b) GROUP BY test_id, run_id"
				   " UNION ALL SELECT x.test_id, x.run_id, x.result FROM results x JOIN tests t ON t.id = x.test_id"
				   " WHERE x.run_id IN (:a, :b) AND t.name = '')"
				   " SELECT t.package, t.name, coalesce(max(CASE WHEN e.run_id = :a THEN e.result END), ''),"
				   " coalesce(max(CASE WHEN e.run_id = :b THEN e.result END), '') FROM ended e JOIN tests t ON t.id = e.test_id"
				   " GROUP BY e.test_id HAVING max(CASE WHEN e.run_id = :a THEN e.result END)"
				   " IS NOT max(CASE WHEN e.run_id = :b THEN e.result END)"
				   " ORDER BY t.package, t.name LIMIT :limit"), run_a, run_b, arena, &q, err);
	if (rc < 0)
		return rc;
	rf_bind_number(q, ":limit", limit);
	rc = rf_collect_once(s, q, sizeof(**rows), read_result, arena, &array, count, err);
	*rows = array;
	return rc;
}
