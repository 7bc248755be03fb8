#include "export/results.h"

int rf_results_load(struct rf_export *x, struct rf_results *out, struct rf_error *err)
{
	*out = (struct rf_results){ 0 };
	return x->has_run ? rf_query_results(x->store, x->run.id, &x->arena, &out->rows, &out->count, err) : 0;
}

bool rf_result_is_failed(const struct rf_result_row *r)
{
	return rf_str_eq_cstr(r->result, "fail");
}

bool rf_result_is_skipped(const struct rf_result_row *r)
{
	return rf_str_eq_cstr(r->result, "skip");
}

uint32_t rf_results_end(const struct rf_results *r, uint32_t first)
{
	uint32_t end = first;
	while (end < r->count && rf_str_eq(r->rows[end].package, r->rows[first].package))
		end++;
	return end;
}

bool rf_results_failed_alone(const struct rf_results *r, uint32_t first, uint32_t end)
{
	if (r->rows[first].test.len || !rf_result_is_failed(&r->rows[first]))
		return false;
	for (uint32_t i = first + 1; i < end; i++) {
		if (rf_result_is_failed(&r->rows[i]))
			return false;
	}
	return true;
}

struct rf_result_counts rf_results_count(const struct rf_results *r, uint32_t first, uint32_t end)
{
	bool alone = rf_results_failed_alone(r, first, end);
	struct rf_result_counts c = { .tests = alone, .failures = alone };
	for (uint32_t i = first; i < end; i++) {
		const struct rf_result_row *row = &r->rows[i];
		if (row->test.len == 0) {
			c.passed_unlisted += row->passed;
			continue;
		}
		c.tests++;
		c.failures += rf_result_is_failed(row);
		c.skipped += rf_result_is_skipped(row);
	}
	return c;
}

struct rf_result_counts rf_results_count_findings(const struct rf_export *x)
{
	struct rf_result_counts c = { .tests = x->count };
	for (uint32_t i = 0; i < x->count; i++)
		c.skipped += rf_str_eq_cstr(x->rows[i].status, "suppressed");
	c.failures = c.tests - c.skipped;
	return c;
}

struct rf_result_counts rf_results_count_all(const struct rf_results *r, const struct rf_export *x)
{
	struct rf_result_counts all = rf_results_count_findings(x);
	for (uint32_t first = 0, end; first < r->count; first = end) {
		end = rf_results_end(r, first);
		struct rf_result_counts c = rf_results_count(r, first, end);
		all.tests += c.tests;
		all.failures += c.failures;
		all.skipped += c.skipped;
		all.passed_unlisted += c.passed_unlisted;
	}
	return all;
}
