#include "unit.h"

#include <fcntl.h>
#include <sys/wait.h>

#include "store/schema.h"
#include "store_sample.h"

static void test_same_event_twice(void **state)
{
	struct sample *s = *state;
	int64_t first, second;
	struct rf_report *r = sample_report(s, "Add", "Total", 1);
	assert_int_equal(sample_store(s, r, "t1", "u1", NULL, &first), RF_STORED_NEW);
	assert_int_equal(sample_store(s, r, "t1", "u1", NULL, &second), RF_STORED_KNOWN);
	assert_int_equal(first, second);
	assert_int_equal(sample_count(s, "SELECT events FROM v_findings"), 1);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM stacks"), 4);
}

static void test_status(void **state)
{
	struct sample *s = *state;
	struct rf_report *r = sample_report(s, "Add", "Total", 1);
	int64_t id;
	sample_store(s, r, "t1", "u1", NULL, &id);
	assert_str(sample_text(s, "SELECT status FROM v_findings"), "new");
	s->clock.now += 1000000000u;
	sample_store(s, r, "t2", "u2", NULL, &id);
	assert_str(sample_text(s, "SELECT status FROM v_findings"), "recurring");
	assert_str(sample_text(s, "SELECT first_seen || ' ' || last_seen || ' ' || last_trace_id FROM v_findings"),
		   "2026-01-01T00:00:00.000Z 2026-01-01T00:00:01.000Z t2");
	r = sample_report(s, "Remove", "Total", 1);
	r->suppressed = r->from_spool = true;
	sample_store(s, r, "t2", "u3", NULL, &id);
	assert_str(sample_text(s, "SELECT status FROM v_findings WHERE title LIKE '%Remove%'"), "suppressed");
	assert_str(sample_text(s, "SELECT verdict FROM v_events ORDER BY id DESC"), "suppressed");
}

static void test_tags_part_findings(void **state)
{
	struct sample *s = *state;
	struct rf_report *r = sample_report(s, "Add", "Total", 1);
	int64_t id;
	sample_store(s, r, "t", "u1", "orders", &id);
	sample_store(s, r, "t", "u2", "payment", &id);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM v_findings"), 2);
	assert_int_equal(sample_count(s, "SELECT count(DISTINCT fingerprint) FROM v_findings"), 1);
}

/* A spool's record of the same report: it knows who owns the goroutines. */
static struct rf_report *as_record(struct sample *s, const char *a, const char *b, unsigned address)
{
	struct rf_report *r = sample_report(s, a, b, address);
	r->from_spool = true;
	for (uint32_t i = 0; i < r->goroutine_count; i++) {
		r->goroutines[i]->test_known = true;
		r->goroutines[i]->test = i ? RF_STR("TestTwo") : RF_STR("");
		r->goroutines[i]->goid = 100 + i;
	}
	return r;
}

static void test_text_then_record(void **state)
{
	struct sample *s = *state;
	int64_t text, record;
	sample_store(s, sample_report(s, "Add", "Total", 1), "t", "text-1", NULL, &text);
	assert_str(sample_text(s, "SELECT test_a FROM v_findings"), "TestOne");
	assert_int_equal(sample_store(s, as_record(s, "Add", "Total", 1), "t", "spool-1", "orders", &record),
			 RF_STORED_UPGRADED);
	assert_int_equal(text, record);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM events"), 1);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM findings"), 1);
	assert_str(sample_text(s, "SELECT tag FROM v_findings"), "orders");
	assert_int_equal(sample_count(s, "SELECT events FROM v_findings"), 1);
	assert_str(sample_text(s, "SELECT uid || ' ' || text_uid || ' ' || source FROM events"), "spool-1 text-1 spool");
	assert_str(sample_text(s, "SELECT '[' || test_a || '][' || test_b || ']' FROM v_findings"), "[][TestTwo]");
	/* both told again: nothing */
	assert_int_equal(sample_store(s, sample_report(s, "Add", "Total", 1), "t", "text-1", NULL, &text),
			 RF_STORED_KNOWN);
	assert_int_equal(sample_store(s, as_record(s, "Add", "Total", 1), "t", "spool-1", "orders", &record),
			 RF_STORED_KNOWN);
}

