/* Asking the database with a statement that somebody wrote: read-only, whatever the statement tries.
 *
 *	open -> (prepare -> step* )* -> close
 *
 * The file is opened read-only and is never migrated; other reporters may write meanwhile. What changes anything, or reaches beyond
 * the file (ATTACH, load_extension, a PRAGMA with a value), is refused when it is prepared. Where the directory can't be written and
 * nothing has been left in the write-ahead log, the file is read as it stands, without locks.
 *
 * Values are valid until the next step. Not thread safe. Errors: RF_ERR_USAGE (the statement), RF_ERR_MISSING, RF_ERR_INPUT (the
 * file), RF_ERR_DATABASE.
 */
#ifndef RF_QUERY_ASK_H
#define RF_QUERY_ASK_H

#include "base/arena.h"
#include "base/error.h"

#define RF_ASK_BYTES_MAX (1 << 20)    /* of a statement: SQLite's own bound */
#define RF_ASK_VALUE_BYTES_MAX (64 << 20)

struct rf_ask; /* opaque */

enum rf_value_type {
	RF_VALUE_NULL, RF_VALUE_INTEGER, RF_VALUE_REAL, RF_VALUE_TEXT, RF_VALUE_BLOB,
	RF_VALUE_TYPE_COUNT
};
struct rf_value {
	enum rf_value_type type;
	int64_t integer;
	double real;
	rf_str bytes; /* of text and blobs; any text, which needn't be UTF-8 */
};

/* A statement that runs longer than `time_ms_max` ends with RF_ERR_DATABASE; 0: no bound. */
int rf_ask_open(struct rf_ask **out, const char *path, uint64_t time_ms_max, struct rf_error *err);
void rf_ask_close(struct rf_ask *a); /* NULL is fine */
/* One statement; `offset` is the byte at which it goes wrong when that is known, else -1. */
int rf_ask_prepare(struct rf_ask *a, rf_str sql, int *offset, struct rf_error *err);
int rf_ask_columns(const struct rf_ask *a);
rf_str rf_ask_column(const struct rf_ask *a, int column);
/* 1: a row; 0: done; negative: failed. */
int rf_ask_step(struct rf_ask *a, struct rf_error *err);
struct rf_value rf_ask_value(const struct rf_ask *a, int column);
/* "v_events, v_findings and v_runs"; "" when there is none or they can't be read. */
rf_str rf_ask_views(struct rf_ask *a, rf_arena *arena);

#endif
