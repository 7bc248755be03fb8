/* The probe's part about the numbers that history.c reads and writes: threads that fill parts, with and without room for longer
 * traces. */
#ifndef RF_PARTS_PROBE_H
#define RF_PARTS_PROBE_H

#include "tsan-glue/zeroed_probe.h"

#define PARTS_CALLS 8192 /* of two events each: a part and more */
#define PARTS_MORE 9     /* parts that a full trace is given in addition */

extern char parts_bss_end __asm__("_end");

static struct {
	uint64_t *size, *total, *excess;
} parts;

static bool parts_mapped(uintptr_t address)
{
	unsigned char vector;
	return address && address % 8 == 0 && mincore((void *)(address & ~(uintptr_t)4095), 4096, &vector) == 0;
}

/* Context is in the detector's bss. */
static bool parts_find(void)
{
	uintptr_t context = (uintptr_t)rf_zeroed_context;
	if (!context || context + RF_HISTORY_CTX_EXCESS + 8 > (uintptr_t)&parts_bss_end)
		return false;
	parts.size = history_number(rf_zeroed_context, RF_HISTORY_CTX_SIZE);
	parts.total = history_number(rf_zeroed_context, RF_HISTORY_CTX_PARTS);
	parts.excess = history_number(rf_zeroed_context, RF_HISTORY_CTX_EXCESS);
	return *parts.size == RF_HISTORY_SIZE;
}

static uint64_t *parts_of(void *thread)
{
	uintptr_t context = (uintptr_t)*history_number(thread, RF_HISTORY_THREAD_CONTEXT);
	return parts_mapped(context) && parts_mapped(context + RF_HISTORY_CONTEXT_PARTS) ?
		       history_number((void *)context, RF_HISTORY_CONTEXT_PARTS) : NULL;
}

/* So many parts are filled; shared: parts in all with which traces are long. */
static void parts_fill(void *thread, unsigned count, uint64_t shared)
{
	for (unsigned i = 0; i < count; i++) {
		history_bound(rf_zeroed_context, thread, shared);
		for (unsigned j = 0; j < PARTS_CALLS; j++)
			__tsan_func_enter(thread, (void *)(uintptr_t)PC_CALLER), __tsan_func_exit(thread);
	}
}

static bool parts_work(void *const *some)
{
	uint64_t *first = parts_find() ? parts_of(some[0]) : NULL, *second = first ? parts_of(some[1]) : NULL;
	if (!second)
		return false;
	uint64_t before = *parts.total, again = *parts.excess, long_trace = RF_HISTORY_SIZE + STOCK_PARTS;
	parts_fill(some[0], long_trace + PARTS_MORE, UINT64_MAX); /* long, and no longer than that */
	bool same = *first == long_trace && *parts.total + again >= before + long_trace - 1 && *parts.total <= before + long_trace;
	uint64_t full = *parts.total;
	parts_fill(some[0], PARTS_MORE, 0); /* as stock's, and its parts go round */
	same &= *first == STOCK_PARTS && *parts.total == full && *parts.size == 0 && *parts.excess > 0;
	parts_fill(some[1], PARTS_MORE, 0); /* another one takes of them */
	same &= *second <= STOCK_PARTS && *parts.total == full;
	parts_fill(some[1], long_trace + PARTS_MORE, UINT64_MAX); /* room again */
	same &= *second == long_trace && *parts.size == RF_HISTORY_SIZE;
	return same;
}

#endif
