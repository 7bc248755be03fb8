#include "finding/growth.h"

#include <stdlib.h>

#define MIB ((int64_t)1 << 20)

/* Counts: what a small program has of them anyway, and what a test's own pool may come to. */
static const int64_t thresholds[] = {
	[RF_METRIC_GOROUTINES] = 50,
	[RF_METRIC_THREADS] = 16,
	[RF_METRIC_TIMERS] = 50,
	[RF_METRIC_BLOCKED_SEND] = 50,
	[RF_METRIC_BLOCKED_RECEIVE] = 50,
	[RF_METRIC_BLOCKED_SELECT] = 50,
	[RF_METRIC_BLOCKED_LOCK] = 50,
	[RF_METRIC_HEAP_LIVE] = 8 * MIB,
	[RF_METRIC_HEAP_IN_USE] = 16 * MIB,
	[RF_METRIC_STACKS] = 8 * MIB,
	[RF_METRIC_GO_MAPPED] = 32 * MIB,
	[RF_METRIC_RESIDENT] = INT64_MAX, /* never by itself: see growth.h */
	[RF_METRIC_ITABS] = 100,
	[RF_METRIC_REFLECTED] = 100,
	[RF_METRIC_MODULES] = 3,
	[RF_METRIC_QUEUED] = 50,
};
_Static_assert(sizeof(thresholds) / sizeof(thresholds[0]) == RF_METRIC_COUNT, "one threshold a metric");

#define NATIVE_THRESHOLD (16 * MIB)

struct part {
	int64_t median, least, most;
};

