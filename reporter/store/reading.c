#include "store/reading.h"

#include <sys/stat.h>
#include <time.h>

#include "store/database.h"
#include "store/schema.h"

#define PROGRESS_STEPS 2000 /* of SQLite's virtual machine between two looks at the clock: some ten microseconds */

static uint64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int is_over(void *context)
{
	const struct rf_store *s = context;
	return s->deadline_ns && now_ns() > s->deadline_ns;
}

int rf_reading_begin(struct rf_store *s, uint32_t ms, struct rf_error *err)
{
	s->deadline_ns = now_ns() + (uint64_t)ms * 1000000u;
	sqlite3_progress_handler(s->handle, PROGRESS_STEPS, is_over, s);
	int rc = sqlite3_exec(s->handle, "BEGIN", NULL, NULL, NULL);
	return rc == SQLITE_OK ? 0 : rf_db_fail(s, rc, err);
}

void rf_reading_end(struct rf_store *s)
{
	s->deadline_ns = 0;
	/* A statement that stopped half way would keep the transaction open. */
	for (sqlite3_stmt *q = sqlite3_next_stmt(s->handle, NULL); q; q = sqlite3_next_stmt(s->handle, q))
		sqlite3_reset(q);
	if (!sqlite3_get_autocommit(s->handle))
		sqlite3_exec(s->handle, "ROLLBACK", NULL, NULL, NULL);
}

static int64_t version_of(struct rf_store *s)
{
	sqlite3_stmt *q = NULL;
	int64_t version = -1;
	if (sqlite3_prepare_v2(s->handle, "PRAGMA user_version", -1, &q, NULL) == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW)
		version = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	return version;
}

bool rf_reading_is_current(struct rf_store *s)
{
	struct stat st;
	if (stat(s->path, &st) != 0 || st.st_dev != s->device || st.st_ino != s->inode)
		return false;
	return version_of(s) == rf_schema_version();
}
