#include "toolchain/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/files.h"

int rf_cache_open(rf_arena *arena, struct rf_cache *out, struct rf_error *err)
{
	const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	out->lock_fd = -1;
	if (xdg && xdg[0] == '/')
		out->directory = rf_arena_printf(arena, "%s/redflag", xdg);
	else if (home && home[0] == '/')
		out->directory = rf_arena_printf(arena, "%s/.cache/redflag", home);
	else
		return rf_fail(err, RF_ERR_IO, "there is no place for the cache; set HOME or XDG_CACHE_HOME to an absolute path");
	int rc = rf_dirs_make(out->directory.ptr, err);
	return rc ? rf_fail_again(err, "no cache directory (set XDG_CACHE_HOME to a place that can be written)") : 0;
}

struct garbage {
	const struct rf_cache *cache;
	rf_arena *arena;
};

static void remove_if_building(void *context, const char *name)
{
	struct garbage *g = context;
	if (rf_str_starts(rf_str_from(name), RF_CACHE_BUILDING))
		rf_tree_remove(rf_arena_printf(g->arena, "%.*s/%s", RF_STR_ARG(g->cache->directory), name).ptr);
}

int rf_cache_lock(struct rf_cache *cache, rf_arena *arena, struct rf_error *err)
{
	rf_str path = rf_arena_printf(arena, "%.*s/lock", RF_STR_ARG(cache->directory));
	cache->lock_fd = open(path.ptr, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (cache->lock_fd < 0)
		return rf_fail(err, RF_ERR_IO, "can't open %s: %s; set XDG_CACHE_HOME to a place that can be written", path.ptr,
			       strerror(errno));
	while (flock(cache->lock_fd, LOCK_EX) != 0) {
		if (errno == EINTR)
			continue;
		rf_fail(err, RF_ERR_IO, "can't lock %s: %s", path.ptr, strerror(errno));
		rf_cache_unlock(cache);
		return err->code;
	}
	struct garbage g = { cache, arena };
	rf_cache_each(cache, remove_if_building, &g);
	return 0;
}

void rf_cache_unlock(struct rf_cache *cache)
{
	if (cache->lock_fd >= 0)
		close(cache->lock_fd);
	cache->lock_fd = -1;
}

int rf_cache_begin(const struct rf_cache *cache, rf_arena *arena, rf_str *building, struct rf_error *err)
{
	*building = rf_arena_printf(arena, "%.*s/" RF_CACHE_BUILDING "%ld", RF_STR_ARG(cache->directory), (long)getpid());
	return rf_dirs_make(building->ptr, err);
}

int rf_cache_publish(const struct rf_cache *cache, rf_str building, rf_str key, rf_arena *arena, struct rf_error *err)
{
	rf_str entry = rf_arena_printf(arena, "%.*s/%.*s", RF_STR_ARG(cache->directory), RF_STR_ARG(key));
	rf_dir_sync(building.ptr);
	if (rename(building.ptr, entry.ptr) != 0)
		return rf_fail(err, RF_ERR_IO, "can't rename %s to %s: %s", building.ptr, entry.ptr, strerror(errno));
	rf_dir_sync(rf_arena_cstr(arena, cache->directory));
	return 0;
}

void rf_cache_each(const struct rf_cache *cache, void (*each)(void *context, const char *name), void *context)
{
	DIR *dir = opendir(cache->directory.ptr);
	for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL;) {
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			each(context, entry->d_name);
	}
	if (dir)
		closedir(dir);
}
