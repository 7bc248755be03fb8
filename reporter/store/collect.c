#include "store/collect.h"

int rf_prepare(struct rf_store *s, const char *sql, sqlite3_stmt **q, struct rf_error *err)
{
	int rc = sqlite3_prepare_v2(s->handle, sql, -1, q, NULL);
	return rc == SQLITE_OK ? 0 : rf_db_fail(s, rc, err);
}

/* A value that couldn't be bound (out of memory) is NULL, which fits no row. */
void rf_bind_text(sqlite3_stmt *q, const char *name, rf_str text)
{
	int index = sqlite3_bind_parameter_index(q, name);
	if (index && text.ptr)
		rf_db_bind_text(q, index, text, SQLITE_TRANSIENT);
}

void rf_bind_number(sqlite3_stmt *q, const char *name, int64_t number)
{
	int index = sqlite3_bind_parameter_index(q, name);
	if (index)
		sqlite3_bind_int64(q, index, number);
}

int rf_collect_once(struct rf_store *s, sqlite3_stmt *q, size_t row_bytes, void (*read)(sqlite3_stmt *, rf_arena *, void *),
		    rf_arena *arena, void **rows, uint32_t *count, struct rf_error *err)
{
	int rc = rf_collect(s, q, row_bytes, read, arena, rows, count, err);
	sqlite3_finalize(q);
	return rc;
}