static void test_record_then_text(void **state)
{
	struct sample *s = *state;
	int64_t text, record;
	sample_store(s, as_record(s, "Add", "Total", 1), "t", "spool-1", NULL, &record);
	sample_store(s, as_record(s, "Add", "Total", 1), "t", "spool-2", NULL, &record);
	/* one to one: two records take two texts, a third text is an event of its own */
	assert_int_equal(sample_store(s, sample_report(s, "Add", "Total", 1), "t", "text-1", NULL, &text),
			 RF_STORED_JOINED);
	assert_int_equal(sample_store(s, sample_report(s, "Add", "Total", 1), "t", "text-2", NULL, &text),
			 RF_STORED_JOINED);
	assert_int_equal(sample_store(s, sample_report(s, "Add", "Total", 1), "t", "text-3", NULL, &text),
			 RF_STORED_NEW);
	/* another run, another address: not the same report */
	assert_int_equal(sample_store(s, sample_report(s, "Add", "Total", 1), "other", "text-4", NULL, &text),
			 RF_STORED_NEW);
	assert_int_equal(sample_store(s, sample_report(s, "Add", "Total", 2), "t", "text-5", NULL, &text),
			 RF_STORED_NEW);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM events"), 5);
}

static void test_suppressed_record_takes_no_text(void **state)
{
	struct sample *s = *state;
	int64_t id;
	struct rf_report *r = as_record(s, "Add", "Total", 1);
	r->suppressed = true;
	sample_store(s, r, "t", "spool-1", NULL, &id);
	assert_int_equal(sample_store(s, sample_report(s, "Add", "Total", 1), "t", "text-1", NULL, &id), RF_STORED_NEW);
}

static void test_wildcard_joins_full(void **state)
{
	struct sample *s = *state;
	int64_t id;
	sample_store(s, sample_report(s, "Add", "Total", 1), "t", "u1", NULL, &id);
	sample_store(s, sample_report(s, "Add", NULL, 2), "t", "u2", NULL, &id);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM findings"), 1);
	assert_int_equal(sample_count(s, "SELECT events FROM v_findings"), 2);
}

static void test_full_absorbs_wildcard(void **state)
{
	struct sample *s = *state;
	int64_t id;
	sample_store(s, sample_report(s, "Add", NULL, 2), "t1", "u1", NULL, &id);
	sample_store(s, sample_report(s, "Remove", NULL, 2), "t1", "u2", NULL, &id);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM findings WHERE wildcard"), 2);
	s->clock.now += 5000000000u;
	sample_store(s, sample_report(s, "Add", "Total", 1), "t2", "u3", NULL, &id);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM findings WHERE wildcard"), 1);
	assert_int_equal(sample_count(s, "SELECT events FROM v_findings WHERE title LIKE '%Total%'"), 2);
	assert_str(sample_text(s, "SELECT first_seen || status FROM v_findings WHERE title LIKE '%Total%'"),
		   "2026-01-01T00:00:00.000Zrecurring");
	/* a wildcard with another tag that somebody chose is another finding */
	sample_store(s, sample_report(s, "Add", NULL, 3), "t2", "u4", "chosen", &id);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM findings WHERE wildcard"), 2);
}

static void test_report_comes_back(void **state)
{
	struct sample *s = *state;
	int64_t id;
	struct rf_report *r = as_record(s, "Add", "Total", 7), back;
	struct rf_label labels[] = { { RF_STR("tag"), RF_STR("a\"b\\c\n") } };
	struct rf_switch switches[] = { { 5, 100, 101, 1, 2, RF_STR("chan receive") } };
	struct rf_finding a, b;
	r->goroutines[0]->labels = labels;
	r->goroutines[0]->label_count = 1;
	r->switches = switches;
	r->switch_count = 1;
	r->memory = RF_MEMORY_HEAP;
	r->memory_start = 0xc000000000u;
	r->memory_bytes = 16;
	r->allocated = r->accesses[0].stack;
	sample_store(s, r, "t", "u1", NULL, &id);
	assert_int_equal(rf_query_report(s->store, id, &s->arena, &back, &s->err), 0);
	assert_true(rf_report_match_key(r) == rf_report_match_key(&back));
	rf_finding_make(r, &s->arena, &a);
	rf_finding_make(&back, &s->arena, &b);
	assert_string_equal(a.fingerprint, b.fingerprint);
	assert_string_equal(a.exact, b.exact);
	assert_int_equal(back.goroutine_count, r->goroutine_count);
	assert_int_equal(back.goroutines[0]->label_count, 1);
	assert_str(back.goroutines[0]->labels[0].value, "a\"b\\c\n");
	assert_str(back.goroutines[1]->test, "TestTwo");
	assert_int_equal(back.switch_count, 1);
	assert_str(back.switches[0].reason, "chan receive");
	assert_int_equal(back.switches[0].to_goid, 101);
	assert_int_equal(back.memory, RF_MEMORY_HEAP);
	assert_int_equal(back.allocated.count, 1);
}

