/* The findings that a session saw: those of its events, once each. */
#include <string.h>

#include "session/session_state.h"
#include "store/query.h"

#define DIGIT_BITS 11

/* None is negative; `scratch` has as much room. By digits: a run may bring a hundred thousand. */
static void sort_ids(int64_t *ids, size_t count, int64_t *scratch)
{
	int64_t all = 0;
	for (size_t i = 0; i < count; i++)
		all |= ids[i];
	for (unsigned shift = 0; shift < 63 && all >> shift; shift += DIGIT_BITS) {
		size_t places[(1 << DIGIT_BITS) + 1] = { 0 };
		for (size_t i = 0; i < count; i++)
			places[(ids[i] >> shift) % (1 << DIGIT_BITS) + 1]++;
		for (size_t d = 1; d < 1 << DIGIT_BITS; d++)
			places[d] += places[d - 1];
		for (size_t i = 0; i < count; i++)
			scratch[places[(ids[i] >> shift) % (1 << DIGIT_BITS)]++] = ids[i];
		memcpy(ids, scratch, count * sizeof(*ids));
	}
}

/* Ids with "new" in the lowest bit, which so goes through a sort, in order. `out` has the ids of events before. */
static int collect_findings(struct rf_session *s, rf_arena *arena, int64_t *out, size_t *count, struct rf_error *err)
{
	uint64_t incomplete = 0, suppressed = 0;
	int64_t previous = 0;
	size_t events = *count;
	struct rf_event_verdict *verdicts = rf_arena_array(arena, events + 1, sizeof(*verdicts));
	int64_t *scratch = rf_arena_array(arena, events + 1, sizeof(*scratch));
	if (!verdicts || !scratch)
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory while adding up the findings.");
	sort_ids(out, events, scratch);
	int rc = rf_query_event_verdicts(s->options.store, out, events, verdicts, err);
	if (rc < 0)
		return rc;
	*count = 0;
	for (size_t i = 0; i < events; i++) {
		bool again = out[i] == previous; /* its text and its record */
		previous = out[i];
		incomplete += verdicts[i].partial && !again;
		suppressed += !verdicts[i].alert && !again;
		if (verdicts[i].alert)
			out[(*count)++] = verdicts[i].finding_id * 2 + verdicts[i].is_new;
	}
	sort_ids(out, *count, scratch);
	s->counts.suppressed = suppressed;
	s->counts.incomplete = incomplete; /* less than were read, where a spool had them whole */
	return 0;
}

static size_t seen_events(const struct rf_session *s, bool settled, int64_t *out)
{
	size_t count = 0;
	for (size_t i = 0; i < s->event_count; i++) {
		const struct rf_event_seen *e = &s->events[i];
		if (!settled || !e->source || e->source->over)
			out[count++] = e->id;
	}
	return count;
}

int rf_session_findings(struct rf_session *s, bool settled, rf_arena *arena, int64_t **ids, bool **is_new,
			uint32_t *count, struct rf_error *err)
{
	rf_session_settle(s);
	int64_t *all = rf_arena_array(arena, s->event_count + 1, sizeof(*all));
	*is_new = rf_arena_array(arena, s->event_count + 1, sizeof(**is_new));
	*ids = all;
	*count = 0;
	if (!all || !*is_new)
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory while adding up the findings.");
	size_t n = seen_events(s, settled, all);
	int rc = collect_findings(s, arena, all, &n, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n; i++) {
		int64_t id = all[i] / 2;
		bool fresh = all[i] & 1;
		if (*count == 0 || all[*count - 1] != id)
			all[(*count)++] = id;
		(*is_new)[*count - 1] |= fresh;
	}
	return 0;
}
