/* A database with one finding of each sort, for tests of export/: two runs, names that try to break out of every format, a test
 * that is blamed for the race of another. */
#ifndef RF_TESTS_UNIT_EXPORT_SAMPLE_H
#define RF_TESTS_UNIT_EXPORT_SAMPLE_H

#include "store_sample.h"

#define SAMPLE_TRACE "4bf92f3577b34da6a3ce929d0e0e4736" /* the first run's; the second's is no W3C trace ID */
#define SAMPLE_EVIL \
	"<script>alert(\"1\")</script>]]>-->|`${{x}}`**@everyone** #1 http://evil.example\n\x1b[31m::error::%0A\xff\xe2\x80\xae'"

struct sample_event {
	const char *trace, *uid, *tag, *stream_test;
	struct rf_report *report;
};

static inline void sample_put(struct sample *s, const struct sample_event *e)
{
	struct rf_finding finding;
	struct rf_run run = { .trace_id = rf_str_from(e->trace), .command = RF_STR("test"),
			      .directory = RF_STR("/src"), .host = RF_STR("here") };
	struct rf_event event = { .report = e->report, .finding = &finding, .uid = rf_str_from(e->uid),
				  .package = RF_STR("example.com/shop"), .test = rf_str_from(e->stream_test),
				  .time_unix_ns = s->clock.now, .seed = RF_STR("17") };
	enum rf_stored how;
	int64_t id;
	rf_finding_make(e->report, &s->arena, &finding);
	event.tag = e->tag ? rf_str_from(e->tag) : finding.package;
	assert_int_equal(rf_store_begin(s->store, &s->err), 0);
	assert_int_equal(rf_store_run(s->store, &run, &event.run_id, &s->err), 0);
	assert_int_equal(rf_store_event(s->store, &event, &id, &how, &s->err), 0);
	assert_int_equal(rf_store_commit(s->store, &s->err), 0);
	s->clock.now += 1000000000u;
}

/* As a spool tells it: owners, labels, memory, switches. */
static inline struct rf_report *sample_record(struct sample *s, const char *a, const char *b, unsigned address)
{
	static struct rf_switch switches[] = { { SAMPLE_NOW - 4000, 100, 101, 1, 2, RF_STR("chan receive") },
					       { SAMPLE_NOW - 1500, 101, 100, 1, 2, RF_STR("") } };
	static struct rf_label labels[] = { { RF_STR("tag"), RF_STR("order-service:payment-timeout") } };
	struct rf_report *r = sample_report(s, a, b, address);
	r->from_spool = true;
	r->time_unix_ns = SAMPLE_NOW;
	r->memory = RF_MEMORY_HEAP;
	r->memory_start = r->accesses[0].address - 8;
	r->memory_bytes = 48;
	r->allocated = r->accesses[1].stack;
	r->switches = switches;
	r->switch_count = 2;
	for (uint32_t i = 0; i < r->goroutine_count; i++) {
		r->goroutines[i]->test_known = true;
		r->goroutines[i]->test = i ? RF_STR("") : RF_STR("TestOne/sub");
		r->goroutines[i]->test_over = i == 0;
		r->goroutines[i]->goid = 100 + i;
		r->goroutines[i]->labels = labels;
		r->goroutines[i]->label_count = i == 0;
	}
	return r;
}

static inline struct rf_report *sample_use_after_free(struct sample *s)
{
	struct rf_report *r = sample_record(s, "Put", "Read", 3);
	r->kind = RF_KIND_USE_AFTER_FREE;
	r->accesses[0].freed = true;
	r->accesses[0].previous = true;
	r->accesses[1].previous = false;
	return r;
}

/* Leaked by one test and seen while another ran: go test blames the other. */
static inline struct rf_report *sample_leaked(struct sample *s)
{
	struct rf_report *r = sample_record(s, "Keep", "Refresh", 7);
	for (uint32_t i = 0; i < r->goroutine_count; i++)
		r->goroutines[i]->test = RF_STR("TestKeepFresh");
	return r;
}

static inline struct rf_report *sample_evil(struct sample *s)
{
	struct rf_report *r = sample_record(s, "A", "B", 4);
	for (uint32_t i = 0; i < r->access_count; i++) {
		struct rf_frame *f = &r->accesses[i].stack.frames[0];
		f->function = rf_arena_printf(&s->arena, "example.com/shop.%s%u", SAMPLE_EVIL, i);
		f->file = rf_arena_printf(&s->arena, "/src/%s.go", SAMPLE_EVIL);
		r->goroutines[i]->test = rf_str_from("Test" SAMPLE_EVIL);
	}
	return r;
}

static inline void sample_result_that_said(struct sample *s, const char *trace, const char *package, const char *test,
					   const char *result, uint64_t started, const char *said)
{
	struct rf_run run = { .trace_id = rf_str_from(trace) };
	struct rf_result r = { .package = rf_str_from(package), .test = rf_str_from(test), .result = rf_str_from(result),
			       .elapsed_s = 0.25, .time_unix_ns = s->clock.now, .passed = 3,
			       .failed = result[0] == 'f', .skipped = 1, .started = started, .output = rf_str_from(said),
			       .output_bytes = said ? strlen(said) : 0 };
	int64_t id;
	if (test[0])
		r.passed = r.failed = r.skipped = 0;
	assert_int_equal(rf_store_begin(s->store, &s->err), 0);
	assert_int_equal(rf_store_run(s->store, &run, &id, &s->err), 0);
	assert_int_equal(rf_store_result(s->store, id, &r, &s->err), 0);
	assert_int_equal(rf_store_commit(s->store, &s->err), 0);
}

