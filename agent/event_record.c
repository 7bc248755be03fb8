#include "agent/event_record.h"

#include "agent/counters_group.h"
#include "agent/settings.h"
#include "agent/unwind_copy.h"

enum { VALUE_COUNT, VALUE_AWAY_NS, VALUE_PREEMPTED }; /* RF_SPOOL_PROFILE_FAULTS has the first alone */
enum { VALUE_SYSTEM_NS = 1 };

/* Of a sample: what perf_event_open(2) lists in the order of the bits of rf_events_attr's sample_type. */
enum { WORD_TIME, WORD_VALUE, WORD_ABI, WORD_REGISTERS, WORD_STACK = WORD_REGISTERS + RF_COPY_REGISTERS, FIXED_WORDS };
#define WORD_BYTES sizeof(uint64_t)

_Static_assert(RF_EVENTS_STACK_BYTES == RF_COPY_BYTES, "a copy has room for it");

/* --- words ------------------------------------------------------------------------------------------------------- */

static uint64_t word_of(const struct rf_perf_ring *ring, const struct rf_perf_ring_record *r, uint64_t index)
{
	return rf_perf_ring_word(ring, r->at + index * WORD_BYTES);
}

/* Registers in the kernel's order and stack, behind time and count of the event: as perf_event_open(2) lists what a sample has. */
static bool copy_from(const struct rf_perf_ring *ring, const struct rf_perf_ring_record *r, struct rf_copy *copy)
{
	static const uint8_t order[RF_COPY_REGISTERS] = { 0, 3, 2, 1, 4, 5, RF_COPY_RBP, RF_COPY_RSP, RF_COPY_RIP,
							  8, 9, 10, 11, 12, 13, 14, 15 }; /* ax bx cx dx si di bp sp ip r8 … */
	if (r->bytes < FIXED_WORDS * WORD_BYTES || word_of(ring, r, WORD_ABI) != PERF_SAMPLE_REGS_ABI_64)
		return false;
	for (uint32_t i = 0; i < RF_COPY_REGISTERS; i++)
		copy->registers[order[i]] = word_of(ring, r, WORD_REGISTERS + i);
	uint64_t room = word_of(ring, r, WORD_STACK), words = room / WORD_BYTES;
	if (room == 0 || room > RF_COPY_BYTES || room % WORD_BYTES != 0 || r->bytes < (FIXED_WORDS + words + 1) * WORD_BYTES)
		return false;
	uint64_t there = word_of(ring, r, FIXED_WORDS + words); /* so much of the room is filled */
	copy->count = (uint32_t)(there < room ? there / WORD_BYTES : words);
	for (uint32_t i = 0; i < copy->count; i++)
		copy->words[i] = word_of(ring, r, FIXED_WORDS + i);
	return true;
}

/* --- records ----------------------------------------------------------------------------------------------------- */

static uint64_t *values_of(struct rf_profile *p, const struct rf_perf_ring *ring, const struct rf_perf_ring_record *r)
{
	static struct rf_trace trace;
	struct rf_copy *copy = rf_copy_get();
	bool made;
	if (!copy || !rf_profile_open(p, &made))
		return NULL;
	if (made)
		rf_profile_show(p);
	if (!copy_from(ring, r, copy)) {
		p->t->file.dropped++;
		return NULL;
	}
	if (rf_counters_is_own_fault(copy->registers[RF_COPY_RIP]))
		return NULL;
	rf_trace_take_copy(&trace, copy);
	uint32_t stack = rf_profile_stack(p, &trace);
	return stack == RF_PROFILE_NO_STACK ? NULL : p->t->file.stacks[stack].values;
}

static void see_sample(struct rf_event_sort *sort, struct rf_thread_event *e, const struct rf_perf_ring_record *r)
{
	uint64_t *values = rf_settings.held ? NULL : values_of(&sort->profile, &e->ring, r);
	e->away = sort->kind == RF_EVENTS_OFFCPU ? values : NULL;
	e->away_since = 0;
	if (values)
		values[VALUE_COUNT]++;
	if (values && sort->kind == RF_EVENTS_SYSTEM)
		values[VALUE_SYSTEM_NS] += sort->period;
}

static void rf_event_come_back(struct rf_thread_event *e, uint64_t now_ns)
{
	if (e->away && e->away_since && now_ns > e->away_since)
		e->away[VALUE_AWAY_NS] += now_ns - e->away_since;
	e->away = NULL;
}

/* Away and back: the time of both is all there is in the record. */
static void see_switch(struct rf_thread_event *e, const struct rf_perf_ring_record *r)
{
	uint64_t time_ns = r->bytes ? word_of(&e->ring, r, WORD_TIME) : 0;
	if (!(r->misc & PERF_RECORD_MISC_SWITCH_OUT)) {
		rf_event_come_back(e, time_ns);
	} else if (e->away) {
		e->away_since = time_ns;
		e->away[VALUE_PREEMPTED] += (r->misc & PERF_RECORD_MISC_SWITCH_OUT_PREEMPT) != 0;
	}
}

/* Samples that were left out in front of this one. The event says how often it has happened; the clock of --system can't, since it counts
 * the time in user code, too: there records are counted (see_lost). */
static uint64_t left_out(struct rf_event_sort *sort, struct rf_thread_event *e, const struct rf_perf_ring_record *r)
{
	bool known = sort->kind != RF_EVENTS_SYSTEM && r->bytes > WORD_VALUE * WORD_BYTES;
	uint64_t samples = known ? word_of(&e->ring, r, WORD_VALUE) / sort->period : 0;
	uint64_t left = samples > e->told ? samples - e->told - 1 : 0;
	e->told = samples;
	return left;
}

/* Behind a gap it isn't known which switch was which. */
static uint64_t see_lost(struct rf_event_sort *sort, struct rf_thread_event *e, const struct rf_perf_ring_record *r)
{
	e->away = NULL;
	return sort->kind == RF_EVENTS_SYSTEM && r->bytes >= 2 * WORD_BYTES ? word_of(&e->ring, r, 1) : 0;
}

static void rf_event_note(struct rf_event_sort *sort, uint64_t dropped)
{
	if (sort->profile.t)
		rf_profile_note(&sort->profile, dropped + atomic_exchange(&sort->missed, 0));
}

static void rf_event_read(struct rf_event_sort *sort, struct rf_thread_event *e)
{
	struct rf_perf_ring_record r;
	uint64_t dropped = 0, from = e->ring.tail;
	while (rf_perf_ring_next(&e->ring, &r, &dropped)) {
		if (r.type == PERF_RECORD_SAMPLE) {
			dropped += left_out(sort, e, &r);
			see_sample(sort, e, &r);
		} else if (r.type == PERF_RECORD_SWITCH) {
			see_switch(e, &r);
		} else if (r.type == PERF_RECORD_LOST) {
			dropped += see_lost(sort, e, &r);
		}
	}
	if (e->ring.tail == from)
		return;
	rf_perf_ring_release(&e->ring);
	rf_event_note(sort, rf_settings.held ? 0 : dropped);
}
