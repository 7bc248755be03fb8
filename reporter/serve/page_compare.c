/* Two runs beside each other. */
#include "query/compare.h"
#include "serve/page.h"

#define FINDINGS_MAX 100
#define RESULTS_MAX 200
#define RUNS_OFFERED 20

/* --- which --------------------------------------------------------------------------------------------------------- */

/* By trace ID, else by the number that the database has for it. */
static int find_run(struct rf_page *p, rf_str name, struct rf_run_row *run, struct rf_error *err)
{
	uint64_t number;
	int rc = rf_query_run(p->store, name, p->arena, run, err);
	if (rc == RF_ERR_MISSING && rf_str_u64(name, &number) && number <= INT64_MAX)
		rc = rf_query_run_by_id(p->store, (int64_t)number, p->arena, run, err);
	if (rc == RF_ERR_MISSING)
		return rf_fail(err, RF_ERR_MISSING, "There is no run with the trace ID %.*s; the page of runs shows what there is.",
			       RF_STR_ARG(name));
	return rc;
}

static void put_choice(struct rf_page *p, const char *label, const char *name, rf_str chosen, const struct rf_run_summary *runs,
		       uint32_t count)
{
	bool offered = chosen.len == 0;
	rf_html(p->out, "<label>%s <select name=\"%s\">\n", label, name);
	for (uint32_t i = 0; i < count; i++)
		offered = offered || rf_str_eq(runs[i].run.trace_id, chosen);
	if (!offered)
		rf_html(p->out, "<option selected>%t</option>\n", chosen);
	for (uint32_t i = 0; i < count; i++) {
		rf_str time = runs[i].run.last_at;
		rf_html(p->out, "<option value=\"%t\"%s>%t %t, %t</option>\n", runs[i].run.trace_id,
			rf_str_eq(runs[i].run.trace_id, chosen) ? " selected" : "", rf_str_take(time, 10),
			rf_str_take(rf_str_skip(time, 11), 5), runs[i].run.trace_id);
	}
	rf_html(p->out, "</select></label>\n");
}

static int put_form(struct rf_page *p, rf_str a, rf_str b, struct rf_error *err)
{
	struct rf_run_summary *runs;
	uint32_t count;
	int rc = rf_query_runs(p->store, RUNS_OFFERED, 0, p->arena, &runs, &count, err);
	if (rc < 0)
		return rc;
	if (a.len == 0 && count > 1)
		a = runs[1].run.trace_id;
	if (b.len == 0 && count)
		b = runs[0].run.trace_id;
	rf_html(p->out, "<form class=\"bar\" method=\"get\" action=\"/compare\">\n");
	put_choice(p, "Run a", "a", a, runs, count);
	put_choice(p, "Run b", "b", b, runs, count);
	rf_html(p->out, "<button class=\"main\">Compare</button>\n");
	if (a.len && b.len)
		rf_html(p->out, "<a href=\"/compare?a=%q&amp;b=%q\">Swap them</a>\n", b, a);
	rf_html(p->out, "</form>\n");
	return 0;
}

/* --- what ---------------------------------------------------------------------------------------------------------- */

static int put_set(struct rf_page *p, const struct rf_run_row *a, const struct rf_run_row *b, enum rf_compare_set set,
		   struct rf_error *err)
{
	static const struct { const char *heading, *none; } texts[] = {
		[RF_COMPARE_ONLY_A] = { "Only in run a", "Run b has all that run a has." },
		[RF_COMPARE_ONLY_B] = { "Only in run b", "Run a has all that run b has." },
		[RF_COMPARE_BOTH] = { "In both", "No finding is in both." },
	};
	const struct rf_finding_table table = { .caption = texts[set].heading, .run_id = b->id };
	struct rf_finding_row *rows;
	uint32_t count;
	int64_t total;
	int rc = rf_compare_findings(p->store, a->id, b->id, set, FINDINGS_MAX, p->arena, &rows, &count, &total, err);
	if (rc < 0)
		return rc;
	rf_html(p->out, "<section>\n<h2>%s <span class=\"count\">%n</span></h2>\n", texts[set].heading, total);
	if (count)
		rf_page_put_findings(p, &table, rows, count);
	else
		rf_html(p->out, "<p class=\"empty\">%s</p>\n", texts[set].none);
	if (total > count)
		rf_html(p->out, "<p class=\"dim\">and %n more</p>\n", total - count);
	rf_html(p->out, "</section>\n");
	return 0;
}

