/* A profile of a process: what the samples with one stack add up to. Of the agent: memory that malloc gave, time on the processor,
 * reads and writes, waits for mutexes, time away from the processor, page faults, time in the kernel, system calls, and what
 * hooked calls cost.
 *
 * A sampled number becomes an estimate before it is stored or shown (rf_profile_scale). Numbers are below 2^63.
 */
#ifndef RF_MODEL_PROFILE_H
#define RF_MODEL_PROFILE_H

#include "model/report.h"

enum rf_profile_kind {
	RF_PROFILE_HEAP,
	RF_PROFILE_CPU,
	RF_PROFILE_IO,
	RF_PROFILE_CONTENTION,
	RF_PROFILE_OFFCPU,
	RF_PROFILE_FAULTS,
	RF_PROFILE_SYSTEM,
	RF_PROFILE_SYSCALLS,
	RF_PROFILE_COUNTERS,
	RF_PROFILE_PROCESSOR,
	RF_PROFILE_KIND_COUNT
};

#define RF_PROFILE_VALUES 4u

struct rf_profile_value {
	const char *name, *unit; /* as pprof calls them; NULL: the kind has fewer */
	const char *words;       /* "live bytes" */
};
/* "heap", "cpu", "io", "contention", "offcpu", "faults", "system", "syscalls", "counters", "processor". */
const char *rf_profile_name(enum rf_profile_kind kind);
/* RF_PROFILE_KIND_COUNT when there is none of that name. */
enum rf_profile_kind rf_profile_from_name(rf_str name);
const struct rf_profile_value *rf_profile_value(enum rf_profile_kind kind, uint32_t index);
uint32_t rf_profile_value_count(enum rf_profile_kind kind);
/* The value that matters: live bytes, nanoseconds, faults. */
uint32_t rf_profile_main_value(enum rf_profile_kind kind);

struct rf_profile_sample {
	struct rf_stack stack;
	int64_t values[RF_PROFILE_VALUES];
};

/* One snapshot, added up. */
struct rf_profile_point {
	enum rf_profile_kind kind;
	uint32_t snapshot, stacks;
	int64_t elapsed_ms, period, dropped;
	int64_t totals[RF_PROFILE_VALUES];
};

/* What sampled values stand for. Of the heap as Go's runtime/pprof estimates it (scaleHeapSample in protomem.go): an allocation of
 * `size` was sampled with the probability 1 - exp(-size / period); so was a wait of that many nanoseconds. Of what
 * was counted one in a period: times that. */
void rf_profile_scale(enum rf_profile_kind kind, uint64_t period, const uint64_t sampled[RF_PROFILE_VALUES],
		      int64_t estimated[RF_PROFILE_VALUES]);
/* a + b, at most the largest number there is. */
int64_t rf_profile_add(int64_t a, int64_t b);

#endif
