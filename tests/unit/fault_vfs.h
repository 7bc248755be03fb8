/* A VFS over the system's that fails, or loses power, at the N-th writing call. Serial; one test at a time.
 *
 *	fault_vfs_install() once; fault_vfs_arm(at, kind); …; fault_vfs_disarm()
 *
 * FAULT_IO and FAULT_FULL fail that one call. FAULT_POWER fails it and every later one; fault_vfs_restore() then gives each file what
 * it had when it was synced last, and of what was written since a part that `seed` picks, the last of it torn.
 */
#ifndef RF_TESTS_UNIT_FAULT_VFS_H
#define RF_TESTS_UNIT_FAULT_VFS_H

#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum fault { FAULT_NONE, FAULT_IO, FAULT_FULL, FAULT_POWER };

struct fault_write { /* after the last sync; length -1: a truncation to `at` */
	struct fault_write *next;
	sqlite3_int64 at;
	int length;
	char bytes[];
};

struct fault_disk { /* what of a file is safe */
	struct fault_disk *next;
	char *path, *safe;
	size_t safe_bytes;
	int never_synced;
	struct fault_write *writes, **end;
};

static struct {
	sqlite3_vfs vfs, *real;
	enum fault kind;
	uint64_t at, calls;
	int off; /* the power is off */
	struct fault_disk *disks;
} faulty;

struct fault_file {
	sqlite3_file base;
	struct fault_disk *disk;
	sqlite3_file *real;
};
#define REAL(f) (((struct fault_file *)(f))->real)

/* SQLITE_OK, or what the call is to fail with. */
static inline int fault_now(void)
{
	faulty.calls++;
	if (faulty.off)
		return SQLITE_IOERR;
	if (faulty.kind == FAULT_NONE || faulty.calls != faulty.at)
		return SQLITE_OK;
	faulty.off = faulty.kind == FAULT_POWER;
	return faulty.kind == FAULT_FULL ? SQLITE_FULL : SQLITE_IOERR;
}

static inline struct fault_disk *fault_disk_of(const char *path)
{
	struct fault_disk *d = faulty.disks;
	while (d && strcmp(d->path, path) != 0)
		d = d->next;
	if (d)
		return d;
	d = calloc(1, sizeof(*d));
	d->path = strdup(path);
	d->end = &d->writes;
	d->next = faulty.disks;
	int fd = open(path, O_RDONLY);
	struct stat st;
	d->never_synced = fd < 0;
	if (fd >= 0 && fstat(fd, &st) == 0) {
		d->safe = malloc((size_t)st.st_size + 1);
		ssize_t n = read(fd, d->safe, (size_t)st.st_size);
		d->safe_bytes = n > 0 ? (size_t)n : 0;
	}
	if (fd >= 0)
		close(fd);
	return faulty.disks = d;
}

static inline void fault_forget_writes(struct fault_disk *d)
{
	while (d->writes) {
		struct fault_write *w = d->writes;
		d->writes = w->next;
		free(w);
	}
	d->end = &d->writes;
}

static inline void fault_apply(struct fault_disk *d, const struct fault_write *w, int length)
{
	size_t end = (size_t)w->at + (size_t)(length < 0 ? 0 : length);
	if (end > d->safe_bytes || length < 0) {
		d->safe = realloc(d->safe, end + 1);
		if (end > d->safe_bytes)
			memset(d->safe + d->safe_bytes, 0, end - d->safe_bytes);
		d->safe_bytes = end;
	}
	if (length > 0)
		memcpy(d->safe + w->at, w->bytes, (size_t)length);
}

static inline void fault_note(struct fault_disk *d, sqlite3_int64 at, const void *bytes, int length)
{
	if (faulty.kind != FAULT_POWER)
		return;
	struct fault_write *w = malloc(sizeof(*w) + (size_t)(length > 0 ? length : 0));
	*w = (struct fault_write){ .at = at, .length = length };
	if (length > 0)
		memcpy(w->bytes, bytes, (size_t)length);
	*d->end = w;
	d->end = &w->next;
}

