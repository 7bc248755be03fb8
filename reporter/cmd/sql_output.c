#include "cmd/sql_output.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/clean_text.h"

#define GAP 2 /* blanks between columns */
#define PRINT_BYTES 65536

/* --- values ------------------------------------------------------------------------------------------------------- */

/* The shortest that reads back as the same number. */
static void put_real(struct rf_buf *out, double real)
{
	char text[40];
	if (isinf(real)) {
		rf_buf_put_cstr(out, real < 0 ? "-9e999" : "9e999"); /* a number that JSON has, too */
		return;
	}
	snprintf(text, sizeof(text), "%.15g", real);
	if (strtod(text, NULL) != real)
		snprintf(text, sizeof(text), "%.17g", real);
	rf_buf_put_cstr(out, text);
	if (!strpbrk(text, ".e"))
		rf_buf_put_cstr(out, ".0");
}

static void put_plain(struct rf_buf *out, const struct rf_value *v)
{
	if (v->type == RF_VALUE_INTEGER)
		rf_buf_printf(out, "%lld", (long long)v->integer);
	else if (v->type == RF_VALUE_REAL)
		put_real(out, v->real);
	else if (v->type == RF_VALUE_TEXT)
		rf_buf_put_str(out, v->bytes);
	else if (v->type == RF_VALUE_BLOB)
		rf_buf_put_hex(out, v->bytes);
}

static void put_csv_text(struct rf_buf *out, rf_str text)
{
	bool quote = text.len == 0;
	for (size_t i = 0; i < text.len; i++)
		quote |= strchr(",\"\r\n", text.ptr[i]) != NULL; /* NUL too */
	if (!quote) {
		rf_buf_put_str(out, text);
		return;
	}
	rf_buf_put_char(out, '"');
	rf_buf_put_doubled(out, text, '"');
	rf_buf_put_char(out, '"');
}

static void put_csv_row(struct rf_sql_output *o)
{
	for (uint32_t i = 0; i < o->columns; i++) {
		struct rf_value v = rf_ask_value(o->ask, (int)i);
		if (i)
			rf_buf_put_char(&o->out, ',');
		if (v.type == RF_VALUE_TEXT)
			put_csv_text(&o->out, v.bytes);
		else
			put_plain(&o->out, &v);
	}
	rf_buf_put_cstr(&o->out, "\n");
}

static void put_csv_head(struct rf_sql_output *o)
{
	for (uint32_t i = 0; i < o->columns; i++) {
		if (i)
			rf_buf_put_char(&o->out, ',');
		put_csv_text(&o->out, o->names[i]);
	}
	rf_buf_put_cstr(&o->out, "\n");
}

static void put_json_row(struct rf_sql_output *o)
{
	rf_buf_put_cstr(&o->out, o->rows ? ",\n {" : "[\n {");
	for (uint32_t i = 0; i < o->columns; i++) {
		struct rf_value v = rf_ask_value(o->ask, (int)i);
		if (i)
			rf_buf_put_cstr(&o->out, ", ");
		rf_text_put_json(&o->out, o->names[i]);
		rf_buf_put_cstr(&o->out, ": ");
		if (v.type == RF_VALUE_NULL) {
			rf_buf_put_cstr(&o->out, "null");
		} else if (v.type == RF_VALUE_TEXT) {
			rf_text_put_json(&o->out, v.bytes);
		} else if (v.type == RF_VALUE_BLOB) {
			rf_buf_put_char(&o->out, '"');
			rf_buf_put_hex(&o->out, v.bytes);
			rf_buf_put_char(&o->out, '"');
		} else {
			put_plain(&o->out, &v);
		}
	}
	rf_buf_put_char(&o->out, '}');
}

/* --- tables ------------------------------------------------------------------------------------------------------- */

static size_t width_of(rf_str text)
{
	struct rf_buf visible;
	rf_buf_init(&visible);
	rf_text_put_visible(&visible, text);
	size_t width = rf_text_columns(rf_buf_str(&visible));
	rf_buf_release(&visible);
	return width;
}

static size_t sum_of_widths(const struct rf_sql_output *o, size_t most)
{
	size_t sum = o->columns ? (o->columns - 1) * GAP : 0;
	for (uint32_t i = 0; i < o->columns; i++)
		sum += o->widths[i] < most ? o->widths[i] : most;
	return sum;
}

