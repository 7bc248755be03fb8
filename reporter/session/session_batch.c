/* Batches of what waits, and how a report is made small while it does. */
#include "session/session_state.h"
#include "store/database.h"

void rf_batch_init(struct rf_batch *b)
{
	rf_arena_init(&b->arena, RF_SESSION_ARENA_BYTES_MAX);
	rf_intern_init(&b->stacks);
	rf_batch_forget(b);
}

void rf_batch_release(struct rf_batch *b)
{
	rf_arena_release(&b->arena);
	rf_intern_release(&b->stacks);
}

void rf_batch_forget(struct rf_batch *b)
{
	b->reports = NULL;
	b->reports_end = &b->reports;
	b->results = NULL;
	b->results_end = &b->results;
	b->report_count = 0;
	rf_arena_reset(&b->arena);
	rf_intern_forget(&b->stacks);
}

void rf_batch_shrink(struct rf_batch *b)
{
	if (!rf_batch_is_empty(b))
		return;
	rf_batch_forget(b);
	rf_arena_release(&b->arena);
	rf_arena_release(&b->stacks.arena);
}

bool rf_batch_is_empty(const struct rf_batch *b)
{
	return !b->reports && !b->results;
}

size_t rf_batch_bytes(const struct rf_batch *b)
{
	return b->arena.used_total + b->stacks.arena.used_total;
}

bool rf_batch_failed(const struct rf_batch *b)
{
	return b->arena.failed || b->stacks.arena.failed;
}

void rf_batch_add_result(struct rf_batch *b, struct rf_waiting_result *r)
{
	*b->results_end = r;
	b->results_end = &r->next;
}

/* --- copies ------------------------------------------------------------------------------------------------------ */

static struct rf_stack stack_of(struct rf_batch *b, struct rf_known_stack *known, const struct rf_stack *from)
{
	return known ? rf_intern_stack(&b->stacks, known) : (struct rf_stack){ .cut = from->cut };
}

static void copy_goroutine(struct rf_batch *b, struct rf_goroutine *to, const struct rf_goroutine *from,
			   struct rf_known_stack *created)
{
	rf_arena *arena = &b->arena;
	*to = *from;
	to->state = rf_arena_dup(arena, from->state);
	to->entry = rf_arena_dup(arena, from->entry);
	to->test = from->test.ptr ? rf_arena_dup(arena, from->test) : from->test;
	to->created = stack_of(b, created, &from->created);
	to->labels = rf_arena_array(arena, from->label_count, sizeof(*to->labels));
	for (uint32_t i = 0; to->labels && i < from->label_count; i++)
		to->labels[i] = (struct rf_label){ rf_arena_dup(arena, from->labels[i].key),
						   rf_arena_dup(arena, from->labels[i].value) };
}

static void copy_stack(struct rf_stack *to, const struct rf_stack *from, rf_arena *arena)
{
	*to = *from;
	to->frames = rf_arena_array(arena, from->count, sizeof(*to->frames));
	for (uint32_t i = 0; to->frames && i < from->count; i++) {
		to->frames[i] = from->frames[i];
		to->frames[i].function = rf_arena_dup(arena, from->frames[i].function);
		to->frames[i].file = rf_arena_dup(arena, from->frames[i].file);
	}
}

/* The copy of an access's goroutine. One that isn't among the report's (there were too many) is copied for itself, and nobody
 * knows its stack. */
static struct rf_goroutine *goroutine_of(struct rf_batch *b, const struct rf_report *from, const struct rf_access *a,
					 struct rf_goroutine *copies)
{
	for (uint32_t i = 0; i < from->goroutine_count; i++) {
		if (from->goroutines[i] == a->goroutine)
			return &copies[i];
	}
	struct rf_goroutine *alone = rf_arena_alloc(&b->arena, sizeof(*alone));
	if (alone) {
		copy_goroutine(b, alone, a->goroutine, NULL);
		copy_stack(&alone->created, &a->goroutine->created, &b->arena);
	}
	return alone;
}

static void copy_switches(struct rf_report *to, const struct rf_report *from, rf_arena *arena)
{
	to->switches = rf_arena_array(arena, from->switch_count, sizeof(*to->switches));
	for (uint32_t i = 0; to->switches && i < from->switch_count; i++) {
		to->switches[i] = from->switches[i];
		to->switches[i].reason = rf_arena_dup(arena, from->switches[i].reason);
	}
}

static void copy_report(struct rf_batch *b, struct rf_report *to, const struct rf_report *from, const struct rf_known_report *known,
			bool keep_text)
{
	rf_arena *arena = &b->arena;
	struct rf_goroutine *goroutines = rf_arena_array(arena, from->goroutine_count, sizeof(*goroutines));
	*to = *from;
	for (uint32_t i = 0; goroutines && i < from->goroutine_count; i++) {
		copy_goroutine(b, &goroutines[i], from->goroutines[i], known->created[i]);
		to->goroutines[i] = &goroutines[i];
	}
	for (uint32_t i = 0; goroutines && i < from->access_count; i++) {
		to->accesses[i].stack = stack_of(b, known->stacks[i], &from->accesses[i].stack);
		to->accesses[i].goroutine = goroutine_of(b, from, &from->accesses[i], goroutines);
	}
	to->allocated = stack_of(b, known->allocated, &from->allocated);
	to->memory_name = rf_arena_dup(arena, from->memory_name);
	to->memory_type = rf_arena_dup(arena, from->memory_type);
	to->detail = rf_arena_dup(arena, from->detail);
	to->text = keep_text ? rf_arena_dup(arena, from->text) : (rf_str){ NULL, 0 };
	copy_switches(to, from, arena);
}

static void copy_event(struct rf_event *to, const struct rf_event *from, rf_arena *arena)
{
	*to = *from;
	to->uid = rf_arena_dup(arena, from->uid);
	to->cut_uid = rf_arena_dup(arena, from->cut_uid);
	to->test = rf_arena_dup(arena, from->test);
}

struct rf_waiting *rf_batch_add_report(struct rf_batch *b, const struct rf_report *report, const struct rf_event *event)
{
	rf_arena *arena = &b->arena;
	struct rf_waiting *w = rf_arena_alloc(arena, sizeof(*w));
	if (!w || !rf_intern_report(&b->stacks, report, &w->known))
		return NULL;
	copy_report(b, &w->report, report, &w->known, event->keep_text);
	copy_event(&w->event, event, arena);
	w->event.report = &w->report;
	w->event.finding = rf_intern_finding(&b->stacks, &w->report, &w->known, arena);
	if (!w->event.finding || rf_batch_failed(b))
		return NULL;
	*b->reports_end = w;
	b->reports_end = &w->next;
	b->report_count++;
	return w;
}
