/* Records of samples, and of where goroutines were started. */
#include "read/spool_private.h"

#include <stdlib.h>
#include <string.h>

static int64_t number(uint64_t n)
{
	return n > INT64_MAX ? INT64_MAX : (int64_t)n;
}

static struct rf_growth_sample *new_sample(struct rf_spool *s)
{
	if (s->sample_count == s->sample_cap) {
		uint32_t cap = s->sample_cap ? s->sample_cap * 2 : 32;
		struct rf_growth_sample *samples = realloc(s->samples, cap * sizeof(*samples));
		if (!samples) {
			s->starved = true;
			return NULL;
		}
		s->samples = samples;
		s->sample_cap = cap;
	}
	return &s->samples[s->sample_count++];
}

bool rf_spool_decode_sample(struct rf_spool *s, rf_str record)
{
	struct rf_spool_sample raw;
	if (record.len < sizeof(raw))
		return false;
	if (s->sample_count == RF_GROWTH_SAMPLES_MAX)
		return true;
	struct rf_growth_sample *sample = new_sample(s);
	if (!sample)
		return false;
	memcpy(&raw, record.ptr, sizeof(raw));
	const uint64_t values[RF_METRIC_COUNT] = {
		[RF_METRIC_GOROUTINES] = raw.goroutines, [RF_METRIC_THREADS] = raw.threads,
		[RF_METRIC_TIMERS] = raw.timers, [RF_METRIC_BLOCKED_SEND] = raw.blocked_send,
		[RF_METRIC_BLOCKED_RECEIVE] = raw.blocked_receive, [RF_METRIC_BLOCKED_SELECT] = raw.blocked_select,
		[RF_METRIC_BLOCKED_LOCK] = raw.blocked_lock, [RF_METRIC_HEAP_LIVE] = raw.heap_live,
		[RF_METRIC_HEAP_IN_USE] = raw.heap_in_use, [RF_METRIC_STACKS] = raw.stacks,
		[RF_METRIC_GO_MAPPED] = raw.go_mapped, [RF_METRIC_RESIDENT] = raw.resident,
		[RF_METRIC_ITABS] = raw.itabs, [RF_METRIC_REFLECTED] = raw.reflected, [RF_METRIC_MODULES] = raw.modules,
	};
	for (int m = 0; m < RF_METRIC_COUNT; m++)
		sample->values[m] = number(values[m]);
	sample->elapsed_ms = number(raw.elapsed_ns / 1000000u);
	sample->memory_limit = number(raw.memory_limit);
	sample->cgroup_limit = number(raw.cgroup_limit);
	return true;
}

/* The last record counts; texts of earlier ones stay in the arena, which bounds them. */
bool rf_spool_decode_origins(struct rf_spool *s, rf_str record)
{
	struct rf_spool_origins raw;
	struct rf_spool_origin origin;
	struct rf_growth_origin origins[RF_GROWTH_ORIGINS_MAX];
	rf_str array;
	uint32_t count;
	if (record.len < sizeof(raw))
		return false;
	memcpy(&raw, record.ptr, sizeof(raw));
	if (!rf_spool_ref_array(record, raw.origins, sizeof(origin), &array, &count) || count > RF_GROWTH_ORIGINS_MAX)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		memcpy(&origin, array.ptr + i * sizeof(origin), sizeof(origin));
		origins[i] = (struct rf_growth_origin){ .line = origin.line, .live = number(origin.live) };
		if (!rf_spool_ref_text(record, origin.function, &s->memory, &origins[i].function) ||
		    !rf_spool_ref_text(record, origin.file, &s->memory, &origins[i].file) ||
		    !rf_spool_ref_text(record, origin.waiting, &s->memory, &origins[i].waiting))
			return false;
	}
	memcpy(s->origins, origins, count * sizeof(*origins));
	s->origin_count = count;
	return true;
}

const struct rf_growth_sample *rf_spool_samples(const struct rf_spool *s, uint32_t *count)
{
	*count = s->sample_count;
	return s->samples;
}

const struct rf_growth_origin *rf_spool_origins(const struct rf_spool *s, uint32_t *count)
{
	*count = s->origin_count;
	return s->origins;
}
