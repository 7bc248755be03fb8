#include "tsan-glue/lock.h"
#include "tsan-glue/report.h"
#include "tsan-glue/views_private.h"

#include <stdio.h>
#include <string.h>

#define FIELD_BYTES 96u /* of a field's name; longer ones are cut */

/* --- is it a finding? ---------------------------------------------------------------------------------------------- */

static uint16_t bit_of(const struct view_side *side)
{
	return (uint16_t)(1u << side->field);
}

/* The pair that was read never was: both were changed by one section after the first one, and are other than they were then. */
static bool both_changed(const struct view_lock *l, const struct view_past *past, uint32_t a, uint32_t b)
{
	uint32_t section = l->writer.section;
	return section > past->section && l->fields[a].changed == section && l->fields[b].changed == section &&
	       view_value(l, a) != past->values[a] && view_value(l, b) != past->values[b];
}

static bool is_pair(const struct view_held *h, const struct view_past *past, const struct view_side *first,
		    const struct view_side *second)
{
	const struct view_lock *l = h->lock;
	uint16_t group = l->fields[second->field].partners | bit_of(second);
	return (l->fields[first->field].partners & bit_of(second)) && !(past->read & h->read & group) &&
	       !(atomic_load(&h->lock->loose) & (bit_of(first) | bit_of(second))) &&
	       both_changed(l, past, first->field, second->field);
}

/* One call has both reads, by itself or in what it calls: how deep its stack is. 0: it can't be told. */
static uint32_t call_of(const struct view_side *first, const struct view_side *second)
{
	uint32_t depth = first->depth, least;
	if (!view_trace_walk(first->trace, second->trace, &depth, &least) || depth != second->depth)
		return 0;
	return first->depth - least <= 1 && second->depth - least <= 1 ? least : 0;
}

/* Of where it was read: another lock may get the place in memory of one that is gone. */
static uint32_t told_key(const struct view_side *first, const struct view_side *second)
{
	uint64_t key = 0;
	for (uint32_t i = 0; i < first->frame_count; i++)
		key = (key ^ first->frames[i]) * 0x9e3779b97f4a7c15u;
	for (uint32_t i = 0; i < second->frame_count; i++)
		key = (key ^ second->frames[i]) * 0x9e3779b97f4a7c15u;
	return (uint32_t)(key >> 32) | 1;
}

static bool is_news(struct view_lock *l, uint32_t key)
{
	for (uint32_t i = 0; i < RF_VIEW_TOLD_MAX; i++) {
		uint32_t told = atomic_load(&l->told[i]);
		if (!told || told == key)
			return !told;
	}
	return false;
}

/* --- its words ----------------------------------------------------------------------------------------------------- */

/* What two paths have in common up to the last dot, as in "main.stats." of "main.stats.sum" and "main.stats.count". */
static size_t common_bytes(const char *a, const char *b)
{
	size_t common = 0;
	for (size_t i = 0; a[i] && a[i] == b[i]; i++) {
		if (a[i] == '.')
			common = i;
	}
	return common;
}

static void detail_make(struct view_pending *p)
{
	char first[FIELD_BYTES], second[FIELD_BYTES];
	bool named = rf_report_field(p->first.address, first, sizeof(first)) &&
		     rf_report_field(p->second.address, second, sizeof(second));
	int n = 0;
	if (named)
		n = snprintf(p->detail, sizeof(p->detail),
			     "%s and %s are written together under the lock at 0x%012zx, and were read in two sections of it", first,
			     second + common_bytes(first, second), (size_t)p->lock);
	else
		n = snprintf(p->detail, sizeof(p->detail),
			     "two fields (0x%012zx, 0x%012zx) are written together under the lock at 0x%012zx, and were read in two "
			     "sections of it",
			     (size_t)p->first.address, (size_t)p->second.address, (size_t)p->lock);
	p->detail_bytes = n < 0 ? 0 : (size_t)n < sizeof(p->detail) ? (size_t)n : sizeof(p->detail) - 1;
}

static struct rf_finding_side side_of(const struct view_side *side, uint64_t goid, uintptr_t slot)
{
	return (struct rf_finding_side){ .action = RF_SPOOL_ACTION_NONE,
					 .goid = goid,
					 .slot = slot,
					 .pcs = side->frames,
					 .pc_count = side->frame_count,
					 .address = side->address };
}

static void told_add(struct view_lock *l, uint32_t key)
{
	for (uint32_t i = 0; i < RF_VIEW_TOLD_MAX; i++) {
		uint32_t told = 0;
		if (atomic_compare_exchange_strong(&l->told[i], &told, key) || told == key)
			return;
	}
}

