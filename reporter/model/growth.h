/* What a process counted of itself while it ran, for finding out what only grows: the samples of its spool.
 *
 * A sample is one number a metric. Memory is in bytes. All numbers are below 2^63; 0 may mean unknown (resident).
 */
#ifndef RF_MODEL_GROWTH_H
#define RF_MODEL_GROWTH_H

#include "base/str.h"

enum rf_metric {
	RF_METRIC_GOROUTINES,
	RF_METRIC_THREADS,
	RF_METRIC_TIMERS,
	RF_METRIC_BLOCKED_SEND,    /* goroutines, as the three below */
	RF_METRIC_BLOCKED_RECEIVE,
	RF_METRIC_BLOCKED_SELECT,
	RF_METRIC_BLOCKED_LOCK,
	RF_METRIC_HEAP_LIVE,
	RF_METRIC_HEAP_IN_USE,
	RF_METRIC_STACKS,
	RF_METRIC_GO_MAPPED,
	RF_METRIC_RESIDENT,
	RF_METRIC_ITABS,
	RF_METRIC_REFLECTED,
	RF_METRIC_MODULES,
	RF_METRIC_QUEUED,          /* elements in the buffers of channels */
	RF_METRIC_COUNT
};

struct rf_growth_sample {
	int64_t elapsed_ms; /* since the process began */
	int64_t values[RF_METRIC_COUNT];
	int64_t memory_limit, cgroup_limit; /* 0 none, or unknown */
};

/* Where goroutines that live were started: the line of the go statement. Or where channels were made, and how many elements wait in
 * their buffers. */
struct rf_growth_origin {
	rf_str function, file;
	rf_str waiting; /* "chan receive" …; "" they run, or could */
	uint32_t line;
	int64_t live;
};

#define RF_GROWTH_SAMPLES_MAX 4096u /* of a process; a day of run time has some 600 */
#define RF_GROWTH_ORIGINS_MAX 16u

#endif
