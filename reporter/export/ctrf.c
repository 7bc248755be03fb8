/* Common Test Report Format (ctrf.io), version 0.0.0 of its schema: a test each time that one ran, then a failed test a
 * finding. */
#include "export/blame.h"
#include "export/results.h"
#include "store/json.h"

struct writer {
	struct rf_json json;
	struct rf_export *x;
	struct rf_blames blames;
	struct rf_results results;
};

static int64_t unix_ms(rf_str time)
{
	uint64_t ns = 0;
	rf_time_parse(time, &ns);
	return (int64_t)(ns / 1000000u);
}

static const char *const status_names[] = { [RF_PASSED] = "passed", [RF_FAILED] = "failed", [RF_ERROR] = "failed",
					    [RF_SKIPPED] = "skipped" };
_Static_assert(sizeof(status_names) / sizeof(status_names[0]) == RF_OUTCOME_COUNT, "one name an outcome");

static void put_suite(struct rf_json *j, rf_str name)
{
	rf_json_array(j, "suite");
	rf_json_str(j, NULL, name);
	rf_json_end(j);
}

/* The correction, where the test isn't to blame, and who is. */
static void put_why(struct writer *w, const struct rf_case *c)
{
	struct rf_buf b;
	rf_buf_init(&b);
	const struct rf_blame_row *wrong = rf_blames_put(&w->blames, c, &w->x->scratch, &b);
	if (b.len && c->message.len)
		rf_buf_printf(&b, "\n%.*s", RF_STR_ARG(c->message));
	else
		rf_buf_put_str(&b, c->message);
	rf_json_str_if(&w->json, "message", rf_str_trim(rf_buf_str(&b)));
	rf_json_str_if(&w->json, "trace", c->output);
	rf_export_end_text(w->x, &b);
	if (!wrong)
		return;
	rf_json_object(&w->json, "extra");
	rf_json_bool(&w->json, "blamedWrongly", true);
	rf_json_str(&w->json, "owners", rf_words_owners(wrong->test_a, wrong->test_b, &w->x->scratch));
	rf_json_int(&w->json, "finding", wrong->finding_id);
	rf_json_end(&w->json);
}

static void put_lines(struct rf_json *j, const char *name, rf_str text)
{
	if (text.len == 0)
		return;
	rf_json_array(j, name);
	while (text.len)
		rf_json_str(j, NULL, rf_str_cut(&text, '\n'));
	rf_json_end(j);
}

static void put_case(struct writer *w, const struct rf_case *c)
{
	struct rf_json *j = &w->json;
	rf_json_object(j, NULL);
	rf_json_str(j, "name", c->test.len ? c->test : RF_STR("(package)"));
	rf_json_cstr(j, "status", status_names[c->outcome]);
	rf_json_int(j, "duration", c->elapsed_ms);
	if (c->start_ms) {
		rf_json_int(j, "start", c->start_ms);
		rf_json_int(j, "stop", c->start_ms + c->elapsed_ms);
	}
	put_suite(j, c->package);
	if (c->type)
		rf_json_cstr(j, "rawStatus", c->type);
	if (c->outcome == RF_FAILED || c->outcome == RF_ERROR) {
		put_why(w, c);
	} else {
		rf_json_str_if(j, "message", c->message);
		put_lines(j, "stdout", c->output);
	}
	rf_json_end(j);
}

static void put_tests(struct writer *w)
{
	for (uint32_t i = 0; i < w->results.count; i++) {
		const struct rf_suite *suite = &w->results.suites[i];
		for (uint32_t k = 0; k < suite->count; k++)
			put_case(w, &suite->cases[k]);
		rf_export_end_scratch(w->x);
	}
}

