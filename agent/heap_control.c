/* The part of heap.c that follows `redflag agent set` (struct rf_heap_control). */
#include "agent/heap.h"
#include "agent/lock.h"
#include "agent/options_list.h"
#include "agent/settings.h"
#include "agent/thread.h"

#include <string.h>
#include <unistd.h>

/* A sample stands for what its rate says, so with another rate another profile begins: without what is there. */
static void begin_profile(uint64_t period)
{
	rf_profile_snapshot(&heap.profile);
	for (uint32_t i = 0; i < heap.t->stacks.file.stack_count; i++)
		memset(heap.t->stacks.file.stacks[i].values, 0, sizeof(heap.t->stacks.file.stacks[i].values));
	memset(heap.live, 0, heap.slots * sizeof(heap.live[0]));
	memset(heap.t->filter, 0, sizeof(heap.t->filter));
	heap.t->stacks.file.live_count = 0;
	heap.t->stacks.file.dropped = 0;
	heap.t->stacks.file.period = heap.period = period;
	heap.live_bytes = 0;
	heap.mappings = 0;
}

/* Under the lock. Numbers that aren't possible were written by nobody that is to be followed. */
static void follow(uint32_t generation)
{
	struct rf_heap_control c = heap.t->stacks.file.control;
	heap.generation = generation;
	if (c.guard_rate > RF_AGENT_GUARD_RATE_MAX || c.alloc_sample > RF_AGENT_ALLOC_SAMPLE_MAX)
		return;
	heap.off = c.off;
	rf_settings.guard = c.off || !rf_settings.guard_ready ? 0 : c.guard_rate;
	rf_settings.paused = c.off || !c.alloc_sample;
	rf_settings.held = c.off;
	rf_settings.leaks = c.leaks;
	if (!rf_settings.paused && c.alloc_sample != heap.period)
		begin_profile(c.alloc_sample);
}

static bool rf_heap_follow(void)
{
	uint32_t generation = heap.t ? __atomic_load_n(&heap.t->stacks.file.control.generation, __ATOMIC_ACQUIRE) : rf_me.generation;
	if (generation == rf_me.generation || !rf_lock_own())
		return false;
	if (generation != heap.generation)
		follow(generation);
	rf_unlock();
	rf_me.generation = generation;
	return true;
}

static bool rf_heap_is_controlled(void)
{
	return heap.t && heap.profile.in_file;
}