static void test_queries(void **state)
{
	struct sample *s = *state;
	int64_t id;
	struct rf_finding_row *rows, row;
	uint32_t count;
	sample_store(s, sample_report(s, "Add", "Total", 1), "t1", "u1", "orders:add", &id);
	s->clock.now += 3600000000000u;
	sample_store(s, sample_report(s, "Remove", "Total", 1), "t2", "u2", "payment", &id);
	struct rf_finding_filter all = { 0 }, tag = { .tag = RF_STR("orders:*") }, test = { .test = RF_STR("TestO*") },
				 since = { .since = RF_STR("2026-01-01T00:30:00.000Z") }, none = { .test = RF_STR("No") };
	assert_int_equal(rf_query_findings(s->store, &all, &s->arena, &rows, &count, &s->err), 0);
	assert_int_equal(count, 2);
	assert_str(rows[0].tag, "payment"); /* the latest first */
	assert_int_equal(rf_query_findings(s->store, &tag, &s->arena, &rows, &count, &s->err), 0);
	assert_int_equal(count, 1);
	assert_int_equal(rf_query_findings(s->store, &test, &s->arena, &rows, &count, &s->err), 0);
	assert_int_equal(count, 2);
	assert_int_equal(rf_query_findings(s->store, &since, &s->arena, &rows, &count, &s->err), 0);
	assert_int_equal(count, 1);
	assert_int_equal(rf_query_findings(s->store, &none, &s->arena, &rows, &count, &s->err), 0);
	assert_int_equal(count, 0);
	rf_str prefix = rf_arena_dup(&s->arena, rf_str_take(sample_text(s, "SELECT fingerprint FROM findings"), 12));
	assert_int_equal(rf_query_finding(s->store, prefix, &s->arena, &row, &s->err), 0);
	assert_true(rf_str_starts(row.fingerprint, rf_arena_cstr(&s->arena, prefix)));
	assert_int_equal(rf_query_finding(s->store, RF_STR("2"), &s->arena, &row, &s->err), 0);
	assert_int_equal(rf_query_finding(s->store, RF_STR("99"), &s->arena, &row, &s->err), RF_ERR_MISSING);
	assert_int_equal(rf_query_finding(s->store, RF_STR("zz"), &s->arena, &row, &s->err), RF_ERR_USAGE);
	sample_store(s, sample_report(s, "Add", "Total", 1), "t1", "u3", "another", &id);
	assert_int_equal(rf_query_finding(s->store, prefix, &s->arena, &row, &s->err), RF_ERR_USAGE);
	assert_says(s->err, "several");
}

static void test_odd_text(void **state)
{
	struct sample *s = *state;
	int64_t id;
	struct rf_report *r = sample_report(s, "Add", "Total", 1), back;
	r->accesses[0].stack.frames[0].file = (rf_str){ "a\0b\xff", 4 };
	sample_store(s, r, "t", "u1", NULL, &id);
	assert_int_equal(rf_query_report(s->store, id, &s->arena, &back, &s->err), 0);
	assert_str(back.accesses[0].stack.frames[0].file, "a\xef\xbf\xbd"
							   "b\xef\xbf\xbd");
}

/* --- the file -------------------------------------------------------------------------------------------------- */

static void assert_refused(struct sample *s, int code, const char *says)
{
	struct rf_store_options options = sample_options(s);
	struct rf_store *other = NULL;
	assert_int_equal(rf_store_open(&other, &options, &s->err), code);
	assert_null(other);
	assert_says(s->err, says);
}