/* The widest columns give way first. */
static void decide_widths(struct rf_sql_output *o)
{
	size_t most = o->terminal.columns;
	while (most > RF_SQL_COLUMN_MIN && sum_of_widths(o, most) > o->terminal.columns)
		most--;
	o->as_blocks = sum_of_widths(o, most) > o->terminal.columns;
	for (uint32_t i = 0; i < o->columns; i++) {
		if (o->widths[i] > most)
			o->widths[i] = most;
	}
}

static void put_cell(struct rf_sql_output *o, enum rf_style style, rf_str text, uint32_t column)
{
	bool last = column + 1 == o->columns;
	size_t width = width_of(text);
	if (o->is_number[column] && width < o->widths[column])
		rf_buf_printf(&o->out, "%*s", (int)(o->widths[column] - width), "");
	o->cut += width > o->widths[column];
	rf_put_clipped(&o->out, &o->terminal, style, text, o->widths[column], !last && !o->is_number[column]);
	rf_buf_printf(&o->out, last ? "\n" : "%*s", GAP, "");
}

static void put_table_head(struct rf_sql_output *o)
{
	for (uint32_t i = 0; i < o->columns; i++)
		put_cell(o, RF_STYLE_BOLD, o->names[i], i);
	for (uint32_t i = 0; i < o->columns; i++) {
		for (size_t k = 0; k < o->widths[i]; k++)
			rf_buf_put_char(&o->out, '-');
		rf_buf_put_cstr(&o->out, i + 1 == o->columns ? "\n" : "  ");
	}
}

/* One value of a block, folded wherever the line is full. */
static void put_folded(struct rf_sql_output *o, enum rf_style style, rf_str text, size_t indent)
{
	struct rf_buf visible;
	size_t room = o->terminal.columns > indent + RF_SQL_COLUMN_MIN ? o->terminal.columns - indent : RF_SQL_COLUMN_MIN;
	rf_buf_init(&visible);
	rf_text_put_visible(&visible, text);
	rf_str rest = rf_buf_str(&visible);
	do {
		size_t bytes = 0;
		uint32_t ignored;
		for (size_t n = 0; n < room && bytes < rest.len; n++)
			bytes += rf_text_character(rf_str_skip(rest, bytes), &ignored);
		rf_put_raw(&o->out, &o->terminal, style, rf_str_take(rest, bytes));
		rest = rf_str_skip(rest, bytes);
		rf_buf_put_char(&o->out, '\n');
		if (rest.len)
			rf_buf_printf(&o->out, "%*s", (int)indent, "");
	} while (rest.len);
	rf_buf_release(&visible);
}

static void put_block(struct rf_sql_output *o, const rf_str *cells, uint64_t number)
{
	size_t indent = 0;
	for (uint32_t i = 0; i < o->columns; i++)
		indent = width_of(o->names[i]) > indent ? width_of(o->names[i]) : indent;
	if (indent > o->terminal.columns / 2)
		indent = o->terminal.columns / 2;
	rf_buf_printf(&o->out, "%srow %llu\n", number > 1 ? "\n" : "", (unsigned long long)number);
	for (uint32_t i = 0; i < o->columns; i++) {
		rf_put_clipped(&o->out, &o->terminal, RF_STYLE_BOLD, o->names[i], indent, true);
		rf_buf_printf(&o->out, "%*s", GAP, "");
		put_folded(o, cells[i].ptr ? RF_STYLE_PLAIN : RF_STYLE_DIM, cells[i].ptr ? cells[i] : RF_STR("NULL"), indent + GAP);
	}
}

static void put_table_row(struct rf_sql_output *o, const rf_str *cells, uint64_t number)
{
	if (o->as_blocks) {
		put_block(o, cells, number);
		return;
	}
	for (uint32_t i = 0; i < o->columns; i++)
		put_cell(o, cells[i].ptr ? RF_STYLE_PLAIN : RF_STYLE_DIM, cells[i].ptr ? cells[i] : RF_STR("NULL"), i);
}

static void put_waiting(struct rf_sql_output *o)
{
	o->measured = true;
	decide_widths(o);
	if (!o->as_blocks && o->columns)
		put_table_head(o);
	for (uint64_t row = 0; row < o->waiting; row++)
		put_table_row(o, o->cells + row * o->columns, row + 1);
	o->waiting = 0;
}

