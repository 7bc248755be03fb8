/* Records of samples, and of where goroutines were started. */
#include "read/spool_private.h"

#include <string.h>

static int64_t number(uint64_t n)
{
	return n > INT64_MAX ? INT64_MAX : (int64_t)n;
}

bool rf_spool_decode_sample(struct rf_spool *s, rf_str record)
{
	struct rf_spool_sample raw = { 0 };
	if (record.len < RF_SPOOL_SAMPLE_BYTES_MIN)
		return false;
	if (s->sample_count == RF_GROWTH_SAMPLES_MAX)
		return true;
	struct rf_growth_sample *samples =
		rf_spool_room(s, s->samples, s->sample_count, RF_GROWTH_SAMPLES_MAX, sizeof(*samples));
	if (!samples)
		return false;
	s->samples = samples;
	struct rf_growth_sample *sample = &samples[s->sample_count++];
	memcpy(&raw, record.ptr, record.len < sizeof(raw) ? record.len : sizeof(raw));
	const uint64_t values[RF_METRIC_COUNT] = {
		[RF_METRIC_GOROUTINES] = raw.goroutines, [RF_METRIC_THREADS] = raw.threads,
		[RF_METRIC_TIMERS] = raw.timers, [RF_METRIC_BLOCKED_SEND] = raw.blocked_send,
		[RF_METRIC_BLOCKED_RECEIVE] = raw.blocked_receive, [RF_METRIC_BLOCKED_SELECT] = raw.blocked_select,
		[RF_METRIC_BLOCKED_LOCK] = raw.blocked_lock, [RF_METRIC_HEAP_LIVE] = raw.heap_live,
		[RF_METRIC_HEAP_IN_USE] = raw.heap_in_use, [RF_METRIC_STACKS] = raw.stacks,
		[RF_METRIC_GO_MAPPED] = raw.go_mapped, [RF_METRIC_RESIDENT] = raw.resident,
		[RF_METRIC_ITABS] = raw.itabs, [RF_METRIC_REFLECTED] = raw.reflected, [RF_METRIC_MODULES] = raw.modules,
		[RF_METRIC_QUEUED] = raw.queued,
	};
	for (int m = 0; m < RF_METRIC_COUNT; m++)
		sample->values[m] = number(values[m]);
	sample->elapsed_ms = number(raw.elapsed_ns / 1000000u);
	sample->memory_limit = number(raw.memory_limit);
	sample->cgroup_limit = number(raw.cgroup_limit);
	return true;
}

/* The last record counts; texts of earlier ones stay in the arena, which bounds them. */
bool rf_spool_decode_origins(struct rf_spool *s, struct rf_spool_places *places, rf_str record)
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
	memcpy(places->rows, origins, count * sizeof(*origins));
	places->count = count;
	return true;
}

const struct rf_growth_sample *rf_spool_samples(const struct rf_spool *s, uint32_t *count)
{
	*count = s->sample_count;
	return s->samples;
}

const struct rf_growth_origin *rf_spool_origins(const struct rf_spool *s, uint32_t *count)
{
	*count = s->origins.count;
	return s->origins.rows;
}

const struct rf_growth_origin *rf_spool_queues(const struct rf_spool *s, uint32_t *count)
{
	*count = s->queues.count;
	return s->queues.rows;
}
