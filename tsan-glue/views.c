#include "tsan-glue/views_private.h"

#include <string.h>

/* ThreadSanitizer's own (tsan_interface.inc, tsan_go.cpp). */
void __tsan_read(uintptr_t thread, uintptr_t address, uintptr_t pc);
void __tsan_write(uintptr_t thread, uintptr_t address, uintptr_t pc);
void __tsan_read_pc(uintptr_t thread, uintptr_t address, uintptr_t caller, uintptr_t pc);
void __tsan_write_pc(uintptr_t thread, uintptr_t address, uintptr_t caller, uintptr_t pc);
void __tsan_read_range(uintptr_t thread, uintptr_t address, uintptr_t bytes, uintptr_t pc);
void __tsan_write_range(uintptr_t thread, uintptr_t address, uintptr_t bytes, uintptr_t pc);

#define ROW_FREED 1u /* in the place of a ThreadState */

static struct {
	_Atomic uintptr_t *threads; /* ThreadStates: each is entered and taken out by its own goroutine; 0 in front of none */
	struct view_row *rows;
} views;

static bool rf_views_init(void)
{
	views.threads = view_reserve(RF_VIEW_ROWS * sizeof(*views.threads));
	views.rows = view_reserve(RF_VIEW_ROWS * sizeof(*views.rows));
	return view_locks_init() && views.threads && views.rows;
}

/* --- rows ---------------------------------------------------------------------------------------------------------- */

static uint32_t first_row(const void *thread)
{
	uint64_t hash = ((uintptr_t)thread >> 6) * 0x9e3779b97f4a7c15u;
	return (uint32_t)(hash >> 40) % (RF_VIEW_ROWS / VIEW_WAYS) * VIEW_WAYS;
}

static struct view_row *view_row_of(const struct rf_fast_state *thread)
{
	uint32_t first = first_row(thread);
	for (uint32_t i = first; i < first + VIEW_WAYS; i++) {
		uintptr_t there = atomic_load_explicit(&views.threads[i], memory_order_relaxed);
		if (there == (uintptr_t)thread)
			return &views.rows[i];
		if (!there)
			return NULL;
	}
	return NULL;
}

static struct view_row *row_add(const struct rf_fast_state *thread, const struct rf_view_section *s)
{
	uint32_t first = first_row(thread);
	for (uint32_t i = first; i < first + VIEW_WAYS; i++) {
		uintptr_t there = atomic_load(&views.threads[i]);
		if (there > ROW_FREED || !atomic_compare_exchange_strong(&views.threads[i], &there, (uintptr_t)thread))
			continue;
		views.rows[i].goid = s->goid;
		views.rows[i].slot = s->slot;
		views.rows[i].stack = s->stack;
		return &views.rows[i];
	}
	return NULL;
}

/* --- accesses ------------------------------------------------------------------------------------------------------ */

static void side_take(struct view_side *side, const struct rf_fast_state *thread, uint32_t field, const struct view_access *a)
{
	const uint64_t *at = thread->shadow_stack_pos;
	side->address = a->address;
	side->field = field;
	side->trace = thread->trace_pos;
	side->depth = (uint32_t)(at - thread->shadow_stack);
	side->frame_count = 0;
	side->frames[side->frame_count++] = a->pc;
	if (a->caller)
		side->frames[side->frame_count++] = a->caller;
	while (side->frame_count < RF_VIEW_FRAMES_MAX && at > thread->shadow_stack)
		side->frames[side->frame_count++] = (uintptr_t)*--at;
}

static void section_reads(struct view_held *h, const struct rf_fast_state *thread, const struct view_access *a)
{
	uint16_t fields = view_fields_in(h->lock, a->address, a->bytes) & (uint16_t)~h->read;
	for (uint32_t i = 0; fields; i++, fields >>= 1) {
		if (!(fields & 1) || !h->lock->fields[i].partners)
			continue;
		h->read |= (uint16_t)(1u << i);
		if (h->side_count < RF_VIEW_SIDES_MAX)
			side_take(&h->sides[h->side_count++], thread, i, a);
	}
}

static void section_writes(struct view_held *h, const struct rf_fast_state *thread, const struct view_access *a)
{
	if (h->shared) {
		uint16_t loose = view_fields_in(h->lock, a->address, a->bytes);
		h->written |= loose;
		if (loose)
			atomic_fetch_or(&h->lock->loose, loose);
		return;
	}
	uint16_t fields = view_fields_written(h->lock, h->address, a->address, a->bytes);
	h->written |= fields;
	for (uint32_t i = 0; fields && !h->wrote; i++, fields >>= 1) {
		if ((fields & 1) && h->lock->fields[i].partners) {
			h->wrote = true;
			side_take(&h->side, thread, i, a);
		}
	}
}

