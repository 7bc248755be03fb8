/* A session's tests and packages: what they said, how they ended, and what waits to be stored of it. */
#include <stdio.h>

#include "session/session_state.h"

/* While nothing can be written, results go on waiting, but what tests said doesn't. */
#define WAITING_OUTPUT_BYTES_MAX (8u << 20)

const char *rf_session_result_of(enum rf_action action)
{
	switch (action) {
	case RF_ACTION_PASS:
	case RF_ACTION_BENCH:
		return "pass";
	case RF_ACTION_FAIL:
		return "fail";
	case RF_ACTION_SKIP:
		return "skip";
	default:
		return NULL;
	}
}

static uint64_t stream_time(const struct rf_session *s)
{
	return s->stream.has_times ? s->stream.time_unix_ns : 0;
}

/* --- what they say --------------------------------------------------------------------------------------------- */

/* A benchmark that has others in it has no line of its own. */
static void measure_groups(struct rf_open_tests *tests, rf_str name)
{
	for (ptrdiff_t slash; (slash = rf_str_find_last(name, '/')) > 0;) {
		name = rf_str_take(name, (size_t)slash);
		struct rf_open_test *group = rf_open_tests_find(tests, name);
		if (group)
			group->measured = true;
	}
}

void rf_session_test_begins(struct rf_session *s, struct rf_source *source, const struct rf_test_event *event)
{
	struct rf_open_test *test = event->test.len ? rf_open_tests_add(&source->tests, event->test, stream_time(s), &s->open_tests) : NULL;
	if (test)
		test->announced = true;
	if (test && rf_str_starts(event->test, "Benchmark"))
		measure_groups(&source->tests, event->test);
}

void rf_session_test_says(struct rf_session *s, struct rf_source *source, const struct rf_test_event *event)
{
	struct rf_kept *said = &source->tests.said;
	struct rf_open_test *test = NULL;
	if (!s->options.store || rf_test_output_is_frame(event->output, event->test))
		return;
	if (event->test.len)
		test = rf_open_tests_add(&source->tests, event->test, stream_time(s), &s->open_tests);
	if (test) {
		said = &test->said;
		test->measured |= event->test.ptr[0] == 'B' && rf_str_contains(event->output, " ns/op");
	}
	rf_kept_put(said, &s->kept, event->output);
}

static struct rf_build *build_of(struct rf_session *s, rf_str import_path)
{
	for (struct rf_build *b = s->builds; b; b = b->next) {
		if (rf_str_eq(b->import_path, import_path))
			return b;
	}
	return NULL;
}

void rf_session_build_says(struct rf_session *s, const struct rf_test_event *event)
{
	struct rf_build *b = build_of(s, event->package);
	if (!s->options.store)
		return;
	if (!b && s->build_count < RF_SESSION_BUILDS_MAX && (b = rf_arena_alloc(&s->arena, sizeof(*b)))) {
		s->build_count++;
		*b = (struct rf_build){ .next = s->builds, .import_path = rf_arena_dup(&s->arena, event->package) };
		s->builds = b;
	}
	if (b)
		rf_kept_put(&b->said, &s->kept, event->output);
}

void rf_session_builds_release(struct rf_session *s)
{
	for (struct rf_build *b = s->builds; b; b = b->next)
		rf_kept_release(&b->said, &s->kept);
	s->builds = NULL;
	s->build_count = 0;
}

/* The build that go test says the package failed for; import paths have nothing that JSON escapes. */
static struct rf_build *failed_build(struct rf_session *s, rf_str line)
{
	static const char member[] = "\"FailedBuild\":\"";
	ptrdiff_t at = s->builds ? rf_str_find_str(line, RF_STR("\"FailedBuild\":\"")) : -1;
	if (at < 0)
		return NULL;
	rf_str rest = rf_str_skip(line, (size_t)at + sizeof(member) - 1);
	return build_of(s, rf_str_cut(&rest, '"'));
}

/* --- what waits ------------------------------------------------------------------------------------------------ */

/* Within what a run may keep. */
static rf_str output_for(struct rf_session *s, const struct rf_kept *said, bool passed)
{
	uint64_t *used = passed ? &s->output_passed_bytes : &s->output_bytes;
	uint64_t run_max = passed ? RF_RUN_OUTPUT_PASSED_MAX : RF_RUN_OUTPUT_MAX;
	size_t max = passed ? RF_TEST_OUTPUT_PASSED_MAX : RF_KEPT_BYTES_MAX;
	if (*used >= run_max)
		max = passed || *used >= 2 * run_max ? 0 : RF_TEST_OUTPUT_LATE_MAX;
	if (said->total == 0 || s->waiting->arena.used_total > WAITING_OUTPUT_BYTES_MAX)
		return RF_STR("");
	rf_str text = rf_kept_text(said, max, &s->waiting->arena);
	*used += text.len;
	return text;
}

