#include "serve/finding_parts.h"

#include "read/source.h"
#include "export/timeline.h"
#include "export/words.h"

/* --- stacks -------------------------------------------------------------------------------------------------------- */

/* From the module as it is here: only of files that are inside it, whatever a report names. */
static void put_source(struct rf_finding_view *v, struct rf_place place)
{
	struct rf_buf *out = v->page->out;
	struct rf_source source;
	if (!place.relative)
		return;
	rf_str path = rf_source_path_below(v->page->site->root, place.file, v->page->arena);
	if (!rf_source_read(path, place.line, v->report.time_unix_ns, v->page->arena, &source))
		return;
	rf_html(out, "<pre class=\"source\">");
	for (uint32_t i = 0; i < source.count; i++) {
		bool here = source.lines[i].number == place.line;
		rf_html(out, "<span class=\"line%s\"><span class=\"no\">%d</span>", here ? " here" : "", (int64_t)source.lines[i].number);
		rf_html(out, here ? "<mark>%t</mark>\n</span>" : "%t\n</span>", source.lines[i].text);
	}
	rf_html(out, "</pre>\n%s", source.changed ? "<p class=\"note\">The file was changed since.</p>\n" : "");
}

static void put_frame(struct rf_finding_view *v, const struct rf_frame *frame, bool counts, bool source)
{
	struct rf_place place = rf_paths_place(&v->paths, frame, v->page->arena);
	rf_str where = rf_words_place(place, v->page->arena), name = rf_words_function(place.function);
	rf_html(v->page->out, "<li%s><code>%t</code>", counts ? "" : " class=\"dropped\"",
		name.len ? name : RF_STR("(unknown function)"));
	if (where.len)
		rf_html(v->page->out, "<code class=\"place\">%t</code>", where);
	if (source)
		put_source(v, place);
	rf_html(v->page->out, "</li>\n");
}

static void put_rest(struct rf_finding_view *v, const struct rf_stack *stack)
{
	if (stack->count > RF_FINDING_FRAMES_MAX)
		rf_html(v->page->out, "<li class=\"dropped\">and %d more frames</li>\n",
			(int64_t)(stack->count - RF_FINDING_FRAMES_MAX));
	if (stack->cut)
		rf_html(v->page->out, "<li class=\"dropped\">The stack was deeper than the detector keeps.</li>\n");
}

static void put_stack(struct rf_finding_view *v, const struct rf_stack *stack)
{
	rf_html(v->page->out, "<ol class=\"frames\">\n");
	for (uint32_t i = 0; i < stack->count && i < RF_FINDING_FRAMES_MAX; i++)
		put_frame(v, &stack->frames[i], true, false);
	put_rest(v, stack);
	rf_html(v->page->out, "</ol>\n");
}

/* --- sides --------------------------------------------------------------------------------------------------------- */

/* What is known of a goroutine but its number, owner and where it was started. */
static void put_goroutine_terms(struct rf_finding_view *v, const struct rf_goroutine *g)
{
	struct rf_buf labels;
	rf_buf_init(&labels);
	for (uint32_t i = 0; i < g->label_count; i++)
		rf_buf_printf(&labels, "%s%.*s=%.*s", i ? ", " : "", RF_STR_ARG(g->labels[i].key), RF_STR_ARG(g->labels[i].value));
	rf_html(v->page->out, "<dl>\n");
	rf_html_term(v->page->out, "runs", rf_words_function(g->entry));
	rf_html_term(v->page->out, g->is_thread ? "name" : "state", g->state.len ? g->state : g->finished ? RF_STR("finished") : RF_STR(""));
	rf_html_term(v->page->out, "labels", rf_buf_str(&labels));
	rf_html(v->page->out, "</dl>\n");
	rf_buf_release(&labels);
}

static void put_creation(struct rf_finding_view *v, const struct rf_goroutine *g)
{
	if (g->created.count == 0)
		return;
	rf_html(v->page->out, "<details open><summary>Started ");
	if (g->parent_goid)
		rf_html(v->page->out, "by goroutine %d ", (int64_t)g->parent_goid);
	rf_html(v->page->out, "at</summary>\n");
	put_stack(v, &g->created);
	rf_html(v->page->out, "</details>\n");
}

