/* The probe's part about marks of freed memory: ours (freed.c) and the detector's from the same random cells, compared. */
#ifndef RF_FREED_PROBE_H
#define RF_FREED_PROBE_H

#include "tsan-glue/sync_probe.h"
#include "tsan-glue/freed.c"

#define FREED_STEPS 4000u
#define FREED_WORDS (RF_FREED_BYTES_MAX / 8)

static struct freed_image {
	unsigned char state[THREAD_STATE_BYTES];
	uint32_t cells[FREED_WORDS + 1][RF_FAST_CELLS];
	uint64_t trace[2];
} freed_before, freed_ours, freed_theirs;

static void freed_save(struct freed_image *image, const struct rf_fast_state *old, const void *cells)
{
	memcpy(image->state, fast.state, sizeof(image->state));
	memcpy(image->cells, cells, sizeof(image->cells));
	memcpy(image->trace, old->trace_pos, sizeof(image->trace));
}

/* Mostly cells that can't race: the thread's own, or none. */
static void freed_scene(uint32_t (*cells)[RF_FAST_CELLS])
{
	memset(cells, 0, sizeof(freed_before.cells));
	for (unsigned n = fast_random(8); n; n--)
		cells[fast_random(FREED_WORDS)][fast_random(RF_FAST_CELLS)] =
			(fast.state->fast_state & FREED_STATE) | (1 + fast_random(255)) | fast_random(4) << 30;
	if (!fast_random(4))
		cells[fast_random(FREED_WORDS)][0] = fast_cell();
}

static bool freed_step(bool *taken)
{
	uintptr_t memory = (uintptr_t)heap + 40960, bytes = 8 * (1 + fast_random(FREED_WORDS)), pc = PC_FREE + 16 * fast_random(4);
	uint32_t(*cells)[RF_FAST_CELLS] = (void *)SHADOW(memory);
	struct rf_fast_state old = *fast.state;
	freed_scene(cells);
	freed_save(&freed_before, &old, cells);
	*taken = rf_freed_mark(fast.state, pc, memory, bytes);
	freed_save(&freed_ours, &old, cells);
	if (!*taken)
		return memcmp(&freed_before, &freed_ours, sizeof(freed_ours)) == 0;
	memcpy(fast.state, freed_before.state, sizeof(freed_before.state));
	memcpy(cells, freed_before.cells, sizeof(freed_before.cells));
	memcpy(old.trace_pos, freed_before.trace, sizeof(freed_before.trace));
	slot_lock(fast.state);
	range_freed(fast.state, pc, memory, bytes);
	slot_unlock(fast.state);
	freed_save(&freed_theirs, &old, cells);
	return memcmp(&freed_ours, &freed_theirs, sizeof(freed_ours)) == 0;
}

/* The bit of RF_LAYOUT_FAST. A processor that can't do it has nothing to prove. */
static int freed_marks(void)
{
	unsigned count = 0;
	bool same = true, taken = false;
	rf_clocks_init(true);
	for (unsigned i = 0; i < FREED_STEPS && same; i++) {
		if (!rf_fast_room(fast.state))
			__tsan_func_exit(fast.state), __tsan_func_enter(fast.state, (void *)(uintptr_t)PC_BOTTOM);
		same = freed_step(&taken);
		count += taken;
	}
	same &= count > FREED_STEPS / 50 || !rf_clocks_are_wide();
	rf_clocks_init(false);
	range_reset(NULL, 0, (uintptr_t)heap + 40960, RF_FREED_BYTES_MAX);
	return same ? RF_FREED_FAST : 0;
}

#endif
