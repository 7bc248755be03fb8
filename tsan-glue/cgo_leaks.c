#if RF_CGO
#include "tsan-glue/cgo.h"
#include "tsan-glue/cgo_heap.h"
#include "tsan-glue/cgo_leaks.h"
#include "tsan-glue/cgo_maps.h"
#include "tsan-glue/cgo_stacks.h"
#include "tsan-glue/finding.h"
#include "tsan-glue/symbols.h"

#include <stdio.h>
#include <string.h>

#define LAST UINT32_MAX /* ends the list of blocks that are still to be looked into */
#define WANTED_POINTED 2u /* beside 0 and 1: another lost block points to it */

/* Blocks that came from one place. */
struct leak {
	const struct rf_cgo_block *first;
	uint64_t count, bytes;
};

static struct {
	void (*callback)(uintptr_t command, void *context);
	uint32_t todo; /* blocks by next, which live ones don't use; 0 in one that wasn't reached */
	struct leak leaks[RF_CGO_LEAKS_MAX];
	uint32_t leak_count;
} state;

static void rf_cgo_leaks_init(void (*callback)(uintptr_t command, void *context))
{
	state.callback = callback;
}

static bool is_lost(const struct rf_cgo_block *block)
{
	return block->state == RF_CGO_STATE_LIVE && !block->next;
}

static void reach(struct rf_cgo_block *block)
{
	if (block && is_lost(block)) {
		block->next = state.todo;
		state.todo = rf_cgo_heap_number(block);
	}
}

static void see(uintptr_t start, uintptr_t end)
{
	for (uintptr_t at = (start + 7) & ~(uintptr_t)7; at + sizeof(uintptr_t) <= end; at += sizeof(uintptr_t)) {
		uintptr_t word = *(const volatile uintptr_t *)at;
		if (rf_cgo_heap_has(word))
			reach(rf_cgo_heap_block(word));
	}
}

static void see_block(const struct rf_cgo_block *block)
{
	uintptr_t at = rf_cgo_heap_address(block);
	see(at, at + block->bytes);
}

static void reach_all(void)
{
	while (state.todo != LAST) {
		struct rf_cgo_block *block = rf_cgo_heap_numbered(state.todo);
		state.todo = block->next;
		block->next = LAST;
		see_block(block);
	}
}

static void begin(void)
{
	state.todo = LAST;
	state.leak_count = 0;
	rf_cgo_maps_begin();
	for (struct rf_cgo_block *b = rf_cgo_heap_next(NULL); b; b = rf_cgo_heap_next(b)) {
		if (b->state != RF_CGO_STATE_LIVE)
			continue;
		b->next = 0;
		b->wanted &= ~WANTED_POINTED;
		if (!b->pcs[0]) /* nobody knows who has it */
			reach(b);
	}
}

static void note_pointed(const struct rf_cgo_block *from)
{
	uintptr_t at = rf_cgo_heap_address(from);
	for (uintptr_t end = at + from->bytes; at + sizeof(uintptr_t) <= end; at += sizeof(uintptr_t)) {
		uintptr_t word = *(const volatile uintptr_t *)at;
		struct rf_cgo_block *to = rf_cgo_heap_has(word) ? rf_cgo_heap_block(word) : NULL;
		if (to && to != from && is_lost(to))
			to->wanted |= WANTED_POINTED;
	}
}

static void add_leak(const struct rf_cgo_block *block)
{
	uint32_t i = 0;
	while (i < state.leak_count && (state.leaks[i].first->allocated_by != block->allocated_by ||
					memcmp(state.leaks[i].first->pcs, block->pcs, sizeof(block->pcs)) != 0))
		i++;
	if (i == RF_CGO_LEAKS_MAX)
		return;
	if (i == state.leak_count)
		state.leaks[state.leak_count++] = (struct leak){ .first = block };
	state.leaks[i].count++;
	state.leaks[i].bytes += block->bytes;
}

/* What a lost block points to is lost with it, and goes with it when it is freed. Of a ring any one is named. */
static void add_lost(bool rings)
{
	for (struct rf_cgo_block *b = rf_cgo_heap_next(NULL); b; b = rf_cgo_heap_next(b)) {
		if (!is_lost(b) || (!rings && (b->wanted & WANTED_POINTED)))
			continue;
		add_leak(b);
		reach(b);
		reach_all();
	}
}

/* How many places there are; RF_CGO_LEAKS_UNKNOWN when it isn't known for certain. */
static uintptr_t finish(void)
{
	if (!rf_cgo_maps_walk(see))
		return RF_CGO_LEAKS_UNKNOWN;
	reach_all();
	for (struct rf_cgo_block *b = rf_cgo_heap_next(NULL); b; b = rf_cgo_heap_next(b)) {
		if (is_lost(b))
			note_pointed(b);
	}
	add_lost(false);
	add_lost(true);
	return state.leak_count;
}

void __redflag_cgo_leaks(uintptr_t step, uintptr_t start, uintptr_t end, uintptr_t thread)
{
	switch (step) {
	case RF_CGO_LEAKS_BEGIN:
		*(uintptr_t *)start = !rf_cgo_calls_active();
		begin();
		break;
	case RF_CGO_LEAKS_SKIP:
		rf_cgo_maps_skip(start, end, thread);
		break;
	case RF_CGO_LEAKS_SEE:
		see(start, end);
		break;
	case RF_CGO_LEAKS_FINISH:
		*(uintptr_t *)start = finish();
		break;
	}
}

/* "C string" for what C.CString made. */
static const char *noun_of(const struct rf_cgo_block *block)
{
	for (size_t i = 0; i < 3 && block->pcs[i]; i++) {
		struct rf_function_query f = { .pc = block->pcs[i] - 1 };
		state.callback(RF_COMMAND_FUNCTION, &f);
		const char *last = f.name ? strrchr(f.name, '.') : NULL;
		if (last && strcmp(last, "._Cfunc_CString") == 0)
			return "C string";
	}
	return "block";
}

void __redflag_cgo_leak(uintptr_t i)
{
	const struct leak *l = &state.leaks[i];
	char words[96];
	int n = snprintf(words, sizeof(words), "%llu %s%s, %llu bytes, that nothing points to", (unsigned long long)l->count,
			 noun_of(l->first), l->count == 1 ? "" : "s", (unsigned long long)l->bytes);
	struct rf_finding f = { .kind = RF_SPOOL_KIND_NATIVE_LEAK, .address = rf_cgo_heap_address(l->first),
				.bytes = l->first->bytes, .side_count = 1, .detail = { words, n > 0 ? (uintptr_t)n : 0 } };
	uintptr_t all[RF_CGO_C_FRAMES + RF_CGO_FRAMES];
	rf_cgo_stack_join(l->first->allocated_by, l->first->pcs, RF_CGO_FRAMES, all, sizeof(all) / sizeof(all[0]));
	f.sides[0] = (struct rf_finding_side){ .action = RF_SPOOL_ACTION_ALLOCATE, .goid = l->first->goid, .pcs = all,
					       .pc_count = sizeof(all) / sizeof(all[0]) };
	__redflag_finding(&f);
}

#else

void __redflag_cgo_leaks(uintptr_t step, uintptr_t start, uintptr_t end, uintptr_t thread)
{
	(void)step, (void)end, (void)thread;
	*(uintptr_t *)start = 0;
}

void __redflag_cgo_leak(uintptr_t i)
{
	(void)i;
}
#endif