static void put_access_head(struct rf_finding_view *v, const struct rf_access *a)
{
	struct rf_buf *out = v->page->out;
	const struct rf_goroutine *g = a->goroutine;
	rf_str test = rf_words_owner(g);
	rf_html(out, "<h2>%s%s</h2>\n<p class=\"by\">by <strong>%t</strong>", rf_words_access(a), a->previous ? ", before" : "",
		rf_words_goroutine(g, v->page->arena));
	if (test.len)
		rf_html(out, ", owned by <strong>%t</strong>%s", test, g->test_over ? ", which was over" : "");
	rf_buf_printf(out, "<span class=\"address\"> at <code>0x%llx</code></span></p>\n", (unsigned long long)a->address);
}

static void put_side(struct rf_finding_view *v, const struct rf_side *side)
{
	const struct rf_access *a = &v->report.accesses[side->access];
	bool source = false;
	rf_html(v->page->out, "<section class=\"side\">\n");
	put_access_head(v, a);
	if (a->stack.count == 0 && !rf_goroutine_is_collector(a->goroutine))
		rf_html(v->page->out, "<p class=\"note\">Its history was gone: the stack could not be restored.</p>\n");
	rf_html(v->page->out, "<ol class=\"frames\">\n");
	for (uint32_t i = 0; i < a->stack.count && i < RF_FINDING_FRAMES_MAX; i++) {
		bool user = rf_side_is_user(side, i);
		put_frame(v, &a->stack.frames[i], user, user && !source);
		source = source || user;
	}
	put_rest(v, &a->stack);
	rf_html(v->page->out, "</ol>\n");
	put_goroutine_terms(v, a->goroutine);
	put_creation(v, a->goroutine);
	rf_html(v->page->out, "</section>\n");
}

void rf_finding_put_sides(struct rf_finding_view *v)
{
	rf_html(v->page->out, "<div class=\"sides\">\n");
	struct rf_side more[RF_FINDING_MORE_MAX];
	uint32_t count = rf_finding_more(&v->report, v->page->arena, more);
	for (uint32_t i = 0; i < v->finding.side_count; i++)
		put_side(v, &v->finding.sides[i]);
	for (uint32_t i = 0; i < count; i++)
		put_side(v, &more[i]);
	rf_html(v->page->out, "</div>\n");
}

/* --- memory, and what ran before --------------------------------------------------------------------------------- */

static void put_memory_words(struct rf_finding_view *v)
{
	const struct rf_report *r = &v->report;
	struct rf_buf *out = v->page->out;
	uint64_t offset = r->access_count ? r->accesses[0].address - r->memory_start : 0;
	if (r->memory == RF_MEMORY_GLOBAL)
		rf_html(out, "<p>The global <code>%t</code>", r->memory_name.len ? rf_words_global(r) : RF_STR("(unknown)"));
	else
		rf_html(out, "<p>A heap block");
	if (r->memory_bytes)
		rf_html(out, " of %n bytes", (int64_t)r->memory_bytes);
	rf_buf_printf(out, " at <code>0x%llx</code>", (unsigned long long)r->memory_start);
	if (offset && offset < (r->memory_bytes ? r->memory_bytes : UINT32_MAX))
		rf_html(out, ", accessed at byte %d", (int64_t)offset);
	rf_str held = rf_words_held(r, v->page->arena);
	if (held.len)
		rf_html(out, ", where it holds <code>%t</code>", held);
	rf_html(out, "%s</p>\n", r->allocated.count ? ", allocated at" : "");
}

void rf_finding_put_memory(struct rf_finding_view *v)
{
	if (v->report.memory == RF_MEMORY_UNKNOWN)
		return;
	rf_html(v->page->out, "<section class=\"card\">\n<h2>The memory</h2>\n");
	put_memory_words(v);
	if (v->report.allocated.count)
		put_stack(v, &v->report.allocated);
	rf_html(v->page->out, "</section>\n");
}

