/* What the short cuts of runtime/redflag_fast_race.s do, in C. The probe compares it with the detector before any of them is
 * used: with it, everything is proved that they take for granted (offsets in ThreadState, cells, events of the trace).
 *
 * Not part of the glue. Each function says whether the short cut is taken; if not, nothing has been changed.
 */
#ifndef RF_FAST_MODEL_H
#define RF_FAST_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define RF_FAST_READ 0x40000000u /* is_read of a cell */
#define RF_FAST_READ_OR_ATOMIC 0xc0000000u
#define RF_FAST_IGNORE 0x80000000u /* of fast_state */
#define RF_FAST_CELLS 4u
#define RF_FAST_TRACE_END 0xff0u

struct rf_fast_state { /* ThreadState */
	uint32_t fast_state, unused;
	uint64_t *shadow_stack_pos;
	uint64_t *trace_pos;
	uint64_t trace_prev_pc;
	uint32_t unused_clock[3];
	uint16_t clock[256];
	uint16_t unused_end[10];
	uint64_t *shadow_stack_end;
};
_Static_assert(offsetof(struct rf_fast_state, clock) == 44, "CLOCK of redflag_fast_race.s");
_Static_assert(offsetof(struct rf_fast_state, shadow_stack_end) == 576, "SHADOW_STACK_END of redflag_fast_race.s");

/* An access of one byte that leaves no trace. kind: RF_FAST_READ, or 0 for a write. */
static bool rf_fast_same(const struct rf_fast_state *s, const uint32_t cells[RF_FAST_CELLS], uintptr_t address, uint32_t kind)
{
	uint32_t cell = s->fast_state | 1u << (address & 7) | kind;
	for (unsigned i = 0; i < RF_FAST_CELLS; i++) {
		if ((cells[i] | kind) == cell)
			return true;
	}
	return false;
}

/* The cell that an access goes to, or RF_FAST_CELLS when it takes the place of any; false: it isn't decided here. */
static bool rf_fast_place(const struct rf_fast_state *s, const uint32_t cells[RF_FAST_CELLS], uint32_t cell, unsigned *place)
{
	uint32_t kind = cell & RF_FAST_READ;
	*place = RF_FAST_CELLS;
	for (unsigned i = 0; i < RF_FAST_CELLS; i++) {
		uint32_t old = cells[i], differs = old ^ cell;
		if (!old) {
			if (*place == RF_FAST_CELLS)
				*place = i;
			return true;
		}
		if (!(old & cell & 0xff))
			continue;
		if (differs & 0xff00) {
			if (!(old & kind) && s->clock[old >> 8 & 0xff] < (old >> 16 & 0x3fff))
				return false;
		} else if (!(differs & 0xff) && (old & RF_FAST_READ_OR_ATOMIC) >= kind) {
			if (*place != RF_FAST_CELLS)
				return false;
			*place = i;
		}
	}
	return true;
}

static bool rf_fast_room(const struct rf_fast_state *s)
{
	return ((uintptr_t)(s->trace_pos + 1) & RF_FAST_TRACE_END) != 0;
}

static bool rf_fast_store(struct rf_fast_state *s, uint32_t cells[RF_FAST_CELLS], uintptr_t address, uint32_t kind, uint64_t pc)
{
	uint32_t cell = s->fast_state | 1u << (address & 7) | kind;
	uint64_t delta = pc - s->trace_prev_pc + 0x4000;
	unsigned place;
	if (s->fast_state & RF_FAST_IGNORE)
		return true;
	if (!rf_fast_room(s) || !rf_fast_place(s, cells, cell, &place))
		return false;
	s->trace_prev_pc = pc;
	if (delta <= 0x7fff) {
		*s->trace_pos++ = (uint64_t)address << 20 | delta << 5 | kind >> 29 | 1;
	} else {
		*s->trace_pos++ = (uint64_t)address << 20 | kind >> 25;
		*s->trace_pos++ = pc;
	}
	cells[place < RF_FAST_CELLS ? place : (uintptr_t)s->trace_pos >> 3 & 3] = cell;
	return true;
}

static bool rf_fast_enter(struct rf_fast_state *s, uint64_t pc)
{
	if (!rf_fast_room(s) || s->shadow_stack_pos == s->shadow_stack_end)
		return false;
	*s->trace_pos++ = pc << 2 | 2;
	*s->shadow_stack_pos++ = pc;
	return true;
}

static bool rf_fast_exit(struct rf_fast_state *s)
{
	if (!rf_fast_room(s))
		return false;
	*s->trace_pos++ = 2;
	s->shadow_stack_pos--;
	return true;
}

#endif