static void put_labels(struct writer *w, const struct rf_item *item)
{
	struct rf_json *j = &w->json;
	rf_json_object(j, "labels");
	rf_json_str(j, "kind", item->row->kind);
	rf_json_str(j, "tag", item->row->tag);
	rf_json_int(j, "finding", item->row->id);
	rf_json_str(j, "fingerprint", item->row->fingerprint);
	rf_json_bool(j, "new", item->is_new);
	rf_json_str_if(j, "tests", rf_words_owners(item->row->test_a, item->row->test_b, &w->x->scratch));
	rf_json_str(j, "traceId", item->event.trace_id);
	rf_json_end(j);
}

static void put_finding(struct writer *w, const struct rf_item *item)
{
	struct rf_json *j = &w->json;
	const struct rf_item_side *first = rf_item_first_place(item);
	struct rf_buf stacks;
	rf_buf_init(&stacks);
	rf_words_put_stacks(&stacks, w->x, item);
	rf_json_object(j, NULL);
	rf_json_str(j, "testId", rf_arena_printf(&w->x->scratch, "redflag:%.*s:%.*s", RF_STR_ARG(item->row->fingerprint),
						 RF_STR_ARG(item->row->tag)));
	rf_json_str(j, "name", item->row->title);
	rf_json_cstr(j, "status", item->suppressed ? "skipped" : "failed");
	rf_json_int(j, "duration", 0);
	rf_json_int(j, "stop", unix_ms(item->event.time));
	put_suite(j, RF_STR("redflag"));
	rf_json_str(j, "rawStatus", item->row->status);
	rf_json_str(j, "message", item->row->title);
	if (stacks.len)
		rf_json_str(j, "trace", rf_buf_str(&stacks));
	if (first) {
		rf_json_str(j, "filePath", first->place.file);
		rf_json_int(j, "line", first->place.line);
	}
	put_labels(w, item);
	rf_json_end(j);
	rf_export_end_text(w->x, &stacks);
}

static void put_summary(struct writer *w)
{
	struct rf_json *j = &w->json;
	struct rf_result_counts c = w->results.counts;
	int64_t failed = c.failures + c.errors;
	rf_json_object(j, "tool");
	rf_json_cstr(j, "name", "redflag");
	rf_json_str(j, "version", w->x->options.version);
	rf_json_end(j);
	rf_json_object(j, "summary");
	rf_json_int(j, "tests", c.tests);
	rf_json_int(j, "passed", c.tests - failed - c.skipped);
	rf_json_int(j, "failed", failed);
	rf_json_int(j, "skipped", c.skipped);
	rf_json_int(j, "pending", 0);
	rf_json_int(j, "other", 0);
	rf_json_int(j, "start", unix_ms(w->x->run.started_at));
	rf_json_int(j, "stop", unix_ms(w->x->run.last_at));
	if (c.passed_unlisted) {
		rf_json_object(j, "extra");
		rf_json_int(j, "passedNotListed", c.passed_unlisted);
		rf_json_end(j);
	}
	rf_json_end(j);
}

int rf_export_ctrf(struct rf_export *x, struct rf_buf *out, struct rf_error *err)
{
	struct rf_item item;
	struct writer w = { .x = x };
	struct rf_json *j = &w.json;
	int rc = rf_blames_load(x, &w.blames, err);
	if (rc == 0)
		rc = rf_results_load(x, &w.results, err);
	if (rc < 0)
		return rc;
	rf_json_init(j, out);
	rf_json_object(j, NULL);
	rf_json_cstr(j, "reportFormat", "CTRF");
	rf_json_cstr(j, "specVersion", "0.0.0");
	if (x->has_run)
		rf_json_str(j, "runId", x->run.trace_id);
	rf_json_cstr(j, "generatedBy", "redflag");
	rf_json_object(j, "results");
	put_summary(&w);
	rf_json_array(j, "tests");
	put_tests(&w);
	for (uint32_t i = 0; i < x->count && (rc = rf_item_load(x, i, &item, err)) == 0; i++)
		put_finding(&w, &item);
	rf_json_end(j);
	rf_json_end(j);
	rf_json_end(j);
	rf_json_finish(j);
	return rc;
}
