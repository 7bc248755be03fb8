#include "store/log_writes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define BYTES_MAX 131071 /* a call of SQLite's for Unix writes 17 bits of length (seekAndWriteFd in os_unix.c) */
/* https://www.sqlite.org/fileformat2.html#walformat: a frame is a head and a page; in a commit's last one the four bytes behind the
 * page's number, the size of the database then, aren't zero. */
#define HEAD_BYTES 24
#define SIZE_AT 4
#define SIZE_BYTES 4
#define WRITE_LOCK 0 /* https://www.sqlite.org/walformat.html#wal_locks: WAL_WRITE_LOCK, the first one */

/* In front of the methods of the log and of the database's own file. SQLite finds a file's by a pointer in the file, and by that these
 * find themselves. */
struct joined {
	sqlite3_io_methods log, database;
	const sqlite3_io_methods *real_log, *real_database; /* real_log NULL: it was closed */
	sqlite3_int64 at, end; /* where `bytes` belong; where the last write ended */
	int count;
	bool commits; /* the frame whose head came last */
	char bytes[BYTES_MAX];
};

static struct joined *of_log(sqlite3_file *f)
{
	return (struct joined *)(void *)((char *)(void *)f->pMethods - offsetof(struct joined, log));
}

static struct joined *of_database(sqlite3_file *f)
{
	return (struct joined *)(void *)((char *)(void *)f->pMethods - offsetof(struct joined, database));
}

/* When it fails what was written is forgotten: the transaction can't be committed any more. */
static int flush(sqlite3_file *f)
{
	struct joined *j = of_log(f);
	int count = j->count;
	j->count = 0;
	return count ? j->real_log->xWrite(f, j->bytes, count, j->at) : SQLITE_OK;
}

static bool is_commit(const char *head)
{
	static const char none[SIZE_BYTES];
	return memcmp(head + SIZE_AT, none, sizeof(none)) != 0;
}

static int join(sqlite3_file *f, const void *bytes, int count, bool is_head)
{
	struct joined *j = of_log(f);
	memcpy(j->bytes + j->count, bytes, (size_t)count);
	j->count += count;
	bool is_whole = !is_head && j->commits;
	j->commits = is_head && is_commit(bytes);
	return is_whole ? flush(f) : SQLITE_OK;
}

/* A frame that goes on where the log ends begins with its head. Anything else is rare: the log's own head, and what is written again. */
static int log_write(sqlite3_file *f, const void *bytes, int count, sqlite3_int64 at)
{
	struct joined *j = of_log(f);
	bool is_head = count == HEAD_BYTES, joins = at == j->end && count <= BYTES_MAX && (is_head || j->count > 0);
	int rc = joins && j->count + count <= BYTES_MAX ? SQLITE_OK : flush(f);
	j->end = at + count;
	if (rc != SQLITE_OK)
		return rc;
	if (!joins)
		return j->real_log->xWrite(f, bytes, count, at);
	if (j->count == 0)
		j->at = at;
	return join(f, bytes, count, is_head);
}

static int log_read(sqlite3_file *f, void *bytes, int count, sqlite3_int64 at)
{
	struct joined *j = of_log(f);
	bool is_joined = at < j->at + j->count && at + count > j->at;
	int rc = is_joined ? flush(f) : SQLITE_OK;
	return rc == SQLITE_OK ? j->real_log->xRead(f, bytes, count, at) : rc;
}

static int log_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	int rc = flush(f);
	return rc == SQLITE_OK ? of_log(f)->real_log->xTruncate(f, size) : rc;
}

static int log_sync(sqlite3_file *f, int flags)
{
	int rc = flush(f);
	return rc == SQLITE_OK ? of_log(f)->real_log->xSync(f, flags) : rc;
}

static int log_size(sqlite3_file *f, sqlite3_int64 *size)
{
	int rc = flush(f);
	return rc == SQLITE_OK ? of_log(f)->real_log->xFileSize(f, size) : rc;
}

static int log_close(sqlite3_file *f)
{
	struct joined *j = of_log(f);
	f->pMethods = j->real_log;
	j->real_log = NULL;
	j->count = 0;
	return f->pMethods->xClose(f);
}

static int database_lock(sqlite3_file *f, int first, int count, int flags)
{
	struct joined *j = of_database(f);
	if (first == WRITE_LOCK && flags == (SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE))
		j->count = 0;
	return j->real_database->xShmLock(f, first, count, flags);
}

/* Behind the log's: SQLite opens it last. */
static int database_close(sqlite3_file *f)
{
	struct joined *j = of_database(f);
	f->pMethods = j->real_database;
	free(j);
	return f->pMethods->xClose(f);
}

static sqlite3_file *file_of(sqlite3 *handle, int which)
{
	sqlite3_file *f = NULL;
	bool known = sqlite3_file_control(handle, "main", which, &f) == SQLITE_OK;
	return known && f && f->pMethods ? f : NULL;
}

void rf_log_join_writes(sqlite3 *handle)
{
	sqlite3_file *log = file_of(handle, SQLITE_FCNTL_JOURNAL_POINTER), *database = file_of(handle, SQLITE_FCNTL_FILE_POINTER);
	struct joined *j = log && database ? malloc(sizeof(*j)) : NULL;
	if (!j)
		return;
	j->real_log = log->pMethods;
	j->real_database = database->pMethods;
	j->at = j->end = -1;
	j->count = 0;
	j->commits = false;
	j->log = *j->real_log;
	j->log.xWrite = log_write;
	j->log.xRead = log_read;
	j->log.xTruncate = log_truncate;
	j->log.xSync = log_sync;
	j->log.xFileSize = log_size;
	j->log.xClose = log_close;
	log->pMethods = &j->log;
	j->database = *j->real_database;
	j->database.xShmLock = database_lock;
	j->database.xClose = database_close;
	database->pMethods = &j->database;
}
