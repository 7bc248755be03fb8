#include "query/reading.h"

#include <sys/stat.h>

#include "base/clock.h"
#include "store/database.h"
#include "store/schema.h"

#define PROGRESS_STEPS 2000 /* of SQLite's virtual machine between two looks at the clock: some ten microseconds */

static int is_over(void *context)
{
	const struct rf_store *s = context;
	return s->deadline_ns && rf_monotonic_ns() > s->deadline_ns;
}

int rf_reading_begin(struct rf_store *s, uint32_t ms, struct rf_error *err)
{
	s->deadline_ns = rf_monotonic_ns() + (uint64_t)ms * 1000000u;
	sqlite3_progress_handler(s->handle, PROGRESS_STEPS, is_over, s);
	return rf_db_exec(s, "BEGIN", err);
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

bool rf_reading_is_current(struct rf_store *s)
{
	struct stat st;
	struct rf_error ignored;
	int64_t version;
	if (s->frozen || stat(s->path, &st) != 0 || st.st_dev != s->device || st.st_ino != s->inode)
		return false;
	return rf_db_number(s, "PRAGMA user_version", &version, &ignored) == 0 && version == rf_schema_version();
}