static inline void sample_result(struct sample *s, const char *trace, const char *package, const char *test, const char *result)
{
	sample_result_that_said(s, trace, package, test, result, 0, NULL);
}

/* Results as an older redflag stored them, without starts and words, and as they are now. */
static inline void sample_results(struct sample *s)
{
	const char *const cart = "example.com/shop/cart";
	const uint64_t second = 1000000000u, start = SAMPLE_NOW + 2 * second;
	sample_result(s, "build-77", "example.com/shop", "", "fail");
	sample_result(s, "build-77", "example.com/shop", "TestInnocent", "fail");
	sample_result(s, "build-77", "example.com/shop", "TestOne", "fail");
	sample_result(s, "build-77", "example.com/shop", "Test" SAMPLE_EVIL, "fail");
	sample_result(s, "build-77", "example.com/shop", "TestLater", "skip");
	sample_result(s, "build-77", "example.com/shop/price", "", "pass");
	sample_result(s, "build-77", "example.com/shop/late", "", "fail");
	sample_result_that_said(s, "build-77", cart, "TestQuiet", "pass", start, NULL);
	sample_result_that_said(s, "build-77", cart, "TestTwice", "fail", start + 1, "    cart_test.go:9: first: " SAMPLE_EVIL "\n");
	sample_result_that_said(s, "build-77", cart, "TestTwice", "pass", start + second, "    cart_test.go:8: second\n");
	sample_result_that_said(s, "build-77", cart, "TestTwice/sub", "skip", start + second + 1, "    cart_test.go:7: no disk\n");
	sample_result_that_said(s, "build-77", cart, "TestHangs", "unfinished", start + 2 * second, "panic: test timed out after 1s\n");
	sample_result_that_said(s, "build-77", cart, "", "fail", start, "coverage: 87.5% of statements\nsaid by the package\n");
	sample_result_that_said(s, "build-77", "example.com/shop/broken", "", "fail", start,
				"# example.com/shop/broken\nbroken/broken.go:3:1: syntax error: " SAMPLE_EVIL "\n");
	sample_result_that_said(s, "build-77", "example.com/shop/killed", "TestKilled", "cut", start, "as far as it came");
	sample_result_that_said(s, "build-77", "example.com/shop/killed", "", "cut", start, NULL);
}

static inline void sample_process(struct sample *s, const char *trace)
{
	struct rf_run run = { .trace_id = rf_str_from(trace) };
	struct rf_process p = { .instrumented = true, .spool_id = { 7 }, .pid = 42, .start_unix_ns = SAMPLE_NOW,
				.traceparent = RF_STR("00-" SAMPLE_TRACE "-00f067aa0ba902b7-01") };
	struct rf_process_counters counters = { 0 };
	struct rf_spool_drops drops = { 0 };
	int64_t run_id, id;
	assert_int_equal(rf_store_begin(s->store, &s->err), 0);
	assert_int_equal(rf_store_run(s->store, &run, &run_id, &s->err), 0);
	assert_int_equal(rf_store_process(s->store, run_id, &p, &counters, &drops, &id, &s->err), 0);
	assert_int_equal(rf_store_commit(s->store, &s->err), 0);
}

static inline void sample_fill(struct sample *s)
{
	struct rf_report *suppressed = sample_record(s, "Hush", "Total", 5);
	struct rf_report *global = sample_record(s, "Old", "Older", 6);
	suppressed->suppressed = true;
	global->memory = RF_MEMORY_GLOBAL;
	global->memory_name = RF_STR("example.com/shop.cache");
	global->allocated.count = 0;
	global->accesses[0].stack.frames[0].file = RF_STR("/elsewhere/old.go");
	const struct sample_event events[] = {
		{ SAMPLE_TRACE, "u1", NULL, "TestOne", global },
		{ SAMPLE_TRACE, "u2", "order-service:payment-timeout", "TestOne", sample_record(s, "Add", "Total", 1) },
		{ "build-77", "u3", "order-service:payment-timeout", "TestOne", sample_record(s, "Add", "Total", 1) },
		{ "build-77", "u4", NULL, "TestOne", sample_use_after_free(s) },
		{ "build-77", "u5", "tag " SAMPLE_EVIL, "Test" SAMPLE_EVIL, sample_evil(s) },
		{ "build-77", "u6", NULL, "TestInnocent", sample_leaked(s) },
		{ "build-77", "u7", NULL, "TestOne", sample_report(s, "Lost", NULL, 8) },
		{ "build-77", "u8", NULL, "TestOne", suppressed },
	};
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		sample_put(s, &events[i]);
	sample_process(s, SAMPLE_TRACE);
	sample_results(s);
}

#endif
