/* Batches of what waits, and how a report is made small while it does. */
#include "store/database.h"
#include "store/session_state.h"

void rf_batch_init(struct rf_batch *b)
{
	rf_arena_init(&b->arena, RF_SESSION_ARENA_BYTES_MAX);
	rf_batch_forget(b);
}

void rf_batch_forget(struct rf_batch *b)
{
	b->reports = NULL;
	b->reports_end = &b->reports;
	b->results = NULL;
	b->results_end = &b->results;
	b->report_count = 0;
	/* Only between reports: an open report's lines are in its reader's own buffer. */
	rf_arena_reset(&b->arena);
}

bool rf_batch_is_empty(const struct rf_batch *b)
{
	return !b->reports && !b->results;
}

void rf_batch_add_report(struct rf_batch *b, struct rf_waiting *w)
{
	w->next = NULL;
	*b->reports_end = w;
	b->reports_end = &w->next;
	b->report_count++;
}

void rf_batch_add_result(struct rf_batch *b, struct rf_waiting_result *r)
{
	r->next = NULL;
	*b->results_end = r;
	b->results_end = &r->next;
}

/* --- making small ---------------------------------------------------------------------------------------------- */

static struct rf_stack stack_of(const struct rf_known_stack *known, const struct rf_stack *from)
{
	return known ? known->stack : (struct rf_stack){ .cut = from->cut };
}

static void copy_goroutine(struct rf_goroutine *to, const struct rf_goroutine *from, const struct rf_known_stack *created,
			   rf_arena *arena)
{
	*to = *from;
	to->state = rf_arena_dup(arena, from->state);
	to->entry = rf_arena_dup(arena, from->entry);
	to->test = from->test.ptr ? rf_arena_dup(arena, from->test) : from->test;
	to->created = stack_of(created, &from->created);
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
static struct rf_goroutine *goroutine_of(const struct rf_report *from, const struct rf_access *a, struct rf_goroutine *copies,
					 rf_arena *arena)
{
	for (uint32_t i = 0; i < from->goroutine_count; i++) {
		if (from->goroutines[i] == a->goroutine)
			return &copies[i];
	}
	struct rf_goroutine *alone = rf_arena_alloc(arena, sizeof(*alone));
	if (alone) {
		copy_goroutine(alone, a->goroutine, NULL, arena);
		copy_stack(&alone->created, &a->goroutine->created, arena);
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

/* Of a report the stacks are nearly all, and most were seen before. */
static void copy_report(struct rf_report *to, const struct rf_report *from, const struct rf_known_report *known, bool keep_text,
			rf_arena *arena)
{
	struct rf_goroutine *goroutines = rf_arena_array(arena, from->goroutine_count, sizeof(*goroutines));
	*to = *from;
	for (uint32_t i = 0; goroutines && i < from->goroutine_count; i++) {
		copy_goroutine(&goroutines[i], from->goroutines[i], known->created[i], arena);
		to->goroutines[i] = &goroutines[i];
	}
	for (uint32_t i = 0; goroutines && i < from->access_count; i++) {
		to->accesses[i].stack = stack_of(known->stacks[i], &from->accesses[i].stack);
		to->accesses[i].goroutine = goroutine_of(from, &from->accesses[i], goroutines, arena);
	}
	to->allocated = stack_of(known->allocated, &from->allocated);
	to->memory_name = rf_arena_dup(arena, from->memory_name);
	to->text = keep_text ? rf_arena_dup(arena, from->text) : (rf_str){ NULL, 0 };
	copy_switches(to, from, arena);
}

static struct rf_waiting *small_report(const struct rf_waiting *w, struct rf_store *store, rf_arena *arena)
{
	struct rf_waiting *copy = rf_arena_alloc(arena, sizeof(*copy));
	if (!copy)
		return NULL;
	*copy = *w;
	if (!rf_intern_report(&store->intern, &w->report, &copy->known))
		return NULL;
	copy_report(&copy->report, &w->report, &copy->known, w->keep_text, arena);
	copy->uid = rf_arena_dup(arena, w->uid);
	copy->cut_uid = rf_arena_dup(arena, w->cut_uid);
	copy->test = rf_arena_dup(arena, w->test);
	return arena->failed ? NULL : copy;
}

static struct rf_waiting_result *copy_result(const struct rf_waiting_result *r, rf_arena *arena)
{
	struct rf_waiting_result *copy = rf_arena_alloc(arena, sizeof(*copy));
	if (!copy)
		return NULL;
	*copy = *r;
	copy->result.test = rf_arena_dup(arena, r->result.test);
	copy->result.output = rf_arena_dup(arena, r->result.output);
	return arena->failed ? NULL : copy;
}

static bool has_room(const struct rf_batch *b)
{
	return b->report_count < RF_SESSION_PENDING_MAX && b->arena.used_total < RF_SESSION_PENDING_BYTES_MAX && !b->arena.failed;
}

void rf_batch_take_small(struct rf_batch *to, struct rf_batch *from, struct rf_store *store)
{
	struct rf_waiting *w, *small;
	struct rf_waiting_result *r, *copy;
	while ((w = from->reports) && has_room(to) && (small = small_report(w, store, &to->arena))) {
		from->reports = w->next;
		from->report_count--;
		rf_batch_add_report(to, small);
	}
	while (!from->reports && (r = from->results) && has_room(to) && (copy = copy_result(r, &to->arena))) {
		from->results = r->next;
		rf_batch_add_result(to, copy);
	}
	if (rf_batch_is_empty(from))
		rf_batch_forget(from);
}
