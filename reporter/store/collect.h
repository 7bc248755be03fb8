/* Rows of a statement as one array. Internal to store/. */
#ifndef RF_STORE_COLLECT_H
#define RF_STORE_COLLECT_H

#include "store/database.h"
#include "store/query.h"

/* All rows of a bound statement, which is reset, in one array that grows in the arena; `read` takes one row. */
int rf_collect(struct rf_store *s, sqlite3_stmt *q, size_t row_bytes, void (*read)(sqlite3_stmt *, rf_arena *, void *),
	       rf_arena *arena, void **rows, uint32_t *count, struct rf_error *err);
/* The same for findings; the statement's columns are those of RF_SQL_LIST. */
int rf_collect_findings(struct rf_store *s, sqlite3_stmt *q, rf_arena *arena, struct rf_finding_row **rows, uint32_t *count,
			struct rf_error *err);
/* A `read` for struct rf_event_row; the statement's columns are those of RF_SQL_EVENTS_OF_FINDING and its kin, in order. */
void rf_collect_event_row(sqlite3_stmt *q, rf_arena *arena, void *any);

#endif
