/* Duplicates: chains, circles, what becomes of them when wildcards join, what the gate makes of their events. */
#include "unit.h"

#include "store/duplicates.h"
#include "store_sample.h"

/* A finding of functions `name` and Total, seen in run `trace`; its number. */
static int64_t make(struct sample *s, const char *name, const char *trace)
{
	int64_t event;
	static unsigned uid;
	uid++;
	sample_store(s, sample_report(s, name, "Total", uid), trace, rf_arena_printf(&s->arena, "u%u", uid).ptr, NULL, &event);
	return sample_count(s, rf_arena_printf(&s->arena, "SELECT finding_id FROM events WHERE id = %lld", (long long)event).ptr);
}

static struct rf_finding_row row_of(struct sample *s, int64_t id)
{
	struct rf_finding_row row;
	assert_int_equal(rf_query_finding_by_id(s->store, id, &s->arena, &row, &s->err), 0);
	return row;
}

static int set(struct sample *s, int64_t finding, int64_t of, int64_t *original)
{
	struct rf_finding_row a = row_of(s, finding), b = row_of(s, of);
	return rf_duplicates_set(s->store, &a, &b, RF_STR("why not"), original, &s->err);
}

static void test_set_and_undo(void **state)
{
	struct sample *s = *state;
	int64_t a = make(s, "Add", "t1"), b = make(s, "Remove", "t1"), original;
	struct rf_finding_row *rows;
	uint32_t count;
	assert_int_equal(set(s, b, a, &original), 0);
	assert_int_equal(original, a);
	assert_str(row_of(s, b).status, "duplicate");
	assert_str(row_of(s, b).duplicate_reason, "why not");
	assert_str(row_of(s, a).status, "new");
	assert_int_equal(rf_duplicates_of(s->store, a, &s->arena, &rows, &count, &s->err), 0);
	assert_int_equal(count, 1);
	assert_int_equal(rows[0].id, b);
	assert_int_equal(sample_count(s, "SELECT findings_new FROM v_runs"), 1);
	struct rf_finding_row row = row_of(s, b);
	assert_int_equal(rf_duplicates_undo(s->store, &row, &s->err), 0);
	assert_str(row_of(s, b).status, "new");
	row = row_of(s, b);
	assert_int_equal(rf_duplicates_undo(s->store, &row, &s->err), RF_ERR_USAGE);
	assert_says(s->err, "is no duplicate");
}

static void test_circles_and_chains(void **state)
{
	struct sample *s = *state;
	int64_t a = make(s, "Add", "t1"), b = make(s, "Remove", "t1"), c = make(s, "Take", "t1"), original;
	assert_int_equal(set(s, a, a, &original), RF_ERR_USAGE);
	assert_says(s->err, "of itself");
	assert_int_equal(set(s, b, a, &original), 0);
	assert_int_equal(set(s, a, b, &original), RF_ERR_USAGE);
	assert_says(s->err, "--undo");
	assert_int_equal(set(s, c, b, &original), 0); /* of a duplicate: of its original */
	assert_int_equal(original, a);
	assert_int_equal(row_of(s, c).duplicate_of, a);
	int64_t d = make(s, "Give", "t1");
	assert_int_equal(set(s, a, d, &original), 0); /* what was an original takes its duplicates along */
	assert_int_equal(row_of(s, b).duplicate_of, d);
	assert_int_equal(row_of(s, c).duplicate_of, d);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM findings f JOIN findings o ON o.id = f.duplicate_of"
					 " WHERE o.duplicate_of IS NOT NULL"), 0);
}

static void test_gate_sees_the_original(void **state)
{
	struct sample *s = *state;
	struct rf_event_verdict verdict;
	int64_t a = make(s, "Add", "t1"), original, event;
	int64_t b = make(s, "Remove", "t2");
	event = sample_count(s, "SELECT max(id) FROM events");
	assert_int_equal(rf_query_event_verdicts(s->store, &event, 1, &verdict, &s->err), 0);
	assert_true(verdict.is_new);
	assert_int_equal(set(s, b, a, &original), 0);
	assert_int_equal(rf_query_event_verdicts(s->store, &event, 1, &verdict, &s->err), 0);
	assert_false(verdict.is_new); /* the original was there in t1 */
	assert_int_equal(verdict.finding_id, a);
	assert_true(verdict.alert);
}

/* A wildcard takes what was said of it, and of others through it, into the finding that it joins. */
static void test_wildcards_keep_it(void **state)
{
	struct sample *s = *state;
	int64_t event, original, full;
	sample_store(s, sample_report(s, "Add", NULL, 77), "t1", "w1", "shop", &event);
	int64_t wildcard = sample_count(s, "SELECT id FROM findings WHERE wildcard = 1"), other = make(s, "Remove", "t1");
	assert_int_equal(set(s, other, wildcard, &original), 0);
	sample_store(s, sample_report(s, "Add", "Total", 78), "t2", "w2", "shop", &event);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM findings WHERE wildcard = 1"), 0);
	full = sample_count(s, "SELECT finding_id FROM events WHERE uid = 'w1'");
	assert_int_equal(row_of(s, other).duplicate_of, full);

	sample_store(s, sample_report(s, "Give", NULL, 79), "t1", "w3", "shop", &event);
	wildcard = sample_count(s, "SELECT id FROM findings WHERE wildcard = 1");
	assert_int_equal(set(s, wildcard, full, &original), 0);
	sample_store(s, sample_report(s, "Give", "Total", 80), "t2", "w4", "shop", &event);
	int64_t joined = sample_count(s, "SELECT finding_id FROM events WHERE uid = 'w3'");
	assert_int_not_equal(joined, wildcard);
	assert_int_equal(row_of(s, joined).duplicate_of, full);
	assert_str(row_of(s, joined).duplicate_reason, "why not");
}

int main(void)
{
#define WITH_SAMPLE(test) cmocka_unit_test_setup_teardown(test, sample_setup, sample_teardown)
	const struct CMUnitTest tests[] = {
		WITH_SAMPLE(test_set_and_undo),
		WITH_SAMPLE(test_circles_and_chains),
		WITH_SAMPLE(test_gate_sees_the_original),
		WITH_SAMPLE(test_wildcards_keep_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
