#include "query/ask.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "store/frozen.h"
#include "store/schema.h"
#include "store/store.h"

#define NS_PER_MS 1000000u
#define PROGRESS_STEPS 10000 /* of SQLite's machine between two looks at the clock: well below a millisecond */

struct rf_ask {
	sqlite3 *handle;
	sqlite3_stmt *statement;
	char *path;
	uint64_t time_ms_max, deadline_ms;
	const char *refused; /* what the statement wants to do and may not */
};

/* --- what a statement may do -------------------------------------------------------------------------------------- */

/* PRAGMAs that tell something and change nothing; those of the second list also take an argument, a name. */
static const char *const pragmas[] = {
	"application_id", "collation_list", "compile_options", "data_version", "database_list", "encoding", "freelist_count", "function_list",
	"journal_mode", "module_list", "page_count", "page_size", "pragma_list", "schema_version", "table_list", "user_version", NULL,
};
static const char *const pragmas_of[] = {
	"foreign_key_check", "foreign_key_list", "index_info", "index_list", "index_xinfo", "integrity_check", "quick_check",
	"table_info", "table_list", "table_xinfo", NULL,
};
/* Of the shell and of extensions; the library itself has only the first. */
static const char *const functions_refused[] = { "load_extension", "readfile", "writefile", "edit", "fts3_tokenizer", NULL };

static const char *const schema_tables[] = { "sqlite_master", "sqlite_schema", NULL };

static bool is_in(const char *const *list, const char *name)
{
	for (; name && *list; list++) {
		if (sqlite3_stricmp(*list, name) == 0)
			return true;
	}
	return false;
}

static int refuse(struct rf_ask *a, const char *what)
{
	if (!a->refused)
		a->refused = what;
	return SQLITE_DENY;
}

static int authorize(void *context, int action, const char *first, const char *second, const char *database, const char *trigger)
{
	struct rf_ask *a = context;
	(void)database;
	(void)trigger;
	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_READ:
	case SQLITE_RECURSIVE:
		return SQLITE_OK;
	case SQLITE_FUNCTION:
		return is_in(functions_refused, second) ? refuse(a, "calls a function that reaches beyond the database") : SQLITE_OK;
	case SQLITE_PRAGMA:
		if (is_in(pragmas_of, first) || (!second && is_in(pragmas, first)))
			return SQLITE_OK;
		return refuse(a, "has a PRAGMA that changes something");
	case SQLITE_ATTACH:
	case SQLITE_DETACH:
		return refuse(a, "attaches another file");
	case SQLITE_TRANSACTION:
	case SQLITE_SAVEPOINT:
		return refuse(a, "begins or ends a transaction");
	case SQLITE_INSERT:
	case SQLITE_UPDATE:
	case SQLITE_CREATE_TABLE:
		/* A virtual table that is opened declares its columns in this way (sqlite3_declare_vtab). A statement that says so itself
		 * is no read-only one, which is looked at afterwards. */
		return action == SQLITE_CREATE_TABLE || is_in(schema_tables, first) ? SQLITE_OK : refuse(a, "writes");
	default:
		return refuse(a, "writes");
	}
}

static int look_at_clock(void *context)
{
	const struct rf_ask *a = context;
	return rf_monotonic_ns() / NS_PER_MS >= a->deadline_ms;
}

/* --- opening ------------------------------------------------------------------------------------------------------ */

static int fail_sqlite(struct rf_ask *a, int rc, struct rf_error *err)
{
	switch (rc & 0xff) {
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return rf_fail(err, RF_ERR_INPUT, "%s is no SQLite database, or is damaged; name another file with --db.", a->path);
	case SQLITE_INTERRUPT:
		return rf_fail(err, RF_ERR_DATABASE, "The statement was stopped after %llu ms; narrow it, or give it longer with --timeout.",
			       (unsigned long long)a->time_ms_max);
	case SQLITE_BUSY:
		return rf_fail(err, RF_ERR_DATABASE, "The database %s was locked by another process for more than %u s; try again when "
			       "it is done.", a->path, RF_STORE_PATIENCE_MS / 1000);
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return rf_fail(err, RF_ERR_DATABASE, "The database %s can't be read; check its permissions. When a write-ahead log (-wal) "
			       "lies beside it, its directory must be writable, too.", a->path);
	default:
		return rf_fail(err, RF_ERR_DATABASE, "The database %s failed: %s.", a->path, sqlite3_errmsg(a->handle));
	}
}

