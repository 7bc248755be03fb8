#include "upkeep/aside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static void remove_logs(const struct rf_aside *aside, rf_arena *arena)
{
	static const char *const suffixes[] = { "-wal", "-shm", "-journal" };
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		const char *path = rf_arena_printf(arena, "%s%s", aside->path, suffixes[i]).ptr;
		if (path)
			unlink(path);
	}
}

int rf_aside_open(struct rf_aside *aside, const char *name, rf_arena *arena, struct rf_error *err)
{
	*aside = (struct rf_aside){ .name = name, .path = rf_arena_printf(arena, "%s.part", name).ptr, .fd = -1 };
	if (!aside->path)
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory while writing %s.", name);
	int fd = open(aside->path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		return rf_fail(err, RF_ERR_IO, "Cannot write %s: %s.", aside->path, strerror(errno));
	int rc = 0;
	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		rc = rf_fail(err, RF_ERR_IO, "Another redflag is writing %s; try again when it is done.", aside->path);
	else if (ftruncate(fd, 0) != 0)
		rc = rf_fail(err, RF_ERR_IO, "Cannot write %s: %s.", aside->path, strerror(errno));
	if (rc < 0) {
		close(fd);
		return rc;
	}
	aside->fd = fd;
	remove_logs(aside, arena);
	return 0;
}

static void sync_directory_of(const char *path, rf_arena *arena)
{
	rf_str name = rf_str_from(path);
	ptrdiff_t slash = rf_str_find_last(name, '/');
	rf_str directory = slash < 0 ? RF_STR(".") : slash == 0 ? RF_STR("/") : rf_str_take(name, (size_t)slash);
	int fd = open(rf_arena_cstr(arena, directory), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd); /* not every file system can; then a power cut may take the name, not the sense */
		close(fd);
	}
}

int rf_aside_finish(struct rf_aside *aside, rf_arena *arena, struct rf_error *err)
{
	if (fsync(aside->fd) != 0 || rename(aside->path, aside->name) != 0)
		return rf_fail(err, RF_ERR_IO, "Cannot write %s: %s.", aside->name, strerror(errno));
	sync_directory_of(aside->name, arena);
	close(aside->fd);
	aside->fd = -1;
	return 0;
}

void rf_aside_drop(struct rf_aside *aside, rf_arena *arena)
{
	if (aside->fd < 0)
		return;
	unlink(aside->path);
	remove_logs(aside, arena);
	close(aside->fd);
	aside->fd = -1;
}
