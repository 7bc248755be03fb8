#include "store/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/peek.h"

static int count_rows(struct rf_store *s, struct rf_backup *out, struct rf_error *err)
{
	int rc = rf_store_peek_number(s, "SELECT count(*) FROM runs", &out->runs, err);
	if (rc == 0)
		rc = rf_store_peek_number(s, "SELECT count(*) FROM findings", &out->findings, err);
	return rc < 0 ? rc : rf_store_peek_number(s, "SELECT count(*) FROM events", &out->events, err);
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
	/* A log beside it would be taken for the copy's own. */
	if (stat(rf_arena_printf(arena, "%s-wal", to).ptr, &b) == 0)
		return rf_fail(err, RF_ERR_USAGE, "%s is a database that is in use (there is a %s-wal); name another file with -o.", to,
			       to);
	return 0;
}

/* The lock lasts as long as the descriptor, so what a killed backup has left is free. */
static int open_part(const char *part, int *fd, struct rf_error *err)
{
	*fd = open(part, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (*fd < 0)
		return rf_fail(err, RF_ERR_IO, "Cannot write %s: %s.", part, strerror(errno));
	if (flock(*fd, LOCK_EX | LOCK_NB) != 0)
		return rf_fail(err, RF_ERR_IO, "Another backup is writing %s; try again when it is done.", part);
	if (ftruncate(*fd, 0) != 0)
		return rf_fail(err, RF_ERR_IO, "Cannot write %s: %s.", part, strerror(errno));
	return 0;
}

static int fail_copy(struct rf_store *s, int rc, const char *part, struct rf_error *err)
{
	switch (rc & 0xff) {
	case SQLITE_FULL:
		return rf_fail(err, RF_ERR_IO, "The disk or quota that holds %s is full; make room, or name a place elsewhere with -o.",
			       part);
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		return rf_fail(err, RF_ERR_IO, "The copy from %s to %s failed (%s); look after the disks, or name a place elsewhere "
			       "with -o.", s->path, part, sqlite3_errstr(rc));
	default:
		return rf_db_fail(s, rc, err);
	}
}

/* VACUUM INTO and not the backup interface, which starts again whenever another process writes. */
static int copy(struct rf_store *s, const char *part, struct rf_error *err)
{
	sqlite3_stmt *q = NULL;
	/* It writes another file and not this one, but counts as writing. */
	int rc = sqlite3_exec(s->handle, "PRAGMA query_only = OFF", NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(s->handle, "VACUUM INTO ?1", -1, &q, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(q, 1, part, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(q);
	if (rc != SQLITE_DONE)
		fail_copy(s, rc, part, err);
	sqlite3_finalize(q);
	return rc == SQLITE_DONE ? 0 : (int)err->code;
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

static void sync_directory_of(const char *path, rf_arena *arena)
{
	rf_str name = rf_str_from(path);
	ptrdiff_t slash = rf_str_find_last(name, '/');
	rf_str directory = slash < 0 ? RF_STR(".") : slash == 0 ? RF_STR("/") : rf_str_take(name, (size_t)slash);
	int fd = open(rf_arena_cstr(arena, directory), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd); /* not every file system can; then the name may be lost in a power cut, not the copy's sense */
		close(fd);
	}
}

static int finish(const char *part, const char *to, int fd, rf_arena *arena, struct rf_error *err)
{
	if (fsync(fd) != 0 || rename(part, to) != 0)
		return rf_fail(err, RF_ERR_IO, "Cannot write %s: %s.", to, strerror(errno));
	sync_directory_of(to, arena);
	return 0;
}

static int make(struct rf_store *s, const char *to, struct rf_backup *out, rf_arena *arena, struct rf_error *err)
{
	const char *part = rf_arena_printf(arena, "%s.part", to).ptr;
	int fd = -1;
	if (!part)
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory while copying %s.", s->path);
	int rc = open_part(part, &fd, err);
	bool ours = rc == 0;
	if (rc == 0)
		rc = copy(s, part, err);
	if (rc == 0)
		rc = use_wal(part, err);
	if (rc == 0)
		rc = rf_backup_check(part, out, err);
	if (rc == 0)
		rc = finish(part, to, fd, arena, err);
	if (rc < 0 && ours)
		unlink(part);
	if (fd >= 0)
		close(fd); /* after every connection to the file: closing it drops SQLite's locks on it */
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