static int number_of(struct rf_ask *a, const char *sql, int64_t *out)
{
	sqlite3_stmt *q = NULL;
	int rc = sqlite3_prepare_v2(a->handle, sql, -1, &q, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(q);
	if (rc == SQLITE_ROW)
		*out = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

static int set_up(struct rf_ask *a, struct rf_error *err)
{
	int64_t application_id = 0;
	sqlite3_busy_timeout(a->handle, RF_STORE_PATIENCE_MS);
	int rc = number_of(a, "PRAGMA application_id", &application_id);
	if (rc != SQLITE_OK)
		return fail_sqlite(a, rc, err);
	if (application_id != RF_SCHEMA_APPLICATION_ID)
		return rf_fail(err, RF_ERR_INPUT, "%s is a database of another program; name another file with --db.", a->path);
	rc = sqlite3_exec(a->handle, "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY;", NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return fail_sqlite(a, rc, err);
	sqlite3_db_config(a->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	/* Its views may use FTS5 (v_search), and no function that the statement itself mayn't: authorize sees those of views, too. */
	sqlite3_db_config(a->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 1, NULL);
	sqlite3_limit(a->handle, SQLITE_LIMIT_LENGTH, RF_ASK_VALUE_BYTES_MAX);
	sqlite3_limit(a->handle, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_set_authorizer(a->handle, authorize, a);
	if (a->time_ms_max)
		sqlite3_progress_handler(a->handle, PROGRESS_STEPS, look_at_clock, a);
	return 0;
}

int rf_ask_open(struct rf_ask **out, const char *path, uint64_t time_ms_max, struct rf_error *err)
{
	struct stat st;
	if (stat(path, &st) != 0)
		return rf_fail(err, RF_ERR_MISSING, "There is no database at %s; `redflag test ./...` makes one, or name another with "
			       "--db.", path);
	struct rf_ask *a = calloc(1, sizeof(*a));
	if (!a || !(a->path = strdup(path))) {
		free(a);
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory while opening the database.");
	}
	a->time_ms_max = time_ms_max;
	a->deadline_ms = UINT64_MAX;
	int rc = rf_frozen_open(a->path, SQLITE_OPEN_READONLY, &a->handle);
	rc = rc == SQLITE_OK ? set_up(a, err) : fail_sqlite(a, rc, err);
	if (rc < 0) {
		rf_ask_close(a);
		return rc;
	}
	*out = a;
	return 0;
}

void rf_ask_close(struct rf_ask *a)
{
	if (!a)
		return;
	sqlite3_finalize(a->statement);
	sqlite3_close(a->handle);
	free(a->path);
	free(a);
}

/* --- asking ------------------------------------------------------------------------------------------------------- */

static int fail_statement(struct rf_ask *a, int rc, int *offset, struct rf_error *err)
{
	if (a->refused)
		return rf_fail(err, RF_ERR_USAGE, "This only reads, and the statement %s; ask with SELECT.", a->refused);
	if ((rc & 0xff) != SQLITE_ERROR && (rc & 0xff) != SQLITE_TOOBIG)
		return fail_sqlite(a, rc, err);
	*offset = sqlite3_error_offset(a->handle);
	return rf_fail(err, RF_ERR_USAGE, "SQLite says: %s.", sqlite3_errmsg(a->handle));
}

/* Something other than comments behind the first statement? */
static bool has_more(struct rf_ask *a, const char *tail, const char *end)
{
	sqlite3_stmt *more = NULL;
	while (tail < end && strchr(" \t\r\n;", *tail))
		tail++;
	if (tail >= end)
		return false;
	int rc = sqlite3_prepare_v2(a->handle, tail, (int)(end - tail), &more, NULL);
	bool found = rc != SQLITE_OK || more;
	sqlite3_finalize(more);
	return found;
}

int rf_ask_prepare(struct rf_ask *a, rf_str sql, int *offset, struct rf_error *err)
{
	const char *tail = NULL;
	sqlite3_finalize(a->statement);
	a->statement = NULL;
	a->refused = NULL;
	*offset = -1;
	if (sql.len > RF_ASK_BYTES_MAX)
		return rf_fail(err, RF_ERR_USAGE, "The statement is longer than %d bytes.", RF_ASK_BYTES_MAX);
	if (memchr(sql.ptr ? sql.ptr : "", '\0', sql.len))
		return rf_fail(err, RF_ERR_USAGE, "The statement has a NUL byte in it.");
	int rc = sqlite3_prepare_v2(a->handle, sql.ptr, (int)sql.len, &a->statement, &tail);
	if (rc != SQLITE_OK)
		return fail_statement(a, rc, offset, err);
	if (!a->statement)
		return rf_fail(err, RF_ERR_USAGE, "There is no statement; try \"SELECT * FROM v_findings\".");
	if (has_more(a, tail, sql.ptr + sql.len))
		return rf_fail(err, RF_ERR_USAGE, "There are several statements; ask one at a time.");
	if (!sqlite3_stmt_readonly(a->statement))
		return rf_fail(err, RF_ERR_USAGE, "This only reads, and the statement writes; ask with SELECT.");
	if (sqlite3_bind_parameter_count(a->statement))
		return rf_fail(err, RF_ERR_USAGE, "The statement has a parameter (%s), which nothing fills; write the value.",
			       sqlite3_bind_parameter_name(a->statement, 1) ? sqlite3_bind_parameter_name(a->statement, 1) : "?");
	if (a->time_ms_max)
		a->deadline_ms = rf_monotonic_ns() / NS_PER_MS + a->time_ms_max;
	return 0;
}

int rf_ask_columns(const struct rf_ask *a)
{
	return sqlite3_column_count(a->statement);
}

rf_str rf_ask_column(const struct rf_ask *a, int column)
{
	return rf_str_from(sqlite3_column_name(a->statement, column));
}

int rf_ask_step(struct rf_ask *a, struct rf_error *err)
{
	int offset, rc = sqlite3_step(a->statement);
	if (rc == SQLITE_ROW || rc == SQLITE_DONE)
		return rc == SQLITE_ROW;
	return fail_statement(a, rc, &offset, err);
}

struct rf_value rf_ask_value(const struct rf_ask *a, int column)
{
	static const enum rf_value_type types[] = {
		[SQLITE_INTEGER] = RF_VALUE_INTEGER, [SQLITE_FLOAT] = RF_VALUE_REAL, [SQLITE_TEXT] = RF_VALUE_TEXT,
		[SQLITE_BLOB] = RF_VALUE_BLOB, [SQLITE_NULL] = RF_VALUE_NULL };
	sqlite3_stmt *q = a->statement;
	struct rf_value v = { .type = types[sqlite3_column_type(q, column)] };
	if (v.type == RF_VALUE_INTEGER)
		v.integer = sqlite3_column_int64(q, column);
	if (v.type == RF_VALUE_REAL)
		v.real = sqlite3_column_double(q, column);
	if (v.type == RF_VALUE_TEXT || v.type == RF_VALUE_BLOB) {
		v.bytes.ptr = sqlite3_column_blob(q, column);
		v.bytes.len = (size_t)sqlite3_column_bytes(q, column);
	}
	return v;
}

/* Several names in prose; the last one waits for its "and". */
static rf_str add_name(rf_str names, const char *before, rf_str name, rf_arena *arena)
{
	return name.ptr ? rf_arena_printf(arena, "%.*s%s%.*s", RF_STR_ARG(names), names.len ? before : "", RF_STR_ARG(name)) : names;
}

rf_str rf_ask_views(struct rf_ask *a, rf_arena *arena)
{
	static const char sql[] = "SELECT name FROM sqlite_schema WHERE type = 'view' AND name GLOB 'v_*' ORDER BY name";
	sqlite3_stmt *q = NULL;
	rf_str names = RF_STR(""), last = { NULL, 0 };
	a->deadline_ms = UINT64_MAX;
	if (sqlite3_prepare_v2(a->handle, sql, -1, &q, NULL) == SQLITE_OK) {
		while (sqlite3_step(q) == SQLITE_ROW) {
			names = add_name(names, ", ", last, arena);
			last = rf_arena_dup(arena, rf_str_from((const char *)sqlite3_column_text(q, 0)));
		}
	}
	sqlite3_finalize(q);
	return add_name(names, " and ", last, arena);
}
