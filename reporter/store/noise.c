#include "store/noise.h"

#include "store/collect.h"

static void read_use(sqlite3_stmt *q, rf_arena *arena, void *row)
{
	*(struct rf_suppression_use *)row = (struct rf_suppression_use){
		.text = rf_db_text(q, 0, arena), .events = sqlite3_column_int64(q, 1),
		.findings = sqlite3_column_int64(q, 2), .last_used = rf_db_text(q, 3, arena) };
}

int rf_noise_uses(struct rf_store *s, rf_arena *arena, struct rf_suppression_use **uses, uint32_t *count,
		  struct rf_error *err)
{
	sqlite3_stmt *q;
	void *rows = NULL;
	int rc = rf_db_bind(s, RF_SQL_SUPPRESSION_USES, &q, err, "");
	if (rc == 0)
		rc = rf_collect(s, q, sizeof(**uses), read_use, arena, &rows, count, err);
	*uses = rows;
	return rc;
}
