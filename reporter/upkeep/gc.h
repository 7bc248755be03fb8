/* Removing what is old: events with all that belongs to them, runs, results, processes, silences that were told, stacks and
 * frames that nobody refers to any more.
 *
 * What stays: every finding, with its counts, first and last time and numbers by day (gone_events), so that one that comes
 * again is never new; of each finding the latest event and, if all are old, the one that says most, so that there is always
 * something to show; the run in which a finding was seen first; an event whose alert still waits; and everything younger than an
 * hour when it is removed for its size.
 *
 * Everything happens in transactions of a few milliseconds with pauses as long, so that writers get in between. Each leaves the
 * database whole: after a kill or a failure the next call goes on. Freed pages are given back to the file system in the
 * same small steps where the file was made for it (auto_vacuum), else they are used again by what comes.
 */
#ifndef RF_UPKEEP_GC_H
#define RF_UPKEEP_GC_H

#include "store/store.h"

#define RF_GC_YOUNG_NS 3600000000000u /* nothing younger is removed, whatever the size */

struct rf_gc_options {
	uint64_t keep_ns;        /* older is removed; 0: age doesn't matter */
	uint64_t size_max_bytes; /* then the oldest, until the database uses no more; 0: any size */
	uint64_t budget_ns;      /* stop after this time, even if not all is done; 0: all */
	bool dry_run;            /* only count what keep_ns removes */
	bool vacuum;             /* rewrite the file at the end; others can't write meanwhile */
};
struct rf_gc {
	int64_t events, runs, processes, results, silences, stacks, frames;
	rf_str before;            /* everything older went, but for what stays; of the arena; "" nothing did */
	uint64_t used_before, used_after; /* bytes in use; the file may be larger */
	uint64_t file_before, file_after;
	bool unfinished;          /* the budget ran out */
	bool can_shrink;          /* the file gives freed pages back */
	uint64_t disk_missing;    /* vacuum was left out: so many bytes are missing on the disk */
};
/* *out is filled as far as it went, also on failure. */
int rf_gc_run(struct rf_store *s, const struct rf_gc_options *options, rf_arena *arena, struct rf_gc *out,
	      struct rf_error *err);
/* Did the last full run end more than a day ago (or, by a clock that was wrong, in the future)? */
int rf_gc_is_due(struct rf_store *s, bool *due, struct rf_error *err);

struct rf_gc_files {
	uint64_t files, bytes;
};
/* Removes spools that were set aside as damaged, and spools and locks that a process has left, when nobody has written to
 * them since `keep_ns` ago. One of a process that may still run stays. `host` is this machine's name. */
int rf_gc_spools(const char *directory, uint64_t keep_ns, struct rf_clock clock, rf_str host, bool dry_run,
		 struct rf_gc_files *out, struct rf_error *err);

#endif
