/* The cache directory ${XDG_CACHE_HOME:-~/.cache}/redflag: one directory an entry, complete or not there at all.
 *
 * An entry is built aside (in a directory that begins with RF_CACHE_BUILDING) while the lock is held, and renamed to its
 * name when it is whole and on the disk. What interrupted builds left is removed by the next holder of the lock; readers
 * need no lock.
 */
#ifndef RF_TOOLCHAIN_CACHE_H
#define RF_TOOLCHAIN_CACHE_H

#include "base/arena.h"
#include "base/error.h"

#define RF_CACHE_BUILDING "building-"

struct rf_cache {
	rf_str directory; /* absolute */
	int lock_fd;      /* -1: not locked */
};

/* Finds and makes the directory. */
int rf_cache_open(rf_arena *arena, struct rf_cache *out, struct rf_error *err);
/* Waits for the lock, then removes what interrupted builds left. */
int rf_cache_lock(struct rf_cache *cache, rf_arena *arena, struct rf_error *err);
void rf_cache_unlock(struct rf_cache *cache);
/* A new empty directory for a build; the lock must be held. */
int rf_cache_begin(const struct rf_cache *cache, rf_arena *arena, rf_str *building, struct rf_error *err);
/* Gives the finished directory its name. */
int rf_cache_publish(const struct rf_cache *cache, rf_str building, rf_str key, rf_arena *arena, struct rf_error *err);
/* Calls `each` for every entry's name. */
void rf_cache_each(const struct rf_cache *cache, void (*each)(void *context, const char *name), void *context);

#endif
