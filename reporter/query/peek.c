#include "query/peek.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "store/frozen.h"
#include "store/schema.h"

static int check_ours(struct rf_store *s, int64_t *version, struct rf_error *err)
{
	int64_t application_id = 0;
	int rc = rf_db_number(s, "PRAGMA application_id", &application_id, err);
	if (rc == 0)
		rc = rf_db_number(s, "PRAGMA user_version", version, err);
	if (rc == 0 && application_id != RF_SCHEMA_APPLICATION_ID)
		rc = rf_fail(err, RF_ERR_INPUT, "%s is no database of redflag; name another file.", s->path);
	return rc;
}

/* A connection that may write cleans up its -wal and -shm when it is the last one, and one that may not leaves them. A log that is
 * there with something in it stays there all the same: to move it into the file would change the file. */
static int open_handle(struct rf_store *s)
{
	struct stat log;
	char *name = sqlite3_mprintf("%s-wal", s->path);
	if (!name)
		return SQLITE_NOMEM;
	bool has_log = stat(name, &log) == 0 && log.st_size > 0;
	sqlite3_free(name);
	int rc = rf_frozen_open(s->path, SQLITE_OPEN_READWRITE, &s->handle); /* read-only where it may not write */
	if (rc != SQLITE_OK)
		return rc;
	sqlite3_busy_timeout(s->handle, (int)s->patience_ms);
	sqlite3_extended_result_codes(s->handle, 1);
	if (has_log)
		sqlite3_db_config(s->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	return sqlite3_exec(s->handle, "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY;", NULL, NULL, NULL);
}

int rf_store_peek(struct rf_store **out, const char *path, int64_t *version, struct rf_error *err)
{
	struct stat st;
	if (stat(path, &st) != 0)
		return rf_fail(err, errno == ENOENT ? RF_ERR_MISSING : RF_ERR_IO, "Cannot read the database %s: %s.", path,
			       strerror(errno));
	if (!S_ISREG(st.st_mode))
		return rf_fail(err, RF_ERR_INPUT, "%s is no file; name a database of redflag.", path);
	struct rf_store *s = calloc(1, sizeof(*s));
	if (!s || !(s->path = strdup(path))) {
		free(s);
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory while opening %s.", path);
	}
	s->patience_ms = RF_STORE_PATIENCE_MS;
	int rc = open_handle(s);
	rc = rc == SQLITE_OK ? check_ours(s, version, err) : rf_db_fail(s, rc, err);
	if (rc < 0) {
		rf_store_close(s);
		return rc;
	}
	*out = s;
	return 0;
}

/* The first line that a check says, unless it is "ok" or nothing. */
static int check_with(struct rf_store *s, const char *sql, struct rf_error *err)
{
	sqlite3_stmt *q = NULL;
	int rc = sqlite3_prepare_v2(s->handle, sql, -1, &q, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(q);
	int result = 0;
	if (rc == SQLITE_ROW) {
		const char *said = (const char *)sqlite3_column_text(q, 0);
		const char *line = said ? strrchr(said, '\n') : NULL; /* before it: in which database */
		if (!said || strcmp(said, "ok") != 0)
			result = rf_fail(err, RF_ERR_INPUT, "%s is damaged: %s.", s->path,
					 line ? line + 1 : said ? said : "out of memory");
	} else if (rc != SQLITE_DONE) {
		result = rf_db_fail(s, rc, err);
	}
	sqlite3_finalize(q);
	return result;
}

int rf_store_peek_check(struct rf_store *s, struct rf_error *err)
{
	int rc = check_with(s, "PRAGMA integrity_check(1)", err);
	return rc < 0 ? rc : check_with(s, "SELECT 'a row of ' || \"table\" || ' misses its ' || parent"
					   " FROM pragma_foreign_key_check LIMIT 1", err);
}

static int fail_copy(struct rf_store *s, int rc, const char *to, struct rf_error *err)
{
	switch (rc & 0xff) {
	case SQLITE_FULL:
		return rf_fail(err, RF_ERR_IO, "The disk or quota that holds %s is full; make room, or name a place elsewhere with -o.",
			       to);
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		return rf_fail(err, RF_ERR_IO, "The copy from %s to %s failed (%s); look after the disks, or name a place elsewhere "
			       "with -o.", s->path, to, sqlite3_errstr(rc));
	default:
		return rf_db_fail(s, rc, err);
	}
}

/* VACUUM INTO and not the backup interface, which starts again whenever another process writes. */
int rf_store_peek_copy(struct rf_store *s, const char *to, struct rf_error *err)
{
	sqlite3_stmt *q = NULL;
	/* It writes another file and not this one, but counts as writing. */
	int rc = sqlite3_exec(s->handle, "PRAGMA query_only = OFF", NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(s->handle, "VACUUM INTO ?1", -1, &q, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(q, 1, to, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(q);
	if (rc != SQLITE_DONE)
		fail_copy(s, rc, to, err);
	sqlite3_finalize(q);
	return rc == SQLITE_DONE ? 0 : (int)err->code;
}
