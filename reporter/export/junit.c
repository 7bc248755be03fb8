/* JUnit XML, as Jenkins' schema has it: in a suite properties, then cases; in a case skipped or failure, then system-out. A suite
 * for each package of the run, as far as the database knows its tests, then "redflag" with one case a finding. */
#include "export/blame.h"
#include "export/results.h"
#include "export/xml.h"

struct writer {
	struct rf_xml xml;
	struct rf_export *x;
	struct rf_blames blames;
	struct rf_results results;
};

static void put_counts(struct rf_xml *x, struct rf_result_counts c)
{
	rf_xml_attribute_int(x, "tests", c.tests);
	rf_xml_attribute_int(x, "failures", c.failures);
	rf_xml_attribute_int(x, "errors", 0);
}

static rf_str seconds(int64_t ms, rf_arena *arena)
{
	return rf_arena_printf(arena, "%lld.%03lld", (long long)(ms / 1000), (long long)(ms % 1000));
}

/* --- packages -------------------------------------------------------------------------------------------------- */

static void put_failure(struct writer *w, const struct rf_result_row *r, const char *message)
{
	struct rf_buf b;
	rf_buf_init(&b);
	const struct rf_blame_row *wrong = rf_blames_put(&w->blames, r->package, r->test, &w->x->scratch, &b);
	rf_str text = rf_str_from(message);
	if (wrong)
		text = rf_arena_printf(&w->x->scratch, "%s; the race reported in it is not this test's but of %.*s (finding %lld)",
				       message, RF_STR_ARG(rf_words_owners(wrong->test_a, wrong->test_b, &w->x->scratch)),
				       (long long)wrong->finding_id);
	rf_xml_open(&w->xml, "failure");
	rf_xml_attribute(&w->xml, "message", text);
	rf_xml_attribute(&w->xml, "type", wrong ? RF_STR("blamed-wrongly") : RF_STR(""));
	if (b.len)
		rf_xml_text(&w->xml, rf_buf_str(&b));
	rf_xml_close(&w->xml, "failure");
	rf_buf_release(&b);
}

static void put_test(struct writer *w, const struct rf_result_row *r)
{
	struct rf_xml *x = &w->xml;
	rf_xml_open(x, "testcase");
	rf_xml_attribute(x, "classname", r->package);
	rf_xml_attribute(x, "name", r->test.len ? r->test : RF_STR("(package)"));
	rf_xml_attribute(x, "time", seconds(r->elapsed_ms, &w->x->scratch));
	if (rf_result_is_skipped(r)) {
		rf_xml_open(x, "skipped");
		rf_xml_close(x, "skipped");
	} else if (rf_result_is_failed(r)) {
		put_failure(w, r, r->test.len ? "Failed" : "The package failed, though no test of it did");
	}
	rf_xml_close(x, "testcase");
}

static void put_property(struct rf_xml *x, const char *name, rf_str value)
{
	rf_xml_open(x, "property");
	rf_xml_attribute(x, "name", rf_str_from(name));
	rf_xml_attribute(x, "value", value);
	rf_xml_close(x, "property");
}

static void put_package(struct writer *w, uint32_t first, uint32_t end)
{
	struct rf_xml *x = &w->xml;
	rf_arena *scratch = &w->x->scratch;
	const struct rf_result_row *p = &w->results.rows[first];
	struct rf_result_counts c = rf_results_count(&w->results, first, end);
	rf_xml_open(x, "testsuite");
	rf_xml_attribute(x, "name", p->package);
	put_counts(x, c);
	rf_xml_attribute_int(x, "skipped", c.skipped);
	if (p->test.len == 0) {
		rf_xml_attribute(x, "time", seconds(p->elapsed_ms, scratch));
		rf_xml_attribute(x, "timestamp", rf_str_take(p->time, 19));
		rf_xml_open(x, "properties");
		put_property(x, "tests.passed", rf_arena_printf(scratch, "%lld", (long long)c.passed_unlisted));
		rf_xml_close(x, "properties");
	}
	for (uint32_t i = first; i < end; i++) {
		if (w->results.rows[i].test.len)
			put_test(w, &w->results.rows[i]);
	}
	if (rf_results_failed_alone(&w->results, first, end))
		put_test(w, p);
	rf_xml_close(x, "testsuite");
	rf_arena_reset(scratch);
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
	rf_buf_release(&b);
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
	rf_xml_attribute(x, "message", item->suppressed ? RF_STR("suppressed") : rf_arena_printf(&w->x->scratch, "%s: %.*s",
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

int rf_export_junit(struct rf_export *x, struct rf_buf *out, struct rf_error *err)
{
	struct writer w = { .x = x };
	int rc = rf_blames_load(x, &w.blames, err);
	if (rc == 0)
		rc = rf_results_load(x, &w.results, err);
	if (rc < 0)
		return rc;
	rf_xml_init(&w.xml, out);
	rf_xml_open(&w.xml, "testsuites");
	rf_xml_attribute(&w.xml, "name", RF_STR("redflag"));
	put_counts(&w.xml, rf_results_count_all(&w.results, x));
	for (uint32_t first = 0, end; first < w.results.count; first = end) {
		end = rf_results_end(&w.results, first);
		put_package(&w, first, end);
	}
	rc = put_findings(&w, err);
	rf_xml_close(&w.xml, "testsuites");
	return rc;
}
