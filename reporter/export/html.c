/* One page, complete in itself: no scripts, no fonts, nothing that is fetched. */
#include "export/flame.h"
#include "export/item.h"
#include "export/markup.h"
#include "export/style.h"
#include "export/timeline.h"
#include "query/profiles.h"

/* The policy is belt and braces: everything is escaped, and if something were not, nothing of it could run or be fetched. */
static const char page_head[] =
	"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	"<meta name=\"color-scheme\" content=\"light dark\">\n<title>redflag findings</title>\n<style>\n";
static const char page_style[] =
	"nav ol { margin: 0; padding: 0; list-style: none; border-top: 1px solid var(--line); }\n"
	"nav li { display: flex; flex-wrap: wrap; gap: 0 .75rem; padding: .4rem 0; border-bottom: 1px solid var(--line); }\n"
	"nav a { flex: 1 1 20rem; }\n"
	".status { flex: 0 0 7rem; font-weight: 600; } .new { color: var(--new); } .known { color: var(--known); }\n"
	".off { color: var(--off); } td { font-family: ui-monospace, monospace; }\n"
	"</style>\n</head>\n<body>\n<main>\n";

struct writer {
	struct rf_export *x;
	struct rf_buf *out;
	const struct rf_item *item;
	struct rf_profile_row *profiles;
	uint32_t profile_count;
};

static void put(struct writer *w, const char *markup)
{
	rf_buf_put_cstr(w->out, markup);
}

static void put_text(struct writer *w, rf_str text)
{
	rf_markup_put(w->out, text);
}

static void put_term(struct writer *w, const char *name, rf_str value)
{
	if (value.len == 0)
		return;
	rf_buf_printf(w->out, "<dt>%s</dt><dd>", name);
	put_text(w, value);
	put(w, "</dd>\n");
}

static const char *status_class(const struct rf_export *x, const struct rf_finding_row *row)
{
	if (rf_str_eq_cstr(row->status, "suppressed"))
		return "off";
	return rf_item_is_new_row(x, row) ? "new" : "known";
}

static void put_status(struct writer *w, const struct rf_finding_row *row)
{
	const char *class = status_class(w->x, row);
	rf_buf_printf(w->out, "<span class=\"status %s\">%s</span>", class, class[0] == 'o' ? "suppressed"
			      : row->duplicate_of ? "duplicate" : class);
}

/* --- parts of a finding ---------------------------------------------------------------------------------------- */

static void put_frame(struct writer *w, const struct rf_frame *frame, bool counts)
{
	struct rf_place place = rf_item_place(w->x, frame);
	rf_str where = rf_words_place(place, &w->x->scratch);
	rf_buf_printf(w->out, "<li%s><code>", counts ? "" : " class=\"dropped\"");
	put_text(w, place.function.len ? rf_words_function(place.function) : RF_STR("(unknown function)"));
	put(w, "</code>");
	if (where.len) {
		put(w, "<code class=\"place\">");
		put_text(w, where);
		put(w, "</code>");
	}
	put(w, "</li>\n");
}

static bool counts(const struct rf_side *side, uint32_t i)
{
	enum rf_frame_role role = i < side->name_count ? side->roles[i] : RF_FRAME_UNKNOWN;
	return role == RF_FRAME_LEAF || role == RF_FRAME_COUNTED || role == RF_FRAME_DEEPER;
}

static void put_side(struct writer *w, const struct rf_item_side *s)
{
	rf_str test = rf_words_owner(s->goroutine);
	rf_buf_printf(w->out, "<section>\n<h3>%s%s</h3>\n<p class=\"dim\">by ", rf_words_access(s->access),
		      s->access->previous ? ", before" : "");
	put_text(w, rf_words_goroutine(s->goroutine, &w->x->scratch));
	if (test.len) {
		put(w, ", owned by ");
		put_text(w, test);
		put(w, s->goroutine->test_over ? ", which was over" : "");
	}
	put(w, "</p>\n<ol class=\"frames\">\n");
	for (uint32_t i = 0; i < s->access->stack.count; i++)
		put_frame(w, &s->access->stack.frames[i], counts(s->side, i));
	if (s->access->stack.count == 0 && !rf_goroutine_is_collector(s->goroutine))
		put(w, "<li>Its history was gone: the stack could not be restored.</li>\n");
	put(w, "</ol>\n");
	if (s->goroutine->created.count) {
		rf_buf_printf(w->out, "<details><summary>The %s was started at</summary>\n<ol class=\"frames\">\n",
			      rf_words_runner(s->goroutine));
		for (uint32_t i = 0; i < s->goroutine->created.count; i++)
			put_frame(w, &s->goroutine->created.frames[i], true);
		put(w, "</ol></details>\n");
	}
	put(w, "</section>\n");
}

static void put_labels(struct writer *w)
{
	for (uint32_t i = 0; i < w->item->report.goroutine_count; i++) {
		const struct rf_goroutine *g = w->item->report.goroutines[i];
		for (uint32_t k = 0; k < g->label_count; k++)
			put_term(w, "label", rf_arena_printf(&w->x->scratch, "%.*s = %.*s (%.*s)", RF_STR_ARG(g->labels[k].key),
							     RF_STR_ARG(g->labels[k].value),
							     RF_STR_ARG(rf_words_goroutine(g, &w->x->scratch))));
	}
}

