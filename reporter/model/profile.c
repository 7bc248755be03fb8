#include "model/profile.h"

#include <math.h>

static const char *const names[] = { [RF_PROFILE_HEAP] = "heap", [RF_PROFILE_CPU] = "cpu", [RF_PROFILE_IO] = "io",
					   [RF_PROFILE_CONTENTION] = "contention", [RF_PROFILE_OFFCPU] = "offcpu",
					   [RF_PROFILE_FAULTS] = "faults", [RF_PROFILE_SYSTEM] = "system",
					   [RF_PROFILE_SYSCALLS] = "syscalls", [RF_PROFILE_COUNTERS] = "counters",
					   [RF_PROFILE_PROCESSOR] = "processor" };
_Static_assert(sizeof(names) / sizeof(names[0]) == RF_PROFILE_KIND_COUNT, "one name a kind");

/* Names and units of the heap are those of Go's own heap profiles, so that tools know them. */
static const struct rf_profile_value values[RF_PROFILE_KIND_COUNT][RF_PROFILE_VALUES] = {
	[RF_PROFILE_HEAP] = { { "inuse_objects", "count", "live objects" }, { "inuse_space", "bytes", "live bytes" },
			      { "alloc_objects", "count", "all objects" }, { "alloc_space", "bytes", "all bytes" } },
	[RF_PROFILE_CPU] = { { "samples", "count", "samples" }, { "cpu", "nanoseconds", "time" } },
	[RF_PROFILE_IO] = { { "calls", "count", "calls" }, { "delay", "nanoseconds", "time" }, { "transferred", "bytes", "bytes" },
			    { "switches", "count", "switches" } },
	[RF_PROFILE_CONTENTION] = { { "contentions", "count", "waits" }, { "delay", "nanoseconds", "time" } },
	[RF_PROFILE_OFFCPU] = { { "switches", "count", "times away" }, { "delay", "nanoseconds", "time away" },
				{ "preempted", "count", "times made to leave" } },
	[RF_PROFILE_FAULTS] = { { "faults", "count", "page faults" } },
	[RF_PROFILE_SYSTEM] = { { "samples", "count", "samples" }, { "system", "nanoseconds", "time in the kernel" } },
	[RF_PROFILE_SYSCALLS] = { { "calls", "count", "system calls" } },
	[RF_PROFILE_COUNTERS] = { { "calls", "count", "calls" }, { "task_clock", "nanoseconds", "time on the processor" },
				  { "faults", "count", "page faults" }, { "switches", "count", "switches" } },
	[RF_PROFILE_PROCESSOR] = { { "migrations", "count", "moves to another processor" }, { "cycles", "count", "cycles" },
				   { "instructions", "count", "instructions" }, { "cache_misses", "count", "cache misses" } },
};

const char *rf_profile_name(enum rf_profile_kind kind)
{
	return (unsigned)kind < RF_PROFILE_KIND_COUNT ? names[kind] : "";
}

enum rf_profile_kind rf_profile_from_name(rf_str name)
{
	int kind = 0;
	while (kind < RF_PROFILE_KIND_COUNT && !rf_str_eq_cstr(name, names[kind]))
		kind++;
	return (enum rf_profile_kind)kind;
}

const struct rf_profile_value *rf_profile_value(enum rf_profile_kind kind, uint32_t index)
{
	return &values[kind][index];
}

uint32_t rf_profile_value_count(enum rf_profile_kind kind)
{
	uint32_t count = 0;
	while (count < RF_PROFILE_VALUES && values[kind][count].name)
		count++;
	return count;
}

uint32_t rf_profile_main_value(enum rf_profile_kind kind)
{
	return kind == RF_PROFILE_FAULTS || kind == RF_PROFILE_SYSCALLS ? 0 : 1;
}

static int64_t whole(double value)
{
	return value >= 9.2e18 ? INT64_MAX : value > 0 ? (int64_t)value : 0;
}

static void scale_by_size(uint64_t period, uint64_t objects, uint64_t bytes, int64_t out[2])
{
	double scale = 1;
	out[0] = out[1] = 0;
	if (objects == 0 || bytes == 0)
		return;
	if (period > 1)
		scale = 1 / (1 - exp(-((double)bytes / (double)objects) / (double)period));
	out[0] = whole((double)objects * scale);
	out[1] = whole((double)bytes * scale);
}

void rf_profile_scale(enum rf_profile_kind kind, uint64_t period, const uint64_t sampled[RF_PROFILE_VALUES],
		      int64_t estimated[RF_PROFILE_VALUES])
{
	if (kind == RF_PROFILE_HEAP) {
		scale_by_size(period, sampled[0], sampled[1], estimated);
		scale_by_size(period, sampled[2], sampled[3], estimated + 2);
		return;
	}
	if (kind == RF_PROFILE_CONTENTION) {
		scale_by_size(period, sampled[0], sampled[1], estimated);
		estimated[2] = estimated[3] = 0;
		return;
	}
	bool counted = kind != RF_PROFILE_CPU && kind != RF_PROFILE_SYSTEM;
	double scale = counted && period > 1 ? (double)period : 1;
	for (uint32_t i = 0; i < RF_PROFILE_VALUES; i++)
		estimated[i] = i < rf_profile_value_count(kind) ? whole((double)sampled[i] * scale) : 0;
}

int64_t rf_profile_add(int64_t a, int64_t b)
{
	return a > INT64_MAX - b ? INT64_MAX : a + b;
}
