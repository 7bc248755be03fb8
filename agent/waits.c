#include "agent/waits.h"

#include "agent/heap.h"
#include "agent/lock.h"
#include "agent/profile.h"
#include "agent/settings.h"
#include "agent/thread.h"

#include <errno.h>
#include <unistd.h>

enum { VALUE_WAITS, VALUE_WAITS_NS };

static struct rf_profile waits;

static void rf_waits_init(uint64_t period)
{
	rf_settings.locks = period;
	rf_settings.mutexes |= period != 0;
	rf_profile_init(&waits, RF_SPOOL_PROFILE_CONTENTION, period, sizeof(struct rf_profile_tables));
}

static void rf_waits_forked(void)
{
	rf_profile_forget(&waits);
}

static void add_wait(uint64_t waited_ns)
{
	if (!rf_lock_own())
		return;
	uint64_t *values = rf_profile_values(&waits, NULL);
	if (values) {
		values[VALUE_WAITS]++;
		values[VALUE_WAITS_NS] += waited_ns;
	}
	rf_profile_note(&waits, 0);
	rf_unlock();
}

/* 0 left: a new thread, which hasn't drawn yet. */
static void rf_waits_count(uint64_t waited_ns)
{
	struct rf_thread *t = &rf_me;
	int error = errno;
	if (!rf_enter())
		return;
	if (!t->wait_left)
		t->wait_left = rf_heap_distance(waits.period);
	if (waited_ns < t->wait_left) {
		t->wait_left -= waited_ns;
	} else {
		t->wait_left = rf_heap_distance(waits.period);
		if (!rf_settings.held)
			add_wait(waited_ns);
	}
	rf_leave();
	errno = error;
}

static void rf_waits_finish(void)
{
	rf_profile_finish(&waits);
}
