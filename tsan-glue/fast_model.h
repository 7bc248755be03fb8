/* What the short cuts of runtime/redflag_fast_race.s do, in C. The probe compares it with the detector before any of them is
 * used: with it, everything is proved that they take for granted (offsets in ThreadState, cells, events of the trace).
 *
 * Not part of the glue. Each function says whether the short cut is taken; if not, nothing has been changed.
 */
#ifndef RF_FAST_MODEL_H
#define RF_FAST_MODEL_H

#include "tsan-glue/fast_state.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define RF_FAST_READ 0x40000000u /* is_read of a cell */
#define RF_FAST_READ_OR_ATOMIC 0xc0000000u
#define RF_FAST_IGNORE 0x80000000u /* of fast_state */
#define RF_FAST_CELLS 4u
#define RF_FAST_NOWHERE 5u /* not a cell, nor RF_FAST_CELLS, which stands for any */
#define RF_FAST_RANGE_WORDS 8u
#define RF_FAST_TRACE_END 0xff0u

/* Whether cell, or a write like it, is there. */
static bool rf_fast_has(const uint32_t cells[RF_FAST_CELLS], uint32_t cell)
{
	for (unsigned i = 0; i < RF_FAST_CELLS; i++) {
		if ((cells[i] | (cell & RF_FAST_READ)) == cell)
			return true;
	}
	return false;
}

/* An access of one byte that leaves no trace. kind: RF_FAST_READ, or 0 for a write. */
static bool rf_fast_same(const struct rf_fast_state *s, const uint32_t cells[RF_FAST_CELLS], uintptr_t address, uint32_t kind)
{
	return rf_fast_has(cells, s->fast_state | 1u << (address & 7) | kind);
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

/* A range of up to RF_FAST_RANGE_WORDS words: one event, then of each word what an access would do. */
static bool rf_fast_range(struct rf_fast_state *s, uint32_t (*cells)[RF_FAST_CELLS], uintptr_t address, uint64_t size, uint32_t kind,
			  uint64_t pc)
{
	unsigned place[RF_FAST_RANGE_WORDS], words = 0;
	uint32_t cell[RF_FAST_RANGE_WORDS];
	if (size == 0 || size + (address & 7) > 8 * RF_FAST_RANGE_WORDS || !rf_fast_room(s))
		return false;
	if ((s->fast_state & RF_FAST_IGNORE) || cells[0][0] == RF_FAST_READ)
		return true;
	for (uint64_t bytes = ~(uint64_t)0 >> (64 - size) << (address & 7); bytes; bytes >>= 8, words++) {
		cell[words] = s->fast_state | kind | (bytes & 0xff);
		place[words] = RF_FAST_NOWHERE;
		if (!rf_fast_has(cells[words], cell[words]) && !rf_fast_place(s, cells[words], cell[words], &place[words]))
			return false;
	}
	s->trace_prev_pc = pc;
	*s->trace_pos++ = pc << 20 | size << 7 | kind >> 25 | 4;
	*s->trace_pos++ = address;
	for (unsigned i = 0; i < words; i++) {
		if (place[i] != RF_FAST_NOWHERE)
			cells[i][place[i] < RF_FAST_CELLS ? place[i] : (uintptr_t)s->trace_pos >> 3 & 3] = cell[i];
	}
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