static void put_memory(struct writer *w)
{
	const struct rf_report *r = &w->item->report;
	rf_arena *scratch = &w->x->scratch;
	if (r->memory == RF_MEMORY_GLOBAL)
		put_term(w, "memory", rf_arena_printf(scratch, "global %.*s", RF_STR_ARG(rf_words_global(r))));
	else if (r->memory == RF_MEMORY_HEAP)
		put_term(w, "memory", rf_arena_printf(scratch, "heap block of %llu bytes", (unsigned long long)r->memory_bytes));
	if (rf_words_held(r, scratch).len)
		put_term(w, "holds", rf_words_held(r, scratch));
	if (r->allocated.count) {
		struct rf_place place = rf_item_place(w->x, &r->allocated.frames[0]);
		put_term(w, "allocated in", rf_arena_printf(scratch, "%.*s, %.*s", RF_STR_ARG(rf_words_function(place.function)),
							    RF_STR_ARG(rf_words_place(place, scratch))));
	}
}

static void put_switches(struct writer *w)
{
	const struct rf_report *r = &w->item->report;
	if (r->switch_count == 0)
		return;
	put(w, "<details><summary>What ran before it</summary>\n");
	rf_str id = rf_arena_printf(&w->x->scratch, "before-%lld", (long long)w->item->row->id);
	rf_timeline_put_svg(w->out, r, rf_arena_cstr(&w->x->scratch, id), &w->x->scratch);
	put(w, "<div class=\"scroll\">");
	rf_timeline_put_table(w->out, r, &w->x->scratch);
	put(w, "</div></details>\n");
}

#define EVENTS_MAX 20

static void put_events(struct writer *w)
{
	put(w, "<details><summary>Occurrences</summary>\n<div class=\"scroll\"><table>\n"
	       "<tr><th>time</th><th>trace</th><th>from</th><th>verdict</th></tr>\n");
	for (uint32_t i = 0; i < w->item->event_count && i < EVENTS_MAX; i++) {
		const struct rf_event_row *e = &w->item->events[i];
		const rf_str cells[] = { e->time, e->trace_id, e->source, e->verdict };
		put(w, "<tr>");
		for (size_t k = 0; k < sizeof(cells) / sizeof(cells[0]); k++) {
			put(w, "<td>");
			put_text(w, cells[k]);
			put(w, "</td>");
		}
		put(w, "</tr>\n");
	}
	put(w, "</table></div>\n");
	if (w->item->event_count > EVENTS_MAX)
		rf_buf_printf(w->out, "<p class=\"dim\">and more; %lld in all</p>\n", (long long)w->item->row->events);
	put(w, "</details>\n");
}

static void put_finding(struct writer *w)
{
	const struct rf_item *item = w->item;
	const struct rf_finding_row *row = item->row;
	rf_arena *scratch = &w->x->scratch;
	rf_buf_printf(w->out, "<article id=\"finding-%lld\">\n<h2>%lld. ", (long long)row->id, (long long)row->id);
	put_text(w, row->title);
	put(w, "</h2>\n<p>");
	put_status(w, row);
	rf_buf_printf(w->out, " <span class=\"dim\">seen %lld time%s, first ", (long long)row->events, row->events == 1 ? "" : "s");
	put_text(w, row->first_seen);
	put(w, ", last ");
	put_text(w, row->last_seen);
	put(w, "</span></p>\n<dl>\n");
	put_term(w, "tests", rf_words_owners(row->test_a, row->test_b, scratch));
	put_term(w, "tag", row->tag);
	put_term(w, "trace", item->event.trace_id);
	if (row->duplicate_of)
		put_term(w, "duplicate", rf_arena_printf(scratch, "of finding %lld%s%.*s", (long long)row->duplicate_of,
							 row->duplicate_reason.len ? ": " : "", RF_STR_ARG(row->duplicate_reason)));
	for (uint32_t i = 0; i < item->suppression_count; i++)
		put_term(w, "suppressed", rf_words_suppression(&item->suppressions[i], scratch));
	put_labels(w);
	put_memory(w);
	put_term(w, "fingerprint", row->fingerprint);
	put(w, "</dl>\n<div class=\"sides\">\n");
	for (uint32_t i = 0; i < item->side_count; i++)
		put_side(w, &item->sides[i]);
	put(w, "</div>\n");
	put_switches(w);
	put_events(w);
	put(w, "</article>\n");
}

/* --- the page -------------------------------------------------------------------------------------------------- */

static void put_summary(struct writer *w)
{
	uint32_t fresh = 0;
	for (uint32_t i = 0; i < w->x->count; i++)
		fresh += status_class(w->x, &w->x->rows[i])[0] == 'n';
	rf_buf_printf(w->out, "<h1>redflag</h1>\n<p>%u finding%s, %u new</p>\n", w->x->count, w->x->count == 1 ? "" : "s", fresh);
	if (w->x->has_run) {
		put(w, "<p class=\"dim\">Trace <code>");
		put_text(w, w->x->run.trace_id);
		put(w, "</code>, ");
		put_text(w, w->x->run.started_at);
		put(w, "</p>\n");
	}
}

