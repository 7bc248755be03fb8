/* Records of profiles. Of each snapshot the totals are kept, of the samples only where the parts of a snapshot are: the last whole
 * one of a kind is read when it is asked for. */
#include "read/spool_private.h"

#include "agent/heap_file.h"

static bool kind_from(uint32_t raw, enum rf_profile_kind *kind)
{
	static const enum rf_profile_kind kinds[RF_SPOOL_PROFILE_KIND_COUNT] = {
		[RF_SPOOL_PROFILE_HEAP] = RF_PROFILE_HEAP, [RF_SPOOL_PROFILE_CPU] = RF_PROFILE_CPU,
		[RF_SPOOL_PROFILE_IO] = RF_PROFILE_IO, [RF_SPOOL_PROFILE_CONTENTION] = RF_PROFILE_CONTENTION,
		[RF_SPOOL_PROFILE_OFFCPU] = RF_PROFILE_OFFCPU, [RF_SPOOL_PROFILE_FAULTS] = RF_PROFILE_FAULTS,
		[RF_SPOOL_PROFILE_SYSTEM] = RF_PROFILE_SYSTEM, [RF_SPOOL_PROFILE_SYSCALLS] = RF_PROFILE_SYSCALLS,
		[RF_SPOOL_PROFILE_COUNTERS] = RF_PROFILE_COUNTERS, [RF_SPOOL_PROFILE_PROCESSOR] = RF_PROFILE_PROCESSOR };
	_Static_assert(RF_SPOOL_PROFILE_VALUES == RF_PROFILE_VALUES, "the same values");
	if (raw == 0 || raw >= RF_SPOOL_PROFILE_KIND_COUNT)
		return false;
	*kind = kinds[raw];
	return true;
}

const char *rf_spool_tables_path(rf_str spool, enum rf_spool_profile_kind kind, rf_arena *arena)
{
	static const char *const suffixes[] = RF_HEAP_FILE_SUFFIXES;
	_Static_assert(sizeof(suffixes) / sizeof(suffixes[0]) == RF_SPOOL_PROFILE_KIND_COUNT, "one a kind");
	if (!rf_str_ends(spool, RF_SPOOL_SUFFIX))
		return NULL;
	rf_str name = rf_str_take(spool, spool.len - (sizeof(RF_SPOOL_SUFFIX) - 1));
	return rf_arena_printf(arena, "%.*s%s", RF_STR_ARG(name), suffixes[kind]).ptr;
}

static struct rf_spool_snapshot *open_snapshot(struct rf_spool *s)
{
	if (s->snapshot_count == 0 || s->snapshots[s->snapshot_count - 1].whole)
		return NULL;
	return &s->snapshots[s->snapshot_count - 1];
}

static struct rf_spool_snapshot *new_snapshot(struct rf_spool *s, enum rf_profile_kind kind, const struct rf_spool_profile *raw)
{
	struct rf_spool_snapshot *snapshots = rf_spool_room(s, s->snapshots, s->snapshot_count, RF_SPOOL_SNAPSHOTS_MAX, sizeof(*snapshots));
	if (!snapshots)
		return NULL;
	s->snapshots = snapshots;
	struct rf_spool_snapshot *n = &snapshots[s->snapshot_count++];
	*n = (struct rf_spool_snapshot){ .first_part = s->part_count, .point = { .kind = kind, .snapshot = raw->snapshot } };
	return n;
}

/* The snapshot that a part belongs to: the one that is going on, or a new one, which ends that. */
static struct rf_spool_snapshot *snapshot_of(struct rf_spool *s, enum rf_profile_kind kind, const struct rf_spool_profile *raw)
{
	struct rf_spool_snapshot *n = open_snapshot(s);
	if (n && (n->point.kind != kind || n->point.snapshot != raw->snapshot)) {
		n->whole = true;
		n = NULL;
	}
	n = n ? n : new_snapshot(s, kind, raw);
	if (!n)
		return NULL;
	n->point.elapsed_ms = (int64_t)(raw->elapsed_ns / 1000000u);
	n->point.period = raw->period > INT64_MAX ? INT64_MAX : (int64_t)raw->period;
	n->point.dropped = raw->dropped > INT64_MAX ? INT64_MAX : (int64_t)raw->dropped;
	return n;
}

static bool add_part(struct rf_spool *s, struct rf_spool_snapshot *n)
{
	struct rf_spool_part *parts = rf_spool_room(s, s->parts, s->part_count, UINT32_MAX, sizeof(*parts));
	if (!parts)
		return false;
	s->parts = parts;
	parts[s->part_count++] = (struct rf_spool_part){ .pos = s->pos, .modules = s->module_count };
	n->parts++;
	return true;
}

static void add_totals(struct rf_profile_point *point, const struct rf_spool_profile *raw, rf_str samples, uint32_t count)
{
	struct rf_spool_profile_sample sample;
	int64_t values[RF_PROFILE_VALUES];
	for (uint32_t i = 0; i < count; i++) {
		memcpy(&sample, samples.ptr + i * sizeof(sample), sizeof(sample));
		rf_profile_scale(point->kind, raw->period, sample.values, values);
		for (uint32_t v = 0; v < RF_PROFILE_VALUES; v++)
			point->totals[v] = rf_profile_add(point->totals[v], values[v]);
	}
	point->stacks += count;
}

