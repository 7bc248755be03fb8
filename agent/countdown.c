#include "agent/countdown.h"

#include "agent/heap.h"
#include "agent/settings.h"

#define LOOK_AGAIN_BYTES ((uint64_t)1 << 20) /* while nothing is sampled: whether it is to be again */

static uint64_t sample_distance(void)
{
	if (!rf_settings.heap || rf_settings.paused)
		return rf_heap_is_controlled() ? LOOK_AGAIN_BYTES : UINT64_MAX;
	return rf_heap_distance(heap.period);
}

/* With the mean m a point lies in the front of an allocation with the chance 1 - exp(-16 / m); m = 16 rate - 8 makes that one in
 * `rate`, to 1 % from 3 on. */
static uint64_t guard_distance(void)
{
	uint64_t rate = rf_settings.guard;
	return !rate ? UINT64_MAX : rate == 1 ? 1 : rf_heap_distance(RF_COUNTDOWN_FRONT * rate - RF_COUNTDOWN_FRONT / 2);
}

/* Does the next point lie in those bytes? Else it is so much nearer. */
static bool meets(uint64_t *left, uint64_t weight)
{
	if (*left <= weight)
		return true;
	*left -= weight;
	return false;
}

static struct rf_due rf_countdown_see(size_t bytes)
{
	struct rf_thread *t = &rf_me;
	struct rf_due due = { false, false };
	uint64_t weight = bytes + RF_COUNTDOWN_FRONT, used = t->left_from - t->left;
	weight = weight < bytes ? bytes : weight;
	if (!t->sample_left || meets(&t->sample_left, used))
		t->sample_left = sample_distance();
	if (!t->guard_left || meets(&t->guard_left, used))
		t->guard_left = guard_distance();
	uint64_t sample_at = t->sample_left, guard_at = t->guard_left;
	if (meets(&t->sample_left, weight)) {
		t->sample_left = sample_distance();
		due.sample = sample_at <= bytes && rf_settings.heap && !rf_settings.paused;
	}
	if (meets(&t->guard_left, weight)) {
		t->guard_left = guard_distance();
		due.guard = guard_at <= RF_COUNTDOWN_FRONT && rf_settings.guard;
	}
	t->left = t->left_from = t->sample_left < t->guard_left ? t->sample_left : t->guard_left;
	return due;
}

static void rf_countdown_restart(void)
{
	rf_me.left = rf_me.left_from = rf_me.sample_left = rf_me.guard_left = 0;
}

static void rf_countdown_stop(void)
{
	rf_me.left = rf_me.left_from = rf_me.sample_left = rf_me.guard_left = UINT64_MAX;
}