void rf_finding_put_before(struct rf_finding_view *v)
{
	struct rf_buf *out = v->page->out;
	bool known = rf_timeline_is_known(&v->report);
	if (v->report.switch_count == 0)
		return;
	rf_html(out, "<section class=\"card\">\n<h2>What ran before</h2>\n");
	rf_timeline_put_svg(out, &v->report, "before", v->page->arena);
	if (!known)
		rf_html(out, "<p>None of the last switches is of a goroutine that raced.</p>\n");
	else
		rf_html(out, "<p class=\"dim\">A bar is where a goroutine ran. When the earlier access was isn't known: it stands where it was "
			     "at the latest.</p>\n");
	rf_html(out, "<details><summary>The same in words</summary>\n<div class=\"scroll\">\n");
	rf_timeline_put_table(out, &v->report, v->page->arena);
	rf_html(out, "</div></details>\n</section>\n");
}

/* --- explain ------------------------------------------------------------------------------------------------------- */

static void put_explained_side(struct rf_finding_view *v, const struct rf_side *side, uint32_t index)
{
	struct rf_buf *out = v->page->out;
	rf_html(out, "<section>\n<h3>Side %d, operation: %s</h3>\n", (int64_t)index + 1, rf_operation_name(side->operation));
	if (side->missing)
		rf_html(out, "<p>Its stack is missing: it stands for any side.</p>\n");
	if (side->missing && side->creator.len)
		rf_html(out, "<p>Its %s was started by <code>%t</code>, which doesn't count.</p>\n", side->of_thread ? "thread" : "goroutine",
			side->creator);
	rf_html(out, "<ol class=\"frames why\">\n");
	for (uint32_t i = 0; i < side->name_count && i < RF_FINDING_FRAMES_MAX; i++) {
		bool counts = side->roles[i] == RF_FRAME_COUNTED || side->roles[i] == RF_FRAME_LEAF;
		rf_html(out, "<li class=\"%s\"><code>%t</code><span class=\"place\">%s</span></li>\n", counts ? "counts" : "dropped",
			side->names[i].len ? side->names[i] : RF_STR("(unknown function)"), rf_frame_role_reason(side->roles[i]));
	}
	if (side->creator.len && !side->missing)
		rf_html(out, "<li class=\"counts\"><code>%t</code><span class=\"place\">started the goroutine; counts because no frame of "
			     "the stack does</span></li>\n", side->creator);
	rf_html(out, "</ol>\n</section>\n");
}

void rf_finding_put_explain(struct rf_finding_view *v)
{
	struct rf_buf *out = v->page->out;
	rf_html(out, "<section class=\"card\">\n<h2>Why these reports are one finding</h2>\n"
		     "<p>Two reports are one finding when kind, tag and both sides agree. Of a side its operation and the first frames of user "
		     "code count; line numbers, addresses, goroutine numbers and the order of the sides never do.</p>\n"
		     "<details><summary>Which frames count</summary>\n<div class=\"sides\">\n");
	for (uint32_t i = 0; i < v->finding.side_count; i++)
		put_explained_side(v, &v->finding.sides[i], i);
	rf_html(out, "</div>\n<dl>\n");
	rf_html_term(v->page->out, "default", rf_str_from(v->finding.fingerprint));
	rf_html_term(v->page->out, "coarse", rf_str_from(v->finding.coarse));
	rf_html_term(v->page->out, "exact", rf_str_from(v->finding.exact));
	rf_html(out, "</dl>\n<p class=\"dim\">The default hash tells findings apart, the coarse one (the two innermost functions) links "
		     "them, the exact one is of whole chains and where goroutines were started.</p>\n");
	if (!rf_str_eq_cstr(v->row.fingerprint, v->finding.fingerprint) && !v->finding.wildcard)
		rf_html(out, "<p class=\"note\">The finding's own fingerprint is another one: it was stored by another version, or this "
			     "occurrence joined it when a side was missing.</p>\n");
	rf_html(out, "</details>\n</section>\n");
}