static void test_newer_version_is_refused(void **state)
{
	struct sample *s = *state;
	char sql[64];
	snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", rf_schema_version() + 1);
	assert_int_equal(sqlite3_exec(s->store->handle, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_refused(s, RF_ERR_VERSION, "newer");
}

static void test_other_program_is_refused(void **state)
{
	struct sample *s = *state;
	assert_int_equal(sqlite3_exec(s->store->handle, "PRAGMA application_id = 1", NULL, NULL, NULL), SQLITE_OK);
	assert_refused(s, RF_ERR_INPUT, "another program");
}

static void test_no_database_is_refused(void **state)
{
	struct sample *s = *state;
	rf_store_close(s->store);
	s->store = NULL;
	int fd = open(s->path, O_WRONLY | O_TRUNC);
	for (int i = 0; i < 100; i++)
		assert_int_equal(write(fd, "this is no database, it is text\n", 32), 32);
	close(fd);
	assert_refused(s, RF_ERR_INPUT, "no SQLite database");
}

static void test_must_exist(void **state)
{
	struct sample *s = *state;
	struct rf_store *other = NULL;
	struct rf_store_options options = { .path = "/tmp/redflag-there-is-none/db", .must_exist = true };
	assert_int_equal(rf_store_open(&other, &options, &s->err), RF_ERR_MISSING);
	assert_says(s->err, "redflag test");
}

/* Every step of storing a report fails once; afterwards nothing of it is there, and it can be stored. */
static void test_every_step_may_fail(void **state)
{
	struct sample *s = *state;
	struct rf_report *r = as_record(s, "Add", "Total", 1);
	struct rf_finding finding;
	rf_finding_make(r, &s->arena, &finding);
	struct rf_run run = { .trace_id = RF_STR("t"), .command = RF_STR("c"), .directory = RF_STR("d"),
			      .host = RF_STR("h") };
	struct rf_event event = { .report = r, .finding = &finding, .uid = RF_STR("u"), .tag = RF_STR("tag"),
				  .package = RF_STR(""), .test = RF_STR(""), .time_unix_ns = SAMPLE_NOW };
	unsigned failed = 0;
	for (uint64_t n = 1; n < 1000; n++) {
		int64_t id;
		enum rf_stored how;
		s->store->fail_at_step = s->store->steps + n;
		int rc = rf_store_begin(s->store, &s->err);
		if (rc == 0)
			rc = rf_store_run(s->store, &run, &event.run_id, &s->err);
		if (rc == 0)
			rc = rf_store_event(s->store, &event, &id, &how, &s->err);
		if (rc == 0)
			rc = rf_store_commit(s->store, &s->err);
		s->store->fail_at_step = 0;
		if (rc == 0)
			break;
		failed++;
		assert_int_equal(rc, RF_ERR_DATABASE);
		rf_store_rollback(s->store);
		assert_int_equal(sample_count(s, "SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM findings)"
						 " + (SELECT count(*) FROM runs) + (SELECT count(*) FROM stacks)"), 0);
	}
	assert_true(failed > 20);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM events"), 1);
}

/* --- several writers ------------------------------------------------------------------------------------------- */

#define WRITERS 8
#define EVENTS_EACH 40

/* Half of each writer's events are its own, half are everybody's. */
static void write_events(struct sample *s, int writer)
{
	struct rf_store_options options = sample_options(s);
	int64_t id;
	char uid[32];
	if (rf_store_open(&s->store, &options, &s->err) != 0)
		_exit(2);
	for (int i = 0; i < EVENTS_EACH; i++) {
		snprintf(uid, sizeof(uid), "%d-%d", i % 2 ? writer : 99, i);
		struct rf_report *r = sample_report(s, i % 3 ? "Add" : "Remove", i % 5 ? "Total" : NULL, (unsigned)i);
		sample_store(s, r, "t", uid, NULL, &id);
	}
	rf_store_close(s->store);
	_exit(0);
}

static void test_writers_at_once(void **state)
{
	struct sample *s = *state;
	struct rf_store_options options = sample_options(s);
	int status;
	rf_store_close(s->store);
	s->store = NULL;
	assert_int_equal(unlink(s->path), 0); /* they make it at once, too */
	for (int i = 0; i < WRITERS; i++) {
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			write_events(s, i);
	}
	for (int i = 0; i < WRITERS; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(rf_store_open(&s->store, &options, &s->err), 0);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM events"), WRITERS * EVENTS_EACH / 2 + EVENTS_EACH / 2);
	assert_int_equal(sample_count(s, "SELECT sum(events) FROM findings"), WRITERS * EVENTS_EACH / 2 + EVENTS_EACH / 2);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM findings"), 2);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM runs"), 1);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
}

#define WITH_SAMPLE(test) cmocka_unit_test_setup_teardown(test, sample_setup, sample_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SAMPLE(test_same_event_twice),
		WITH_SAMPLE(test_status),
		WITH_SAMPLE(test_tags_part_findings),
		WITH_SAMPLE(test_text_then_record),
		WITH_SAMPLE(test_record_then_text),
		WITH_SAMPLE(test_suppressed_record_takes_no_text),
		WITH_SAMPLE(test_wildcard_joins_full),
		WITH_SAMPLE(test_full_absorbs_wildcard),
		WITH_SAMPLE(test_report_comes_back),
		WITH_SAMPLE(test_queries),
		WITH_SAMPLE(test_odd_text),
		WITH_SAMPLE(test_newer_version_is_refused),
		WITH_SAMPLE(test_other_program_is_refused),
		WITH_SAMPLE(test_no_database_is_refused),
		WITH_SAMPLE(test_must_exist),
		WITH_SAMPLE(test_every_step_may_fail),
		WITH_SAMPLE(test_writers_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
