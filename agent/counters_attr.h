/* The counters of --counters, as the kernel is asked for them, and whether it gives them. Asked by the agent, silently, and by
 * `redflag agent run`, which says why not.
 *
 * The group's leader counts page faults in the kernel alone, and writes a sample of the whole group at each: that is how the group is read
 * (counters_group.h).
 */
#ifndef RF_AGENT_COUNTERS_ATTR_H
#define RF_AGENT_COUNTERS_ATTR_H

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum rf_counter {
	RF_COUNTER_CLOCK, /* task clock: nanoseconds on the processor */
	RF_COUNTER_FAULTS,
	RF_COUNTER_SWITCHES,
	RF_COUNTER_MIGRATIONS, /* to another processor */
	RF_COUNTER_CYCLES,     /* from here on the processor counts, if it does */
	RF_COUNTER_INSTRUCTIONS,
	RF_COUNTER_CACHE_MISSES,
	RF_COUNTER_COUNT
};

enum rf_counters_rights {
	RF_COUNTERS_ALL,
	RF_COUNTERS_NO_CYCLES, /* the processor counts nothing here */
	RF_COUNTERS_REFUSED    /* no group: what happens in the kernel isn't told to this user */
};

/* Events of one group have one clock. */
static inline struct perf_event_attr rf_counters_attr(uint32_t type, uint64_t config)
{
	return (struct perf_event_attr){
		.type = type, .size = sizeof(struct perf_event_attr), .config = config, .exclude_hv = 1, .use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
		.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
	};
}

/* Of the calling thread. leader: its descriptor; negative: this is the leader. The descriptor; negative: refused. */
static inline int rf_counters_open(struct perf_event_attr *attr, int leader)
{
	return (int)syscall(SYS_perf_event_open, attr, 0, -1, leader, PERF_FLAG_FD_CLOEXEC);
}

static inline int rf_counters_open_leader(void)
{
	struct perf_event_attr attr = rf_counters_attr(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS);
	attr.sample_period = 1;
	attr.sample_type = PERF_SAMPLE_READ;
	attr.write_backward = 1;
	attr.exclude_user = 1;
	return rf_counters_open(&attr, -1);
}

static inline int rf_counters_open_counter(enum rf_counter which, int leader)
{
	static const uint64_t configs[RF_COUNTER_COUNT] = {
		[RF_COUNTER_CLOCK] = PERF_COUNT_SW_TASK_CLOCK, [RF_COUNTER_FAULTS] = PERF_COUNT_SW_PAGE_FAULTS,
		[RF_COUNTER_SWITCHES] = PERF_COUNT_SW_CONTEXT_SWITCHES, [RF_COUNTER_MIGRATIONS] = PERF_COUNT_SW_CPU_MIGRATIONS,
		[RF_COUNTER_CYCLES] = PERF_COUNT_HW_CPU_CYCLES, [RF_COUNTER_INSTRUCTIONS] = PERF_COUNT_HW_INSTRUCTIONS,
		[RF_COUNTER_CACHE_MISSES] = PERF_COUNT_HW_CACHE_MISSES };
	struct perf_event_attr attr = rf_counters_attr(which < RF_COUNTER_CYCLES ? PERF_TYPE_SOFTWARE : PERF_TYPE_HARDWARE, configs[which]);
	return rf_counters_open(&attr, leader);
}

static inline enum rf_counters_rights rf_counters_probe(void)
{
	int leader = rf_counters_open_leader();
	int cycles = leader < 0 ? -1 : rf_counters_open_counter(RF_COUNTER_CYCLES, leader);
	if (cycles >= 0)
		close(cycles);
	if (leader >= 0)
		close(leader);
	return leader < 0 ? RF_COUNTERS_REFUSED : cycles < 0 ? RF_COUNTERS_NO_CYCLES : RF_COUNTERS_ALL;
}

#endif
