/* Files that nobody takes in any more. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/process.h"
#include "tsan-glue/spool_format.h"
#include "upkeep/gc.h"

/* May a process still write to it? What can't be read as a spool has no writer that we know of. */
static bool is_in_use(const char *path, rf_str host)
{
	struct rf_spool *spool = NULL;
	struct rf_error ignored;
	int rc = rf_spool_open(&spool, path, &ignored);
	if (rc < 0)
		return rc != RF_ERR_INPUT; /* of a newer version, or not readable for us: not ours to judge */
	const struct rf_process *p = rf_spool_process(spool);
	bool in_use = !p->finished && (!rf_str_eq(p->host, host) || !rf_process_over(p->pid, p->start_unix_ns));
	rf_spool_close(spool);
	return in_use;
}

static bool is_locked(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return true;
	bool locked = flock(fd, LOCK_EX | LOCK_NB) != 0;
	close(fd);
	return locked;
}

static bool may_go(const char *path, rf_str host)
{
	rf_str name = rf_str_from(path);
	if (rf_str_ends(name, RF_SPOOL_SUFFIX ".damaged"))
		return true;
	if (rf_str_ends(name, RF_SPOOL_SUFFIX))
		return !is_in_use(path, host);
	return rf_str_ends(name, ".lock") && !is_locked(path);
}

static bool is_old(const struct stat *st, uint64_t before_ns)
{
	return S_ISREG(st->st_mode) && st->st_mtim.tv_sec >= 0 &&
	       (uint64_t)st->st_mtim.tv_sec * 1000000000u + (uint64_t)st->st_mtim.tv_nsec < before_ns;
}

int rf_gc_spools(const char *directory, uint64_t keep_ns, struct rf_clock clock, rf_str host, bool dry_run,
		 struct rf_gc_files *out, struct rf_error *err)
{
	uint64_t now = rf_clock_now(clock);
	DIR *dir = opendir(directory);
	struct dirent *entry;
	rf_arena arena;
	int rc = 0;
	*out = (struct rf_gc_files){ 0 };
	rf_arena_init(&arena, 0);
	while (dir && rc == 0 && keep_ns < now && (entry = readdir(dir))) {
		struct stat st;
		const char *path = rf_arena_printf(&arena, "%s/%s", directory, entry->d_name).ptr;
		if (!path || lstat(path, &st) != 0 || !is_old(&st, now - keep_ns) || !may_go(path, host))
			continue;
		if (!dry_run && unlink(path) != 0 && errno != ENOENT)
			rc = rf_fail(err, RF_ERR_IO, "Cannot remove %s: %s.", path, strerror(errno));
		out->files++;
		out->bytes += (uint64_t)st.st_blocks * 512;
		rf_arena_reset(&arena);
	}
	if (dir)
		closedir(dir);
	rf_arena_release(&arena);
	return rc;
}
