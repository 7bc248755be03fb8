#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/show_parts.h"

#define SOURCE_BYTES_MAX ((size_t)8 << 20) /* larger files are no source to look at */
#define TAB "    "

rf_str rf_show_function(rf_str function)
{
	rf_str head = function;
	ptrdiff_t bracket = rf_str_find(function, '[');
	if (bracket >= 0)
		head = rf_str_take(function, (size_t)bracket);
	return rf_str_skip(function, (size_t)(rf_str_find_last(head, '/') + 1));
}

rf_str rf_show_file(const struct rf_show *s, rf_str file)
{
	rf_str d = s->directory;
	if (d.len && file.len > d.len + 1 && rf_str_eq(rf_str_take(file, d.len), d) && file.ptr[d.len] == '/')
		return rf_str_skip(file, d.len + 1);
	return file;
}

static rf_str what(const struct rf_access *a)
{
	if (a->freed)
		return RF_STR("Free");
	if (a->atomic)
		return a->write ? RF_STR("Atomic write") : RF_STR("Atomic read");
	return a->write ? RF_STR("Write") : RF_STR("Read");
}

static rf_str owner(const struct rf_goroutine *g)
{
	if (!g->test_known)
		return RF_STR("");
	return g->test.len ? g->test : RF_STR("no test");
}

static void add_head(const struct rf_show *s, const struct rf_access *a, struct rf_block *out)
{
	const struct rf_goroutine *g = a->goroutine;
	rf_str test = owner(g);
	if (a->size > 1 && !a->freed) /* ThreadSanitizer says 1 for every plain access of Go */
		rf_block_printf(out, RF_STYLE_BOLD, "%.*s of %u bytes at 0x%llx%s", RF_STR_ARG(what(a)), a->size,
				(unsigned long long)a->address,
				a->previous ? ", before" : "");
	else
		rf_block_printf(out, RF_STYLE_BOLD, "%.*s at 0x%llx%s", RF_STR_ARG(what(a)),
				(unsigned long long)a->address, a->previous ? ", before" : "");
	rf_str who = g->is_main ? RF_STR("the main goroutine")
		     : g->goid	? rf_arena_printf(s->arena, "goroutine %llu", (unsigned long long)g->goid)
				: rf_arena_printf(s->arena, "goroutine %u of the report", g->thread);
	rf_block_printf(out, RF_STYLE_PLAIN, "by %.*s%s%.*s", RF_STR_ARG(who), test.len ? ", owned by " : "",
			RF_STR_ARG(test));
}

static char *read_source(const char *path, size_t *len)
{
	struct stat st;
	FILE *f = fopen(path, "re");
	char *text = NULL;
	*len = 0;
	if (f && fstat(fileno(f), &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size < SOURCE_BYTES_MAX &&
	    (text = malloc((size_t)st.st_size + 1)))
		*len = fread(text, 1, (size_t)st.st_size, f);
	if (f)
		fclose(f);
	return text;
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

static bool changed_since(const char *path, uint64_t unix_ns)
{
	struct stat st;
	return stat(path, &st) == 0 && (uint64_t)st.st_mtim.tv_sec > unix_ns / 1000000000u;
}

/* The lines around a frame's, if its file is there. */
static void add_source(const struct rf_show *s, const struct rf_frame *f, struct rf_block *out)
{
	size_t len;
	const char *path = rf_arena_cstr(s->arena, f->file);
	char *text = f->line && f->file.len && f->file.ptr[0] == '/' ? read_source(path, &len) : NULL;
	if (!text)
		return;
	if (changed_since(path, s->report.time_unix_ns))
		rf_block_add(out, RF_STYLE_YELLOW, RF_STR("     (the file was changed since)"));
	rf_str rest = { text, len };
	for (uint32_t line = 1; rest.len && line <= f->line + RF_SHOW_SOURCE_LINES; line++) {
		rf_str source = rf_str_cut(&rest, '\n');
		if (line + RF_SHOW_SOURCE_LINES < f->line)
			continue;
		bool here = line == f->line;
		rf_block_printf(out, here ? RF_STYLE_CYAN : RF_STYLE_DIM, "   %c %4u  %.*s", here ? '>' : ' ', line,
				RF_STR_ARG(expand_tabs(source, s->arena)));
	}
	free(text);
}

static void add_frame(const struct rf_show *s, const struct rf_frame *f, bool counts, struct rf_block *out)
{
	enum rf_style style = counts ? RF_STYLE_PLAIN : RF_STYLE_DIM;
	rf_str name = f->function.len ? rf_show_function(f->function) : RF_STR("(unknown function)");
	rf_block_printf(out, style, "  %.*s", RF_STR_ARG(name));
	if (counts && f->file.len)
		rf_block_printf(out, RF_STYLE_DIM, "      %.*s:%u", RF_STR_ARG(rf_show_file(s, f->file)), f->line);
}

static bool is_user(const struct rf_side *side, uint32_t i)
{
	if (i >= side->name_count)
		return false;
	enum rf_frame_role role = side->roles[i];
	return role == RF_FRAME_LEAF || role == RF_FRAME_COUNTED || role == RF_FRAME_DEEPER;
}

void rf_show_side(const struct rf_show *s, uint32_t index, struct rf_block *out)
{
	const struct rf_side *side = &s->finding.sides[index];
	const struct rf_access *a = &s->report.accesses[side->access];
	bool source_shown = false;
	add_head(s, a, out);
	if (a->stack.count == 0)
		rf_block_add(out, RF_STYLE_YELLOW, RF_STR("  (its history was gone: the stack could not be restored)"));
	for (uint32_t i = 0; i < a->stack.count && i < RF_SHOW_FRAMES_MAX; i++) {
		bool user = is_user(side, i);
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