static void put_list(struct writer *w)
{
	put(w, "<nav aria-label=\"Findings\">\n<ol>\n");
	for (uint32_t i = 0; i < w->x->count; i++) {
		const struct rf_finding_row *row = &w->x->rows[i];
		put(w, "<li>");
		put_status(w, row);
		rf_buf_printf(w->out, " <a href=\"#finding-%lld\">", (long long)row->id);
		put_text(w, row->title);
		put(w, "</a> <span class=\"dim\">");
		put_text(w, row->tag);
		put(w, "</span></li>\n");
	}
	put(w, "</ol>\n</nav>\n");
}

#define PROFILES_MAX 20 /* of a page that people can still load */

static int put_profile(struct writer *w, const struct rf_profile_row *row, struct rf_error *err)
{
	struct rf_profile_sample *samples;
	uint32_t value = rf_profile_main_value(row->kind);
	struct rf_flame flame = { .kind = row->kind, .value = value };
	const struct rf_profile_point *last = &row->points[row->point_count - 1];
	int rc = rf_query_profile_samples(w->x->store, row, &w->x->scratch, &samples, &flame.count, err);
	if (rc < 0)
		return rc;
	flame.samples = samples;
	rf_buf_printf(w->out, "<article>\n<h2>%s profile of ", rf_profile_name(row->kind));
	put_text(w, row->program);
	rf_buf_printf(w->out, "</h2>\n<p>pid %lld, after %lld.%lld s, %s: ", (long long)row->pid, (long long)last->elapsed_ms / 1000,
		      (long long)last->elapsed_ms % 1000 / 100, rf_profile_value(row->kind, value)->words);
	rf_flame_put_value(w->out, row->kind, value, last->totals[value]);
	put(w, "</p>\n<div class=\"scroll\">\n");
	w->x->lacking |= !rf_flame_put(w->out, &flame, &w->x->scratch);
	put(w, "</div>\n</article>\n");
	rf_export_end_scratch(w->x);
	return 0;
}

static void put_kinds(struct writer *w)
{
	bool seen[RF_KIND_COUNT] = { false };
	for (uint32_t i = 0; i < w->x->count; i++)
		seen[rf_kind_from_name(w->x->rows[i].kind)] = true;
	for (int kind = 0; kind < RF_KIND_COUNT; kind++) {
		const struct rf_export_kind *text = &w->x->options.kinds[kind];
		if (!seen[kind] || !text->meaning)
			continue;
		rf_buf_printf(w->out, "<details><summary>What %s means, and what to do</summary>\n<p>",
			      rf_kind_name((enum rf_kind)kind));
		put_text(w, rf_str_from(text->meaning));
		put(w, "</p>\n<p>");
		put_text(w, rf_str_from(text->cure));
		put(w, "</p></details>\n");
	}
}

/* Of the run that is told, else of the last one that has some. */
static int find_profiles(struct writer *w, struct rf_error *err)
{
	struct rf_run_row run = w->x->run;
	int rc = w->x->has_run ? 0 : rf_query_last_profiled_run(w->x->store, &w->x->arena, &run, err);
	if (rc == 0 && run.id)
		rc = rf_query_profiles(w->x->store, run.id, 0, PROFILES_MAX + 1, &w->x->arena, &w->profiles, &w->profile_count, err);
	return rc;
}

/* A graph a profile, of the value that matters. */
static int put_profiles(struct writer *w, struct rf_error *err)
{
	int rc = 0;
	if (w->profile_count)
		put(w, "<h2>Profiles</h2>\n<p class=\"dim\">What a function called stands below it; the width is its share. The numbers "
		       "are estimates, from samples.</p>\n");
	for (uint32_t i = 0; i < w->profile_count && i < PROFILES_MAX && rc == 0; i++)
		rc = put_profile(w, &w->profiles[i], err);
	if (w->profile_count > PROFILES_MAX)
		put(w, "<p class=\"dim\">and more</p>\n");
	return rc;
}

int rf_export_html(struct rf_export *x, struct rf_buf *out, struct rf_error *err)
{
	struct rf_item item;
	struct writer w = { .x = x, .out = out, .item = &item };
	int rc = find_profiles(&w, err);
	if (rc < 0)
		return rc;
	put(&w, page_head);
	put(&w, rf_style_base);
	put(&w, rf_timeline_css);
	if (w.profile_count)
		put(&w, rf_flame_css);
	put(&w, page_style);
	put_summary(&w);
	if (x->count)
		put_list(&w);
	put_kinds(&w);
	for (uint32_t i = 0; i < x->count && (rc = rf_item_load(x, i, &item, err)) == 0; i++)
		put_finding(&w);
	if (rc == 0)
		rc = put_profiles(&w, err);
	put(&w, "</main>\n<footer class=\"dim\"><p>redflag ");
	put_text(&w, x->options.version);
	put(&w, "</p></footer>\n</body>\n</html>\n");
	return rc;
}
