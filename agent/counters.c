#include "agent/counters.h"

#include "agent/calls.h"
#include "agent/lock.h"
#include "agent/profile.h"
#include "agent/settings.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#define KEYS_AT_HAND 32u /* PTHREAD_KEY_2NDLEVEL_SIZE of glibc: to set one of these takes no memory, which a signal's handler may not */

enum { VALUE_COUNTED, VALUE_CLOCK_NS, VALUE_CLOCK_FAULTS, VALUE_CLOCK_SWITCHES };
enum { VALUE_MIGRATIONS, VALUE_CYCLES, VALUE_INSTRUCTIONS, VALUE_CACHE_MISSES };

static struct {
	struct rf_profile calls, processor;
	uint64_t period;
	enum rf_counters_rights rights;
	pthread_key_t key;
	_Atomic uint32_t groups; /* that are open */
} counters;

static __thread struct {
	bool begun;
	struct rf_counters_group group;
} counted_here __attribute__((tls_model("initial-exec")));

static bool rf_counters_draw(void)
{
	return rf_calls_draw(&rf_me.counters_left, counters.period);
}

/* --- threads ------------------------------------------------------------------------------------------------------- */

/* The key's destructor. What another one calls afterwards is measured without a group. */
static void end_group(void *raw)
{
	bool inside = rf_enter();
	(void)raw;
	if (inside && rf_settings.pid == getpid() && counted_here.group.page) {
		rf_counters_group_close(&counted_here.group);
		counters.groups--;
	}
	if (inside)
		rf_leave();
}

/* Inside the agent. */
static void begin_counting(void)
{
	bool wanted = counters.rights != RF_COUNTERS_REFUSED;
	bool room = wanted && ++counters.groups <= RF_COUNTERS_THREADS_MAX && pthread_setspecific(counters.key, &counted_here) == 0;
	bool open = room && rf_counters_group_open(&counted_here.group, counters.rights == RF_COUNTERS_ALL);
	if (!open)
		rf_counters_group_plain(&counted_here.group);
	if (wanted && !open)
		counters.groups--;
	counted_here.begun = true;
}

static bool may_count(void)
{
	if (rf_me.inside || rf_settings.pid != getpid())
		return false;
	if (!counted_here.begun && rf_enter()) {
		begin_counting();
		rf_leave();
	}
	return true;
}

/* --- calls --------------------------------------------------------------------------------------------------------- */

static void drop_call(struct rf_profile *p)
{
	bool made;
	if (rf_profile_open(p, &made) && made)
		rf_profile_show(p);
	rf_profile_note(p, 1);
}

static void add_call(const uint64_t values[RF_COUNTER_COUNT])
{
	uint64_t *sums = rf_profile_values(&counters.calls, NULL);
	if (sums) {
		sums[VALUE_COUNTED]++;
		sums[VALUE_CLOCK_NS] += values[RF_COUNTER_CLOCK];
		sums[VALUE_CLOCK_FAULTS] += values[RF_COUNTER_FAULTS];
		sums[VALUE_CLOCK_SWITCHES] += values[RF_COUNTER_SWITCHES];
	}
	rf_profile_note(&counters.calls, 0);
}

static void add_processor(const uint64_t values[RF_COUNTER_COUNT])
{
	if (!values[RF_COUNTER_MIGRATIONS] && !values[RF_COUNTER_CYCLES])
		return;
	uint64_t *sums = rf_profile_values(&counters.processor, NULL);
	if (sums) {
		sums[VALUE_MIGRATIONS] += values[RF_COUNTER_MIGRATIONS];
		sums[VALUE_CYCLES] += values[RF_COUNTER_CYCLES];
		sums[VALUE_INSTRUCTIONS] += values[RF_COUNTER_INSTRUCTIONS];
		sums[VALUE_CACHE_MISSES] += values[RF_COUNTER_CACHE_MISSES];
	}
	rf_profile_note(&counters.processor, 0);
}

/* whole: the values are known. */
static void note_call(const uint64_t values[RF_COUNTER_COUNT], bool whole)
{
	rf_lock();
	if (whole)
		add_call(values);
	else
		drop_call(&counters.calls);
	if (whole && counted_here.group.page)
		add_processor(values);
	else if (counters.rights != RF_COUNTERS_REFUSED)
		drop_call(&counters.processor);
	rf_unlock();
}

static void rf_counters_enter(struct rf_counters_call *call)
{
	int error = errno;
	call->taken = may_count() && rf_counters_take(&counted_here.group, &call->before);
	errno = error;
}

static void rf_counters_leave(const struct rf_counters_call *call)
{
	struct rf_counts after;
	uint64_t values[RF_COUNTER_COUNT] = { 0 };
	int error = errno;
	if (may_count()) {
		bool whole = call->taken && rf_counters_take(&counted_here.group, &after) &&
			     rf_counters_between(&counted_here.group, &call->before, &after, values);
		if (rf_enter()) {
			note_call(values, whole);
			rf_leave();
		}
	}
	errno = error;
}

/* --- the process --------------------------------------------------------------------------------------------------- */

static void rf_counters_init(uint64_t period)
{
	counters.period = period;
	if (!period)
		return;
	rf_settings.calls = true;
	counters.rights = rf_counters_probe();
	if (counters.rights != RF_COUNTERS_REFUSED &&
	    (pthread_key_create(&counters.key, end_group) != 0 || counters.key >= KEYS_AT_HAND))
		counters.rights = RF_COUNTERS_REFUSED;
	rf_profile_init(&counters.calls, RF_SPOOL_PROFILE_COUNTERS, period, sizeof(struct rf_profile_tables));
	rf_profile_init(&counters.processor, RF_SPOOL_PROFILE_PROCESSOR, period, sizeof(struct rf_profile_tables));
}

/* Mappings of counters don't go along. */
static void rf_counters_forked(void)
{
	rf_profile_forget(&counters.calls);
	rf_profile_forget(&counters.processor);
	memset(&counted_here, 0, sizeof(counted_here));
	counters.groups = 0;
}

static void rf_counters_finish(void)
{
	rf_profile_finish(&counters.calls);
	rf_profile_finish(&counters.processor);
}
