/* Waits for mutexes, by stack: RF_SPOOL_PROFILE_CONTENTION. A wait is sampled when the thread has waited a time that is drawn from an
 * exponential distribution (mean: the period), so every nanosecond is as likely as any other; it is noted when it is over.
 */
#ifndef RF_AGENT_WAITS_H
#define RF_AGENT_WAITS_H

#include <stdint.h>

/* period: nanoseconds; 0: none. */
static void rf_waits_init(uint64_t period);
static void rf_waits_forked(void);
/* A wait is over; wait_left of the thread is below it. errno is kept. */
static void rf_waits_count(uint64_t waited_ns);
/* The last snapshot. Under the lock. */
static void rf_waits_finish(void);

#endif
