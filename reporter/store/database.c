#include "store/database.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "store/clean_text.h"

int rf_db_fail(struct rf_store *s, int rc, struct rf_error *err)
{
	const char *said = s->handle ? sqlite3_errmsg(s->handle) : sqlite3_errstr(rc);
	switch (rc & 0xff) {
	case SQLITE_FULL:
		return rf_fail(err, RF_ERR_DATABASE, "The disk or quota that holds %s is full; make room and try again.",
			       s->path);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return rf_fail(err, RF_ERR_DATABASE, "The database %s was locked by another process for more than %u s; "
			       "try again when it is done.", s->path, s->patience_ms / 1000);
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return rf_fail(err, RF_ERR_INPUT, "%s is no SQLite database, or is damaged; name another file with --db, "
			       "or move it away.", s->path);
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return rf_fail(err, RF_ERR_DATABASE, "The database %s can't be written; check its permissions and those "
			       "of its directory, or name another with --db.", s->path);
	case SQLITE_CANTOPEN:
		return rf_fail(err, RF_ERR_DATABASE, "The database %s can't be opened; check that its directory exists and "
			       "may be written, or name another with --db.", s->path);
	case SQLITE_INTERRUPT:
		return rf_fail(err, RF_ERR_DATABASE, "The query took too long and was stopped; narrow it, or try again when the "
			       "machine is less busy.");
	default:
		return rf_fail(err, RF_ERR_DATABASE, "The database %s failed: %s.", s->path, said);
	}
}

int rf_db_step(struct rf_store *s, sqlite3_stmt *statement, struct rf_error *err)
{
	s->steps++;
	int rc = s->steps == s->fail_at_step ? SQLITE_IOERR : sqlite3_step(statement);
	if (rc == SQLITE_ROW)
		return 1;
	if (rc != SQLITE_DONE)
		rf_db_fail(s, rc, err);
	sqlite3_reset(statement);
	return rc == SQLITE_DONE ? 0 : (int)err->code;
}

int rf_db_bind_text(sqlite3_stmt *statement, int index, rf_str text, void (*memory)(void *))
{
	/* SQLite's text functions stop at NUL and its JSON functions want UTF-8. */
	if (rf_text_is_clean(text))
		return sqlite3_bind_text64(statement, index, text.ptr ? text.ptr : "", text.len, memory, SQLITE_UTF8);
	struct rf_buf b;
	rf_buf_init(&b);
	rf_text_put_clean(&b, text);
	int rc = b.failed ? SQLITE_NOMEM
			  : sqlite3_bind_text64(statement, index, b.ptr, b.len, SQLITE_TRANSIENT, SQLITE_UTF8);
	rf_buf_release(&b);
	return rc;
}

static int bind_one(sqlite3_stmt *statement, int index, char letter, void (*memory)(void *), va_list *args)
{
	struct rf_value value = rf_value_take(letter, args);
	return rf_value_bind(statement, index, &value, memory);
}

/* `memory`: SQLITE_STATIC when the texts outlive the statement's last step, else SQLITE_TRANSIENT. */
static int bind_all(struct rf_store *s, enum rf_sql sql, sqlite3_stmt **out, void (*memory)(void *), struct rf_error *err,
		    const char *format, va_list *args)
{
	sqlite3_stmt **kept = &s->statements[sql];
	int rc = SQLITE_OK;
	if (!*kept) {
		rc = sqlite3_prepare_v3(s->handle, rf_sql_text(sql), -1, SQLITE_PREPARE_PERSISTENT, kept, NULL);
		s->concerns[sql] = rf_queue_concerns(rf_sql_text(sql));
	} else {
		sqlite3_reset(*kept);
	}
	if (s->concerns[sql] && rf_queue_flush(s, s->concerns[sql], err) < 0)
		return err->code;
	for (int i = 0; rc == SQLITE_OK && format[i]; i++)
		rc = bind_one(*kept, i + 1, format[i], memory, args);
	*out = *kept;
	return rc == SQLITE_OK ? 0 : rf_db_fail(s, rc, err);
}

