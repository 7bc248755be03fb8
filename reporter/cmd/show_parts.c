#include "cmd/show_parts.h"

#include <stdio.h>
#include <string.h>

#include "export/words.h"
#include "model/native.h"

void rf_show_heading(struct rf_buf *out, const struct rf_terminal *t, const char *text)
{
	rf_buf_put_char(out, '\n');
	rf_put_raw(out, t, RF_STYLE_BOLD, rf_str_from(text));
	rf_buf_put_char(out, '\n');
}

void rf_show_field(struct rf_buf *out, const struct rf_terminal *t, const char *name, rf_str value)
{
	if (value.len == 0)
		return;
	rf_buf_printf(out, "  %-12s", name);
	rf_put_wrapped(out, t, RF_STYLE_PLAIN, value, 14);
}

static bool plain_frame(const struct rf_frame *f)
{
	rf_str function = f->function;
	if (!rf_str_ends(f->file, ".go") && rf_frame_is_system(f))
		return true;
	return rf_str_starts(function, "testing.") || rf_str_starts(function, "runtime.") || rf_str_starts(function, "C.") ||
	       rf_str_find_str(function, RF_STR("._Cfunc_")) >= 0;
}

/* The first frame that is neither Go's own nor C, and its place; "" when there is none. */
static rf_str place_of(const struct rf_show *s, const struct rf_stack *stack)
{
	const struct rf_frame *f = NULL;
	for (uint32_t i = 0; i < stack->count && !f; i++) {
		if (!plain_frame(&stack->frames[i]))
			f = &stack->frames[i];
	}
	if (!f && stack->count)
		f = &stack->frames[0];
	if (!f)
		return RF_STR("");
	return rf_arena_printf(s->arena, "%.*s, %.*s:%u", RF_STR_ARG(rf_words_function(f->function)),
			       RF_STR_ARG(rf_show_file(s, f->file)), f->line);
}

static void add_labels(const struct rf_show *s, const struct rf_goroutine *g, struct rf_block *out)
{
	struct rf_buf b;
	rf_buf_init(&b);
	for (uint32_t i = 0; i < g->label_count; i++)
		rf_buf_printf(&b, "%s%.*s=%.*s", i ? ", " : "", RF_STR_ARG(g->labels[i].key),
			      RF_STR_ARG(g->labels[i].value));
	if (b.len)
		rf_block_add(out, RF_STYLE_PLAIN, rf_arena_printf(s->arena, "        labels  %.*s", (int)b.len, b.ptr));
	rf_buf_release(&b);
}

static void add_goroutine(const struct rf_show *s, const struct rf_goroutine *g, struct rf_block *out)
{
	struct rf_buf b;
	rf_str entry = g->entry.len ? rf_words_function(g->entry) : RF_STR("");
	rf_str state = g->state.len ? g->state : g->finished ? RF_STR("finished") : RF_STR("");
	rf_buf_init(&b);
	rf_buf_printf(&b, "%6llu  %.*s", (unsigned long long)(g->goid ? g->goid : g->thread),
		      RF_STR_ARG(g->is_main ? rf_arena_printf(s->arena, "the main %s", rf_words_runner(g)) : entry.len ? entry :
				 rf_goroutine_is_collector(g) ? RF_STR("the garbage collector") : rf_str_from(rf_words_runner(g))));
	if (state.len)
		rf_buf_printf(&b, ", %.*s", RF_STR_ARG(state));
	rf_block_add(out, RF_STYLE_PLAIN, rf_arena_dup(s->arena, rf_buf_str(&b)));
	rf_buf_release(&b);
	if (g->test_known)
		rf_block_printf(out, RF_STYLE_PLAIN, "        owned by %.*s%s",
				RF_STR_ARG(g->test.len ? g->test : RF_STR("no test")),
				g->test_over ? ", which was over" : "");
	rf_str place = place_of(s, &g->created);
	if (place.len && g->parent_goid)
		rf_block_printf(out, RF_STYLE_DIM, "        created by %llu in %.*s", (unsigned long long)g->parent_goid,
				RF_STR_ARG(place));
	else if (place.len)
		rf_block_printf(out, RF_STYLE_DIM, "        created in %.*s", RF_STR_ARG(place));
	add_labels(s, g, out);
}

void rf_show_goroutines(const struct rf_show *s, struct rf_block *out)
{
	for (uint32_t i = 0; i < s->report.goroutine_count; i++)
		add_goroutine(s, s->report.goroutines[i], out);
}

void rf_show_memory(const struct rf_show *s, struct rf_block *out)
{
	const struct rf_report *r = &s->report;
	if (r->memory == RF_MEMORY_UNKNOWN)
		return;
	uint64_t offset = r->access_count ? r->accesses[0].address - r->memory_start : 0;
	struct rf_buf b;
	rf_buf_init(&b);
	if (r->memory == RF_MEMORY_GLOBAL)
		rf_buf_printf(&b, "  global %.*s", RF_STR_ARG(r->memory_name.len ? rf_words_global(r) : RF_STR("variable")));
	else
		rf_buf_put_cstr(&b, "  heap block");
	if (r->memory_bytes)
		rf_buf_printf(&b, " of %llu bytes", (unsigned long long)r->memory_bytes);
	rf_buf_printf(&b, " at 0x%llx", (unsigned long long)r->memory_start);
	if (offset && offset < (r->memory_bytes ? r->memory_bytes : UINT32_MAX))
		rf_buf_printf(&b, ", accessed at byte %llu", (unsigned long long)offset);
	rf_block_add(out, RF_STYLE_PLAIN, rf_arena_dup(s->arena, rf_buf_str(&b)));
	rf_buf_release(&b);
	rf_str held = rf_words_held(r, s->arena);
	if (held.len)
		rf_block_printf(out, RF_STYLE_PLAIN, "  holds %.*s", RF_STR_ARG(held));
	rf_str place = place_of(s, &r->allocated);
	if (place.len)
		rf_block_printf(out, RF_STYLE_DIM, "  allocated in %.*s", RF_STR_ARG(place));
}