static inline int fault_close(sqlite3_file *f) { return REAL(f)->pMethods ? REAL(f)->pMethods->xClose(REAL(f)) : SQLITE_OK; }
static inline int fault_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
	return faulty.off ? SQLITE_IOERR_READ : REAL(f)->pMethods->xRead(REAL(f), p, n, at);
}
static inline int fault_write_at(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
	int rc = fault_now();
	if (rc != SQLITE_OK)
		return rc == SQLITE_FULL ? rc : SQLITE_IOERR_WRITE;
	fault_note(((struct fault_file *)f)->disk, at, p, n);
	return REAL(f)->pMethods->xWrite(REAL(f), p, n, at);
}
static inline int fault_truncate(sqlite3_file *f, sqlite3_int64 n)
{
	int rc = fault_now();
	if (rc != SQLITE_OK)
		return SQLITE_IOERR_TRUNCATE;
	fault_note(((struct fault_file *)f)->disk, n, NULL, -1);
	return REAL(f)->pMethods->xTruncate(REAL(f), n);
}
static inline int fault_sync(sqlite3_file *f, int flags)
{
	struct fault_disk *d = ((struct fault_file *)f)->disk;
	int rc = fault_now();
	if (rc != SQLITE_OK)
		return SQLITE_IOERR_FSYNC;
	for (struct fault_write *w = d->writes; w; w = w->next)
		fault_apply(d, w, w->length);
	fault_forget_writes(d);
	d->never_synced = 0;
	return REAL(f)->pMethods->xSync(REAL(f), flags);
}
static inline int fault_size(sqlite3_file *f, sqlite3_int64 *n) { return REAL(f)->pMethods->xFileSize(REAL(f), n); }
static inline int fault_lock(sqlite3_file *f, int level) { return REAL(f)->pMethods->xLock(REAL(f), level); }
static inline int fault_unlock(sqlite3_file *f, int level) { return REAL(f)->pMethods->xUnlock(REAL(f), level); }
static inline int fault_reserved(sqlite3_file *f, int *out) { return REAL(f)->pMethods->xCheckReservedLock(REAL(f), out); }
static inline int fault_control(sqlite3_file *f, int op, void *arg) { return REAL(f)->pMethods->xFileControl(REAL(f), op, arg); }
static inline int fault_sector(sqlite3_file *f) { return REAL(f)->pMethods->xSectorSize(REAL(f)); }
static inline int fault_traits(sqlite3_file *f) { return REAL(f)->pMethods->xDeviceCharacteristics(REAL(f)); }
static inline int fault_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
	int rc = extend ? fault_now() : SQLITE_OK;
	return rc != SQLITE_OK ? SQLITE_IOERR_SHMMAP : REAL(f)->pMethods->xShmMap(REAL(f), page, size, extend, out);
}
static inline int fault_shm_lock(sqlite3_file *f, int at, int n, int flags) { return REAL(f)->pMethods->xShmLock(REAL(f), at, n, flags); }
static inline void fault_shm_barrier(sqlite3_file *f) { REAL(f)->pMethods->xShmBarrier(REAL(f)); }
static inline int fault_shm_unmap(sqlite3_file *f, int remove) { return REAL(f)->pMethods->xShmUnmap(REAL(f), remove); }

static const sqlite3_io_methods fault_methods = {
	2, fault_close, fault_read, fault_write_at, fault_truncate, fault_sync, fault_size, fault_lock, fault_unlock, fault_reserved,
	fault_control, fault_sector, fault_traits, fault_shm_map, fault_shm_lock, fault_shm_barrier, fault_shm_unmap, NULL, NULL,
};

static inline int fault_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out_flags)
{
	struct fault_file *file = (struct fault_file *)f;
	(void)vfs;
	*file = (struct fault_file){ .real = (sqlite3_file *)(file + 1) };
	int rc = fault_now();
	if (rc != SQLITE_OK)
		return SQLITE_CANTOPEN;
	file->disk = fault_disk_of(name ? name : "");
	rc = faulty.real->xOpen(faulty.real, name, file->real, flags, out_flags);
	file->base.pMethods = file->real->pMethods ? &fault_methods : NULL;
	return rc;
}

static inline int fault_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	(void)vfs;
	if (fault_now() != SQLITE_OK)
		return SQLITE_IOERR_DELETE;
	for (struct fault_disk *d = faulty.disks; d; d = d->next) {
		if (strcmp(d->path, name) == 0) {
			fault_forget_writes(d);
			d->safe_bytes = 0;
		}
	}
	return faulty.real->xDelete(faulty.real, name, sync);
}

static inline void fault_vfs_install(void)
{
	faulty.real = sqlite3_vfs_find(NULL);
	faulty.vfs = *faulty.real;
	faulty.vfs.zName = "faulty";
	faulty.vfs.szOsFile = (int)sizeof(struct fault_file) + faulty.real->szOsFile;
	faulty.vfs.xOpen = fault_open;
	faulty.vfs.xDelete = fault_delete;
	sqlite3_vfs_register(&faulty.vfs, 1);
}

static inline void fault_vfs_disarm(void)
{
	faulty.kind = FAULT_NONE;
	faulty.off = 0;
	while (faulty.disks) {
		struct fault_disk *d = faulty.disks;
		faulty.disks = d->next;
		fault_forget_writes(d);
		free(d->path);
		free(d->safe);
		free(d);
	}
}

static inline void fault_vfs_arm(uint64_t at, enum fault kind)
{
	fault_vfs_disarm();
	faulty.at = at;
	faulty.calls = 0;
	faulty.kind = kind;
}

/* After everything was closed. */
static inline void fault_vfs_restore(uint32_t seed)
{
	for (struct fault_disk *d = faulty.disks; d; d = d->next) {
		if (d->path[0] == '\0')
			continue;
		for (struct fault_write *w = d->writes; w; w = w->next) {
			seed = seed * 1664525u + 1013904223u;
			if (seed >> 30 == 0) /* a quarter of them is lost, and those behind may be there */
				continue;
			fault_apply(d, w, w->length > 512 && !w->next ? w->length / 1024 * 512 : w->length);
		}
		size_t n = strlen(d->path);
		if (n > 4 && strcmp(d->path + n - 4, "-shm") == 0)
			continue;
		int fd = open(d->path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		ssize_t written = fd < 0 ? -1 : write(fd, d->safe ? d->safe : "", d->safe_bytes);
		(void)written;
		if (fd >= 0)
			close(fd);
	}
}

#endif
