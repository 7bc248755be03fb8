/* The runs, and one run. */
#include <string.h>

#include "export/growth_text.h"
#include "query/profiles.h"
#include "serve/page.h"

/* --- all ---------------------------------------------------------------------------------------------------------- */

static void put_run(struct rf_page *p, const struct rf_run_summary *r, rf_str before)
{
	rf_html(p->out, "<tr><th scope=\"row\" class=\"what\"><a href=\"/runs/%d\"><code>%t</code></a><span class=\"meta\"><span>%t</span>"
			"<span>%t</span></span></th><td class=\"when\">", r->run.id, r->run.trace_id, r->run.command, r->run.host);
	rf_html_time(p->out, r->run.last_at);
	rf_html(p->out, "</td><td class=\"number%s\" data-name=\"new\">%n</td><td class=\"number\" data-name=\"findings\">%n</td>"
			"<td class=\"number\" data-name=\"events\">%n</td><td class=\"number\" data-name=\"tests failed\">%n</td>"
			"<td class=\"number\" data-name=\"packages\">%n</td>", r->findings_new ? " is-new" : "", r->findings_new,
		r->findings, r->events, r->tests_failed, r->packages);
	rf_html(p->out, "<td>");
	if (before.len)
		rf_html(p->out, "<a href=\"/compare?a=%q&amp;b=%q\">compare<span class=\"unseen\"> with the run before</span></a>",
			before, r->run.trace_id);
	rf_html(p->out, "</td></tr>\n");
}

void rf_page_put_runs(struct rf_page *p, const struct rf_run_summary *rows, uint32_t shown, uint32_t count)
{
	rf_html(p->out, "<table class=\"list runs\">\n<caption class=\"unseen\">Runs, the latest first</caption>\n<thead><tr>"
			"<th scope=\"col\">Trace ID</th><th scope=\"col\">Ended</th><th scope=\"col\" class=\"number\">New</th>"
			"<th scope=\"col\" class=\"number\">Findings</th><th scope=\"col\" class=\"number\">Events</th>"
			"<th scope=\"col\" class=\"number\">Tests failed</th><th scope=\"col\" class=\"number\">Packages</th>"
			"<th scope=\"col\"><span class=\"unseen\">Compare</span></th></tr></thead>\n<tbody>\n");
	for (uint32_t i = 0; i < shown; i++)
		put_run(p, &rows[i], i + 1 < count ? rows[i + 1].run.trace_id : RF_STR(""));
	rf_html(p->out, "</tbody></table>\n");
}

int rf_page_runs(struct rf_page *p, struct rf_error *err)
{
	struct rf_run_summary *rows;
	uint32_t count;
	int64_t page = rf_page_number(p);
	p->title = RF_STR("Runs");
	p->nav = RF_NAV_RUNS;
	int rc = rf_query_runs(p->store, RF_PAGE_ROWS + 1, (uint32_t)(page - 1) * RF_PAGE_ROWS, p->arena, &rows, &count, err);
	if (rc < 0)
		return rc;
	rf_html(p->out, "<h1>Runs</h1>\n<p>Everything under one trace ID is one run.</p>\n");
	if (count == 0)
		rf_html(p->out, "<p class=\"empty\">There is no run here. <code>redflag test ./...</code> makes one.</p>\n");
	else
		rf_page_put_runs(p, rows, count > RF_PAGE_ROWS ? RF_PAGE_ROWS : count, count);
	rf_page_put_pager(p, page, count > RF_PAGE_ROWS);
	return 0;
}

/* --- one ---------------------------------------------------------------------------------------------------------- */

#define PROCESSES_MAX 100
#define RESULTS_MAX 500

static void put_facts(struct rf_page *p, const struct rf_run_row *run)
{
	rf_html(p->out, "<dl>\n<dt>Trace ID</dt><dd><code>%t</code></dd>\n", run->trace_id);
	rf_html_term(p->out, "Command", run->command);
	rf_html_term(p->out, "Directory", run->directory);
	rf_html_term(p->out, "Host", run->host);
	rf_html_term_time(p->out, "Began", run->started_at);
	rf_html_term_time(p->out, "Last stored", run->last_at);
	rf_html_term(p->out, "Parent span", run->traceparent);
	rf_html(p->out, "</dl>\n");
}

