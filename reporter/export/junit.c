/* JUnit XML, as Jenkins' schema has it: in a suite properties, then cases, then system-out; in a case skipped, error or failure, or
 * system-out. A suite for each package of the run, with a case each time that a test ran, then "redflag" with one case a
 * finding. */
#include "export/blame.h"
#include "export/results.h"
#include "export/xml.h"

struct writer {
	struct rf_xml xml;
	struct rf_export *x;
	struct rf_blames blames;
	struct rf_results results;
	rf_str go_version;
};

static void put_counts(struct rf_xml *x, struct rf_result_counts c)
{
	rf_xml_attribute_int(x, "tests", c.tests);
	rf_xml_attribute_int(x, "failures", c.failures);
	rf_xml_attribute_int(x, "errors", c.errors);
}

static rf_str seconds(int64_t ms, rf_arena *arena)
{
	return rf_arena_printf(arena, "%lld.%03lld", (long long)(ms / 1000), (long long)(ms % 1000));
}

static void put_property(struct rf_xml *x, const char *name, rf_str value)
{
	rf_xml_open(x, "property");
	rf_xml_attribute(x, "name", rf_str_from(name));
	rf_xml_attribute(x, "value", value);
	rf_xml_close(x, "property");
}

/* --- packages -------------------------------------------------------------------------------------------------- */

static void put_failure(struct writer *w, const struct rf_case *c)
{
	const char *element = c->outcome == RF_ERROR ? "error" : "failure";
	struct rf_buf b;
	rf_buf_init(&b);
	const struct rf_blame_row *wrong = rf_blames_put(&w->blames, c, &w->x->scratch, &b);
	rf_str text = c->message.len ? c->message : RF_STR("Failed");
	rf_str type = rf_str_from(c->type ? c->type : "");
	if (wrong) {
		text = rf_arena_printf(&w->x->scratch, "%.*s; the race reported in it is not this test's but of %.*s (finding %lld)",
				       RF_STR_ARG(text), RF_STR_ARG(rf_words_owners(wrong->test_a, wrong->test_b, &w->x->scratch)),
				       (long long)wrong->finding_id);
		type = RF_STR("blamed-wrongly");
	}
	if (b.len && c->output.len)
		rf_buf_put_char(&b, '\n');
	rf_buf_put_str(&b, c->output);
	rf_xml_open(&w->xml, element);
	rf_xml_attribute(&w->xml, "message", text);
	rf_xml_attribute(&w->xml, "type", type);
	if (b.len)
		rf_xml_text(&w->xml, rf_buf_str(&b));
	rf_xml_close(&w->xml, element);
	rf_export_end_text(w->x, &b);
}

static void put_text(struct rf_xml *x, const char *element, rf_str text)
{
	rf_xml_open(x, element);
	rf_xml_text(x, text);
	rf_xml_close(x, element);
}

/* A report may stand in its output all the same, when it was the last that ran. */
static void put_passed(struct writer *w, const struct rf_case *c)
{
	struct rf_buf b;
	rf_buf_init(&b);
	rf_blames_put(&w->blames, c, &w->x->scratch, &b);
	if (b.len)
		rf_buf_put_char(&b, '\n');
	rf_buf_put_str(&b, c->output);
	if (b.len)
		put_text(&w->xml, "system-out", rf_buf_str(&b));
	rf_export_end_text(w->x, &b);
}

static void put_skipped(struct rf_xml *x, const struct rf_case *c)
{
	rf_xml_open(x, "skipped");
	if (c->message.len)
		rf_xml_attribute(x, "message", c->message);
	if (c->output.len)
		rf_xml_text(x, c->output);
	rf_xml_close(x, "skipped");
}

static void put_case(struct writer *w, const struct rf_case *c)
{
	struct rf_xml *x = &w->xml;
	rf_xml_open(x, "testcase");
	rf_xml_attribute(x, "classname", c->package);
	rf_xml_attribute(x, "name", c->test.len ? c->test : RF_STR("(package)"));
	rf_xml_attribute(x, "time", seconds(c->elapsed_ms, &w->x->scratch));
	if (c->outcome == RF_SKIPPED)
		put_skipped(x, c);
	else if (c->outcome != RF_PASSED)
		put_failure(w, c);
	else
		put_passed(w, c);
	rf_xml_close(x, "testcase");
}

static void put_properties(struct writer *w, const struct rf_suite *suite)
{
	struct rf_xml *x = &w->xml;
	if (!w->go_version.len && !suite->coverage.len && !suite->counts.passed_unlisted)
		return;
	rf_xml_open(x, "properties");
	if (w->go_version.len)
		put_property(x, "go.version", w->go_version);
	if (suite->coverage.len)
		put_property(x, "coverage.statements.pct", suite->coverage);
	if (suite->counts.passed_unlisted)
		put_property(x, "tests.passed", rf_arena_printf(&w->x->scratch, "%lld", (long long)suite->counts.passed_unlisted));
	rf_xml_close(x, "properties");
}

static void put_package(struct writer *w, const struct rf_suite *suite)
{
	struct rf_xml *x = &w->xml;
	rf_arena *scratch = &w->x->scratch;
	rf_xml_open(x, "testsuite");
	rf_xml_attribute(x, "name", suite->package);
	put_counts(x, suite->counts);
	rf_xml_attribute_int(x, "skipped", suite->counts.skipped);
	rf_xml_attribute(x, "time", seconds(suite->elapsed_ms, scratch));
	if (suite->start_ms)
		rf_xml_attribute(x, "timestamp", rf_str_take(rf_time_text((uint64_t)suite->start_ms * 1000000u, scratch), 19));
	if (w->x->run.host.len)
		rf_xml_attribute(x, "hostname", w->x->run.host);
	put_properties(w, suite);
	for (uint32_t i = 0; i < suite->count; i++)
		put_case(w, &suite->cases[i]);
	if (suite->output.len)
		put_text(x, "system-out", suite->output);
	rf_xml_close(x, "testsuite");
	rf_export_end_scratch(w->x);
}

