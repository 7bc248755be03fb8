/* One finding: both sides, what ran before, its occurrences, and what can be done about it. */
#include "export/words.h"
#include "serve/finding_parts.h"
#include "store/timestamp.h"

#define OCCURRENCES_MAX 20
#define TREND_DAYS 30
#define EVENT_MAX INT64_MAX

/* --- what it is ---------------------------------------------------------------------------------------------------- */

static void put_note(struct rf_finding_view *v, const char *sentence)
{
	rf_html(v->page->out, "<p class=\"note\">%s</p>\n", sentence);
}

static int put_silence(struct rf_finding_view *v, struct rf_error *err)
{
	struct rf_page *p = v->page;
	struct rf_occurrence_silence silence;
	int rc = rf_occurrence_silence(p->store, v->row.id, p->arena, &silence, err);
	if (rc < 0 || silence.until.len == 0)
		return rc;
	rf_str now = rf_time_text(rf_clock_now(p->site->clock), p->arena);
	bool over = rf_str_cmp(silence.until, now) <= 0;
	rf_html(p->out, "<p class=\"note\">%s silenced by the policy <code>%t</code> until ", over ? "It was last" : "It is", silence.policy);
	rf_html_time(p->out, silence.until);
	rf_html(p->out, "; %n event%s held back.</p>\n", silence.held, silence.held == 1 ? " was" : "s were");
	return 0;
}

static void put_head(struct rf_finding_view *v)
{
	struct rf_page *p = v->page;
	const struct rf_finding_row *row = &v->row;
	rf_html(p->out, "<p class=\"crumbs\"><a href=\"/findings\">Findings</a> / %d</p>\n<h1>%t</h1>\n<p>", row->id, row->title);
	rf_html_status(p->out, row->status);
	rf_html(p->out, " seen %s%n%s, ", row->events == 1 ? "<span class=\"unseen\">" : "", row->events,
		row->events == 1 ? "</span>once" : " times");
	if (row->events == 1) {
		rf_html_time(p->out, row->last_seen);
	} else {
		rf_html(p->out, "first ");
		rf_html_time(p->out, row->first_seen);
		rf_html(p->out, ", last ");
		rf_html_time(p->out, row->last_seen);
	}
	rf_html(p->out, "</p>\n");
	if (row->retried)
		put_note(v, "Its test passed when it was run again in the same run. The finding stands.");
	if (row->wildcard)
		put_note(v, "One side's stack is missing. It joins the full finding with the other side as soon as that is seen.");
}

static void put_terms(struct rf_finding_view *v)
{
	struct rf_page *p = v->page;
	const struct rf_finding_row *row = &v->row;
	rf_html(p->out, "<dl class=\"terms\">\n");
	rf_html_term(p->out, "kind", row->kind);
	if (row->class.len)
		rf_html_term(p->out, "class", row->class);
	rf_html(p->out, "<dt>tag</dt><dd><a href=\"/findings?tag=%q\">%t</a></dd>\n", row->tag, row->tag);
	if (row->package.len)
		rf_html(p->out, "<dt>package</dt><dd><a href=\"/findings?package=%q\">%t</a></dd>\n", row->package, row->package);
	rf_html_term(p->out, "tests", rf_words_owners(row->test_a, row->test_b, p->arena));
	rf_html_term(p->out, "detail", v->report.detail);
	rf_html_term(p->out, "severity", v->shown.severity);
	rf_html_term(p->out, "suppressed by", v->shown.suppression);
	rf_html(p->out, "<dt>fingerprint</dt><dd><code>%t</code></dd>\n</dl>\n", row->fingerprint);
}

static void put_kind(struct rf_finding_view *v)
{
	enum rf_kind kind = rf_kind_from_name(v->row.kind);
	const char *meaning = v->page->site->kinds[kind].meaning, *cure = v->page->site->kinds[kind].cure;
	if (meaning && cure)
		rf_html(v->page->out, "<details><summary>What this kind means, and what to do</summary>\n<p>%t</p>\n<p>%t</p></details>\n",
			rf_str_from(meaning), rf_str_from(cure));
}

