/* pthread_mutex_lock: one that is free is taken as before, by trylock; of one that isn't the wait is measured, and one in so many
 * nanoseconds of waiting (--lock-sample) goes into the profile with its stack. What lock has to say itself (a deadlock that is
 * checked for) it says. One in so many of these waits is measured by counters, where they are asked for (counters.h). Rings of events are
 * read by the way (events.h).
 */
#include "agent/counters.h"
#include "agent/events.h"
#include "agent/next.h"
#include "agent/profile.h"
#include "agent/settings.h"
#include "agent/thread.h"
#include "agent/waits.h"

#include <errno.h>

static __attribute__((noinline)) int wait_for(pthread_mutex_t *mutex)
{
	struct rf_counters_call call;
	uint64_t start = rf_profile_now_ns();
	rf_counters_begin(&call);
	int result = rf_next.pthread_mutex_lock(mutex);
	rf_counters_end(&call);
	uint64_t waited = rf_profile_now_ns() - start;
	if (waited < rf_me.wait_left)
		rf_me.wait_left -= waited;
	else
		rf_waits_count(waited);
	return result;
}

static int lock_looking(pthread_mutex_t *mutex)
{
	if (rf_me.inside)
		return rf_next.pthread_mutex_lock(mutex);
	rf_events_look();
	if (!rf_settings.locks)
		return rf_next.pthread_mutex_lock(mutex);
	int result = rf_next.pthread_mutex_trylock(mutex);
	return __builtin_expect(result != EBUSY, 1) ? result : wait_for(mutex);
}

static int lock_early(pthread_mutex_t *mutex)
{
	rf_next_init();
	return rf_next.pthread_mutex_lock(mutex);
}

/* Where the hook jumps to, so that it is a jump and no more where nothing is asked for: settled by the constructor. */
static int (*lock_way)(pthread_mutex_t *mutex) = lock_early;

static void rf_mutexes_settle(void)
{
	lock_way = rf_settings.mutexes ? lock_looking : rf_next.pthread_mutex_lock;
}

RF_SHORT int pthread_mutex_lock(pthread_mutex_t *mutex)
{
	return lock_way(mutex);
}