int rf_db_bind(struct rf_store *s, enum rf_sql sql, sqlite3_stmt **out, struct rf_error *err, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int rc = bind_all(s, sql, out, SQLITE_TRANSIENT, err, format, &args);
	va_end(args);
	return rc;
}

static int run(struct rf_store *s, enum rf_sql sql, int64_t *value, struct rf_error *err, const char *format, va_list *args)
{
	sqlite3_stmt *statement;
	int rc = bind_all(s, sql, &statement, SQLITE_STATIC, err, format, args);
	if (rc < 0)
		return rc;
	rc = rf_db_step(s, statement, err);
	if (rc == 1) {
		if (value)
			*value = sqlite3_column_int64(statement, 0);
		/* INSERT … RETURNING takes effect with its first step; the reset ends it. */
		sqlite3_reset(statement);
	}
	return rc;
}

int rf_db_run(struct rf_store *s, enum rf_sql sql, int64_t *value, struct rf_error *err, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int rc = run(s, sql, value, err, format, &args);
	va_end(args);
	return rc;
}

int rf_db_add(struct rf_store *s, enum rf_sql sql, int64_t *id, struct rf_error *err, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int rc = run(s, sql, NULL, err, format, &args);
	va_end(args);
	if (rc >= 0)
		*id = sqlite3_last_insert_rowid(s->handle);
	return rc;
}

int rf_db_once(struct rf_store *s, const char *sql, int64_t *value, struct rf_error *err, const char *format, ...)
{
	sqlite3_stmt *q = NULL;
	va_list args;
	int rc = rf_queue_settle(s, err);
	if (rc < 0)
		return rc;
	rc = sqlite3_prepare_v2(s->handle, sql, -1, &q, NULL);
	va_start(args, format);
	for (int i = 0; rc == SQLITE_OK && format[i]; i++)
		rc = bind_one(q, i + 1, format[i], SQLITE_STATIC, &args);
	va_end(args);
	rc = rc == SQLITE_OK ? rf_db_step(s, q, err) : rf_db_fail(s, rc, err);
	if (rc == 1 && value)
		*value = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	return rc;
}

int rf_db_exec(struct rf_store *s, const char *sql, struct rf_error *err)
{
	int rc = rf_queue_settle(s, err);
	if (rc < 0)
		return rc;
	rc = sqlite3_exec(s->handle, sql, NULL, NULL, NULL);
	return rc == SQLITE_OK ? 0 : rf_db_fail(s, rc, err);
}

int rf_db_number(struct rf_store *s, const char *sql, int64_t *out, struct rf_error *err)
{
	sqlite3_stmt *q = NULL;
	*out = 0;
	int rc = rf_queue_settle(s, err);
	if (rc < 0)
		return rc;
	rc = sqlite3_prepare_v2(s->handle, sql, -1, &q, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(q);
	if (rc == SQLITE_ROW)
		*out = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : rf_db_fail(s, rc, err);
}

rf_str rf_db_peek(sqlite3_stmt *statement, int column)
{
	const unsigned char *text = sqlite3_column_text(statement, column);
	return (rf_str){ (const char *)text, text ? (size_t)sqlite3_column_bytes(statement, column) : 0 };
}

rf_str rf_db_text(sqlite3_stmt *statement, int column, rf_arena *arena)
{
	bool is_null = sqlite3_column_type(statement, column) == SQLITE_NULL;
	const unsigned char *text = sqlite3_column_text(statement, column);
	if (!text) {
		arena->failed |= !is_null; /* SQLite had no memory for it */
		return (rf_str){ NULL, 0 };
	}
	return rf_arena_dup(arena, (rf_str){ (const char *)text, (size_t)sqlite3_column_bytes(statement, column) });
}
