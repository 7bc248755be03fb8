/* The part of heap.c for what isn't malloc's: mappings. */
#include "agent/heap.h"
#include "agent/lock.h"
#include "agent/settings.h"

#include <unistd.h>

#define MAPPINGS_MAX 1024u /* of those that are sampled; 512 MiB at least at the default period. All are looked at by munmap: 1 us */

/* Inverted, too. The first heap.mappings ones. */
static struct mapping {
	uintptr_t inverted;
	size_t bytes;
} mapped[MAPPINGS_MAX];

static void add_mapping(void *start, size_t bytes)
{
	uint32_t stack = begin_count();
	if (!heap.t)
		return;
	if (heap.mappings == MAPPINGS_MAX) {
		stack = NO_STACK;
		heap.t->stacks.file.dropped++;
	} else {
		mapped[heap.mappings++] = (struct mapping){ ~(uintptr_t)start, bytes };
	}
	end_count(start, bytes, stack, true);
}

static void rf_heap_map(void *start, size_t bytes)
{
	if (!rf_lock_own())
		return;
	add_mapping(start, bytes);
	rf_unlock();
}

static bool rf_heap_has_mappings(void)
{
	return __atomic_load_n(&heap.mappings, __ATOMIC_RELAXED) != 0;
}

/* A mapping of which a part goes is there no more; what is left of it isn't counted. */
static void rf_heap_unmap(const void *start, size_t bytes)
{
	uintptr_t from = (uintptr_t)start, end = from + bytes;
	if (!rf_lock_own())
		return;
	for (uint32_t i = heap.mappings; i-- > 0;) {
		uintptr_t there = ~mapped[i].inverted;
		if (there >= end || from >= there + mapped[i].bytes)
			continue;
		mapped[i] = mapped[--heap.mappings];
		struct live *l = find(there);
		if (l->inverted && l->mapped)
			remove_live(l);
	}
	rf_unlock();
}
