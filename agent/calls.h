/* Which hooked calls are measured: one of so many, at distances that are drawn, so that no pattern of the program's is met or missed
 * each time. A thread has a number that is counted down for each option (thread.h); the short way is the caller's. */
#ifndef RF_AGENT_CALLS_H
#define RF_AGENT_CALLS_H

#include <stdbool.h>
#include <stdint.h>

/* The number is down: draws the next. True: this call is measured. period: one of so many; 0: none. */
static bool rf_calls_draw(int64_t *left, uint64_t period);

#endif