/* --- occurrences --------------------------------------------------------------------------------------------------- */

static void put_bar(struct rf_page *p, const struct rf_occurrence_day *day, int64_t most, int64_t position)
{
	int64_t height = 1 + day->events * 39 / most;
	rf_html(p->out, "<rect x=\"%d\" y=\"%d\" width=\"8\" height=\"%d\"><title>%t: %n event%s</title></rect>\n", position * 10 + 1,
		(int64_t)42 - height, height, day->day, day->events, day->events == 1 ? "" : "s");
}

static int64_t day_number(rf_str day)
{
	uint64_t ns = 0;
	return rf_time_parse(day, &ns) ? (int64_t)(ns / 86400000000000u) : 0;
}

/* A bar a day, of the days that end with the last occurrence. One day is no trend. */
static int put_trend(struct rf_finding_view *v, struct rf_error *err)
{
	struct rf_page *p = v->page;
	struct rf_occurrence_day *days;
	uint32_t count;
	int64_t most = 1;
	int rc = rf_occurrence_days(p->store, v->row.id, TREND_DAYS, p->arena, &days, &count, err);
	if (rc < 0 || count < 2)
		return rc;
	for (uint32_t i = 0; i < count; i++)
		most = days[i].events > most ? days[i].events : most;
	rf_html(p->out, "<figure class=\"trend\"><svg viewBox=\"0 0 %d 44\" role=\"img\" aria-labelledby=\"trend-title\">"
			"<title id=\"trend-title\">Events a day, %t to %t</title><line x1=\"0\" y1=\"43\" x2=\"%d\" y2=\"43\"/>\n",
		(int64_t)TREND_DAYS * 10, days[0].day, days[count - 1].day, (int64_t)TREND_DAYS * 10);
	int64_t last = day_number(days[count - 1].day);
	for (uint32_t i = 0; i < count; i++) {
		int64_t position = TREND_DAYS - 1 - (last - day_number(days[i].day));
		if (position >= 0 && position < TREND_DAYS)
			put_bar(p, &days[i], most, position);
	}
	rf_html(p->out, "</svg><figcaption>%d days up to %t; %n event%s at most on one</figcaption></figure>\n", (int64_t)TREND_DAYS,
		days[count - 1].day, most, most == 1 ? "" : "s");
	return 0;
}

static void put_occurrence(struct rf_finding_view *v, const struct rf_occurrence *o)
{
	struct rf_page *p = v->page;
	const struct rf_event_row *e = &o->event;
	bool shown = e->id == v->shown.event.id;
	rf_html(p->out, "<tr%s><th scope=\"row\"><a href=\"/findings/%d?event=%d\"%s>", shown ? " class=\"shown\"" : "", v->row.id, e->id,
		shown ? " aria-current=\"true\"" : "");
	rf_html(p->out, "<time datetime=\"%t\">%t %t</time>", e->time, rf_str_take(e->time, 10),
		rf_str_take(rf_str_skip(e->time, 11), 8)); /* to the second: many come in a minute */
	rf_html(p->out, "</a></th><td><a href=\"/runs/%d\"><code>%t</code></a></td><td>%s</td><td>", e->run_id, e->trace_id,
		rf_str_eq_cstr(e->source, "spool") ? "spool" : "text only");
	rf_html_status(p->out, e->verdict);
	rf_html(p->out, "</td><td>");
	if (o->suppression.len)
		rf_html(p->out, "<code>%t</code> ", o->suppression);
	else if (!rf_str_eq_cstr(e->verdict, "alert") && o->policy.len)
		rf_html(p->out, "policy %t ", o->policy);
	if (e->seed.len)
		rf_html(p->out, "seed %t ", e->seed);
	/* Where the text stood tells something only when nobody knows the owner. */
	if (!e->test_a.ptr && !e->test_b.ptr && e->test.len)
		rf_html(p->out, "while %t ran", e->test);
	rf_html(p->out, "</td></tr>\n");
}