/* Those that the run has seen first come first; else the order stays. */
static void sort_new_first(struct rf_page *p, int64_t run_id, struct rf_finding_row *rows, uint32_t count)
{
	struct rf_finding_row *old = rf_arena_array(p->arena, count, sizeof(*old));
	uint32_t at = 0;
	if (!old)
		return;
	for (uint32_t i = 0; i < count; i++) {
		if (rows[i].first_run_id == run_id)
			rows[at++] = rows[i];
		else
			old[i - at] = rows[i];
	}
	memcpy(rows + at, old, (count - at) * sizeof(*old));
}

static int put_findings(struct rf_page *p, int64_t run_id, struct rf_error *err)
{
	struct rf_finding_filter filter = { .run_id = run_id };
	struct rf_finding_table table = { .caption = "Findings of this run", .run_id = run_id };
	struct rf_finding_row *rows;
	uint32_t count, first = (uint32_t)(rf_page_number(p) - 1) * RF_PAGE_ROWS;
	int rc = rf_query_findings(p->store, &filter, p->arena, &rows, &count, err);
	if (rc < 0)
		return rc;
	if (count)
		sort_new_first(p, run_id, rows, count);
	rf_html(p->out, "<h2>Findings <span class=\"count\">%n</span></h2>\n", (int64_t)count);
	if (first < count)
		rf_page_put_findings(p, &table, rows + first, count - first > RF_PAGE_ROWS ? RF_PAGE_ROWS : count - first);
	else
		rf_html(p->out, "<p class=\"empty\">%s</p>\n", count ? "There are no more." : "It found nothing.");
	rf_page_put_pager(p, rf_page_number(p), count > first + RF_PAGE_ROWS);
	return 0;
}

static void put_result(struct rf_page *p, const struct rf_result_row *r)
{
	rf_html(p->out, "<tr><td class=\"status\">");
	rf_html_status(p->out, r->result);
	if (r->test.len)
		rf_html(p->out, "</td><th scope=\"row\" class=\"what inner\">%t</th><td></td><td></td>", r->test);
	else
		rf_html(p->out, "</td><th scope=\"row\" class=\"what\">%t</th><td class=\"number\" data-name=\"passed\">%n</td>"
				"<td class=\"number\" data-name=\"failed\">%n</td>", r->package, r->passed, r->failed);
	rf_html(p->out, "<td class=\"number\" data-name=\"seconds\">%d.%d</td></tr>\n", r->elapsed_ms / 1000,
		r->elapsed_ms % 1000 / 100);
}

static int put_results(struct rf_page *p, int64_t run_id, struct rf_error *err)
{
	struct rf_result_row *rows;
	uint32_t count;
	int rc = rf_query_results(p->store, run_id, p->arena, &rows, &count, err);
	if (rc < 0 || count == 0)
		return rc;
	rf_html(p->out, "<h2>Tests</h2>\n<table class=\"list results\">\n<caption class=\"unseen\">Packages, and their tests that didn't "
			"pass</caption>\n<thead><tr><th scope=\"col\">Result</th><th scope=\"col\">Package or test</th>"
			"<th scope=\"col\" class=\"number\">Passed</th><th scope=\"col\" class=\"number\">Failed</th>"
			"<th scope=\"col\" class=\"number\">Seconds</th></tr></thead>\n<tbody>\n");
	for (uint32_t i = 0; i < count && i < RESULTS_MAX; i++)
		put_result(p, &rows[i]);
	rf_html(p->out, "</tbody></table>\n");
	if (count > RESULTS_MAX)
		rf_html(p->out, "<p class=\"dim\">and %n more</p>\n", (int64_t)(count - RESULTS_MAX));
	return 0;
}

