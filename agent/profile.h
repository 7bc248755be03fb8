/* A profile: what the samples with one stack add up to. The tables are a file beside the spool (heap_file.h) from the first sample on, so
 * that they outlive the process; in memory alone where there can be no file. Snapshots go to the spool at the end and between,
 * at distances that double up to an hour.
 *
 *	rf_profile_init -> rf_profile_values and rf_profile_note, any number -> rf_profile_finish
 *
 * Memory: that of the tables, which is there as far as it was written to. Under the lock, inside the agent.
 */
#ifndef RF_AGENT_PROFILE_H
#define RF_AGENT_PROFILE_H

#include "agent/heap_file.h"
#include "agent/settings.h"
#include "agent/unwind.h"
#include "tsan-glue/spool_format.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RF_PROFILE_PATH_BYTES 1024u
#define RF_PROFILE_BUCKETS (2u * RF_HEAP_STACKS_MAX)
#define RF_PROFILE_NO_STACK UINT32_MAX

/* What is mapped: the file, and behind it memory of the process alone, which a user may have more of. A page of a file that is touched
 * first takes ten times as long as one of memory, so what no reader wants isn't in it. */
struct rf_profile_tables {
	struct rf_heap_file file;
	_Alignas(RF_PAGE) uint32_t buckets[RF_PROFILE_BUCKETS]; /* index + 1 */
};
#define RF_PROFILE_FILE_BYTES offsetof(struct rf_profile_tables, buckets)

struct rf_profile {
	struct rf_profile_tables *t; /* NULL until rf_profile_open */
	enum rf_spool_profile_kind kind;
	uint64_t period, start_ns, next_ns, distance_ns;
	size_t bytes;   /* of the mapping */
	bool changed;   /* since the last snapshot */
	bool in_file;
	char path[RF_PROFILE_PATH_BYTES];
};

static uint64_t rf_profile_now_ns(void); /* CLOCK_MONOTONIC */
/* bytes: of the tables and what the user has behind them. */
static void rf_profile_init(struct rf_profile *p, enum rf_spool_profile_kind kind, uint64_t period, size_t bytes);
/* In a forked child: nothing of it is its own. */
static void rf_profile_forget(struct rf_profile *p);
/* True when there are tables. made: they are new, and have everything but the magic, which rf_profile_show stores. */
static bool rf_profile_open(struct rf_profile *p, bool *made);
static void rf_profile_show(struct rf_profile *p);
/* The index of a stack, which is added when it is new; RF_PROFILE_NO_STACK: there is no room, which is counted. */
static uint32_t rf_profile_stack(struct rf_profile *p, const struct rf_trace *trace);
/* The values of this thread's stack, for the caller to add to; context: as rf_trace_take_from has it, or NULL. NULL: there is no room,
 * which is counted. */
static uint64_t *rf_profile_values(struct rf_profile *p, const void *context);
/* Something was counted: notes when, and writes a snapshot if one is due. dropped: samples that weren't. */
static void rf_profile_note(struct rf_profile *p, uint64_t dropped);
static void rf_profile_snapshot(struct rf_profile *p);
/* The last snapshot; then the file isn't needed any more. */
static void rf_profile_finish(struct rf_profile *p);

#endif