static struct rf_result *add_result(struct rf_session *s, rf_str package, rf_str test, const char *result)
{
	struct rf_waiting_result *r = s->options.store ? rf_arena_alloc(&s->waiting->arena, sizeof(*r)) : NULL;
	rf_str name = r ? rf_arena_dup(&s->waiting->arena, test) : RF_STR("");
	if (!r || name.len != test.len) {
		s->starved |= s->options.store != NULL;
		return NULL;
	}
	r->trace_id = rf_session_trace(s);
	r->result = (struct rf_result){ .package = package, .test = name,
					.result = rf_str_from(result), .elapsed_s = -1,
					.time_unix_ns = s->stream.has_times ? s->stream.time_unix_ns : rf_session_now(s),
					.failed_before = s->has_failures };
	rf_batch_add_result(s->waiting, r);
	rf_session_wait_starts(s);
	return &r->result;
}

static void count_test(struct rf_session *s, struct rf_package *p, rf_str test, const char *result)
{
	bool top = rf_str_find(test, '/') < 0;
	p->passed += top && result[0] == 'p';
	p->failed += top && (result[0] == 'f' || result[0] == 'u');
	p->skipped += top && result[0] == 's';
	s->has_failures |= result[0] == 'f' || result[0] == 'u';
}

/* `test` NULL: none was open, because there were too many. */
static void put_test(struct rf_session *s, struct rf_source *source, struct rf_open_test *test, rf_str name, const char *result,
		     double elapsed_s)
{
	count_test(s, &source->package, name, result);
	struct rf_result *r = add_result(s, source->package.name, name, result);
	if (r) {
		r->started = test ? test->started : rf_open_tests_start(&source->tests, stream_time(s));
		r->elapsed_s = elapsed_s;
		r->output = test ? output_for(s, &test->said, result[0] == 'p') : RF_STR("");
		r->output_bytes = test ? test->said.total : 0;
	}
	if (test)
		rf_open_tests_remove(&source->tests, test, &s->open_tests, &s->kept);
	rf_session_store_full(s);
}

void rf_session_test_ends(struct rf_session *s, struct rf_source *source, const struct rf_test_event *event)
{
	struct rf_open_test *test = rf_open_tests_add(&source->tests, event->test, stream_time(s), &s->open_tests);
	put_test(s, source, test, event->test, rf_session_result_of(event->action), event->elapsed_s);
}

/* --- packages -------------------------------------------------------------------------------------------------- */

/* Of a test that didn't say how it ended. Benchmarks say it only when they fail. */
static const char *result_of_open(const struct rf_open_test *test, const char *package_result)
{
	if (package_result[0] == 'c')
		return "cut";
	bool is_benchmark = rf_str_starts((rf_str){ test->name, test->name_len }, "Benchmark");
	return package_result[0] != 'f' || (is_benchmark && test->measured) ? "pass" : "unfinished";
}

/* A test that was only known from its output didn't run: its lines are the package's. */
static void end_open_test(struct rf_session *s, struct rf_source *source, struct rf_open_test *test, const char *package_result)
{
	const char *result = result_of_open(test, package_result);
	uint64_t now = stream_time(s);
	if (test->announced) {
		put_test(s, source, test, (rf_str){ test->name, test->name_len }, result,
			 result[0] == 'p' || now < test->started ? -1 : (double)(now - test->started) / 1e9);
		return;
	}
	rf_kept_put(&source->tests.said, &s->kept, rf_kept_text(&test->said, RF_KEPT_BYTES_MAX, &s->waiting->arena));
	rf_open_tests_remove(&source->tests, test, &s->open_tests, &s->kept);
}

static void end_open_tests(struct rf_session *s, struct rf_source *source, const char *package_result)
{
	for (uint32_t i = 0; i < source->tests.bucket_count; i++) {
		while (source->tests.buckets[i])
			end_open_test(s, source, source->tests.buckets[i], package_result);
	}
}

static void put_package(struct rf_session *s, struct rf_source *source, const char *result, double elapsed_s)
{
	const struct rf_package *p = &source->package;
	struct rf_result *r = add_result(s, p->name, RF_STR(""), result);
	if (!r)
		return;
	r->started = source->tests.started;
	r->elapsed_s = elapsed_s;
	r->passed = p->passed;
	r->failed = p->failed;
	r->skipped = p->skipped;
	r->output = output_for(s, &source->tests.said, result[0] == 'p');
	r->output_bytes = source->tests.said.total;
}

void rf_session_package_begins(struct rf_session *s, struct rf_source *source)
{
	source->tests.started = rf_open_tests_start(&source->tests, stream_time(s));
}

void rf_session_package_ends(struct rf_session *s, struct rf_source *source, const struct rf_test_event *event, rf_str line)
{
	const char *result = rf_session_result_of(event->action);
	struct rf_build *build = event->action == RF_ACTION_FAIL ? failed_build(s, line) : NULL;
	end_open_tests(s, source, result);
	if (build)
		rf_kept_put(&source->tests.said, &s->kept, rf_kept_text(&build->said, RF_KEPT_BYTES_MAX, &s->waiting->arena));
	put_package(s, source, result, event->elapsed_s);
}

void rf_session_package_cut(struct rf_session *s, struct rf_source *source)
{
	end_open_tests(s, source, "cut");
	put_package(s, source, "cut", -1);
}