static void in_sections(struct view_row *row, const struct rf_fast_state *thread, const struct view_access *a)
{
	for (uint32_t i = 0; i < row->held_count; i++) {
		struct view_held *h = &row->held[i];
		if (atomic_load_explicit(&h->lock->unwatched, memory_order_relaxed))
			continue;
		if (a->write)
			section_writes(h, thread, a);
		else
			section_reads(h, thread, a);
	}
}

static inline void access_note(uintptr_t state, struct view_access a)
{
	const struct rf_fast_state *thread = (const void *)state;
	struct view_row *row = view_row_of(thread);
	if (row && row->held_count && (a.address < row->stack[0] || row->stack[1] <= a.address))
		in_sections(row, thread, &a);
}

void __redflag_view_read(uintptr_t thread, uintptr_t address, uintptr_t pc)
{
	access_note(thread, (struct view_access){ .address = address, .bytes = 1, .pc = pc });
	__tsan_read(thread, address, pc);
}

void __redflag_view_write(uintptr_t thread, uintptr_t address, uintptr_t pc)
{
	access_note(thread, (struct view_access){ .address = address, .bytes = 1, .pc = pc, .write = true });
	__tsan_write(thread, address, pc);
}

void __redflag_view_read_pc(uintptr_t thread, uintptr_t address, uintptr_t caller, uintptr_t pc)
{
	access_note(thread, (struct view_access){ .address = address, .bytes = 1, .pc = pc, .caller = caller });
	__tsan_read_pc(thread, address, caller, pc);
}

void __redflag_view_write_pc(uintptr_t thread, uintptr_t address, uintptr_t caller, uintptr_t pc)
{
	access_note(thread, (struct view_access){ .address = address, .bytes = 1, .pc = pc, .caller = caller, .write = true });
	__tsan_write_pc(thread, address, caller, pc);
}

void __redflag_view_read_range(uintptr_t thread, uintptr_t address, uintptr_t bytes, uintptr_t pc)
{
	if (bytes)
		access_note(thread, (struct view_access){ .address = address, .bytes = bytes, .pc = pc });
	__tsan_read_range(thread, address, bytes, pc);
}

void __redflag_view_write_range(uintptr_t thread, uintptr_t address, uintptr_t bytes, uintptr_t pc)
{
	if (bytes)
		access_note(thread, (struct view_access){ .address = address, .bytes = bytes, .pc = pc, .write = true });
	__tsan_write_range(thread, address, bytes, pc);
}

/* --- sections ------------------------------------------------------------------------------------------------------ */

static struct view_held *held_of(struct view_row *row, uintptr_t lock)
{
	for (uint32_t i = 0; row && i < row->held_count; i++) {
		if (row->held[i].address == lock)
			return &row->held[i];
	}
	return NULL;
}

static struct view_past *past_of(struct view_row *row, uintptr_t lock)
{
	for (uint32_t i = 0; row && i < RF_VIEW_PAST_MAX; i++) {
		if (row->past[i].address == lock)
			return &row->past[i];
	}
	return NULL;
}

static void held_remove(struct view_row *row, struct view_held *h)
{
	view_lock_leave(h->lock);
	*h = row->held[--row->held_count];
}

/* What others have unlocked. */
static void held_clean(struct view_row *row)
{
	for (uint32_t i = row->held_count; i-- > 0;) {
		if (atomic_load(&row->held[i].lock->unwatched))
			held_remove(row, &row->held[i]);
	}
}

static bool heard_nothing(const struct view_past *p, const struct rf_fast_state *thread)
{
	uint32_t sid = thread->fast_state >> 8 & 0xff;
	return memcmp(p->clock, thread->clock, sid * sizeof(*p->clock)) == 0 &&
	       memcmp(p->clock + sid + 1, thread->clock + sid + 1, (255 - sid) * sizeof(*p->clock)) == 0;
}

void __redflag_view_wanted(uintptr_t state, uintptr_t lock)
{
	const struct rf_fast_state *thread = (const void *)state;
	struct view_past *p = past_of(view_row_of(thread), lock);
	if (p)
		p->quiet = (thread->fast_state & VIEW_STATE_MASK) == p->fast_state && heard_nothing(p, thread);
}

static void unwatch(struct view_lock *l)
{
	if (l)
		atomic_store(&l->unwatched, true);
}