bool rf_spool_decode_profile(struct rf_spool *s, rf_str record)
{
	struct rf_spool_profile raw;
	enum rf_profile_kind kind;
	rf_str samples;
	uint32_t count;
	if (record.len < sizeof(raw))
		return false;
	memcpy(&raw, record.ptr, sizeof(raw));
	if (!kind_from(raw.kind, &kind))
		return true; /* of a later version */
	if (!rf_spool_ref_array(record, raw.samples, sizeof(struct rf_spool_profile_sample), &samples, &count))
		return false;
	struct rf_spool_snapshot *n = snapshot_of(s, kind, &raw);
	if (!n || !add_part(s, n))
		return true;
	add_totals(&n->point, &raw, samples, count);
	n->whole = count == 0;
	return true;
}

/* --- the last one of a kind -------------------------------------------------------------------------------------- */

static bool is_whole(const struct rf_spool *s, uint32_t index)
{
	return s->snapshots[index].whole || (index + 1 == s->snapshot_count && s->process.finished);
}

uint32_t rf_spool_snapshot_count(const struct rf_spool *s)
{
	return s->snapshot_count;
}

bool rf_spool_snapshot_at(const struct rf_spool *s, uint32_t index, struct rf_profile_point *out)
{
	if (index >= s->snapshot_count || !is_whole(s, index))
		return false;
	*out = s->snapshots[index].point;
	return true;
}

/* In `frames`. */
static struct rf_stack stack_of(struct rf_spool *s, const struct rf_spool_part *part, rf_str pcs, uint32_t count,
				struct rf_frame frames[RF_SPOOL_STACK_FRAMES_MAX])
{
	static const struct rf_frame unknown = { { "", 0 }, { "", 0 }, 0, 0, 0 };
	struct rf_stack stack = { .frames = frames };
	for (uint32_t i = 0; i < count; i++) {
		uint64_t pc;
		const struct rf_frame *found;
		memcpy(&pc, pcs.ptr + i * sizeof(pc), sizeof(pc));
		uint32_t n = rf_spool_frames(s, rf_spool_module_before(s, pc, part->modules), pc, &found);
		for (uint32_t k = 0; k < (n ? n : 1); k++) {
			stack.cut |= stack.count == RF_SPOOL_STACK_FRAMES_MAX;
			if (stack.cut)
				break;
			frames[stack.count] = n ? found[k] : unknown;
			/* Stacks that say the same are to be the same. */
			frames[stack.count].pc = frames[stack.count].offset = 0;
			stack.count++;
		}
	}
	return stack;
}

/* Texts of frames are the reader's. */
static bool put_samples(struct rf_spool *s, const struct rf_spool_part *part, enum rf_profile_kind kind, rf_arena *arena,
			struct rf_profile_sample *out, uint32_t *at, uint32_t out_max)
{
	struct rf_spool_profile raw;
	struct rf_spool_profile_sample sample;
	struct rf_frame frames[RF_SPOOL_STACK_FRAMES_MAX];
	rf_str samples, pcs;
	uint32_t count, depth;
	memcpy(&raw, s->data.ptr + part->pos, sizeof(raw));
	rf_str record = { s->data.ptr + part->pos, raw.record.length };
	if (!rf_spool_ref_array(record, raw.samples, sizeof(sample), &samples, &count))
		return true;
	for (uint32_t i = 0; i < count && *at < out_max; i++) {
		memcpy(&sample, samples.ptr + i * sizeof(sample), sizeof(sample));
		if (!rf_spool_ref_array(record, sample.stack, sizeof(uint64_t), &pcs, &depth))
			continue;
		struct rf_profile_sample *to = &out[(*at)++];
		rf_profile_scale(kind, raw.period, sample.values, to->values);
		uint32_t most = depth < RF_SPOOL_STACK_FRAMES_MAX ? depth : RF_SPOOL_STACK_FRAMES_MAX;
		struct rf_stack stack = stack_of(s, part, pcs, most, frames);
		to->stack = (struct rf_stack){ .cut = stack.cut || depth > RF_SPOOL_STACK_FRAMES_MAX, .count = stack.count };
		to->stack.frames = rf_arena_array(arena, stack.count, sizeof(*stack.frames));
		if (!to->stack.frames)
			return false;
		memcpy(to->stack.frames, stack.frames, stack.count * sizeof(*stack.frames));
	}
	return true;
}

bool rf_spool_profile(struct rf_spool *s, enum rf_profile_kind kind, rf_arena *arena, struct rf_profile_sample **samples, uint32_t *count)
{
	uint32_t i = s->snapshot_count;
	*count = 0;
	*samples = NULL;
	while (i > 0 && (s->snapshots[i - 1].point.kind != kind || !is_whole(s, i - 1)))
		i--;
	if (i == 0)
		return true;
	const struct rf_spool_snapshot *n = &s->snapshots[i - 1];
	*samples = rf_arena_array(arena, n->point.stacks, sizeof(**samples));
	bool good = *samples;
	for (uint32_t p = 0; p < n->parts && good; p++)
		good = put_samples(s, &s->parts[n->first_part + p], kind, arena, *samples, count, n->point.stacks);
	return good;
}
