#include "query/tested.h"

#include "store/collect.h"

int rf_query_tested_place(struct rf_store *s, rf_str fingerprint, rf_str tag, rf_arena *arena, struct rf_tested_place *place,
			  struct rf_error *err)
{
	sqlite3_stmt *q;
	int rc = rf_prepare(s, "SELECT p.package, coalesce(nullif(v.test_a, ''), v.test_b, '') FROM v_findings v JOIN tests p"
			    " ON p.name = '' AND p.package = coalesce((SELECT nullif(e.stream_package, '') FROM events e"
			    " WHERE e.finding_id = v.id ORDER BY e.time DESC LIMIT 1), v.package)"
			    " WHERE v.fingerprint = :fingerprint AND v.tag = :tag", &q, err);
	*place = (struct rf_tested_place){ 0 };
	if (rc < 0)
		return rc;
	rf_bind_text(q, ":fingerprint", fingerprint);
	rf_bind_text(q, ":tag", tag);
	rc = rf_db_step(s, q, err);
	if (rc == 1)
		*place = (struct rf_tested_place){ rf_db_text(q, 0, arena), rf_db_text(q, 1, arena) };
	sqlite3_finalize(q);
	return rc;
}

/* Tests are known by name where any is: test2json names all. */
static const char was_tested[] =
	"SELECT CASE WHEN NOT EXISTS (SELECT 1 FROM results r WHERE :run = 0 OR r.run_id = :run) THEN 2 ELSE EXISTS ("
	"  SELECT 1 FROM tests p JOIN results r ON r.test_id = p.id"
	"  WHERE p.package = :package AND p.name = '' AND (:run = 0 OR r.run_id = :run) AND r.elapsed_ms > 0"
	"    AND (coalesce(:test, '') = ''"
	"      OR EXISTS (SELECT 1 FROM tests t JOIN executions x ON x.test_id = t.id"
	"        WHERE t.package = :package AND t.name = :test AND x.run_id = r.run_id AND x.result IN ('pass', 'fail'))"
	"      OR NOT EXISTS (SELECT 1 FROM tests t JOIN executions x ON x.test_id = t.id"
	"        WHERE t.package = :package AND t.name <> '' AND x.run_id = r.run_id))) END";

int rf_query_was_tested(struct rf_store *s, int64_t run_id, const struct rf_tested_place *place, enum rf_tested *tested,
			struct rf_error *err)
{
	sqlite3_stmt *q;
	int rc = rf_prepare(s, was_tested, &q, err);
	if (rc < 0)
		return rc;
	rf_bind_text(q, ":package", place->package);
	rf_bind_text(q, ":test", place->test);
	rf_bind_number(q, ":run", run_id);
	rc = rf_db_step(s, q, err);
	*tested = rc == 1 ? (enum rf_tested)sqlite3_column_int(q, 0) : RF_TESTED_UNKNOWN;
	sqlite3_finalize(q);
	return rc < 0 ? rc : 0;
}
