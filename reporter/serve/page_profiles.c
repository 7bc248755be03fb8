/* The profiles of a run: which there are, how they grew, and one of them as a flame graph. */
#include "export/flame.h"
#include "query/profiles.h"
#include "serve/page.h"

#define PROFILES_MAX 300
#define FUNCTIONS_MAX 30
#define POINTS_DRAWN_MAX 400

struct view {
	struct rf_page *page;
	struct rf_run_row run;
	struct rf_profile_row *rows;
	uint32_t count;
	const struct rf_profile_row *chosen;
	uint32_t value;
};

static rf_str value_text(const struct view *v, enum rf_profile_kind kind, uint32_t value, int64_t number)
{
	struct rf_buf b;
	rf_buf_init(&b);
	rf_flame_put_value(&b, kind, value, number);
	rf_str text = rf_arena_dup(v->page->arena, rf_buf_str(&b));
	v->page->out->failed |= b.failed;
	rf_buf_release(&b);
	return text;
}

static const struct rf_profile_point *last_of(const struct rf_profile_row *row)
{
	return &row->points[row->point_count - 1];
}

/* --- what there is ----------------------------------------------------------------------------------------------- */

/* How the value that matters went from the first snapshot to the last. */
static void put_growth_line(struct view *v, const struct rf_profile_row *row)
{
	struct rf_buf *out = v->page->out;
	uint32_t main_value = rf_profile_main_value(row->kind), step = row->point_count / POINTS_DRAWN_MAX + 1;
	int64_t top = 1, end = last_of(row)->elapsed_ms > 0 ? last_of(row)->elapsed_ms : 1;
	for (uint32_t i = 0; i < row->point_count; i++)
		top = row->points[i].totals[main_value] > top ? row->points[i].totals[main_value] : top;
	if (row->point_count < 2)
		return;
	rf_html(out, "<svg class=\"spark\" viewBox=\"0 0 100 20\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"From %t to %t\">"
		     "<polyline points=\"", value_text(v, row->kind, main_value, row->points[0].totals[main_value]),
		value_text(v, row->kind, main_value, last_of(row)->totals[main_value]));
	for (uint32_t i = 0; i < row->point_count; i += step)
		rf_buf_printf(out, "%.2f,%.2f ", 100.0 * (double)row->points[i].elapsed_ms / (double)end,
			      19.0 - 18.0 * (double)row->points[i].totals[main_value] / (double)top);
	rf_html(out, "\"/></svg>");
}

static void put_profile_row(struct view *v, const struct rf_profile_row *row)
{
	struct rf_buf *out = v->page->out;
	const struct rf_profile_point *last = last_of(row);
	uint32_t main_value = rf_profile_main_value(row->kind);
	rf_html(out, "<tr><th scope=\"row\" class=\"what\"><a href=\"/profiles/%d?process=%d&amp;kind=%s\"%s>%t, %s</a><span class=\"meta\">"
		     "<span>%t</span></span></th>", v->run.id, row->process_id, rf_profile_name(row->kind),
		row == v->chosen ? " aria-current=\"true\"" : "", row->program, rf_profile_name(row->kind), row->arguments);
	rf_html(out, "<td class=\"number\" data-name=\"pid\">%d</td><td class=\"number\" data-name=\"%s\">%t</td>"
		     "<td class=\"number\" data-name=\"snapshots\">%n</td><td class=\"number\" data-name=\"seconds\">%d.%d</td>"
		     "<td class=\"number\" data-name=\"dropped\">%n</td><td>", row->pid, rf_profile_value(row->kind, main_value)->words,
		value_text(v, row->kind, main_value, last->totals[main_value]), (int64_t)row->point_count, last->elapsed_ms / 1000,
		last->elapsed_ms % 1000 / 100, last->dropped);
	put_growth_line(v, row);
	rf_html(out, "</td></tr>\n");
}

static void put_list(struct view *v)
{
	rf_html(v->page->out, "<table class=\"list profiles\">\n<caption class=\"unseen\">Profiles</caption>\n<thead><tr><th scope=\"col\">"
			      "Program and profile</th><th scope=\"col\" class=\"number\">PID</th><th scope=\"col\" class=\"number\">"
			      "At the end</th><th scope=\"col\" class=\"number\">Snapshots</th><th scope=\"col\" class=\"number\">Seconds</th>"
			      "<th scope=\"col\" class=\"number\">Dropped samples</th><th scope=\"col\">Over time</th></tr></thead>\n<tbody>\n");
	for (uint32_t i = 0; i < v->count && i < PROFILES_MAX; i++)
		put_profile_row(v, &v->rows[i]);
	rf_html(v->page->out, "</tbody></table>\n");
	if (v->count > PROFILES_MAX)
		rf_html(v->page->out, "<p class=\"dim\">and more</p>\n");
}

/* --- one --------------------------------------------------------------------------------------------------------- */

static void choose(struct view *v)
{
	int64_t process = rf_params_number(&v->page->query, "process", INT64_MAX);
	rf_str kind = rf_params_text(&v->page->query, "kind"), value = rf_params_text(&v->page->query, "value");
	v->chosen = &v->rows[0];
	for (uint32_t i = v->count; i-- > 0;) {
		const struct rf_profile_row *row = &v->rows[i];
		if ((process == 0 || row->process_id == process) && (kind.len == 0 || rf_str_eq_cstr(kind, rf_profile_name(row->kind))))
			v->chosen = row;
	}
	v->value = rf_profile_main_value(v->chosen->kind);
	for (uint32_t i = 0; i < rf_profile_value_count(v->chosen->kind); i++) {
		if (rf_str_eq_cstr(value, rf_profile_value(v->chosen->kind, i)->name))
			v->value = i;
	}
}