void __redflag_view_taken(const struct rf_view_section *s)
{
	const struct rf_fast_state *thread = (const void *)s->thread;
	struct view_row *row = view_row_of(thread);
	struct view_held *h = held_of(row, s->lock);
	if (h && h->shared && s->shared) {
		h->depth++;
		return;
	}
	if (!row)
		row = row_add(thread, s);
	if (row)
		held_clean(row);
	struct view_lock *l = view_lock_enter(s->lock);
	if (!row || h || (l && row->held_count == RF_VIEW_HELD_MAX)) {
		unwatch(l);
		if (l)
			view_lock_leave(l);
		return;
	}
	if (!l)
		return;
	struct view_past *p = past_of(row, s->lock);
	h = &row->held[row->held_count];
	h->address = s->lock;
	h->lock = l;
	h->depth = 1;
	h->shared = s->shared != 0;
	h->follows = p && p->quiet && p->lock == l && p->generation == l->generation && p->waits == s->waits;
	h->wrote = false;
	h->fast_state = thread->fast_state & VIEW_STATE_MASK;
	h->waits = s->waits;
	h->read = h->written = 0;
	h->side_count = 0;
	atomic_signal_fence(memory_order_seq_cst);
	row->held_count++;
}

/* The section as the next one will look back to it; nothing is left of one that can't be half of a finding. */
static void past_keep(struct view_row *row, const struct view_held *h, const struct rf_view_section *s, bool still)
{
	struct view_past *p = past_of(row, h->address);
	if (p)
		p->address = 0;
	if (!h->read || h->written || !still || s->waits != h->waits)
		return;
	if (!p)
		p = &row->past[row->past_next++ % RF_VIEW_PAST_MAX];
	p->address = h->address;
	p->lock = h->lock;
	p->generation = h->lock->generation;
	p->section = h->lock->section;
	p->quiet = false;
	p->waits = s->waits;
	p->read = h->read;
	p->side_count = h->side_count;
	memcpy(p->sides, h->sides, h->side_count * sizeof(*p->sides));
	for (uint32_t i = 0; i < h->lock->field_count; i++)
		p->values[i] = view_value(h->lock, i);
	p->fast_state = 0; /* until it is unlocked */
}

static void section_ends(struct view_row *row, struct view_held *h, const struct rf_view_section *s)
{
	const struct rf_fast_state *thread = (const void *)s->thread;
	bool still = (thread->fast_state & VIEW_STATE_MASK) == h->fast_state;
	if (!h->shared)
		view_section_learn(h->lock, h, row);
	view_pending_step(row, h, thread);
	if (h->follows && still && s->waits == h->waits && h->read && !h->written)
		view_judge(row, h, past_of(row, h->address));
	past_keep(row, h, s, still);
}

void __redflag_view_given(const struct rf_view_section *s)
{
	struct view_row *row = view_row_of((const void *)s->thread);
	struct view_held *h = held_of(row, s->lock);
	if (!h) {
		unwatch(view_lock_find(s->lock));
		return;
	}
	if (--h->depth)
		return;
	if (!atomic_load(&h->lock->unwatched))
		section_ends(row, h, s);
	held_remove(row, h);
}

/* To unlock tells something, too, and with a Mutex it is to hear something. */
void __redflag_view_gone(uintptr_t state, uintptr_t lock)
{
	const struct rf_fast_state *thread = (const void *)state;
	struct view_row *row = view_row_of(thread);
	struct view_past *p = past_of(row, lock);
	if (p) {
		p->fast_state = thread->fast_state & VIEW_STATE_MASK;
		memcpy(p->clock, thread->clock, sizeof(p->clock));
	}
	if (row && row->pending.lock == lock)
		atomic_store(&row->pending.fast_state, thread->fast_state & VIEW_STATE_MASK);
}

void __redflag_view_over(uintptr_t thread)
{
	struct view_row *row = view_row_of((const void *)thread);
	if (!row)
		return;
	while (row->held_count) {
		unwatch(row->held[0].lock);
		held_remove(row, &row->held[0]);
	}
	for (uint32_t i = 0; i < RF_VIEW_PAST_MAX; i++)
		row->past[i].address = 0;
	view_pending_end(&row->pending);
	atomic_store(&views.threads[row - views.rows], ROW_FREED);
}

void __redflag_view_malloc(uintptr_t address, uintptr_t bytes)
{
	if (bytes)
		view_locks_forget(address, address + bytes);
}

void __redflag_view_flush(void)
{
	for (uint32_t i = 0; i < RF_VIEW_ROWS; i++) {
		uintptr_t thread = atomic_load(&views.threads[i]);
		if (thread > ROW_FREED)
			view_pending_flush(&views.rows[i].pending, (const struct rf_fast_state *)thread, &views.threads[i]);
	}
}
