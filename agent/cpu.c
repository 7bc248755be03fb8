#include "agent/cpu.h"

#include "agent/events.h"
#include "agent/lock.h"
#include "agent/perf.h"
#include "agent/profile.h"
#include "agent/settings.h"

enum { VALUE_SAMPLES, VALUE_NANOSECONDS };

static struct {
	struct rf_profile profile;
	uint64_t period_ns, missed; /* so many are in `dropped` already */
	int clock;
} cpu = { .clock = -1 };

static void meet_cpu_clock(const void *context, uint32_t number)
{
	uint64_t missed = rf_perf_missed(RF_PERF_CPU_CLOCK);
	(void)number;
	rf_lock();
	uint64_t *values = rf_settings.held ? NULL : rf_profile_values(&cpu.profile, context);
	if (values) {
		values[VALUE_SAMPLES]++;
		values[VALUE_NANOSECONDS] += cpu.period_ns;
	}
	rf_profile_note(&cpu.profile, rf_settings.held ? 0 : missed - cpu.missed);
	cpu.missed = missed;
	rf_unlock();
	rf_events_read();
}

static void rf_cpu_init(uint64_t hz)
{
	if (!hz || !rf_perf_listen(RF_PERF_CPU_CLOCK, meet_cpu_clock))
		return;
	cpu.period_ns = 1000000000u / hz;
	rf_profile_init(&cpu.profile, RF_SPOOL_PROFILE_CPU, cpu.period_ns, sizeof(struct rf_profile_tables));
	cpu.clock = rf_perf_open_clock(RF_PERF_CPU_CLOCK, cpu.period_ns);
}

static void rf_cpu_forked(void)
{
	if (!cpu.period_ns)
		return;
	rf_perf_drop_clock(cpu.clock);
	rf_profile_forget(&cpu.profile);
	cpu.clock = rf_perf_open_clock(RF_PERF_CPU_CLOCK, cpu.period_ns);
}

static void rf_cpu_finish(void)
{
	rf_profile_finish(&cpu.profile);
}
