/* Which allocations are looked at: those at which a thread has allocated the bytes that were drawn for the next sample, and one in
 * so many for a guarded block. One number is counted down for both on the short way of malloc.
 *
 * Each allocation weighs its bytes and RF_COUNTDOWN_FRONT more. Samples and guarded blocks are two streams of points on that scale,
 * at distances without memory; the countdown is that of the nearer one. A point of the samples that lies in the bytes is a sample;
 * a point of the guarded blocks that lies in the front is one, so that a large block has no better chance than a small one. Other
 * points are passed over, which is cheap. So every byte, and every allocation, has the same chance, whatever lies between.
 *
 * Of the thread alone. What interrupts it may shift a distance, never more.
 */
#ifndef RF_AGENT_COUNTDOWN_H
#define RF_AGENT_COUNTDOWN_H

#include "agent/thread.h"

#include <stdbool.h>
#include <stddef.h>

#define RF_COUNTDOWN_FRONT 16u

struct rf_due {
	bool sample, guard;
};

/* Counts an allocation, or a mapping; false when a point lies in it. Sizes that nobody can have may wrap round: they pass. */
static inline bool rf_countdown_pass(size_t bytes)
{
	uint64_t weight = bytes + RF_COUNTDOWN_FRONT;
	bool met;
	__asm__("sub %2, %1" : "=@ccbe"(met), "+m"(rf_me.left) : "r"(weight)); /* one instruction where compilers make three */
	if (__builtin_expect(!met, 1))
		return true;
	rf_me.left += weight;
	return false;
}

/* Counts one that a point lies in, and draws the next points. New threads draw their first ones here. */
static struct rf_due rf_countdown_see(size_t bytes);
/* The next call draws anew, by other rates. */
static void rf_countdown_restart(void);
/* Nothing is looked at any more. */
static void rf_countdown_stop(void);

#endif
