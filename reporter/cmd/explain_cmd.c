/* redflag explain */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/command_list.h"
#include "cmd/kinds.h"
#include "cmd/place.h"
#include "cmd/reporter.h"
#include "cmd/show_parts.h"
#include "toolchain/embedded.h"

#define ITEM "- "

static void put_paragraph(struct rf_buf *out, const struct rf_terminal *t, rf_str text)
{
	size_t indent = rf_str_starts(text, ITEM) ? strlen(ITEM) : 0;
	if (indent)
		rf_put_raw(out, t, RF_STYLE_PLAIN, rf_str_take(text, indent));
	if (text.len)
		rf_put_wrapped(out, t, RF_STYLE_PLAIN, rf_str_skip(text, indent), indent);
}

/* A page of docs/findings/: headings, paragraphs and items of lists, which are filled anew, and lines indented by four, which
 * stay as they are. */
static void put_page(struct rf_buf *out, const struct rf_terminal *t, rf_str page, rf_arena *arena)
{
	rf_str line, paragraph = RF_STR("");
	while (page.len || paragraph.len) {
		line = rf_str_cut(&page, '\n');
		bool item = rf_str_starts(line, ITEM);
		if (rf_str_starts(paragraph, ITEM) && rf_str_starts(line, "  ") && !rf_str_starts(line, "    "))
			line = rf_str_skip(line, strlen(ITEM));
		if (line.len && line.ptr[0] != ' ' && line.ptr[0] != '#' && !item) {
			paragraph = rf_arena_printf(arena, "%.*s%s%.*s", RF_STR_ARG(paragraph), paragraph.len ? " " : "",
						    RF_STR_ARG(line));
			continue;
		}
		put_paragraph(out, t, paragraph);
		paragraph = item ? line : RF_STR("");
		if (item)
			continue;
		bool heading = rf_str_starts(line, "#");
		while (rf_str_starts(line, "#") || (heading && rf_str_starts(line, " ")))
			line = rf_str_skip(line, 1);
		if (line.len)
			rf_put_raw(out, t, heading ? RF_STYLE_BOLD : RF_STYLE_DIM, line);
		if (line.len || page.len)
			rf_buf_put_char(out, '\n');
	}
}

static void print_kind(enum rf_kind kind, rf_arena *arena)
{
	rf_str page = rf_embedded_text(rf_embedded_files, rf_arena_printf(arena, "docs/findings/%s.md", rf_kind_name(kind)).ptr);
	struct rf_terminal t;
	struct rf_buf out;
	rf_terminal_init(&t, STDOUT_FILENO);
	if (t.columns > RF_TERMINAL_COLUMNS)
		t.columns = RF_TERMINAL_COLUMNS; /* longer lines read badly */
	rf_buf_init(&out);
	put_page(&out, &t, page, arena);
	rf_buf_printf(&out, "\nFindings of this kind: redflag list --kind %s\n", rf_kind_name(kind));
	rf_print(&out);
	rf_buf_release(&out);
}

static bool counts(enum rf_frame_role role)
{
	return role == RF_FRAME_COUNTED || role == RF_FRAME_LEAF;
}

static void put_frame(struct rf_buf *out, const struct rf_terminal *t, const struct rf_side *side, uint32_t i,
		      enum rf_frame_role *last)
{
	enum rf_frame_role role = side->roles[i];
	enum rf_style style = counts(role) ? RF_STYLE_GREEN : RF_STYLE_DIM;
	rf_str name = side->names[i].len ? side->names[i] : RF_STR("(unknown function)");
	rf_put_raw(out, t, style, counts(role) ? RF_STR("  + ") : RF_STR("  - "));
	rf_put_clipped(out, t, style, name, t->columns - 4, false);
	rf_buf_put_char(out, '\n');
	/* The same reason for one frame after another is said once. */
	if (i + 1 == side->name_count || side->roles[i + 1] != role) {
		rf_buf_put_cstr(out, "        ");
		rf_put_wrapped(out, t, RF_STYLE_DIM, rf_str_from(rf_frame_role_reason(role)), 8);
	}
	*last = role;
}

