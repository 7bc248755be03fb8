#include "export/results.h"

#include <string.h>

#include "store/timestamp.h"

#define NS_PER_MS 1000000u
#define SUBTESTS_AFTER_MAX 4096u /* cases behind a test among which a failed subtest is looked for */
#define NUMBER_NOT_TIME UINT64_C(31536000000000000) /* less is no time: the stream had none */

/* The rows that a run's suites are made of, each by package, and how far they are used up. */
struct merge {
	struct rf_result_row *results;
	struct rf_execution_row *executions, *outputs;
	uint32_t result_count, execution_count, output_count;
	uint32_t result, execution, output;
};

/* --- why ------------------------------------------------------------------------------------------------------- */

/* "    shop_test.go:12: …", as t.Error, t.Fatal, t.Skip and t.Log print it: the text behind the blanks; else "". */
static rf_str placed(rf_str line)
{
	rf_str text = rf_str_trim(line), rest = text, file = rf_str_cut(&rest, ':'), number = rf_str_cut(&rest, ':');
	uint64_t ignored;
	return rf_str_starts(line, "    ") && rf_str_ends(file, ".go") && rf_str_u64(number, &ignored) ? text : RF_STR("");
}

static bool is_crash(rf_str line)
{
	return rf_str_starts(line, "panic: ") || rf_str_starts(line, "fatal error: ") || rf_str_starts(line, "*** Test killed") ||
	       rf_str_starts(line, "signal: ");
}

static bool is_race_outside(rf_str line)
{
	return rf_str_starts(line, "testing: race detected ") || /* outside of test execution, in a goroutine that TestA left running */
	       (rf_str_starts(line, "Found ") && rf_str_ends(line, " data race(s)"));
}

/* The first line of a crash, else the last one with a place: a log line is no reason, but the line of t.Error comes after it. */
static rf_str reason(rf_str output)
{
	rf_str last = RF_STR("");
	while (output.len) {
		rf_str line = rf_str_cut(&output, '\n'), text = placed(line);
		if (is_crash(line))
			return line;
		if (text.len || is_race_outside(line))
			last = text.len ? text : line;
	}
	return last;
}

static bool said_crash(rf_str output)
{
	while (output.len) {
		rf_str line = rf_str_cut(&output, '\n');
		if (is_crash(line) || is_race_outside(line))
			return true;
	}
	return false;
}

/* go prints "# example.com/shop" and then what the compiler, vet or the loader said. */
static rf_str build_reason(rf_str output)
{
	bool is_build = rf_str_starts(output, "# ");
	while (is_build && output.len) {
		rf_str line = rf_str_cut(&output, '\n');
		if (!rf_str_starts(line, "# "))
			return rf_str_trim(line);
	}
	return RF_STR("");
}

/* --- cases ----------------------------------------------------------------------------------------------------- */

static void make_case(struct rf_case *c, const struct rf_execution_row *row)
{
	*c = (struct rf_case){ .package = row->package, .test = row->test, .output = row->output, .elapsed_ms = row->elapsed_ms,
			       .started = row->started < NUMBER_NOT_TIME ? 0 : row->started };
	c->start_ms = (int64_t)(c->started / NS_PER_MS);
	if (rf_str_eq_cstr(row->result, "pass"))
		return;
	c->message = reason(row->output);
	if (rf_str_eq_cstr(row->result, "skip")) {
		c->outcome = RF_SKIPPED;
	} else if (rf_str_eq_cstr(row->result, "fail")) {
		c->outcome = RF_FAILED;
	} else {
		bool cut = rf_str_eq_cstr(row->result, "cut");
		c->outcome = RF_ERROR;
		c->type = cut ? "cut" : "unfinished";
		if (c->message.len == 0 || cut)
			c->message = cut ? RF_STR("The stream ended before the test did")
					 : RF_STR("The process ended before the test did");
	}
}

