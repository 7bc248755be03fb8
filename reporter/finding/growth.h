/* Which metric of a process only grows. Pure: samples in, verdicts out.
 *
 * A metric grows when it does so all the time: the time after start-up (RF_GROWTH_STARTUP_PERCENT of it, and one sample) is cut
 * into six equal parts, and
 *  - the medians of the parts never fall, and rise at least four times of five;
 *  - the lowest value of the last third is above the highest of the first, so a sawtooth doesn't grow, whatever its phase;
 *  - the second half rises at least a quarter as much as the first, and the last two parts differ: a step, a warm-up, and
 *    what has come to its bound don't grow;
 *  - it has come to more than the metric's threshold (below), and to a quarter more than it was.
 * So a leak that begins in the last third is not told, nor what a process did for too short a time: RF_GROWTH_SAMPLES_MIN
 * samples and RF_GROWTH_MS_MIN are needed.
 *
 * Native memory is what the process has in memory beyond what Go's runtime has mapped. The race detector's own memory is part
 * of it: for each byte of the heap up to RF_GROWTH_SHADOW_HALVES / 2 bytes, for each goroutine up to
 * RF_GROWTH_GOROUTINE_BYTES. Only what has grown beyond that counts.
 *
 * Resident memory never grows by itself. What rises in it without a bound rises in what Go has mapped or in native memory too,
 * which have verdicts of their own. What Go has mapped already comes to be resident little by little, long after the heap has
 * its size (a sawtooth of 20 MB went from 19 to 54 MB resident in 5 seconds, all within 41 MB mapped and its shadow).
 */
#ifndef RF_FINDING_GROWTH_H
#define RF_FINDING_GROWTH_H

#include "model/growth.h"

#define RF_GROWTH_STARTUP_PERCENT 10
#define RF_GROWTH_PARTS 6
#define RF_GROWTH_SAMPLES_MIN 18
#define RF_GROWTH_MS_MIN 1500
#define RF_GROWTH_SHADOW_HALVES 6 /* shadow is twice what is touched, meta shadow half; and what goes with each block */
#define RF_GROWTH_GOROUTINE_BYTES ((int64_t)512 << 10)
#define RF_GROWTH_NEAR_PERCENT 90

struct rf_growth_rise {
	int64_t from, to;  /* medians of the first and of the last part */
	double a_second;
};

/* Does a series of `count` values grow? `at_ms` ascends. Needs no memory but the stack's. */
bool rf_growth_grows(const int64_t *at_ms, const int64_t *values, uint32_t count, int64_t threshold, struct rf_growth_rise *rise);

struct rf_growth {
	bool too_short;    /* nothing can be said */
	uint32_t samples;
	int64_t lasted_ms; /* from the start of the process to the last sample */
	bool grows[RF_METRIC_COUNT];
	struct rf_growth_rise rises[RF_METRIC_COUNT];
	bool native_grows; /* beyond what the detector needs */
	struct rf_growth_rise native;
	/* Of the last sample, where it is near a limit; else 0. */
	int64_t near_memory_limit, near_cgroup_limit;
	int64_t go_mapped, resident; /* then */
};
void rf_growth_look(const struct rf_growth_sample *samples, uint32_t count, struct rf_growth *out);
bool rf_growth_any(const struct rf_growth *g);

#endif