static void put_side(struct rf_buf *out, const struct rf_terminal *t, const struct rf_finding *f, uint32_t index)
{
	const struct rf_side *side = &f->sides[index];
	enum rf_frame_role last = RF_FRAME_ROLE_COUNT;
	rf_buf_put_char(out, '\n');
	rf_put_raw(out, t, RF_STYLE_BOLD, index ? RF_STR("Side 2") : RF_STR("Side 1"));
	rf_buf_printf(out, ", operation: %s\n", rf_operation_name(side->operation));
	if (side->missing)
		rf_buf_put_cstr(out, "  Its stack is missing: it stands for any side.\n");
	if (side->missing && side->creator.len) {
		rf_buf_printf(out, "  Its %s was started by (which doesn't count):\n    ", side->of_thread ? "thread" : "goroutine");
		rf_put_clipped(out, t, RF_STYLE_DIM, side->creator, t->columns - 4, false);
		rf_buf_put_char(out, '\n');
	}
	for (uint32_t i = 0; i < side->name_count; i++)
		put_frame(out, t, side, i, &last);
	if (side->creator.len && !side->missing) {
		rf_buf_put_cstr(out, "  ");
		rf_put_wrapped(out, t, RF_STYLE_GREEN,
			       side->of_thread ? RF_STR("+ no frame of the stack counts, so the function that started the thread does:")
					       : RF_STR("+ no frame of the stack counts, so the function that started the goroutine does:"),
			       4);
		rf_buf_put_cstr(out, "    ");
		rf_put_clipped(out, t, RF_STYLE_GREEN, side->creator, t->columns - 4, false);
		rf_buf_put_char(out, '\n');
	}
}

static void put_hash(struct rf_buf *out, const char *name, const char *hash, const char *what)
{
	rf_buf_printf(out, "  %-8s %.16s…  %s\n", name, hash, what);
}

static void put_finding(struct rf_buf *out, const struct rf_terminal *t, const struct rf_finding_row *row,
			const struct rf_finding *f)
{
	rf_buf_printf(out, "Finding %lld  ", (long long)row->id);
	rf_put_wrapped(out, t, RF_STYLE_BOLD, row->title, 11);
	rf_buf_put_char(out, '\n');
	rf_put_wrapped(out, t, RF_STYLE_PLAIN,
		       RF_STR("Two reports are one finding when kind, tag and both sides agree. Of a side its operation and the "
			      "first frames of user code count (+); line numbers, addresses, goroutine numbers and the "
			      "order of the sides never do."), 0);
	for (uint32_t i = 0; i < f->side_count; i++)
		put_side(out, t, f, i);
	rf_buf_put_char(out, '\n');
	rf_put_raw(out, t, RF_STYLE_BOLD, RF_STR("Hashes"));
	rf_buf_printf(out, " (fingerprint version %d)\n", RF_FINGERPRINT_VERSION);
	put_hash(out, "default", f->fingerprint, "tells findings apart");
	put_hash(out, "coarse", f->coarse, "the two innermost functions: links findings");
	put_hash(out, "exact", f->exact, "whole chains and where goroutines were started");
	/* The version is stored, so a later version would leave the stored fingerprint as it is. */
	if (!rf_str_eq_cstr(row->fingerprint, f->fingerprint) && !f->wildcard)
		rf_put_wrapped(out, t, RF_STYLE_YELLOW,
			       RF_STR("The finding's own fingerprint is another one: it was stored by another version, or this "
				      "occurrence joined it when a side was missing."), 0);
}

static int explain_finding(const struct rf_args *args, rf_arena *arena, struct rf_error *err)
{
	struct rf_store *store = NULL;
	struct rf_finding_row row;
	struct rf_event_row event;
	struct rf_report report;
	struct rf_finding finding;
	const char *path;
	int rc = rf_reporter_open_store(args, arena, &store, &path, err);
	if (rc == 0)
		rc = rf_query_finding(store, rf_str_from(args->words[0]), arena, &row, err);
	if (rc == 0)
		rc = rf_query_best_event(store, row.id, arena, &event, err);
	if (rc == 0)
		rc = rf_query_report(store, event.id, arena, &report, err);
	if (rc == 0) {
		struct rf_terminal t;
		struct rf_buf out;
		rf_terminal_init(&t, STDOUT_FILENO);
		rf_buf_init(&out);
		rf_finding_make(&report, arena, &finding);
		put_finding(&out, &t, &row, &finding);
		rf_print(&out);
		rf_buf_release(&out);
	}
	rf_store_close(store);
	return rc;
}

int rf_cmd_explain(const struct rf_args *args, rf_arena *arena, struct rf_error *err)
{
	if (args->word_count != 1)
		return rf_fail(err, RF_ERR_USAGE, "explain wants one finding (its number, or the start of its fingerprint) or "
			       "one kind: " RF_KIND_LIST("or") ".");
	enum rf_kind kind = rf_kind_from_name(rf_str_from(args->words[0]));
	if (rf_kind_text(kind)) {
		print_kind(kind, arena);
		return RF_EXIT_CLEAN;
	}
	return explain_finding(args, arena, err);
}