/* False: tests tell why, or there is nothing to tell. */
static bool make_package_case(struct rf_case *c, const struct rf_suite *suite, rf_str result)
{
	bool failed = rf_str_eq_cstr(result, "fail");
	rf_str build = build_reason(suite->output);
	*c = (struct rf_case){ .package = suite->package, .outcome = RF_FAILED, .output = suite->output,
			       .elapsed_ms = suite->elapsed_ms, .start_ms = suite->start_ms };
	if (rf_str_eq_cstr(result, "cut")) {
		c->outcome = RF_ERROR;
		c->type = "cut";
		c->message = RF_STR("The stream ended before the package did");
	} else if (failed && suite->counts.tests == 0 && build.len) {
		c->outcome = RF_ERROR;
		c->type = "build";
		c->message = build;
	} else if (failed && (suite->counts.failures + suite->counts.errors == 0 || said_crash(suite->output))) {
		c->message = reason(suite->output);
		if (c->message.len == 0)
			c->message = RF_STR("The package failed, though no test of it did");
	} else {
		return false;
	}
	return true;
}

static void count_case(struct rf_result_counts *counts, const struct rf_case *c)
{
	counts->tests++;
	counts->failures += c->outcome == RF_FAILED;
	counts->errors += c->outcome == RF_ERROR;
	counts->skipped += c->outcome == RF_SKIPPED;
}

static void add_counts(struct rf_result_counts *sum, const struct rf_result_counts *c)
{
	sum->tests += c->tests;
	sum->failures += c->failures;
	sum->errors += c->errors;
	sum->skipped += c->skipped;
	sum->passed_unlisted += c->passed_unlisted;
}

/* --- suites ---------------------------------------------------------------------------------------------------- */

/* "coverage: 87.5% of statements" */
static rf_str coverage_of(rf_str output)
{
	while (output.len) {
		rf_str line = rf_str_cut(&output, '\n');
		ptrdiff_t percent = rf_str_find(line, '%');
		if (rf_str_starts(line, "coverage: ") && percent > 0 && rf_str_starts(rf_str_skip(line, (size_t)percent), "% of statements"))
			return rf_str_trim(rf_str_skip(rf_str_take(line, (size_t)percent), strlen("coverage: ")));
	}
	return RF_STR("");
}

static rf_str next_package(const struct merge *m)
{
	rf_str next = { NULL, 0 };
	const rf_str heads[] = {
		m->result < m->result_count ? m->results[m->result].package : next,
		m->execution < m->execution_count ? m->executions[m->execution].package : next,
		m->output < m->output_count ? m->outputs[m->output].package : next,
	};
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		if (heads[i].ptr && (!next.ptr || rf_str_cmp(heads[i], next) < 0))
			next = heads[i];
	}
	return next;
}

static void take_result(struct merge *m, struct rf_suite *suite, struct rf_result_row *package_row)
{
	for (; m->result < m->result_count && rf_str_eq(m->results[m->result].package, suite->package); m->result++) {
		if (m->results[m->result].test.len == 0)
			*package_row = m->results[m->result];
	}
}

static void take_output(struct merge *m, struct rf_suite *suite, rf_arena *arena)
{
	for (; m->output < m->output_count && rf_str_eq(m->outputs[m->output].package, suite->package); m->output++) {
		rf_str more = m->outputs[m->output].output;
		suite->output = suite->output.len ? rf_arena_printf(arena, "%.*s%.*s", RF_STR_ARG(suite->output), RF_STR_ARG(more)) : more;
	}
}

static bool take_executions(struct merge *m, struct rf_suite *suite, int64_t *passed, rf_arena *arena)
{
	uint32_t first = m->execution;
	while (m->execution < m->execution_count && rf_str_eq(m->executions[m->execution].package, suite->package))
		m->execution++;
	suite->cases = rf_arena_array(arena, m->execution - first + 1, sizeof(*suite->cases)); /* and the package's own */
	for (uint32_t i = first; suite->cases && i < m->execution; i++) {
		struct rf_case *c = &suite->cases[suite->count++];
		make_case(c, &m->executions[i]);
		count_case(&suite->counts, c);
		*passed += c->outcome == RF_PASSED && rf_str_find(c->test, '/') < 0;
	}
	return suite->cases;
}