/* Escaped. */
static const char *link_of(const struct view *v, uint32_t value)
{
	rf_str link = rf_arena_printf(v->page->arena, "/profiles/%lld?process=%lld&amp;kind=%s&amp;value=%s", (long long)v->run.id,
				      (long long)v->chosen->process_id, rf_profile_name(v->chosen->kind),
				      rf_profile_value(v->chosen->kind, value)->name);
	return link.ptr ? link.ptr : "";
}

static void put_values(struct view *v)
{
	const struct rf_profile_point *last = last_of(v->chosen);
	enum rf_profile_kind kind = v->chosen->kind;
	rf_html(v->page->out, "<ul class=\"chips\">\n");
	for (uint32_t i = 0; i < rf_profile_value_count(kind); i++)
		rf_html(v->page->out, "<li><a class=\"chip\" href=\"%s\"%s>%s: %t</a></li>\n", link_of(v, i),
			i == v->value ? " aria-current=\"true\"" : "", rf_profile_value(kind, i)->words,
			value_text(v, kind, i, last->totals[i]));
	rf_html(v->page->out, "</ul>\n");
}

static void put_functions(struct view *v, const struct rf_flame *flame)
{
	struct rf_flame_row *rows;
	uint32_t count = rf_flame_functions(flame, FUNCTIONS_MAX, v->page->arena, &rows);
	rf_html(v->page->out, "<h2>Functions</h2>\n<table class=\"list\">\n<caption class=\"unseen\">Functions with the most of their own"
			      "</caption>\n<thead><tr><th scope=\"col\">Function</th><th scope=\"col\" class=\"number\">Itself</th>"
			      "<th scope=\"col\" class=\"number\">With what it calls</th></tr></thead>\n<tbody>\n");
	for (uint32_t i = 0; i < count; i++)
		rf_html(v->page->out, "<tr><th scope=\"row\" class=\"what\"><code>%t</code></th><td class=\"number\" data-name=\"itself\">%t</td>"
				      "<td class=\"number\" data-name=\"in all\">%t</td></tr>\n", rows[i].function,
			value_text(v, flame->kind, flame->value, rows[i].self), value_text(v, flame->kind, flame->value, rows[i].total));
	rf_html(v->page->out, "</tbody></table>\n");
}

static int put_chosen(struct view *v, struct rf_error *err)
{
	struct rf_profile_sample *samples;
	struct rf_flame flame = { .kind = v->chosen->kind, .value = v->value };
	int64_t at = rf_params_number(&v->page->query, "at", INT64_MAX);
	int rc = rf_query_profile_samples(v->page->store, v->chosen, v->page->arena, &samples, &flame.count, err);
	if (rc < 0)
		return rc;
	flame.samples = samples;
	flame.top = (uint64_t)at;
	flame.link = rf_arena_printf(v->page->arena, "%s&amp;at=", link_of(v, v->value)).ptr;
	rf_html(v->page->out, "<h2>%t, %s</h2>\n", v->chosen->program, rf_profile_name(v->chosen->kind));
	put_values(v);
	rf_html(v->page->out, "<p class=\"dim\">What a function called stands below it; the width is its share. A click shows what is below a "
			      "box%s.</p>\n<div class=\"scroll\">\n", at > 1 ? ", and one above it goes back" : "");
	if (!rf_flame_put(v->page->out, &flame, v->page->arena))
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory while drawing a profile.");
	rf_html(v->page->out, "</div>\n");
	put_functions(v, &flame);
	rf_html(v->page->out, "<p class=\"dim\">For other tools: <code>redflag export --format pprof --run %t --pid %d --profile %s</code>"
			      "</p>\n", v->run.trace_id, v->chosen->pid, rf_profile_name(v->chosen->kind));
	return 0;
}

int rf_page_profiles(struct rf_page *p, struct rf_error *err)
{
	struct view v = { .page = p };
	uint64_t id;
	p->nav = RF_NAV_RUNS;
	p->title = RF_STR("Profiles");
	int rc = rf_str_u64(p->id, &id) && id <= INT64_MAX ? rf_query_run_by_id(p->store, (int64_t)id, p->arena, &v.run, err)
							   : rf_query_run(p->store, p->id, p->arena, &v.run, err);
	if (rc == 0)
		rc = rf_query_profiles(p->store, v.run.id, 0, PROFILES_MAX + 1, p->arena, &v.rows, &v.count, err);
	if (rc < 0)
		return rc;
	rf_html(p->out, "<h1>Profiles</h1>\n<p>of <a href=\"/runs/%d\">run %d</a>: estimates of the whole, from samples</p>\n", v.run.id,
		v.run.id);
	if (v.count == 0) {
		rf_html(p->out, "<p class=\"empty\">There are none: only a program that the agent watched leaves some.</p>\n");
		return 0;
	}
	choose(&v);
	put_list(&v);
	return put_chosen(&v, err);
}