static void put_result(struct rf_page *p, rf_str result)
{
	rf_html(p->out, "<td>");
	if (result.len)
		rf_html_status(p->out, result);
	else
		rf_html(p->out, "did not run");
	rf_html(p->out, "</td>");
}

static int put_results(struct rf_page *p, const struct rf_run_row *a, const struct rf_run_row *b, struct rf_error *err)
{
	struct rf_compare_result *rows;
	uint32_t count;
	int rc = rf_compare_results(p->store, a->id, b->id, RESULTS_MAX + 1, p->arena, &rows, &count, err);
	if (rc < 0)
		return rc;
	rf_html(p->out, "<section>\n<h2>Tests that ended differently</h2>\n");
	if (count == 0)
		rf_html(p->out, "<p class=\"empty\">None.</p>\n</section>\n");
	if (count == 0)
		return 0;
	rf_html(p->out, "<table class=\"list\">\n<caption class=\"unseen\">Tests and packages that ended differently</caption>\n<thead><tr>"
			"<th scope=\"col\">Test</th><th scope=\"col\">Run a</th><th scope=\"col\">Run b</th></tr></thead>\n<tbody>\n");
	for (uint32_t i = 0; i < count && i < RESULTS_MAX; i++) {
		bool package = rows[i].test.len == 0;
		rf_html(p->out, "<tr><th scope=\"row\" class=\"what\">%t<span class=\"meta\"><span>%t</span></span></th>",
			package ? rows[i].package : rows[i].test, package ? RF_STR("the package") : rows[i].package);
		put_result(p, rows[i].result_a);
		put_result(p, rows[i].result_b);
		rf_html(p->out, "</tr>\n");
	}
	rf_html(p->out, "</tbody></table>\n%s</section>\n", count > RESULTS_MAX ? "<p class=\"dim\">and more</p>\n" : "");
	return 0;
}

static void put_run(struct rf_page *p, const char *name, const struct rf_run_row *run)
{
	rf_html(p->out, "<dt>run %s</dt><dd><a href=\"/runs/%d\"><code>%t</code></a>, ", name, run->id, run->trace_id);
	rf_html_time(p->out, run->last_at);
	rf_html(p->out, " <span class=\"dim\">%t</span></dd>\n", run->host);
}

int rf_page_compare(struct rf_page *p, struct rf_error *err)
{
	struct rf_run_row a, b;
	rf_str name_a = rf_params_text(&p->query, "a"), name_b = rf_params_text(&p->query, "b");
	p->title = RF_STR("Compare two runs");
	p->nav = RF_NAV_RUNS;
	rf_html(p->out, "<h1>Compare two runs</h1>\n");
	int rc = put_form(p, name_a, name_b, err);
	if (rc < 0 || name_a.len == 0 || name_b.len == 0)
		return rc;
	rc = find_run(p, name_a, &a, err);
	if (rc == 0)
		rc = find_run(p, name_b, &b, err);
	if (rc < 0)
		return rc;
	rf_html(p->out, "<dl>\n");
	put_run(p, "a", &a);
	put_run(p, "b", &b);
	rf_html(p->out, "</dl>\n");
	static const enum rf_compare_set order[] = { RF_COMPARE_ONLY_B, RF_COMPARE_ONLY_A, RF_COMPARE_BOTH };
	for (size_t i = 0; rc == 0 && i < sizeof(order) / sizeof(order[0]); i++)
		rc = put_set(p, &a, &b, order[i], err);
	return rc < 0 ? rc : put_results(p, &a, &b, err);
}
