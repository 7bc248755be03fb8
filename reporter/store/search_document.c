/* Documents: made when a finding has none, and grown when an event brings names that are not in it yet. */
#include "store/search_document.h"

#include <string.h>

#include "finding/canon.h"
#include "finding/stdlib.h"
#include "store/rows.h"

void rf_search_names_init(struct rf_search_names *n)
{
	rf_buf_init(&n->functions);
	rf_buf_init(&n->files);
	rf_buf_init(&n->tests);
	n->grown = false;
}

void rf_search_names_release(struct rf_search_names *n)
{
	rf_buf_release(&n->functions);
	rf_buf_release(&n->files);
	rf_buf_release(&n->tests);
}

static bool has_line(rf_str lines, rf_str line)
{
	while (lines.len) {
		if (rf_str_eq(rf_str_cut(&lines, '\n'), line))
			return true;
	}
	return false;
}

/* A line break in a name would be two names; nothing is lost by that. */
static void add_line(struct rf_search_names *n, struct rf_buf *lines, rf_str line)
{
	if (line.len == 0 || lines->len + line.len + 1 > RF_SEARCH_COLUMN_BYTES_MAX || has_line(rf_buf_str(lines), line))
		return;
	rf_buf_put_str(lines, line);
	rf_buf_put_char(lines, '\n');
	n->grown = true;
}

/* "cart.Add" of example.com/shop/cart.(*Cart).Add: how people call a method when they don't think of its type. */
static void add_method(struct rf_search_names *n, rf_str function)
{
	size_t package = rf_canon_package_bytes(function);
	rf_str rest = rf_str_skip(function, package);
	ptrdiff_t close = rf_str_find_str(rest, RF_STR(")."));
	if (!rf_str_starts(rest, ".(") || close < 0)
		return;
	rf_str path = rf_str_take(function, package);
	struct rf_buf name, whole;
	rf_buf_init(&name);
	rf_buf_init(&whole);
	rf_buf_put_str(&whole, rf_str_skip(path, (size_t)(rf_str_find_last(path, '/') + 1)));
	rf_buf_put_str(&whole, rf_str_skip(rest, (size_t)close + 1));
	rf_search_put_name(&name, rf_buf_str(&whole));
	add_line(n, &n->functions, rf_buf_str(&name));
	rf_buf_release(&name);
	rf_buf_release(&whole);
}

void rf_search_add_frame(struct rf_search_names *n, rf_str function, rf_str file)
{
	struct rf_buf name;
	rf_buf_init(&name);
	rf_search_put_name(&name, function);
	add_line(n, &n->functions, rf_buf_str(&name));
	add_method(n, function);
	/* Go's own files are in every stack, and nobody looks for them. */
	if (!rf_stdlib_has(rf_str_take(function, rf_canon_package_bytes(function))))
		add_line(n, &n->files, file);
	rf_buf_release(&name);
}

void rf_search_add_test(struct rf_search_names *n, rf_str test)
{
	add_line(n, &n->tests, test);
}

/* --- rows --------------------------------------------------------------------------------------------------------- */

static void put_starts(sqlite3_stmt *q, const struct rf_search_names *n, rf_arena *arena, struct rf_buf *starts)
{
	for (int column = 0; column < 3; column++)
		rf_search_put_starts(starts, rf_db_text(q, column, arena));
	rf_search_put_starts(starts, rf_buf_str(&n->functions));
	rf_search_put_starts(starts, rf_buf_str(&n->files));
	rf_search_put_starts(starts, rf_buf_str(&n->tests));
}

static int put_document(struct rf_store *s, int64_t finding_id, const struct rf_search_names *n, rf_str starts,
			struct rf_error *err)
{
	if (n->functions.failed || n->files.failed || n->tests.failed)
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory while storing what a finding is found by.");
	return rf_db_run(s, RF_SQL_SEARCH_PUT, NULL, err, "itttt", finding_id, rf_buf_str(&n->tests),
			 rf_buf_str(&n->functions), rf_buf_str(&n->files), starts);
}

void rf_search_add_lines(struct rf_search_names *n, struct rf_buf *to, rf_str lines)
{
	while (lines.len)
		add_line(n, to, rf_str_cut(&lines, '\n'));
}

