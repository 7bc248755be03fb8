/* The head of ThreadSanitizer's ThreadState (tsan_rtl.h), as far as short cuts go by it, and views.h (shadow_stack). The
 * probe proves it (fast_probe.h). */
#ifndef RF_FAST_STATE_H
#define RF_FAST_STATE_H

#include <stddef.h>
#include <stdint.h>

struct rf_fast_state { /* ThreadState */
	uint32_t fast_state; /* sid in bits 8 to 15, epoch in 16 to 29, and 31, the ignore bit */
	int32_t ignore_sync; /* how often it is ignored (RaceDisable) */
	uint64_t *shadow_stack_pos;
	uint64_t *trace_pos;
	uint64_t trace_prev_pc;
	uint32_t unused_clock[3];
	uint16_t clock[256];
	uint16_t unused_end[6];
	uint64_t *shadow_stack, *shadow_stack_end;
};
_Static_assert(offsetof(struct rf_fast_state, clock) == 44, "CLOCK of redflag_fast_race.s");
_Static_assert(offsetof(struct rf_fast_state, shadow_stack_end) == 576, "SHADOW_STACK_END of redflag_fast_race.s");

#endif
