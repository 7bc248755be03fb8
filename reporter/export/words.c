/* The same words for the same things in every format. */
#include "export/item.h"
#include "store/clean_text.h"

/* A name that holds newlines must not look like several lines. */
static rf_str one_line(rf_str name, rf_arena *arena)
{
	struct rf_buf b;
	rf_buf_init(&b);
	rf_text_put_visible(&b, name);
	rf_str line = rf_arena_dup(arena, rf_buf_str(&b));
	arena->failed |= b.failed;
	rf_buf_release(&b);
	return line;
}

rf_str rf_words_function(rf_str function)
{
	ptrdiff_t bracket = rf_str_find(function, '[');
	rf_str head = bracket >= 0 ? rf_str_take(function, (size_t)bracket) : function;
	return rf_str_skip(function, (size_t)(rf_str_find_last(head, '/') + 1));
}

const char *rf_words_access(const struct rf_access *a)
{
	if (a->act)
		return rf_act_title(a->act);
	if (a->freed)
		return a->put ? "Put" : "Free";
	if (a->atomic)
		return a->write ? "Atomic write" : "Atomic read";
	return a->write ? "Write" : "Read";
}

const char *rf_words_no_stack(const struct rf_access *a)
{
	return a->act ? "its stack is not known" : "its history was gone: the stack could not be restored";
}

const char *rf_words_runner(const struct rf_goroutine *g)
{
	return g->is_thread ? "thread" : "goroutine";
}

static rf_str words_of_thread(const struct rf_goroutine *g, rf_arena *arena)
{
	if (g->state.len == 0)
		return rf_arena_printf(arena, "%sthread %u", g->is_main ? "the main " : "", g->thread);
	return rf_arena_printf(arena, "%sthread %u (%.*s)", g->is_main ? "the main " : "", g->thread, RF_STR_ARG(g->state));
}

rf_str rf_words_goroutine(const struct rf_goroutine *g, rf_arena *arena)
{
	if (g->is_thread)
		return one_line(words_of_thread(g, arena), arena);
	if (g->is_main)
		return RF_STR("the main goroutine");
	if (rf_goroutine_is_collector(g))
		return rf_arena_printf(arena, "the garbage collector: %.*s", RF_STR_ARG(g->state));
	return g->goid ? rf_arena_printf(arena, "goroutine %llu", (unsigned long long)g->goid)
		       : rf_arena_printf(arena, "goroutine %u of the report", g->thread);
}

rf_str rf_words_owner(const struct rf_goroutine *g)
{
	if (!g->test_known)
		return RF_STR("");
	return g->test.len ? g->test : RF_STR("no test");
}

static rf_str owner(rf_str test)
{
	return test.len ? test : RF_STR("no test");
}

rf_str rf_words_owners(rf_str a, rf_str b, rf_arena *arena)
{
	if (!a.ptr && !b.ptr)
		return RF_STR("");
	if (!a.ptr || !b.ptr)
		return owner(a.ptr ? a : b);
	if (rf_str_eq(a, b))
		return owner(a);
	if (a.len == 0)
		return rf_arena_printf(arena, "%.*s and no test", RF_STR_ARG(b));
	return rf_arena_printf(arena, "%.*s and %.*s", RF_STR_ARG(a), RF_STR_ARG(owner(b)));
}

rf_str rf_words_global(const struct rf_report *report)
{
	rf_str name = rf_words_function(report->memory_name);
	for (size_t i = (size_t)(rf_str_find(name, '.') + 1); i < name.len; i++) {
		if (name.ptr[i] == '.' || name.ptr[i] == '[')
			return rf_str_take(name, i);
	}
	return name;
}

rf_str rf_words_held(const struct rf_report *report, rf_arena *arena)
{
	rf_str name = report->memory == RF_MEMORY_GLOBAL ? rf_words_function(report->memory_name) : report->memory_name;
	if (report->memory == RF_MEMORY_UNKNOWN || report->memory_type.len == 0)
		return RF_STR("");
	if (name.len == 0)
		return rf_arena_printf(arena, "a %.*s", RF_STR_ARG(report->memory_type));
	return rf_arena_printf(arena, "%.*s of type %.*s", RF_STR_ARG(name), RF_STR_ARG(report->memory_type));
}