static void read_cells(struct rf_sql_output *o, rf_str *cells)
{
	struct rf_buf text;
	rf_buf_init(&text);
	for (uint32_t i = 0; i < o->columns; i++) {
		struct rf_value v = rf_ask_value(o->ask, (int)i);
		rf_buf_reset(&text);
		put_plain(&text, &v);
		cells[i] = v.type == RF_VALUE_NULL ? (rf_str){ NULL, 0 } : rf_arena_dup(&o->arena, rf_buf_str(&text));
		if (v.type != RF_VALUE_NULL && !cells[i].ptr)
			cells[i] = RF_STR("");
		if (!o->measured) {
			size_t width = cells[i].ptr ? width_of(cells[i]) : 4;
			o->widths[i] = width > o->widths[i] ? width : o->widths[i];
			o->is_number[i] &= v.type == RF_VALUE_NULL || v.type == RF_VALUE_INTEGER || v.type == RF_VALUE_REAL;
		}
	}
	rf_buf_release(&text);
}

static void take_table_row(struct rf_sql_output *o)
{
	if (!o->measured) {
		read_cells(o, o->cells + o->waiting * o->columns);
		o->waiting++;
		if (o->waiting == RF_SQL_ROWS_MEASURED || o->arena.used_total > RF_SQL_BYTES_MEASURED)
			put_waiting(o);
		return;
	}
	/* What was measured is written, so the arena is free for a row at a time. */
	rf_arena_reset(&o->arena);
	rf_str *cells = rf_arena_array(&o->arena, o->columns, sizeof(*cells));
	if (!cells)
		return;
	read_cells(o, cells);
	put_table_row(o, cells, o->rows + 1);
}

/* --- all three ---------------------------------------------------------------------------------------------------- */

int rf_sql_output_init(struct rf_sql_output *o, struct rf_ask *ask, enum rf_sql_format format, struct rf_error *err)
{
	*o = (struct rf_sql_output){ .format = format, .ask = ask, .columns = (uint32_t)rf_ask_columns(ask) };
	rf_terminal_init(&o->terminal, 1);
	rf_buf_init(&o->out);
	rf_arena_init(&o->arena, 0);
	o->names = calloc(o->columns + 1, sizeof(*o->names));
	o->widths = calloc(o->columns + 1, sizeof(*o->widths));
	o->is_number = calloc(o->columns + 1, sizeof(*o->is_number));
	o->cells = calloc((size_t)RF_SQL_ROWS_MEASURED * o->columns + 1, sizeof(*o->cells));
	if (!o->names || !o->widths || !o->is_number || !o->cells) {
		rf_sql_output_release(o);
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory.");
	}
	for (uint32_t i = 0; i < o->columns; i++) {
		o->names[i] = rf_ask_column(ask, (int)i);
		o->widths[i] = width_of(o->names[i]);
		o->is_number[i] = true;
	}
	if (format == RF_SQL_CSV)
		put_csv_head(o);
	return 0;
}

bool rf_sql_output_row(struct rf_sql_output *o)
{
	if (o->format == RF_SQL_TABLE)
		take_table_row(o);
	else if (o->format == RF_SQL_CSV)
		put_csv_row(o);
	else
		put_json_row(o);
	o->rows++;
	if (o->out.len > PRINT_BYTES)
		rf_print(&o->out);
	return !ferror(stdout) && !o->out.failed && !o->arena.failed;
}

static void put_table_end(struct rf_sql_output *o)
{
	rf_buf_printf(&o->out, "\n%llu row%s", (unsigned long long)o->rows, o->rows == 1 ? "" : "s");
	if (o->cut)
		rf_buf_printf(&o->out, "; %llu value%s cut (…), whole with --csv or --json", (unsigned long long)o->cut,
			      o->cut == 1 ? "" : "s");
	rf_buf_put_char(&o->out, '\n');
}

int rf_sql_output_finish(struct rf_sql_output *o, bool complete, struct rf_error *err)
{
	if (o->format == RF_SQL_TABLE && !o->measured && (complete || o->waiting))
		put_waiting(o);
	if (o->format == RF_SQL_TABLE && complete)
		put_table_end(o);
	else if (o->format == RF_SQL_JSON && complete)
		rf_buf_put_cstr(&o->out, o->rows ? "\n]\n" : "[]\n");
	bool failed = o->out.failed || o->arena.failed;
	rf_print(&o->out);
	if (failed)
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory after %llu rows.", (unsigned long long)o->rows);
	bool unwritten = fflush(stdout) != 0 || ferror(stdout);
	if (unwritten && errno != EPIPE) /* who reads no further, such as head, has what it wants */
		return rf_fail(err, RF_ERR_IO, "Cannot write to standard output: %s.", strerror(errno));
	return 0;
}

void rf_sql_output_release(struct rf_sql_output *o)
{
	free(o->names);
	free(o->widths);
	free(o->is_number);
	free(o->cells);
	rf_buf_release(&o->out);
	rf_arena_release(&o->arena);
}
