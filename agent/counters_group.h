/* A group of counters of one thread, read without a descriptor: a program may close all that it finds, and have a file of its own where
 * ours was a moment after we looked; a read(2) of that would take its bytes. So each counter lives by a mapping.
 *
 * The leader is an event that writes a sample with the values of the whole group whenever the thread meets a page fault in the kernel, into
 * a ring that is never read out: the newest sample is where data_head points. To read, the thread asks the kernel for the time, to be
 * written where nobody may write: a fault, a sample, and EFAULT. Faults of user code, which are most of what a program has, cost nothing.
 * The group counts all the time: to switch it on and off costs more than to read it twice.
 *
 * Without a group (no right, too many threads) the same struct reads what the kernel tells everybody of a thread: its clock, faults and
 * switches.
 *
 * What reading adds to each counter is measured when the group is opened, and taken off. Of the calling thread alone; no lock; errno is
 * kept by rf_counters_take. A handler of a signal may come between any two steps, and read, too.
 */
#ifndef RF_AGENT_COUNTERS_GROUP_H
#define RF_AGENT_COUNTERS_GROUP_H

#include "agent/counters_attr.h"

struct rf_counters_group {
	struct perf_event_mmap_page *page; /* of the leader, and the page of samples behind it; NULL: there is no group */
	void *pages[RF_COUNTER_COUNT];     /* that the counters live by; NULL: it doesn't count */
	uint64_t own[RF_COUNTER_COUNT];    /* what reading adds */
};

struct rf_counts {
	uint64_t values[RF_COUNTER_COUNT]; /* 0: it doesn't count */
	uint64_t enabled, running;         /* time, of the group; they differ where others had the processor's counters */
};

/* cycles: with those counters, too. False: refused. */
static bool rf_counters_group_open(struct rf_counters_group *group, bool cycles);
/* None: what is read is what everybody is told. */
static void rf_counters_group_plain(struct rf_counters_group *group);
static void rf_counters_group_close(struct rf_counters_group *group);
/* False: the group didn't count. */
static bool rf_counters_take(const struct rf_counters_group *group, struct rf_counts *counts);
/* What happened between; false: the group didn't count all the time. */
static bool rf_counters_between(const struct rf_counters_group *group, const struct rf_counts *before, const struct rf_counts *after,
				uint64_t values[RF_COUNTER_COUNT]);
/* pc: where a thread that was in the kernel returns to. True: the fault that it met there was made to read a group. */
static bool rf_counters_is_own_fault(uint64_t pc);

#endif