static int put_occurrences(struct rf_finding_view *v, struct rf_error *err)
{
	struct rf_page *p = v->page;
	struct rf_occurrence *rows;
	uint32_t count;
	int64_t before = rf_params_number(&p->query, "before", EVENT_MAX);
	int rc = rf_occurrence_list(p->store, v->row.id, before, OCCURRENCES_MAX + 1, p->arena, &rows, &count, err);
	if (rc < 0)
		return rc;
	rf_html(p->out, "<section class=\"card\" id=\"occurrences\">\n<h2>Occurrences</h2>\n<div class=\"scroll\"><table class=\"list\">\n"
			"<caption class=\"unseen\">Occurrences, the latest first</caption>\n<thead><tr><th scope=\"col\">When</th>"
			"<th scope=\"col\">Run</th><th scope=\"col\">From</th><th scope=\"col\">Verdict</th><th scope=\"col\">Why</th></tr>"
			"</thead>\n<tbody>\n");
	for (uint32_t i = 0; i < count && i < OCCURRENCES_MAX; i++)
		put_occurrence(v, &rows[i]);
	rf_html(p->out, "</tbody></table></div>\n");
	if (before || count > OCCURRENCES_MAX)
		rf_html(p->out, "<p class=\"pager\">");
	if (before)
		rf_html(p->out, "<a href=\"/findings/%d#occurrences\">The latest</a>", v->row.id);
	if (count > OCCURRENCES_MAX)
		rf_html(p->out, "<a href=\"/findings/%d?before=%d#occurrences\">Earlier ones</a>", v->row.id,
			rows[OCCURRENCES_MAX - 1].event.id);
	rf_html(p->out, "%s</section>\n", before || count > OCCURRENCES_MAX ? "</p>\n" : "");
	return 0;
}

static int put_related(struct rf_finding_view *v, struct rf_error *err)
{
	struct rf_page *p = v->page;
	const struct rf_finding_table table = { .caption = "Findings of the same two functions" };
	struct rf_finding_row *rows;
	uint32_t count;
	int rc = rf_query_related(p->store, &v->row, p->arena, &rows, &count, err);
	if (rc < 0 || count == 0)
		return rc;
	rf_html(p->out, "<section class=\"card\">\n<h2>Related: the same two functions, reached another way</h2>\n");
	rf_page_put_findings(p, &table, rows, count);
	rf_html(p->out, "</section>\n");
	return 0;
}

/* --- the process --------------------------------------------------------------------------------------------------- */

static int put_process(struct rf_finding_view *v, struct rf_error *err)
{
	struct rf_page *p = v->page;
	struct rf_process_row process;
	if (v->shown.event.process_id == 0) {
		put_note(v, "This occurrence is known from text only. <code>redflag test</code> also records who owns the goroutines, their "
			    "labels, the memory and what ran before.");
		return 0;
	}
	int rc = rf_query_process(p->store, v->shown.event.process_id, p->arena, &process, err);
	if (rc < 0)
		return rc;
	rf_html(p->out, "<section class=\"card\">\n<h2>The process</h2>\n<dl>\n<dt>command</dt><dd><code>%t</code></dd>\n", process.arguments);
	rf_html_term(p->out, "host", process.host);
	rf_html(p->out, "<dt>process</dt><dd>%d%s</dd>\n", process.pid, process.finished ? "" : ", did not end in good order");
	rf_html_term(p->out, "Go", process.go_version);
	if (process.go_version.len)
		rf_html(p->out, "<dt>GOMAXPROCS</dt><dd>%d</dd>\n", process.gomaxprocs);
	rf_html(p->out, "</dl>\n</section>\n");
	return 0;
}

static void put_text(struct rf_finding_view *v)
{
	if (v->report.text.len)
		rf_html(v->page->out, "<section class=\"card\">\n<h2>As it was printed</h2>\n<p>It could only be read in part.</p>\n"
				      "<pre>%t</pre>\n</section>\n", v->report.text);
}