/* --- lanes ----------------------------------------------------------------------------------------------------- */

#define LANES_MAX 4
#define SWITCHES_SHOWN_MAX 16 /* the last ones: what happened long before explains little */
#define TIME_COLUMNS 16       /* "   -12345   P3  " */
#define CELL_COLUMNS_MAX 26

struct lanes {
	uint64_t goids[LANES_MAX];
	uint32_t count;
	size_t width;
};

static int lane_of(const struct lanes *l, uint64_t goid)
{
	for (uint32_t i = 0; goid && i < l->count; i++) {
		if (l->goids[i] == goid)
			return (int)i;
	}
	return -1;
}

static void make_lanes(const struct rf_show *s, struct lanes *l)
{
	*l = (struct lanes){ 0 };
	for (uint32_t i = 0; i < s->report.access_count && l->count < LANES_MAX; i++) {
		const struct rf_goroutine *g = s->report.accesses[i].goroutine;
		if (g->goid && lane_of(l, g->goid) < 0)
			l->goids[l->count++] = g->goid;
	}
	if (l->count)
		l->width = (s->terminal->columns - TIME_COLUMNS) / l->count;
	l->width = l->width > CELL_COLUMNS_MAX ? CELL_COLUMNS_MAX : l->width;
}

static void add_lane_line(const struct rf_show *s, const struct lanes *l, rf_str head, const rf_str *cells,
			  enum rf_style style, struct rf_block *out)
{
	const struct rf_terminal plain = { .columns = s->terminal->columns };
	struct rf_buf b;
	rf_buf_init(&b);
	rf_put_clipped(&b, &plain, RF_STYLE_PLAIN, head, TIME_COLUMNS, true);
	for (uint32_t i = 0; i < l->count; i++) {
		rf_put_clipped(&b, &plain, RF_STYLE_PLAIN, cells[i], l->width - 1, true);
		rf_buf_put_char(&b, ' ');
	}
	while (b.len && b.ptr[b.len - 1] == ' ')
		b.len--;
	rf_block_add(out, style, rf_arena_dup(s->arena, rf_buf_str(&b)));
	rf_buf_release(&b);
}

static void add_lane_heads(const struct rf_show *s, const struct lanes *l, struct rf_block *out)
{
	rf_str cells[LANES_MAX];
	for (uint32_t i = 0; i < l->count; i++)
		cells[i] = rf_arena_printf(s->arena, "goroutine %llu", (unsigned long long)l->goids[i]);
	add_lane_line(s, l, RF_STR("       us   P"), cells, RF_STYLE_DIM, out);
}

static void add_switch(const struct rf_show *s, const struct lanes *l, const struct rf_switch *w, struct rf_block *out)
{
	rf_str cells[LANES_MAX];
	int from = lane_of(l, w->from_goid), to = lane_of(l, w->to_goid);
	for (uint32_t i = 0; i < l->count; i++)
		cells[i] = RF_STR("│");
	if (from >= 0)
		cells[from] = rf_arena_printf(s->arena, "◼ %.*s", RF_STR_ARG(w->reason.len ? w->reason : RF_STR("stops")));
	if (to >= 0)
		cells[to] = RF_STR("▶ runs");
	int64_t us = ((int64_t)w->time_unix_ns - (int64_t)s->report.time_unix_ns) / 1000;
	add_lane_line(s, l, rf_arena_printf(s->arena, " %8lld  %2u", (long long)us, w->p), cells, RF_STYLE_PLAIN, out);
}

static void add_race(const struct rf_show *s, const struct lanes *l, struct rf_block *out)
{
	rf_str cells[LANES_MAX];
	for (uint32_t i = 0; i < l->count; i++)
		cells[i] = RF_STR("");
	for (uint32_t i = 0; i < s->report.access_count; i++) {
		const struct rf_access *a = &s->report.accesses[i];
		int lane = lane_of(l, a->goroutine->goid);
		if (lane >= 0 && !cells[lane].len)
			cells[lane] = a->previous ? RF_STR("(accessed before)") : RF_STR("✗ races here");
	}
	add_lane_line(s, l, RF_STR("        0"), cells, RF_STYLE_RED, out);
}

void rf_show_interleaving(const struct rf_show *s, struct rf_block *out)
{
	const struct rf_report *r = &s->report;
	struct lanes l;
	uint32_t ours = 0, skip;
	make_lanes(s, &l);
	for (uint32_t i = 0; i < r->switch_count; i++)
		ours += lane_of(&l, r->switches[i].from_goid) >= 0 || lane_of(&l, r->switches[i].to_goid) >= 0;
	if (ours == 0)
		return;
	skip = ours > SWITCHES_SHOWN_MAX ? ours - SWITCHES_SHOWN_MAX : 0;
	add_lane_heads(s, &l, out);
	for (uint32_t i = 0; i < r->switch_count; i++) {
		const struct rf_switch *w = &r->switches[i];
		if (lane_of(&l, w->from_goid) < 0 && lane_of(&l, w->to_goid) < 0)
			continue;
		if (skip)
			skip--;
		else
			add_switch(s, &l, w, out);
	}
	add_race(s, &l, out);
}