static bool is_subtest(rf_str test, rf_str of)
{
	return test.len > of.len && test.ptr[of.len] == '/' && rf_str_eq(rf_str_take(test, of.len), of);
}

/* A test that failed for its subtests alone says nothing; they began after it. */
static void name_subtests(struct rf_suite *suite)
{
	for (uint32_t i = 0; i < suite->count; i++) {
		struct rf_case *c = &suite->cases[i];
		if (c->outcome != RF_FAILED || c->message.len)
			continue;
		for (uint32_t k = i + 1; k < suite->count && k - i <= SUBTESTS_AFTER_MAX && !c->message.len; k++) {
			if (suite->cases[k].outcome == RF_FAILED && is_subtest(suite->cases[k].test, c->test))
				c->message = RF_STR("A subtest failed");
		}
	}
}

static void end_suite(struct rf_suite *suite, const struct rf_result_row *row, int64_t passed_listed)
{
	uint64_t ended = 0;
	suite->elapsed_ms = row->elapsed_ms;
	if (rf_time_parse(row->time, &ended))
		suite->start_ms = (int64_t)(ended / NS_PER_MS) - row->elapsed_ms;
	suite->coverage = coverage_of(suite->output);
	name_subtests(suite);
	/* Executions, where there are any, are complete; a package that ran twice has the number of the last time. */
	suite->counts.passed_unlisted = passed_listed ? 0 : row->passed;
	if (row->result.len && make_package_case(&suite->cases[suite->count], suite, row->result)) {
		count_case(&suite->counts, &suite->cases[suite->count++]);
		suite->output = RF_STR("");
	}
}

static int make_suites(struct rf_export *x, struct merge *m, struct rf_results *out, struct rf_error *err)
{
	uint32_t most = m->result_count + m->execution_count + m->output_count;
	out->suites = rf_arena_array(&x->arena, most + 1, sizeof(*out->suites));
	for (rf_str package; out->suites && (package = next_package(m)).ptr;) {
		struct rf_suite *suite = &out->suites[out->count++];
		struct rf_result_row row = { 0 };
		int64_t passed = 0;
		*suite = (struct rf_suite){ .package = package };
		take_result(m, suite, &row);
		take_output(m, suite, &x->arena);
		if (!take_executions(m, suite, &passed, &x->arena))
			break;
		end_suite(suite, &row, passed);
		add_counts(&out->counts, &suite->counts);
	}
	return x->arena.failed ? rf_fail(err, RF_ERR_MEMORY, "Out of memory while reading the tests of the run.") : 0;
}

struct rf_result_counts rf_results_count_findings(const struct rf_export *x)
{
	struct rf_result_counts c = { .tests = x->count };
	for (uint32_t i = 0; i < x->count; i++)
		c.skipped += rf_str_eq_cstr(x->rows[i].status, "suppressed");
	c.failures = c.tests - c.skipped;
	return c;
}

int rf_results_load(struct rf_export *x, struct rf_results *out, struct rf_error *err)
{
	struct merge m = { 0 };
	struct rf_result_counts findings = rf_results_count_findings(x);
	*out = (struct rf_results){ 0 };
	int rc = !x->has_run ? 0 : rf_query_results(x->store, x->run.id, &x->arena, &m.results, &m.result_count, err);
	if (rc == 0 && x->has_run)
		rc = rf_query_executions(x->store, x->run.id, &x->arena, &m.executions, &m.execution_count, err);
	if (rc == 0 && x->has_run)
		rc = rf_query_package_outputs(x->store, x->run.id, &x->arena, &m.outputs, &m.output_count, err);
	if (rc == 0)
		rc = make_suites(x, &m, out, err);
	add_counts(&out->counts, &findings);
	return rc;
}