static int put_processes(struct rf_page *p, int64_t run_id, struct rf_error *err)
{
	struct rf_process_row *rows;
	uint32_t count;
	int rc = rf_query_run_processes(p->store, run_id, PROCESSES_MAX + 1, p->arena, &rows, &count, err);
	if (rc < 0 || count == 0)
		return rc;
	rf_html(p->out, "<h2>Instrumented processes</h2>\n<table class=\"list processes\">\n<caption class=\"unseen\">Processes</caption>\n"
			"<thead><tr><th scope=\"col\">Command</th><th scope=\"col\">Began</th><th scope=\"col\">Go</th>"
			"<th scope=\"col\" class=\"number\">PID</th><th scope=\"col\">Ended</th></tr></thead>\n<tbody>\n");
	for (uint32_t i = 0; i < count && i < PROCESSES_MAX; i++) {
		const struct rf_process_row *r = &rows[i];
		rf_html(p->out, "<tr><th scope=\"row\" class=\"what\"><code>%t</code><span class=\"meta\"><span>%t</span></span></th>"
				"<td class=\"when\">", r->arguments, r->directory);
		rf_html_time(p->out, r->started_at);
		rf_html(p->out, "</td><td>%t</td><td class=\"number\" data-name=\"pid\">%d</td><td>%s</td></tr>\n", r->go_version, r->pid,
			r->finished ? "in order" : "killed, or running");
	}
	rf_html(p->out, "</tbody></table>\n");
	if (count > PROCESSES_MAX)
		rf_html(p->out, "<p class=\"dim\">and more</p>\n");
	return 0;
}

/* Programs that the agent watched have some. */
static int put_profiles(struct rf_page *p, int64_t run_id, struct rf_error *err)
{
	struct rf_profile_row *rows;
	uint32_t count;
	int rc = rf_query_profiles(p->store, run_id, 0, 1, p->arena, &rows, &count, err);
	if (rc == 0 && count)
		rf_html(p->out, "<h2>Profiles</h2>\n<p><a href=\"/profiles/%d\">Where memory, time and input and output go</a></p>\n", run_id);
	return rc;
}

/* What rises all the time in a process; docs/growth.md. */
static int put_growth(struct rf_page *p, int64_t run_id, struct rf_error *err)
{
	struct rf_growth_words words;
	int rc = rf_growth_words(p->store, run_id, PROCESSES_MAX, p->arena, &words, err);
	if (rc < 0)
		return rc;
	rf_html(p->out, "<h2>Growth</h2>\n");
	for (uint32_t i = 0; i < words.part_count; i++) {
		const struct rf_growth_part *part = &words.parts[i];
		rf_html(p->out, "<h3>%t</h3>\n<dl>\n", part->title);
		for (uint32_t k = 0; k < part->line_count; k++)
			rf_html(p->out, "<dt>%t</dt><dd>%t</dd>\n", part->lines[k].name, part->lines[k].text);
		rf_html(p->out, "</dl>\n");
	}
	for (int i = 0; i < 2 && words.rest[i].len; i++)
		rf_html(p->out, "<p class=\"dim\">%t</p>\n", words.rest[i]);
	return 0;
}

static int put_drops(struct rf_page *p, int64_t run_id, struct rf_error *err)
{
	struct rf_process_counters counters;
	struct rf_spool_drops drops;
	int rc = rf_query_drops(p->store, run_id, &counters, &drops, err);
	if (rc < 0)
		return rc;
	rf_html(p->out, "<h2>Dropped</h2>\n");
	rf_page_put_drops(p, &counters, &drops);
	return 0;
}

int rf_page_run(struct rf_page *p, struct rf_error *err)
{
	struct rf_run_row run;
	uint64_t id;
	p->nav = RF_NAV_RUNS;
	p->title = RF_STR("Run");
	/* By its number, or by its trace ID, which other systems know it by. */
	int rc = rf_str_u64(p->id, &id) && id <= INT64_MAX
			 ? rf_query_run_by_id(p->store, (int64_t)id, p->arena, &run, err) : RF_ERR_MISSING;
	if (rc == RF_ERR_MISSING)
		rc = rf_query_run(p->store, p->id, p->arena, &run, err);
	if (rc < 0)
		return rc;
	rf_html(p->out, "<h1>Run %d</h1>\n", run.id);
	put_facts(p, &run);
	rc = put_findings(p, run.id, err);
	if (rc == 0)
		rc = put_results(p, run.id, err);
	if (rc == 0)
		rc = put_processes(p, run.id, err);
	if (rc == 0)
		rc = put_profiles(p, run.id, err);
	if (rc == 0)
		rc = put_growth(p, run.id, err);
	return rc < 0 ? rc : put_drops(p, run.id, err);
}