static void put_suppress(struct rf_finding_view *v)
{
	struct rf_page *p = v->page;
	rf_html(p->out, "<section class=\"card\" id=\"suppress\">\n<h2>Suppress it</h2>\n");
	if (!p->may_write) {
		rf_html(p->out, "<p>In the module: <code>redflag suppress %d --reason \"…\"</code>. To do it here, open the page with the token "
				"that <code>redflag serve</code> printed.</p>\n</section>\n", v->row.id);
		return;
	}
	rf_html(p->out, "<form class=\"bar\" method=\"post\" action=\"/suppressions/add\">\n");
	rf_page_form_secret(p);
	rf_html(p->out, "<input type=\"hidden\" name=\"finding\" value=\"%d\">\n"
			"<label class=\"grow\">Reason <input name=\"reason\" required maxlength=\"500\" "
			"placeholder=\"why this race is tolerated\"></label>\n"
			"<label>Owner <input name=\"owner\" maxlength=\"100\"></label>\n"
			"<label>Last day <input name=\"expires\" type=\"date\"></label>\n"
			"<button class=\"main\">Suppress</button>\n</form>\n</section>\n", v->row.id);
}

/* --- the page ------------------------------------------------------------------------------------------------------ */

static int load(struct rf_finding_view *v, struct rf_error *err)
{
	struct rf_page *p = v->page;
	int rc = rf_query_finding(p->store, p->id, p->arena, &v->row, err);
	if (rc == 0)
		rc = rf_occurrence_find(p->store, v->row.id, rf_params_number(&p->query, "event", EVENT_MAX), p->arena, &v->shown, err);
	if (rc == 0)
		rc = rf_query_report(p->store, v->shown.event.id, p->arena, &v->report, err);
	if (rc == 0)
		rc = rf_query_run_by_id(p->store, v->shown.event.run_id, p->arena, &v->run, err);
	if (rc < 0)
		return rc;
	rf_finding_make(&v->report, p->arena, &v->finding);
	v->paths = (struct rf_paths){ .root = rf_str_from(p->site->root), .module = rf_str_from(p->site->root),
				      .module_path = rf_str_from(p->site->module_path), .directory = v->run.directory };
	return 0;
}

static void put_which(struct rf_finding_view *v)
{
	rf_html(v->page->out, "<p class=\"which\">The occurrence of ");
	rf_html_time(v->page->out, v->shown.event.time);
	rf_html(v->page->out, " in the run <a href=\"/runs/%d\"><code>%t</code></a>", v->shown.event.run_id, v->shown.event.trace_id);
	if (v->row.events > 1)
		rf_html(v->page->out, "; <a href=\"#occurrences\">all %n</a>", v->row.events);
	rf_html(v->page->out, "</p>\n");
}

int rf_page_finding(struct rf_page *p, struct rf_error *err)
{
	struct rf_finding_view *v = rf_arena_alloc(p->arena, sizeof(*v));
	if (!v)
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory while showing a finding.");
	v->page = p;
	p->nav = RF_NAV_FINDINGS;
	int rc = load(v, err);
	if (rc < 0)
		return rc;
	p->title = v->row.title;
	put_head(v);
	rc = put_silence(v, err);
	if (rc < 0)
		return rc;
	put_terms(v);
	put_kind(v);
	rc = put_trend(v, err);
	if (rc < 0)
		return rc;
	put_which(v);
	rf_finding_put_sides(v);
	rf_html(p->out, "<div class=\"sides\">\n");
	rf_finding_put_before(v);
	rf_finding_put_memory(v);
	rf_html(p->out, "</div>\n");
	put_text(v);
	rc = put_occurrences(v, err);
	if (rc == 0)
		rc = put_related(v, err);
	if (rc < 0)
		return rc;
	rf_finding_put_explain(v);
	put_suppress(v);
	return put_process(v, err);
}
