#include "store/search.h"

#include "store/collect.h"

int rf_search_findings(struct rf_store *s, rf_str typed, uint32_t limit, uint32_t offset, rf_arena *arena,
		       struct rf_finding_row **rows, uint32_t *count, int64_t *total, struct rf_error *err)
{
	sqlite3_stmt *q;
	rf_str match = rf_search_match(typed, arena);
	*rows = NULL;
	*count = 0;
	if (total)
		*total = 0;
	if (!match.ptr)
		return 0;
	int rc = total ? rf_db_run(s, RF_SQL_SEARCH_COUNT, total, err, "t", match) : 0;
	if (rc >= 0)
		rc = rf_db_bind(s, RF_SQL_SEARCH, &q, err, "tii", match, (int64_t)limit, (int64_t)offset);
	return rc < 0 ? rc : rf_collect_findings(s, q, arena, rows, count, err);
}
