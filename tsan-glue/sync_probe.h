/* The probe's part about short cuts of synchronisation: what is done while a goroutine's synchronisation is ignored is nothing but
 * the operation, and __redflag_unlock (unlock.c) is to the detector what an atomic store is. Both go from the same random states,
 * and everything that may differ is compared: ThreadState, cells, trace, and, by another thread that acquires it, what was released.
 */
#ifndef RF_SYNC_PROBE_H
#define RF_SYNC_PROBE_H

#include "tsan-glue/fast_probe.h"
#include "tsan-glue/clocks_probe.h"
#include "tsan-glue/unlock.c"

#define SYNC_STEPS 2000u
#define SYNC_IGNORE 8
#define SYNC_UNLOCK 16

void __tsan_go_ignore_sync_begin(void *thread);
void __tsan_go_ignore_sync_end(void *thread);
void __tsan_go_atomic32_fetch_add(void *thread, uintptr_t caller_pc, uintptr_t pc, struct rf_unlock *arguments);
void __tsan_go_atomic32_store(void *thread, uintptr_t caller_pc, uintptr_t pc, struct rf_unlock *arguments);

struct sync_image {
	unsigned char state[THREAD_STATE_BYTES], acquirer[THREAD_STATE_BYTES];
	uint32_t cells[RF_FAST_CELLS];
	uint64_t trace[RF_FAST_TRACE_END / sizeof(uint64_t) + 1];
	int32_t value;
};

/* The word at ignore_sync counts, and nothing else changes; an atomic under it is nothing but its operation. */
static bool sync_ignored(void)
{
	unsigned char before[THREAD_STATE_BYTES], now[THREAD_STATE_BYTES];
	int32_t word = 40;
	struct rf_unlock add = { .state = &word, .delta = 2 };
	struct rf_fast_state *changed = (void *)now;
	memcpy(before, fast.state, sizeof(before));
	for (int32_t depth = 1; depth <= 2; depth++) {
		__tsan_go_ignore_sync_begin(fast.state);
		__tsan_go_atomic32_fetch_add(fast.state, PC_CALLER, PC_WRITE, &add);
		memcpy(now, fast.state, sizeof(now));
		if (changed->ignore_sync != depth)
			return false;
		changed->ignore_sync = 0;
		if (memcmp(before, now, sizeof(now)) != 0)
			return false;
	}
	__tsan_go_ignore_sync_end(fast.state);
	bool one_left = fast.state->ignore_sync == 1;
	__tsan_go_ignore_sync_end(fast.state);
	return one_left && memcmp(before, fast.state, sizeof(before)) == 0 && word == 44 && add.old == 42;
}

static void sync_save(struct sync_image *image, const struct rf_fast_state *old, const int32_t *word)
{
	uintptr_t room = (RF_FAST_TRACE_END + 16 - ((uintptr_t)old->trace_pos & RF_FAST_TRACE_END)) & ~(uintptr_t)7;
	memset(image, 0, sizeof(*image));
	memcpy(image->state, fast.state, sizeof(image->state));
	memcpy(image->acquirer, fast.threads[1], sizeof(image->acquirer));
	memcpy(image->cells, (void *)SHADOW((uintptr_t)word), sizeof(image->cells));
	memcpy(image->trace, old->trace_pos, room < sizeof(image->trace) ? room : sizeof(image->trace));
	image->value = *word;
}

/* Both kinds of release leave the same; what another thread then acquires from it, too. The ThreadStates and the cells are put back
 * in between, and by a release of the first thread the clock at the word. */
static bool sync_step(int32_t *word)
{
	static struct sync_image before, stored, unlocked;
	struct rf_fast_state old = *fast.state;
	uintptr_t pc = PC_WRITE + 16 * fast_random(4);
	uintptr_t caller = PC_CALLER + 16 * fast_random(4);
	struct rf_unlock arguments = { .state = word };
	fast_scene((void *)SHADOW((uintptr_t)word), 1);
	sync_save(&before, &old, word);
	arguments.delta = *word - 1;
	__tsan_go_atomic32_store(fast.state, caller, pc, &arguments);
	__tsan_acquire(fast.threads[1], word);
	sync_save(&stored, &old, word);
	memcpy(fast.state, before.state, sizeof(before.state));
	memcpy(fast.threads[1], before.acquirer, sizeof(before.acquirer));
	memcpy((void *)SHADOW((uintptr_t)word), before.cells, sizeof(before.cells));
	memcpy((void *)old.trace_pos, before.trace, sizeof(uint64_t));
	*word = before.value;
	arguments.delta = -1;
	__redflag_unlock(fast.state, caller, pc, &arguments);
	__tsan_acquire(fast.threads[1], word);
	sync_save(&unlocked, &old, word);
	return arguments.old == before.value && memcmp(&stored, &unlocked, sizeof(stored)) == 0;
}

/* Which short cuts of synchronisation are proved. Steps that would reach the end of a trace's page are made by calls instead. */
static int sync_works(void)
{
	int32_t *word = (int32_t *)(fast.memory + 8 * (FAST_WORDS + RF_FAST_RANGE_WORDS));
	bool unlocks = true;
	for (unsigned i = 0; i < SYNC_STEPS && unlocks; i++) {
		uintptr_t at = (uintptr_t)fast.state->trace_pos & RF_FAST_TRACE_END;
		if (at > RF_FAST_TRACE_END - 16 * sizeof(uint64_t) || fast.state->shadow_stack_pos == fast.state->shadow_stack_end)
			__tsan_func_exit(fast.state), __tsan_func_enter(fast.state, (void *)(uintptr_t)PC_BOTTOM);
		else
			unlocks = sync_step(word);
		*word = (int32_t)i;
	}
	return (sync_ignored() ? SYNC_IGNORE : 0) | (unlocks ? SYNC_UNLOCK : 0);
}

#endif
