/* Rows of a statement as text: a table for people, CSV (RFC 4180, with \n at the ends of lines) or JSON (an array of objects) for programs.
 *
 *	rf_sql_output_init -> rf_sql_output_row* -> rf_sql_output_finish -> rf_sql_output_release
 *
 * Text goes to stdout as it comes. A table looks at its first RF_SQL_ROWS_MEASURED rows (or RF_SQL_BYTES_MEASURED) before it
 * decides: columns side by side when they fit, the widest cut in the middle ("…") down to RF_SQL_COLUMN_MIN; when even that doesn't
 * fit, a block a row with a line a column, folded and not cut. NULL: "NULL" in a table, null in JSON, nothing in CSV (where an
 * empty text is ""). Blobs are hexadecimal.
 */
#ifndef RF_CMD_SQL_OUTPUT_H
#define RF_CMD_SQL_OUTPUT_H

#include "cmd/terminal.h"
#include "query/ask.h"

#define RF_SQL_ROWS_MEASURED 1000
#define RF_SQL_BYTES_MEASURED ((size_t)8 << 20)
#define RF_SQL_COLUMN_MIN 12

enum rf_sql_format { RF_SQL_TABLE, RF_SQL_CSV, RF_SQL_JSON };

struct rf_sql_output {
	enum rf_sql_format format;
	struct rf_ask *ask;
	struct rf_terminal terminal;
	struct rf_buf out;
	rf_arena arena; /* of the rows that wait to be measured */
	uint32_t columns;
	rf_str *names;
	size_t *widths;
	bool *is_number; /* so far every value was one: to the right */
	rf_str *cells;   /* rows that wait, one behind the other; ptr NULL: NULL */
	uint64_t rows, waiting, cut;
	bool measured, as_blocks;
};

/* Of a statement that is prepared. RF_ERR_MEMORY. */
int rf_sql_output_init(struct rf_sql_output *o, struct rf_ask *ask, enum rf_sql_format format, struct rf_error *err);
/* The row that was stepped to. False when nobody reads our output any more. */
bool rf_sql_output_row(struct rf_sql_output *o);
/* Fails when memory ran out on the way, or the output could not be written. Not `complete`: the rows that came are written, but nothing
 * that makes them look like all. */
int rf_sql_output_finish(struct rf_sql_output *o, bool complete, struct rf_error *err);
void rf_sql_output_release(struct rf_sql_output *o);

#endif