int rf_search_grow(struct rf_store *s, int64_t finding_id, const struct rf_search_names *more, rf_arena *arena,
		   struct rf_error *err)
{
	sqlite3_stmt *q;
	struct rf_search_names n;
	struct rf_buf starts;
	rf_search_names_init(&n);
	rf_buf_init(&starts);
	int rc = rf_db_bind(s, RF_SQL_SEARCH_GET, &q, err, "i", finding_id);
	if (rc == 0)
		rc = rf_db_step(s, q, err);
	if (rc == 1) {
		bool is_there = sqlite3_column_type(q, 3) != SQLITE_NULL;
		rf_buf_put_str(&n.tests, rf_db_text(q, 3, arena));
		rf_buf_put_str(&n.functions, rf_db_text(q, 4, arena));
		rf_buf_put_str(&n.files, rf_db_text(q, 5, arena));
		rf_search_add_lines(&n, &n.functions, rf_buf_str(&more->functions));
		rf_search_add_lines(&n, &n.files, rf_buf_str(&more->files));
		rf_search_add_lines(&n, &n.tests, rf_buf_str(&more->tests));
		bool written = n.grown || !is_there;
		if (written)
			put_starts(q, &n, arena, &starts);
		sqlite3_reset(q);
		if (written)
			rc = put_document(s, finding_id, &n, rf_buf_str(&starts), err);
	}
	rf_search_names_release(&n);
	rf_buf_release(&starts);
	return rc < 0 ? rc : 0;
}

/* --- anew --------------------------------------------------------------------------------------------------------- */

static int add_rows(struct rf_store *s, enum rf_sql sql, int64_t finding_id, struct rf_search_names *n, rf_arena *arena,
		    struct rf_error *err)
{
	sqlite3_stmt *q;
	int rc = rf_db_bind(s, sql, &q, err, "ii", finding_id, (int64_t)RF_SEARCH_EVENTS_MAX);
	if (rc < 0)
		return rc;
	while ((rc = rf_db_step(s, q, err)) == 1) {
		if (sql == RF_SQL_SEARCH_FRAMES)
			rf_search_add_frame(n, rf_db_text(q, 0, arena), rf_db_text(q, 1, arena));
		else
			rf_search_add_test(n, rf_db_text(q, 0, arena));
	}
	return rc;
}

static int put_anew(struct rf_store *s, int64_t finding_id, const struct rf_search_names *n, rf_arena *arena,
		    struct rf_error *err)
{
	sqlite3_stmt *q;
	struct rf_buf starts;
	int rc = rf_db_bind(s, RF_SQL_SEARCH_GET, &q, err, "i", finding_id);
	if (rc == 0)
		rc = rf_db_step(s, q, err);
	if (rc != 1)
		return rc;
	rf_buf_init(&starts);
	put_starts(q, n, arena, &starts);
	sqlite3_reset(q);
	rc = put_document(s, finding_id, n, rf_buf_str(&starts), err);
	rf_buf_release(&starts);
	return rc;
}

int rf_search_remake(struct rf_store *s, int64_t finding_id, struct rf_error *err)
{
	rf_arena arena;
	struct rf_search_names n;
	rf_arena_init(&arena, 0);
	rf_search_names_init(&n);
	int rc = add_rows(s, RF_SQL_SEARCH_FRAMES, finding_id, &n, &arena, err);
	if (rc >= 0)
		rc = add_rows(s, RF_SQL_SEARCH_TESTS, finding_id, &n, &arena, err);
	if (rc >= 0)
		rc = put_anew(s, finding_id, &n, &arena, err);
	rf_search_names_release(&n);
	rf_arena_release(&arena);
	return rc < 0 ? rc : 0;
}

int rf_search_fill(struct rf_store *s, struct rf_error *err)
{
	int64_t id = 0;
	int rc;
	while ((rc = rf_db_run(s, RF_SQL_SEARCH_MISSING, &id, err, "i", id)) == 1) {
		rc = rf_search_remake(s, id, err);
		if (rc < 0)
			return rc;
	}
	return rc;
}
