#include "cmd/show_parts.h"
#include "read/source.h"
#include "export/words.h"

#define TAB "    "

rf_str rf_show_file(const struct rf_show *s, rf_str file)
{
	rf_str d = s->directory;
	if (d.len && file.len > d.len + 1 && rf_str_eq(rf_str_take(file, d.len), d) && file.ptr[d.len] == '/')
		return rf_str_skip(file, d.len + 1);
	return file;
}

static void add_head(const struct rf_show *s, const struct rf_access *a, struct rf_block *out)
{
	const struct rf_goroutine *g = a->goroutine;
	rf_str test = rf_words_owner(g), who = rf_words_goroutine(g, s->arena);
	if (a->size > 1 && !a->freed && !a->act) /* ThreadSanitizer says 1 for every plain access of Go */
		rf_block_printf(out, RF_STYLE_BOLD, "%s of %u bytes at 0x%llx%s", rf_words_access(a), a->size,
				(unsigned long long)a->address, a->previous ? ", before" : "");
	else
		rf_block_printf(out, RF_STYLE_BOLD, "%s at 0x%llx%s", rf_words_access(a), (unsigned long long)a->address,
				a->previous ? ", before" : "");
	rf_block_printf(out, RF_STYLE_PLAIN, "by %.*s%s%.*s", RF_STR_ARG(who), test.len ? ", owned by " : "",
			RF_STR_ARG(test));
}

static rf_str expand_tabs(rf_str line, rf_arena *arena)
{
	struct rf_buf b;
	rf_buf_init(&b);
	for (size_t i = 0; i < line.len; i++) {
		if (line.ptr[i] == '\t')
			rf_buf_put_cstr(&b, TAB);
		else
			rf_buf_put_char(&b, line.ptr[i]);
	}
	rf_str out = rf_arena_dup(arena, rf_buf_str(&b));
	rf_buf_release(&b);
	return out;
}

/* The lines around a frame's, if its file is there. */
static void add_source(const struct rf_show *s, const struct rf_frame *f, struct rf_block *out)
{
	struct rf_source source;
	if (!rf_source_read(f->file, f->line, s->report.time_unix_ns, s->arena, &source))
		return;
	if (source.changed)
		rf_block_add(out, RF_STYLE_YELLOW, RF_STR("     (the file was changed since)"));
	for (uint32_t i = 0; i < source.count; i++) {
		bool here = source.lines[i].number == f->line;
		rf_block_printf(out, here ? RF_STYLE_CYAN : RF_STYLE_DIM, "   %c %4u  %.*s", here ? '>' : ' ',
				source.lines[i].number, RF_STR_ARG(expand_tabs(source.lines[i].text, s->arena)));
	}
}

static void add_frame(const struct rf_show *s, const struct rf_frame *f, bool counts, struct rf_block *out)
{
	enum rf_style style = counts ? RF_STYLE_PLAIN : RF_STYLE_DIM;
	rf_str name = f->function.len ? rf_words_function(f->function) : RF_STR("(unknown function)");
	rf_block_printf(out, style, "  %.*s", RF_STR_ARG(name));
	if (f->file.len && !f->line) /* of C: where it is in which file */
		rf_block_printf(out, RF_STYLE_DIM, "      %.*s+0x%llx", RF_STR_ARG(f->file), (unsigned long long)f->offset);
	else if (counts && f->file.len)
		rf_block_printf(out, RF_STYLE_DIM, "      %.*s:%u", RF_STR_ARG(rf_show_file(s, f->file)), f->line);
}

void rf_show_side(const struct rf_show *s, const struct rf_side *side, struct rf_block *out)
{
	const struct rf_access *a = &s->report.accesses[side->access];
	bool source_shown = false;
	add_head(s, a, out);
	if (a->stack.count == 0 && !rf_goroutine_is_collector(a->goroutine))
		rf_block_printf(out, RF_STYLE_YELLOW, "  (%s)", rf_words_no_stack(a));
	for (uint32_t i = 0; i < a->stack.count && i < RF_SHOW_FRAMES_MAX; i++) {
		bool user = rf_side_is_user(side, i);
		add_frame(s, &a->stack.frames[i], user, out);
		if (user && !source_shown) {
			add_source(s, &a->stack.frames[i], out);
			source_shown = true;
		}
	}
	if (a->stack.count > RF_SHOW_FRAMES_MAX)
		rf_block_printf(out, RF_STYLE_DIM, "  and %u more frames", a->stack.count - RF_SHOW_FRAMES_MAX);
	if (a->stack.cut)
		rf_block_add(out, RF_STYLE_DIM, RF_STR("  (the stack was deeper than the detector keeps)"));
}
