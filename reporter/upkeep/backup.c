#include "upkeep/backup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "query/peek.h"
#include "store/schema.h"
#include "upkeep/aside.h"

static int count_rows(struct rf_store *s, struct rf_backup *out, struct rf_error *err)
{
	int rc = rf_db_number(s, "SELECT count(*) FROM runs", &out->runs, err);
	if (rc == 0)
		rc = rf_db_number(s, "SELECT count(*) FROM findings", &out->findings, err);
	return rc < 0 ? rc : rf_db_number(s, "SELECT count(*) FROM events", &out->events, err);
}

int rf_backup_check(const char *path, struct rf_backup *out, struct rf_error *err)
{
	struct rf_store *s = NULL;
	struct stat st;
	*out = (struct rf_backup){ 0 };
	int rc = rf_store_peek(&s, path, &out->version, err);
	if (rc == 0)
		rc = rf_store_peek_check(s, err);
	if (rc == 0)
		rc = count_rows(s, out, err);
	if (rc == 0 && stat(path, &st) == 0)
		out->bytes = (uint64_t)st.st_size;
	rf_store_close(s);
	return rc;
}

/* SQLite changes the mode, and takes the log away, only when nobody else has the file open. */
static bool is_in_use(const char *path)
{
	sqlite3 *handle = NULL;
	int rc = sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(handle, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
	sqlite3_close(handle);
	return rc != SQLITE_OK;
}

/* A name that was meant for something else, such as a source file, isn't taken from it. */
static bool is_other_file(const char *path)
{
	static const char magic[16] = "SQLite format 3";
	unsigned char head[72]; /* the application ID is at 68, in the order of the network (fileformat2.html, 1.2) */
	FILE *f = fopen(path, "re");
	size_t n = f ? fread(head, 1, sizeof(head), f) : 0;
	if (f)
		fclose(f);
	if (!n)
		return false;
	uint32_t id = n == sizeof(head) ? (uint32_t)head[68] << 24 | (uint32_t)head[69] << 16 | (uint32_t)head[70] << 8 | head[71] : 0;
	return id != RF_SCHEMA_APPLICATION_ID || memcmp(head, magic, sizeof(magic)) != 0;
}

/* A file that a rename would put out of use although somebody uses it. */
static int check_target(const char *from, const char *to, rf_arena *arena, struct rf_error *err)
{
	struct stat a, b;
	if (stat(to, &b) != 0) {
		if (errno == ENOENT)
			return 0;
		return rf_fail(err, RF_ERR_IO, "Cannot write %s: %s.", to, strerror(errno));
	}
	if (stat(from, &a) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino)
		return rf_fail(err, RF_ERR_USAGE, "%s is the database itself; name another file with -o.", to);
	if (!S_ISREG(b.st_mode))
		return rf_fail(err, RF_ERR_USAGE, "%s is no file; name a file with -o.", to);
	/* A log beside it would be taken for the copy's own. A reader may have left it, though. */
	if (stat(rf_arena_printf(arena, "%s-wal", to).ptr, &b) == 0 && is_in_use(to))
		return rf_fail(err, RF_ERR_USAGE, "%s is a database that is in use (there is a %s-wal); name another file with -o.", to,
			       to);
	if (is_other_file(to))
		return rf_fail(err, RF_ERR_USAGE, "%s is there already and no database of redflag; name another file with -o.", to);
	return 0;
}

/* The mode is kept in the file, and a copy doesn't take it over. Without it readers and writers would wait for each other. */
static int use_wal(const char *part, struct rf_error *err)
{
	sqlite3 *handle = NULL;
	int rc = sqlite3_open_v2(part, &handle, SQLITE_OPEN_READWRITE, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(handle, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
	if (sqlite3_close(handle) != SQLITE_OK || rc != SQLITE_OK)
		return rf_fail(err, RF_ERR_IO, "The copy %s can't be finished (%s); look after the disk, or name a place elsewhere "
			       "with -o.", part, sqlite3_errstr(rc));
	return 0;
}

static int make(struct rf_store *s, const char *to, struct rf_backup *out, rf_arena *arena, struct rf_error *err)
{
	struct rf_aside aside;
	int rc = rf_aside_open(&aside, to, arena, err);
	if (rc < 0)
		return rc;
	rc = rf_store_peek_copy(s, aside.path, err);
	if (rc == 0)
		rc = use_wal(aside.path, err);
	if (rc == 0)
		rc = rf_backup_check(aside.path, out, err);
	if (rc == 0)
		rc = rf_aside_finish(&aside, arena, err);
	rf_aside_drop(&aside, arena);
	return rc;
}

int rf_backup_make(const char *from, const char *to, struct rf_backup *out, struct rf_error *err)
{
	struct rf_store *s = NULL;
	rf_arena arena;
	int64_t version;
	rf_arena_init(&arena, 0);
	int rc = rf_store_peek(&s, from, &version, err);
	if (rc == 0)
		rc = check_target(from, to, &arena, err);
	if (rc == 0)
		rc = make(s, to, out, &arena, err);
	rf_store_close(s);
	rf_arena_release(&arena);
	return rc;
}
