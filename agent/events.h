/* What happens to a thread in the kernel, by stack: where it is switched away from the processor and for how long
 * (RF_SPOOL_PROFILE_OFFCPU), where it meets page faults (RF_SPOOL_PROFILE_FAULTS), where its time in the kernel goes
 * (RF_SPOOL_PROFILE_SYSTEM), where it calls the system (RF_SPOOL_PROFILE_SYSCALLS).
 *
 * Each thread has an event of each kind with a ring of its own (perf_ring.h), opened when the thread begins. The kernel writes
 * registers and the innermost part of the stack into it; nothing interrupts the thread. The ring is read by the thread itself, when
 * it comes by a hook and a quarter of the ring is full, and when it ends; by another one's hook, in turn, where the thread comes by
 * none; at a signal of --cpu's clock; and at the end of the process. The stack is walked then (unwind_copy.h).
 *
 * Bounds: RF_EVENTS_THREADS_MAX threads at a time, a ring of RF_EVENTS_PAGES pages and one more for each kind that is on. Counted as
 * dropped are samples that found the ring full, and each thread that could have no ring. Of all but --system the event itself
 * says how many there were; those after a thread's last sample are known where LAST_EVENTS_MAX allows to make one more, and the thread
 * ends, or is the one that ends the process.
 *
 * rf_events_look and rf_events_thread are for hooks; all else is called inside the agent. The lock is taken here.
 */
#ifndef RF_AGENT_EVENTS_H
#define RF_AGENT_EVENTS_H

#include "agent/events_attr.h"
#include "agent/thread.h"

#include <stdint.h>

#define RF_EVENTS_THREADS_MAX 128u
#define RF_EVENTS_PAGES 16u /* 64 KiB: 15 samples */

/* Of each kind one of so many, a multiple of no other number (the next prime), but of RF_EVENTS_SYSTEM so many samples a second of
 * processor time; 0: none. */
static void rf_events_init(const uint64_t rates[RF_EVENTS_KIND_COUNT]);
static void rf_events_forked(void);
/* In a thread that begins. */
static void rf_events_thread(void);
/* The last of all rings, and the last snapshots. Under the lock. */
static void rf_events_finish(void);

/* The ring of this thread, and now and then some others. */
static void rf_events_read(void);
static void rf_events_read_due(void);
/* By the way: has the ring of this thread to be read? errno is kept. */
static inline void rf_events_look(void)
{
	if (__builtin_expect(rf_me.events != 0, 0))
		rf_events_read_due();
}

#endif
