/* redflag sql */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/command_list.h"
#include "cmd/place.h"
#include "cmd/sql_output.h"
#include "store/clean_text.h"

#define TIMEOUT_MS_MAX UINT64_C(86400000)
#define CARET_LINE_COLUMNS 76

/* 500ms, 10s, 2m. */
static int parse_timeout(const char *text, uint64_t *ms, struct rf_error *err)
{
	static const struct {
		const char *unit;
		uint64_t ms;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 } };
	rf_str s = rf_str_from(text);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		uint64_t count;
		if (rf_str_ends(s, units[i].unit) && rf_str_u64(rf_str_take(s, s.len - strlen(units[i].unit)), &count) && count &&
		    count <= TIMEOUT_MS_MAX / units[i].ms) {
			*ms = count * units[i].ms;
			return 0;
		}
	}
	return rf_fail(err, RF_ERR_USAGE, "%s is no time for --timeout; write 500ms, 10s or 2m (a day at most).", text);
}

static int read_standard_input(rf_arena *arena, rf_str *sql, struct rf_error *err)
{
	char *text = rf_arena_alloc(arena, RF_ASK_BYTES_MAX + 1);
	size_t n = text ? fread(text, 1, RF_ASK_BYTES_MAX + 1, stdin) : 0;
	if (!text)
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory.");
	if (ferror(stdin))
		return rf_fail(err, RF_ERR_IO, "Cannot read the statement from standard input: %s.", strerror(errno));
	*sql = (rf_str){ text, n };
	return 0;
}

static int find_statement(const struct rf_args *args, rf_arena *arena, rf_str *sql, struct rf_error *err)
{
	if (args->word_count == 0)
		return rf_fail(err, RF_ERR_USAGE, "sql wants a statement, such as \"SELECT * FROM v_findings\"; - reads it from standard "
			       "input.");
	if (args->word_count > 1)
		return rf_fail(err, RF_ERR_USAGE, "sql takes one statement, and there are %d words; put it in quotes.",
			       args->word_count);
	if (strcmp(args->words[0], "-") == 0)
		return read_standard_input(arena, sql, err);
	*sql = rf_str_from(args->words[0]);
	return 0;
}

/* The line of the statement where it goes wrong, with a caret below, on stderr: main says the sentence after it. */
static void print_caret(rf_str sql, size_t offset)
{
	size_t start = offset, end = offset;
	struct rf_buf before, line;
	while (start && sql.ptr[start - 1] != '\n' && offset - start < CARET_LINE_COLUMNS / 2)
		start--;
	while (end < sql.len && sql.ptr[end] != '\n' && end - start < CARET_LINE_COLUMNS)
		end++;
	rf_buf_init(&before);
	rf_buf_init(&line);
	rf_text_put_visible(&before, (rf_str){ sql.ptr + start, offset - start });
	rf_text_put_visible(&line, (rf_str){ sql.ptr + start, end - start });
	fprintf(stderr, "  %.*s\n  %*s^\n", RF_STR_ARG(rf_buf_str(&line)), (int)rf_text_columns(rf_buf_str(&before)), "");
	rf_buf_release(&before);
	rf_buf_release(&line);
}

/* Where it goes wrong, and what there is instead when a name is wrong. */
static void explain(struct rf_ask *ask, rf_str sql, int offset, const struct rf_error *err, rf_arena *arena)
{
	struct rf_terminal t;
	struct rf_buf out;
	if (offset >= 0 && (size_t)offset < sql.len)
		print_caret(sql, (size_t)offset);
	if (!strstr(err->text, "no such table"))
		return;
	rf_terminal_init(&t, STDERR_FILENO);
	rf_buf_init(&out);
	rf_buf_put_cstr(&out, "The views are ");
	rf_put_wrapped(&out, &t, RF_STYLE_PLAIN, rf_ask_views(ask, arena), strlen("The views are "));
	fprintf(stderr, "%.*s", RF_STR_ARG(rf_buf_str(&out)));
	rf_buf_release(&out);
}

static int print_rows(struct rf_ask *ask, enum rf_sql_format format, struct rf_error *err)
{
	struct rf_sql_output o;
	struct rf_error failure;
	int rc = rf_sql_output_init(&o, ask, format, err);
	if (rc < 0)
		return rc;
	while ((rc = rf_ask_step(ask, err)) == 1) {
		if (!rf_sql_output_row(&o))
			break;
	}
	if (rc >= 0)
		rc = rf_sql_output_finish(&o, true, err);
	else
		rf_sql_output_finish(&o, false, &failure);
	rf_sql_output_release(&o);
	return rc;
}

int rf_cmd_sql(const struct rf_args *args, rf_arena *arena, struct rf_error *err)
{
	struct rf_ask *ask = NULL;
	const char *path, *timeout = rf_arg(args, "timeout");
	uint64_t ms = 0;
	rf_str sql;
	int offset = -1;
	enum rf_sql_format format = rf_arg(args, "csv") ? RF_SQL_CSV : rf_arg(args, "json") ? RF_SQL_JSON : RF_SQL_TABLE;
	if (rf_arg(args, "csv") && rf_arg(args, "json"))
		return rf_fail(err, RF_ERR_USAGE, "--csv and --json exclude each other; give one.");
	int rc = timeout ? parse_timeout(timeout, &ms, err) : 0;
	if (rc == 0)
		rc = find_statement(args, arena, &sql, err);
	if (rc == 0)
		rc = rf_place_database(rf_arg(args, "db"), false, arena, &path, err);
	if (rc == 0)
		rc = rf_ask_open(&ask, path, ms, err);
	if (rc == 0) {
		rc = rf_ask_prepare(ask, sql, &offset, err);
		if (rc < 0)
			explain(ask, sql, offset, err, arena);
	}
	if (rc == 0)
		rc = print_rows(ask, format, err);
	rf_ask_close(ask);
	return rc;
}
