/* The process's memory as /proc tells of it: every mapping, and the pages of one that were touched. One walk at a time; nothing
 * is allocated.
 */
#ifndef RF_MAPS_H
#define RF_MAPS_H

#include <stdbool.h>
#include <stdint.h>

struct rf_maps_range {
	uintptr_t start, end;
};

struct rf_mapping {
	struct rf_maps_range range;
	const char *permissions; /* "rw-p" and what follows in the line */
	const char *path;        /* "/lib/libc.so.6", "[heap]", "anon_inode:[io_uring]"; "" of plain memory */
};

/* Calls see for each mapping. False: see did, or not all could be read. */
static bool rf_maps_each(bool (*see)(const struct rf_mapping *mapping));
/* Within a walk: calls see for runs of pages that are in memory or swapped out. False as above. */
static bool rf_maps_touched(struct rf_maps_range range, bool (*see)(uintptr_t start, uintptr_t end));
/* Moves at behind a range that it lies in, or end to the beginning of the next one. True when something was moved that makes it
 * worth asking again. */
static bool rf_maps_step(struct rf_maps_range skipped, uintptr_t *at, uintptr_t *end);
/* Shared, but not by a file that others could have written. */
static bool rf_maps_is_shared_memory(const struct rf_mapping *mapping);

#endif
