/* Rows of a statement as one array. Internal to store/. */
#ifndef RF_STORE_COLLECT_H
#define RF_STORE_COLLECT_H

#include "store/database.h"
#include "store/query.h"

/* A statement for the moment, of text that is ours; finalize it. Parameters have names: rf_bind_text(q, ":tag", …), where one that
 * the statement doesn't have is left out. */
int rf_prepare(struct rf_store *s, const char *sql, sqlite3_stmt **q, struct rf_error *err);
void rf_bind_text(sqlite3_stmt *q, const char *name, rf_str text); /* made clean as rf_db_bind does; ptr NULL is NULL */
void rf_bind_number(sqlite3_stmt *q, const char *name, int64_t number);
/* Collects all rows and finalizes. */
int rf_collect_once(struct rf_store *s, sqlite3_stmt *q, size_t row_bytes, void (*read)(sqlite3_stmt *, rf_arena *, void *),
		    rf_arena *arena, void **rows, uint32_t *count, struct rf_error *err);
/* All rows of a bound statement, which is reset, in one array that grows in the arena; `read` takes one row. */
int rf_collect(struct rf_store *s, sqlite3_stmt *q, size_t row_bytes, void (*read)(sqlite3_stmt *, rf_arena *, void *),
	       rf_arena *arena, void **rows, uint32_t *count, struct rf_error *err);
/* The same for findings; the statement's columns are those of RF_SQL_LIST. */
int rf_collect_findings(struct rf_store *s, sqlite3_stmt *q, rf_arena *arena, struct rf_finding_row **rows, uint32_t *count,
			struct rf_error *err);
/* A `read` for struct rf_finding_row; the statement's columns are RF_LIST_COLUMNS. */
void rf_collect_finding_row(sqlite3_stmt *q, rf_arena *arena, void *any);
/* A `read` for struct rf_event_row; the statement's columns are those of RF_SQL_EVENTS_OF_FINDING and its kin, in order. */
void rf_collect_event_row(sqlite3_stmt *q, rf_arena *arena, void *any);

/* A `read` for struct rf_process_row; the columns are RF_PROCESS_COLUMNS. */
void rf_collect_process_row(sqlite3_stmt *q, rf_arena *arena, void *any);

#endif
