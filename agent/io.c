#include "agent/io.h"

#include "agent/calls.h"
#include "agent/lock.h"
#include "agent/profile.h"
#include "agent/settings.h"

#include <errno.h>
#include <sys/resource.h>

enum { VALUE_CALLS, VALUE_WAITED_NS, VALUE_TRANSFERRED, VALUE_SWITCHES };

static struct {
	struct rf_profile profile;
	uint64_t period;
} io;

static void rf_io_init(uint64_t period)
{
	io.period = period;
	rf_settings.calls |= period != 0;
	rf_profile_init(&io.profile, RF_SPOOL_PROFILE_IO, period, sizeof(struct rf_profile_tables));
}

static void rf_io_forked(void)
{
	rf_profile_forget(&io.profile);
}

static bool rf_io_draw(void)
{
	return rf_calls_draw(&rf_me.io_left, io.period);
}

static uint64_t switches_of_thread(void)
{
	struct rusage usage;
	return getrusage(RUSAGE_THREAD, &usage) == 0 ? (uint64_t)usage.ru_nvcsw + (uint64_t)usage.ru_nivcsw : 0;
}

static void rf_io_enter(struct rf_io_call *call)
{
	call->switches = switches_of_thread();
	call->start_ns = rf_profile_now_ns();
}

static void count_call(const struct rf_io_call *call, ssize_t result, uint64_t end_ns)
{
	uint64_t switches = switches_of_thread() - call->switches;
	rf_lock();
	uint64_t *values = rf_profile_values(&io.profile, NULL);
	if (values) {
		values[VALUE_CALLS]++;
		values[VALUE_WAITED_NS] += end_ns - call->start_ns;
		values[VALUE_TRANSFERRED] += result > 0 ? (uint64_t)result : 0;
		values[VALUE_SWITCHES] += switches;
	}
	rf_profile_note(&io.profile, 0);
	rf_unlock();
}

static void rf_io_leave(const struct rf_io_call *call, ssize_t result)
{
	uint64_t end_ns = rf_profile_now_ns();
	int error = errno;
	if (rf_settings.pid == getpid() && rf_enter()) {
		count_call(call, result, end_ns);
		rf_leave();
	}
	errno = error;
}

static void rf_io_finish(void)
{
	rf_profile_finish(&io.profile);
}