/* --- findings -------------------------------------------------------------------------------------------------- */

static void put_finding_text(struct writer *w, const struct rf_item *item)
{
	const struct rf_finding_row *row = item->row;
	rf_str owners = rf_words_owners(row->test_a, row->test_b, &w->x->scratch);
	struct rf_buf b;
	rf_buf_init(&b);
	rf_buf_printf(&b, "\nfinding %lld, %.*s, fingerprint %.*s\n%lld event%s, last %.*s, trace %.*s\n",
		      (long long)row->id, RF_STR_ARG(row->status), RF_STR_ARG(row->fingerprint), (long long)row->events,
		      row->events == 1 ? "" : "s", RF_STR_ARG(row->last_seen), RF_STR_ARG(item->event.trace_id));
	rf_buf_printf(&b, "tag %.*s\n", RF_STR_ARG(row->tag));
	if (owners.len)
		rf_buf_printf(&b, "owned by %.*s\n", RF_STR_ARG(owners));
	rf_buf_put_char(&b, '\n');
	rf_words_put_stacks(&b, w->x, item);
	rf_xml_text(&w->xml, rf_buf_str(&b));
	rf_export_end_text(w->x, &b);
}

static void put_finding(struct writer *w, const struct rf_item *item)
{
	struct rf_xml *x = &w->xml;
	const struct rf_finding_row *row = item->row;
	const char *what = item->suppressed ? "skipped" : "failure";
	rf_xml_open(x, "testcase");
	rf_xml_attribute(x, "classname", row->package);
	rf_xml_attribute(x, "name", rf_arena_printf(&w->x->scratch, "%.*s [%.*s]", RF_STR_ARG(row->title),
						    RF_STR_ARG(rf_str_take(row->fingerprint, 8))));
	rf_xml_attribute(x, "time", RF_STR("0.000"));
	rf_xml_open(x, what);
	rf_xml_attribute(x, "message", item->suppression_count ? rf_arena_printf(&w->x->scratch, "suppressed by %.*s",
			 RF_STR_ARG(rf_words_suppressions(item, &w->x->scratch))) : item->suppressed ? RF_STR("suppressed")
			 : rf_arena_printf(&w->x->scratch, "%s: %.*s",
			 item->is_new ? "new" : "known", RF_STR_ARG(row->title)));
	rf_xml_attribute(x, "type", row->kind);
	put_finding_text(w, item);
	rf_xml_close(x, what);
	rf_xml_close(x, "testcase");
}

static int put_findings(struct writer *w, struct rf_error *err)
{
	struct rf_item item;
	struct rf_result_counts c = rf_results_count_findings(w->x);
	int rc = 0;
	rf_xml_open(&w->xml, "testsuite");
	rf_xml_attribute(&w->xml, "name", RF_STR("redflag"));
	put_counts(&w->xml, c);
	rf_xml_attribute_int(&w->xml, "skipped", c.skipped);
	if (w->x->has_run) {
		rf_xml_attribute(&w->xml, "timestamp", rf_str_take(w->x->run.started_at, 19));
		rf_xml_open(&w->xml, "properties");
		put_property(&w->xml, "trace_id", w->x->run.trace_id);
		rf_xml_close(&w->xml, "properties");
	}
	for (uint32_t i = 0; i < w->x->count && (rc = rf_item_load(w->x, i, &item, err)) == 0; i++)
		put_finding(w, &item);
	rf_xml_close(&w->xml, "testsuite");
	return rc;
}

static int64_t time_of_all(const struct rf_results *r)
{
	int64_t sum = 0;
	for (uint32_t i = 0; i < r->count; i++)
		sum += r->suites[i].elapsed_ms;
	return sum;
}

/* Of one of its processes as it says itself, else of the go command that is used here. */
static int load_go_version(struct writer *w, struct rf_error *err)
{
	int rc = w->x->has_run ? rf_query_run_go_version(w->x->store, w->x->run.id, &w->x->arena, &w->go_version, err) : 0;
	if (rf_str_eq(rf_str_take(w->x->options.go_version, w->go_version.len), w->go_version)) /* which also has the platform */
		w->go_version = w->x->options.go_version;
	return rc;
}

int rf_export_junit(struct rf_export *x, struct rf_buf *out, struct rf_error *err)
{
	struct writer w = { .x = x };
	int rc = rf_blames_load(x, &w.blames, err);
	if (rc == 0)
		rc = rf_results_load(x, &w.results, err);
	if (rc == 0)
		rc = load_go_version(&w, err);
	if (rc < 0)
		return rc;
	rf_xml_init(&w.xml, out);
	rf_xml_open(&w.xml, "testsuites");
	rf_xml_attribute(&w.xml, "name", RF_STR("redflag"));
	put_counts(&w.xml, w.results.counts);
	rf_xml_attribute(&w.xml, "time", seconds(time_of_all(&w.results), &x->scratch));
	for (uint32_t i = 0; i < w.results.count; i++)
		put_package(&w, &w.results.suites[i]);
	rc = put_findings(&w, err);
	rf_xml_close(&w.xml, "testsuites");
	return rc;
}
