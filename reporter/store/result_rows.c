/* How packages and tests ended, and what they said. */
#include "store/queue.h"
#include "store/rows.h"

/* By time, so that a log that is read again doesn't turn around what happened. Within a millisecond only the executions tell. */
static int passed_later(struct rf_store *s, int64_t run_id, int64_t test_id, const struct rf_result *r, rf_str time,
			struct rf_error *err)
{
	int64_t one = 0;
	if (!r->failed_before)
		return 0;
	int rc = rf_db_run(s, RF_SQL_RESULT_FAILED_BEFORE, &one, err, "iiti", run_id, test_id, time, r->started);
	if (rc > 0) /* the trigger marks findings whose events are there */
		rc = rf_queue_flush(s, RF_QUEUE_ALL, err);
	return rc < 0 || one == 0 ? rc : rf_db_run(s, RF_SQL_RESULT_PASSED_LATER, NULL, err, "ii", run_id, test_id);
}

int rf_store_run_has_failures(struct rf_store *s, rf_str trace_id, bool *out, struct rf_error *err)
{
	int64_t one;
	int rc = rf_db_run(s, RF_SQL_RUN_HAS_FAILURES, &one, err, "t", trace_id);
	*out = rc > 0;
	return rc < 0 ? rc : 0;
}

static int get_test(struct rf_store *s, const struct rf_result *r, int64_t *id, struct rf_error *err)
{
	int rc = rf_db_run(s, RF_SQL_TEST_GET, id, err, "tt", r->package, r->test);
	if (rc == 0)
		rc = rf_db_add(s, RF_SQL_TEST_ADD, id, err, "tt", r->package, r->test);
	return rc < 0 ? rc : 0;
}

/* The row that has one result for all times that a test ran: tests that passed are none, and neither is one whose end wasn't
 * seen. */
static int put_result(struct rf_store *s, int64_t run_id, int64_t test_id, const struct rf_result *r, int64_t elapsed_ms,
		      struct rf_error *err)
{
	char text[RF_TIME_BYTES];
	rf_str time = rf_time_put(r->time_unix_ns, text);
	bool is_test = r->test.len > 0, unfinished = rf_str_eq_cstr(r->result, "unfinished");
	int rc = 0;
	if (is_test && rf_str_eq_cstr(r->result, "pass"))
		rc = passed_later(s, run_id, test_id, r, time, err);
	else if (!is_test || !rf_str_eq_cstr(r->result, "cut"))
		rc = rf_db_run(s, RF_SQL_RESULT_PUT, NULL, err, "iititiii", run_id, test_id, unfinished ? RF_STR("fail") : r->result,
			       elapsed_ms, time, (int64_t)r->passed, (int64_t)r->failed, (int64_t)r->skipped);
	return rc < 0 ? rc : 0;
}

int rf_store_result(struct rf_store *s, int64_t run_id, const struct rf_result *r, struct rf_error *err)
{
	int64_t test_id, elapsed_ms = r->elapsed_s < 0 ? 0 : (int64_t)(r->elapsed_s * 1000.0 + 0.5);
	int rc = get_test(s, r, &test_id, err);
	if (rc == 0)
		rc = put_result(s, run_id, test_id, r, elapsed_ms, err);
	if (rc == 0 && r->test.len)
		rc = rf_db_run(s, RF_SQL_EXECUTION_PUT, NULL, err, "iiuti", run_id, test_id, r->started, r->result, elapsed_ms);
	if (rc >= 0 && r->output.len)
		rc = rf_db_run(s, RF_SQL_OUTPUT_PUT, NULL, err, "iiuut", run_id, test_id, r->started, r->output_bytes, r->output);
	return rc < 0 ? rc : 0;
}
