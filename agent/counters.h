/* What hooked calls cost, by stack: one of so many is measured by a group of counters (counters_group.h), read in front of the call and
 * behind it. Two profiles: RF_SPOOL_PROFILE_COUNTERS with the calls, their time on the processor (the task clock), page faults and
 * switches; and RF_SPOOL_PROFILE_PROCESSOR with migrations and, where the processor counts, cycles, instructions and cache misses.
 *
 * Measured are read, write and their like, mmap, munmap, mremap, pthread_create, and, where waits for mutexes are
 * sampled (waits.h), those of pthread_mutex_lock: by itself this makes no mutex slower. Not malloc, which takes less than to read a
 * counter.
 *
 * A thread's group is opened by the first call of it that is measured, up to RF_COUNTERS_THREADS_MAX at a time. The others, and all where
 * the kernel refuses, are measured by what it tells everybody: such a call counts in the first profile, and is dropped in the second. A
 * call during which the processor's counters were somebody else's is dropped in both.
 *
 *	if (rf_counters_is_due()) rf_counters_enter; the call; rf_counters_leave
 *
 * Nothing is held over the call: a thread may be cancelled in it, or leave it by longjmp.
 */
#ifndef RF_AGENT_COUNTERS_H
#define RF_AGENT_COUNTERS_H

#include "agent/counters_group.h"
#include "agent/thread.h"

#include <stdbool.h>
#include <stdint.h>

#define RF_COUNTERS_THREADS_MAX 128u /* as many as have rings (events.h): up to eight mappings each */

struct rf_counters_call {
	bool due;   /* it is measured */
	bool taken; /* `before` is */
	struct rf_counts before;
};

/* period: one of so many calls; 0: none. */
static void rf_counters_init(uint64_t period);
static void rf_counters_forked(void);
/* The last snapshots. Under the lock. */
static void rf_counters_finish(void);

static bool rf_counters_draw(void);
/* errno is kept by all of these. */
static void rf_counters_enter(struct rf_counters_call *call);
static void rf_counters_leave(const struct rf_counters_call *call);

static inline bool rf_counters_is_due(void)
{
	return __builtin_expect(--rf_me.counters_left <= 0, 0) && rf_counters_draw();
}

/* In front of a call, and behind it, due or not. */
static inline void rf_counters_begin(struct rf_counters_call *call)
{
	call->due = rf_counters_is_due();
	if (call->due)
		rf_counters_enter(call);
}

static inline void rf_counters_end(const struct rf_counters_call *call)
{
	if (call->due)
		rf_counters_leave(call);
}

#endif