static int compare(const void *a, const void *b)
{
	int64_t x, y;
	x = *(const int64_t *)a;
	y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

/* The values of one part of the time, sorted in `scratch`. */
static bool look_at_part(const int64_t *values, uint32_t first, uint32_t end, int64_t *scratch, struct part *out)
{
	uint32_t n = end - first;
	if (n == 0)
		return false;
	for (uint32_t i = 0; i < n; i++)
		scratch[i] = values[first + i];
	qsort(scratch, n, sizeof(*scratch), compare);
	*out = (struct part){ scratch[n / 2], scratch[0], scratch[n - 1] };
	return true;
}

/* False: some part has no samples. */
static bool cut(const int64_t *at_ms, const int64_t *values, uint32_t count, struct part *parts)
{
	int64_t scratch[RF_GROWTH_SAMPLES_MAX];
	int64_t last = at_ms[count - 1], begin = last / 100 * RF_GROWTH_STARTUP_PERCENT;
	uint32_t at = 1; /* the first sample may be of the start, however soon it is over */
	while (at < count && at_ms[at] < begin)
		at++;
	if (at >= count)
		return false;
	begin = at_ms[at];
	for (int p = 0; p < RF_GROWTH_PARTS; p++) {
		int64_t until = begin + (last - begin) / RF_GROWTH_PARTS * (p + 1);
		uint32_t first = at;
		while (at < count && (p == RF_GROWTH_PARTS - 1 || at_ms[at] < until))
			at++;
		if (!look_at_part(values, first, at, scratch, &parts[p]))
			return false;
	}
	return true;
}

static int64_t less(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t more(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static bool rises_all_along(const struct part *p)
{
	int rises = 0;
	for (int i = 1; i < RF_GROWTH_PARTS; i++) {
		if (p[i].median < p[i - 1].median)
			return false;
		rises += p[i].median > p[i - 1].median;
	}
	int64_t first = p[2].median - p[0].median, second = p[5].median - p[3].median;
	return rises >= RF_GROWTH_PARTS - 2 && p[5].median > p[4].median && second >= first / 4 &&
	       less(p[4].least, p[5].least) > more(p[0].most, p[1].most);
}

bool rf_growth_grows(const int64_t *at_ms, const int64_t *values, uint32_t count, int64_t threshold, struct rf_growth_rise *rise)
{
	struct part parts[RF_GROWTH_PARTS];
	*rise = (struct rf_growth_rise){ 0, 0, 0 };
	if (count < RF_GROWTH_SAMPLES_MIN || count > RF_GROWTH_SAMPLES_MAX || at_ms[count - 1] < RF_GROWTH_MS_MIN ||
	    !cut(at_ms, values, count, parts))
		return false;
	rise->from = parts[0].median;
	rise->to = parts[5].median;
	int64_t by = rise->to - rise->from;
	/* From the middle of the first part to that of the last. */
	double seconds = (double)at_ms[count - 1] / 1000.0 * (100 - RF_GROWTH_STARTUP_PERCENT) / 100.0 * 5.0 / 6.0;
	rise->a_second = (double)by / seconds;
	return by >= threshold && by >= rise->from / 4 && rises_all_along(parts);
}

/* --- a process ---------------------------------------------------------------------------------------------------- */

struct series {
	int64_t at_ms[RF_GROWTH_SAMPLES_MAX], values[RF_GROWTH_SAMPLES_MAX];
	uint32_t count;
};

static void take(struct series *series, const struct rf_growth_sample *samples, uint32_t count, enum rf_metric metric)
{
	for (uint32_t i = 0; i < count; i++)
		series->values[i] = samples[i].values[metric];
	series->count = count;
}

/* Only samples where the kernel could be asked; and only once Go has come to its highest, since what it hands back to the system
 * stays in the process for a while. */
static void look_at_native(struct series *series, const struct rf_growth_sample *samples, uint32_t count, struct rf_growth *out)
{
	int64_t mapped = 0, goroutines = 0, first_mapped = 0, first_goroutines = 0;
	series->count = 0;
	for (uint32_t i = 0; i < count; i++) {
		const int64_t *v = samples[i].values;
		mapped = more(mapped, v[RF_METRIC_GO_MAPPED]);
		goroutines = more(goroutines, v[RF_METRIC_GOROUTINES]);
		if (i == 1) {
			first_mapped = mapped;
			first_goroutines = goroutines;
		}
		if (v[RF_METRIC_RESIDENT] == 0)
			continue;
		series->at_ms[series->count] = samples[i].elapsed_ms;
		series->values[series->count++] = more(v[RF_METRIC_RESIDENT] - mapped, 0);
	}
	int64_t own = (mapped - first_mapped) / 2 * RF_GROWTH_SHADOW_HALVES +
		      (goroutines - first_goroutines) * RF_GROWTH_GOROUTINE_BYTES;
	out->native_grows = rf_growth_grows(series->at_ms, series->values, series->count, NATIVE_THRESHOLD + own, &out->native);
}

static void look_at_limits(const struct rf_growth_sample *last, struct rf_growth *out)
{
	out->go_mapped = last->values[RF_METRIC_GO_MAPPED];
	out->resident = last->values[RF_METRIC_RESIDENT];
	if (last->memory_limit && out->go_mapped / RF_GROWTH_NEAR_PERCENT > last->memory_limit / 100)
		out->near_memory_limit = last->memory_limit;
	if (last->cgroup_limit && out->resident / RF_GROWTH_NEAR_PERCENT > last->cgroup_limit / 100)
		out->near_cgroup_limit = last->cgroup_limit;
}

void rf_growth_look(const struct rf_growth_sample *samples, uint32_t count, struct rf_growth *out)
{
	struct series series;
	count = count > RF_GROWTH_SAMPLES_MAX ? RF_GROWTH_SAMPLES_MAX : count;
	*out = (struct rf_growth){ .samples = count, .too_short = true };
	if (count == 0)
		return;
	out->lasted_ms = samples[count - 1].elapsed_ms;
	out->too_short = count < RF_GROWTH_SAMPLES_MIN || out->lasted_ms < RF_GROWTH_MS_MIN;
	look_at_limits(&samples[count - 1], out);
	for (uint32_t i = 0; i < count; i++)
		series.at_ms[i] = samples[i].elapsed_ms;
	for (int m = 0; m < RF_METRIC_COUNT; m++) {
		take(&series, samples, count, (enum rf_metric)m);
		out->grows[m] = rf_growth_grows(series.at_ms, series.values, count, thresholds[m], &out->rises[m]);
	}
	look_at_native(&series, samples, count, out);
}

bool rf_growth_any(const struct rf_growth *g)
{
	bool any = g->native_grows || g->near_memory_limit || g->near_cgroup_limit;
	for (int m = 0; m < RF_METRIC_COUNT; m++)
		any |= g->grows[m];
	return any;
}
