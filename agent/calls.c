#include "agent/calls.h"

#include "agent/settings.h"
#include "agent/thread.h"

/* The distance to the next: even between 1 and twice the mean, less 1. A new thread, or one that began before the agent was ready,
 * hasn't drawn yet. */
static bool rf_calls_draw(int64_t *left, uint64_t period)
{
	bool fresh = *left < 0;
	if (!period || !rf_settings.ready) {
		*left = rf_settings.ready || rf_settings.off ? INT64_MAX : 0;
		return false;
	}
	*left = (int64_t)(1 + (rf_random() >> 1) % (2 * period - 1));
	return (!fresh || period == 1) && !rf_settings.held;
}
