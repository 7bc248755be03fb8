#include "export/blame.h"

#include <stdlib.h>

static int compare_place(const struct rf_blame_row *blame, rf_str package, rf_str test)
{
	int by_package = rf_str_cmp(blame->package, package);
	return by_package ? by_package : rf_str_cmp(blame->test, test);
}

/* Of findings in one test: in the order in which they were read. */
static int compare(const void *left, const void *right)
{
	const struct rf_blame_row *a = left, *b = right;
	int by_place = compare_place(a, b->package, b->test);
	return by_place ? by_place : (a->finding_id > b->finding_id) - (a->finding_id < b->finding_id);
}

int rf_blames_load(struct rf_export *x, struct rf_blames *out, struct rf_error *err)
{
	*out = (struct rf_blames){ 0 };
	int rc = x->has_run ? rf_query_blames(x->store, x->run.id, &x->arena, &out->rows, &out->count, err) : 0;
	if (rc == 0 && out->count)
		qsort(out->rows, out->count, sizeof(*out->rows), compare);
	return rc;
}

/* The first of this test, or behind where it would be. */
static uint32_t lower_bound(const struct rf_blames *b, rf_str package, rf_str test)
{
	uint32_t low = 0, high = b->count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (compare_place(&b->rows[middle], package, test) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_subtest(rf_str test, rf_str of)
{
	return test.len > of.len && test.ptr[of.len] == '/' && rf_str_eq(rf_str_take(test, of.len), of);
}

static bool is_family(rf_str a, rf_str b)
{
	return a.len && b.len && (rf_str_eq(a, b) || is_subtest(a, b) || is_subtest(b, a));
}

bool rf_blame_is_wrong(const struct rf_blame_row *blame, rf_str test)
{
	return blame->test_a.ptr && blame->test_b.ptr && !is_family(blame->test_a, test) && !is_family(blame->test_b, test);
}

static bool is_another_time(const struct rf_blame_row *blame, const struct rf_case *c)
{
	return c->test.len && c->started && blame->started && c->started != blame->started;
}

const struct rf_blame_row *rf_blames_put(const struct rf_blames *b, const struct rf_case *c, rf_arena *arena, struct rf_buf *out)
{
	rf_str package = c->package, test = c->test;
	const struct rf_blame_row *wrong = NULL;
	bool all_wrong = true;
	for (uint32_t i = lower_bound(b, package, test); i < b->count; i++) {
		const struct rf_blame_row *blame = &b->rows[i];
		if (!rf_str_eq(blame->package, package) || (test.len && !rf_str_eq(blame->test, test)))
			break;
		if (blame->suppressed || is_another_time(blame, c))
			continue;
		rf_str owners = rf_words_owners(blame->test_a, blame->test_b, arena);
		bool is_wrong = test.len && rf_blame_is_wrong(blame, test);
		const char *remark = is_wrong ? "\nIt is not this test's: go test charges a race to the test that runs when it is seen."
					      : "";
		rf_buf_printf(out, "Finding %lld, %.*s, was reported %s%s%.*s.%s\n", (long long)blame->finding_id,
			      RF_STR_ARG(blame->title), test.len ? "here" : "in this package",
			      owners.len ? "; its goroutines are owned by " : "", RF_STR_ARG(owners), remark);
		all_wrong = all_wrong && is_wrong;
		if (is_wrong && !wrong)
			wrong = blame;
	}
	return all_wrong ? wrong : NULL;
}