rf_str rf_words_place(struct rf_place place, rf_arena *arena)
{
	if (place.file.len == 0 || place.line == 0)
		return place.file;
	return rf_arena_printf(arena, "%.*s:%u", RF_STR_ARG(place.file), place.line);
}

rf_str rf_words_side(const struct rf_item_side *s, rf_arena *arena)
{
	rf_str where = rf_words_place(s->place, arena), function = rf_words_function(s->place.function), who = RF_STR("");
	if (rf_goroutine_is_collector(s->goroutine))
		return rf_arena_printf(arena, "Free by %.*s", RF_STR_ARG(rf_words_goroutine(s->goroutine, arena)));
	if (s->side->missing)
		return rf_arena_printf(arena, "%s whose stack was lost", rf_words_access(s->access));
	if (s->goroutine->test_known)
		who = s->goroutine->test.len ? rf_arena_printf(arena, " by a goroutine of %.*s", RF_STR_ARG(s->goroutine->test))
					     : RF_STR(" by a goroutine that no test owns");
	rf_str side = rf_arena_printf(arena, "%s in %.*s%s%.*s%.*s", rf_words_access(s->access),
				      RF_STR_ARG(function.len ? function : RF_STR("(unknown function)")),
				      where.len ? " at " : "", RF_STR_ARG(where), RF_STR_ARG(who));
	return one_line(side, arena);
}

/* --- stacks as text -------------------------------------------------------------------------------------------- */

#define FRAMES_MAX 32 /* of a stack, in texts for people; json has all */

static void put_stack(struct rf_buf *out, struct rf_export *x, const struct rf_stack *stack)
{
	for (uint32_t i = 0; i < stack->count && i < FRAMES_MAX; i++) {
		struct rf_place place = rf_item_place(x, &stack->frames[i]);
		rf_str where = one_line(rf_words_place(place, &x->scratch), &x->scratch);
		rf_str function = one_line(place.function, &x->scratch);
		rf_buf_printf(out, "  %.*s\n", RF_STR_ARG(function.len ? function : RF_STR("(unknown function)")));
		if (where.len)
			rf_buf_printf(out, "      %.*s\n", RF_STR_ARG(where));
	}
	if (stack->count > FRAMES_MAX)
		rf_buf_printf(out, "  and %u more\n", stack->count - FRAMES_MAX);
	else if (stack->cut)
		rf_buf_put_cstr(out, "  and more, which were cut\n");
}

static void put_side(struct rf_buf *out, struct rf_export *x, const struct rf_item_side *s)
{
	rf_str test = one_line(rf_words_owner(s->goroutine), &x->scratch);
	rf_buf_printf(out, "%s by %.*s", rf_words_access(s->access), RF_STR_ARG(rf_words_goroutine(s->goroutine, &x->scratch)));
	if (test.len)
		rf_buf_printf(out, ", owned by %.*s%s", RF_STR_ARG(test), s->goroutine->test_over ? ", which was over" : "");
	rf_buf_put_cstr(out, s->access->previous ? ", before:\n" : ":\n");
	if (s->access->stack.count == 0 && !rf_goroutine_is_collector(s->goroutine))
		rf_buf_printf(out, "  (%s)\n", rf_words_no_stack(s->access));
	put_stack(out, x, &s->access->stack);
}

void rf_words_put_stacks(struct rf_buf *out, struct rf_export *x, const struct rf_item *item)
{
	for (uint32_t i = 0; i < item->side_count; i++) {
		if (i)
			rf_buf_put_char(out, '\n');
		put_side(out, x, &item->sides[i]);
	}
	for (uint32_t i = 0; i < item->side_count; i++) {
		const struct rf_goroutine *g = item->sides[i].goroutine;
		if (g->created.count == 0 || rf_item_is_again(item, i))
			continue;
		rf_str who = rf_words_goroutine(g, &x->scratch);
		rf_buf_printf(out, "\n%.*s was started at:\n", RF_STR_ARG(who));
		put_stack(out, x, &g->created);
	}
	if (item->report.allocated.count) {
		rf_buf_printf(out, "\nthe memory (%llu bytes) was allocated at:\n",
			      (unsigned long long)item->report.memory_bytes);
		put_stack(out, x, &item->report.allocated);
	}
}