static void tell(const struct view_pending *p)
{
	if (p->record->generation == p->generation)
		told_add(p->record, told_key(&p->first, &p->second));
	struct rf_finding f = { .kind = RF_SPOOL_KIND_VIEW_INCONSISTENCY,
				.address = p->second.address,
				.side_count = 3,
				.detail = { p->detail, p->detail_bytes } };
	f.sides[0] = side_of(&p->second, p->goid, p->slot);
	f.sides[1] = side_of(&p->writer, p->writer_goid, p->writer_slot);
	f.sides[1].write = 1;
	f.sides[2] = side_of(&p->first, p->goid, p->slot);
	__redflag_finding(&f);
}

/* --- until the end of the call -------------------------------------------------------------------------------------- */

static void pending_make(struct view_row *row, const struct view_held *h, const struct view_past *past, uint32_t call,
			 const struct view_side *first, const struct view_side *second)
{
	struct view_pending *p = &row->pending;
	p->lock = h->address;
	p->record = h->lock;
	p->generation = h->lock->generation;
	p->read = past->read;
	atomic_store(&p->fast_state, 0);
	p->depth = second->depth;
	p->trace = second->trace;
	p->call = call;
	p->goid = row->goid;
	p->slot = row->slot;
	p->writer_goid = h->lock->writer.goid;
	p->writer_slot = h->lock->writer.slot;
	p->first = *first;
	p->second = *second;
	p->writer = h->lock->writer.side;
	detail_make(p);
	atomic_store(&p->state, VIEW_PENDING_SET);
}

static void view_judge(struct view_row *row, const struct view_held *h, const struct view_past *past)
{
	if (atomic_load(&row->pending.state) != VIEW_PENDING_NONE || h->lock->writer.goid == row->goid)
		return;
	for (uint32_t i = 0; i < past->side_count; i++) {
		for (uint32_t k = 0; k < h->side_count; k++) {
			const struct view_side *first = &past->sides[i], *second = &h->sides[k];
			if (!is_pair(h, past, first, second) || !is_news(h->lock, told_key(first, second)) ||
			    !rf_report_same_object(first->address, second->address))
				continue;
			uint32_t call = call_of(first, second);
			if (call) {
				pending_make(row, h, past, call, first, second);
				return;
			}
		}
	}
}

enum call_state { CALL_UNKNOWN, CALL_GOES_ON, CALL_OVER };

static enum call_state pending_call_now(struct view_pending *p, const uint64_t *trace)
{
	uint32_t depth = p->depth, least;
	if (!view_trace_walk(p->trace, trace, &depth, &least))
		return CALL_UNKNOWN;
	p->trace = trace;
	p->depth = depth;
	return least < p->call ? CALL_OVER : CALL_GOES_ON;
}

static bool pending_take(struct view_pending *p)
{
	uint32_t set = VIEW_PENDING_SET;
	return atomic_compare_exchange_strong(&p->state, &set, VIEW_PENDING_BUSY);
}

static void view_pending_step(struct view_row *row, const struct view_held *h, const struct rf_fast_state *thread)
{
	struct view_pending *p = &row->pending;
	if (!pending_take(p))
		return;
	enum call_state call = pending_call_now(p, thread->trace_pos);
	bool again = h->address == p->lock && (h->read & p->read);
	if (call == CALL_OVER)
		tell(p);
	else if (h->address == p->lock)
		atomic_store(&p->fast_state, 0);
	atomic_store(&p->state, call == CALL_GOES_ON && !again ? VIEW_PENDING_SET : VIEW_PENDING_NONE);
}

static void view_pending_end(struct view_pending *p)
{
	while (atomic_load(&p->state) == VIEW_PENDING_BUSY)
		sched_yield(); /* a flush looks at it */
	if (pending_take(p)) {
		tell(p);
		atomic_store(&p->state, VIEW_PENDING_NONE);
	}
}

/* What the goroutine has told others since then may well be what it has read: the call is over, or as good as that. */
static bool is_published(const struct view_pending *p, const struct rf_fast_state *thread)
{
	uint32_t then = atomic_load(&p->fast_state);
	return then && (thread->fast_state & VIEW_STATE_MASK) != then;
}

static void view_pending_flush(struct view_pending *p, const struct rf_fast_state *thread, const _Atomic uintptr_t *now)
{
	if (!pending_take(p))
		return;
	bool told = atomic_load(now) == (uintptr_t)thread &&
		    (is_published(p, thread) || pending_call_now(p, thread->trace_pos) == CALL_OVER);
	if (told)
		tell(p);
	atomic_store(&p->state, told ? VIEW_PENDING_NONE : VIEW_PENDING_SET);
}
