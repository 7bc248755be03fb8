/* Waiting in read, write and their like, by stack: RF_SPOOL_PROFILE_IO. One of so many calls is measured, at distances that are drawn:
 * the time it took, the bytes that it moved, and how often the thread was switched away from meanwhile.
 *
 * No event of perf_event_open: clock and switches of the thread are asked before and after a call that is measured, and the others cost
 * a number that is counted down. Nothing is held over the call, so a thread may be cancelled in it.
 */
#ifndef RF_AGENT_IO_H
#define RF_AGENT_IO_H

#include "agent/thread.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct rf_io_call {
	uint64_t start_ns, switches;
};

/* period: one of so many calls; 0: none. */
static void rf_io_init(uint64_t period);
static void rf_io_forked(void);
/* The last snapshot. Under the lock. */
static void rf_io_finish(void);

static bool rf_io_draw(void);
/* Is this call measured? */
static inline bool rf_io_is_due(void)
{
	return __builtin_expect(--rf_me.io_left <= 0, 0) && rf_io_draw();
}
static void rf_io_enter(struct rf_io_call *call);
/* result: what the call returned. errno is kept. */
static void rf_io_leave(const struct rf_io_call *call, ssize_t result);

#endif
