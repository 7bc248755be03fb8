#include "unit.h"

#include "store_sample.h"

#define STEPS 1500
#define FUNCTIONS 5 /* so that few findings have many events, and wildcards something to join */
#define RUNS 4
#define DAY_NS 86400000000000u

/* Small and always the same, so that a failure can be looked at again. */
static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

struct play {
	struct sample *sample;
	struct rf_store *stores[2]; /* two connections to one file */
	rf_arena arena;
	uint32_t seed, uids;
	bool is_stream; /* uids are a stream's, whose reports end in another order than they began in */
};

/* What the columns and tables say that tally.h keeps, against a count of everything. First runs: the one that brought a finding
 * stays the first, so it only has to be one of its runs. */
static void assert_counted(struct sample *s)
{
	static const char *const wrong[] = {
		"SELECT count(*) FROM findings f WHERE events <> (SELECT count(*) FROM events WHERE finding_id = f.id)",
		"SELECT count(*) FROM findings f WHERE events_alert <> (SELECT count(*) FROM events WHERE finding_id = f.id"
		" AND verdict <> 'suppressed')",
		"SELECT count(*) FROM findings f WHERE first_seen IS NOT (SELECT min(time) FROM events WHERE finding_id = f.id)",
		"SELECT count(*) FROM findings f WHERE last_seen IS NOT (SELECT max(time) FROM events WHERE finding_id = f.id)",
		"SELECT count(*) FROM findings f WHERE last_run_id IS NOT (SELECT run_id FROM events WHERE finding_id = f.id"
		" AND time = f.last_seen AND run_id = f.last_run_id LIMIT 1)",
		"SELECT count(*) FROM findings f WHERE first_run_id NOT IN (SELECT run_id FROM events WHERE finding_id = f.id)",
		"SELECT count(*) FROM findings f WHERE recurring <> (SELECT count(DISTINCT run_id) > 1 FROM events"
		" WHERE finding_id = f.id)",
		"SELECT count(*) FROM findings f WHERE events = 0",
		"SELECT count(*) FROM (SELECT day, finding_id, verdict, events FROM finding_days EXCEPT"
		" SELECT substr(time, 1, 10), finding_id, verdict, count(*) FROM events GROUP BY 1, 2, 3)",
		"SELECT (SELECT count(*) FROM events) - (SELECT sum(events) FROM finding_days)",
		"SELECT count(*) FROM (SELECT run_id, finding_id, events FROM finding_runs EXCEPT"
		" SELECT run_id, finding_id, count(*) FROM events GROUP BY 1, 2)",
		"SELECT (SELECT count(*) FROM events) - (SELECT sum(events) FROM finding_runs)",
		"SELECT (SELECT count(*) FROM events WHERE verdict = 'silenced') - (SELECT coalesce(sum(held), 0) FROM silences)",
		"SELECT count(*) FROM pragma_foreign_key_check",
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (sample_count(s, wrong[i]))
			fail_msg("%s: %lld", wrong[i], (long long)sample_count(s, wrong[i]));
	}
}

/* A report of two of few functions, now and then with a stack that is lost; in place of its text, or new, or known already. */
static void put_event(struct play *p, struct rf_store *store, int64_t run_id)
{
	static const struct rf_policy policy = { .name = { "test", 4 }, .events = 3, .within_ns = 3600000000000u,
						 .silence_ns = 28800000000000u };
	static const char *const names[FUNCTIONS] = { "A", "B", "C", "D", "E" };
	struct rf_finding finding;
	uint32_t r = next_random(&p->seed);
	const char *older = r % 7 == 0 ? NULL : names[r / 8 % FUNCTIONS];
	struct rf_report *report = sample_report(p->sample, names[r / 64 % FUNCTIONS], older, 1 + r / 512 % 6);
	report->from_spool = r % 2;
	report->suppressed = report->from_spool && r % 5 == 0;
	bool known = p->uids && next_random(&p->seed) % 8 == 0;
	uint32_t uid = known ? next_random(&p->seed) % p->uids : p->uids++;
	rf_str name = p->is_stream ? rf_arena_printf(&p->arena, "3fc281ee%08x%024x", uid ^ 5, uid * 2654435761u)
				   : rf_arena_printf(&p->arena, "u%u", uid);
	struct rf_event event = { .report = report, .finding = &finding, .run_id = run_id, .uid = name, .seed = { NULL, 0 },
				  .package = RF_STR("example.com/shop"), .test = RF_STR("TestOne"), .policy = &policy,
				  .time_unix_ns = SAMPLE_NOW + next_random(&p->seed) % 40 * (DAY_NS / 8) +
						  next_random(&p->seed) % 3 * 1000000u };
	int64_t id;
	enum rf_stored how;
	rf_finding_make(report, &p->arena, &finding);
	event.tag = r % 3 ? finding.package : RF_STR("orders");
	assert_int_equal(rf_store_event(store, &event, &id, &how, &p->sample->err), 0);
}

static void delete_event(struct rf_store *store, uint32_t chance)
{
	char sql[160];
	snprintf(sql, sizeof(sql), "DELETE FROM events WHERE verdict <> 'silenced' AND id = (SELECT id FROM events ORDER BY id"
		 " LIMIT 1 OFFSET %u)", chance % 40);
	assert_int_equal(sqlite3_exec(store->handle, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(store->handle, "DELETE FROM findings WHERE events = 0", NULL, NULL, NULL), SQLITE_OK);
}

static void play_transaction(struct play *p)
{
	struct rf_store *store = p->stores[next_random(&p->seed) % 2];
	uint32_t count = 1 + next_random(&p->seed) % 12, uids_before = p->uids;
	assert_int_equal(rf_store_begin(store, &p->sample->err), 0);
	for (uint32_t i = 0; i < count; i++) {
		struct rf_run run = { .trace_id = rf_arena_printf(&p->arena, "t%u", next_random(&p->seed) % RUNS),
				      .start_unix_ns = SAMPLE_NOW };
		int64_t run_id;
		assert_int_equal(rf_store_run(store, &run, &run_id, &p->sample->err), 0);
		put_event(p, store, run_id);
	}
	if (next_random(&p->seed) % 6 == 0) {
		rf_store_rollback(store);
		p->uids = uids_before;
	} else {
		assert_int_equal(rf_store_commit(store, &p->sample->err), 0);
	}
	if (next_random(&p->seed) % 9 == 0)
		delete_event(p->stores[next_random(&p->seed) % 2], next_random(&p->seed));
	rf_arena_reset(&p->arena);
}

static void play(struct sample *s, uint32_t seed, bool check_references)
{
	struct play p = { .sample = s, .stores = { s->store }, .seed = seed, .is_stream = seed % 2 };
	struct rf_store_options options = sample_options(s);
	rf_arena_init(&p.arena, 0);
	assert_int_equal(rf_store_open(&p.stores[1], &options, &s->err), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(rf_store_check_references(p.stores[i], check_references, &s->err), 0);
	for (int i = 0; i < STEPS / 10; i++) {
		play_transaction(&p);
		/* A deletion of an event leaves nothing of it behind only where references are looked after. */
		if (!check_references)
			assert_int_equal(sqlite3_exec(s->store->handle, "DELETE FROM event_details WHERE event_id NOT IN"
						      " (SELECT id FROM events)", NULL, NULL, NULL), SQLITE_OK);
		assert_counted(s);
	}
	rf_store_close(p.stores[1]);
	rf_arena_release(&p.arena);
}

static void test_columns_equal_a_count(void **state)
{
	play(*state, 1, true);
}

static void test_columns_equal_a_count_without_references(void **state)
{
	play(*state, 78, false);
}

/* One transaction, or one for each event: the same findings, silences and days; late events make a finding regressed. */
static void test_batches_do_not_matter(void **state)
{
	struct sample *one = *state, *many;
	void *other;
	static const char dump[] =
		"SELECT group_concat(x, char(10)) FROM (SELECT json_array(title, events, events_alert, first_seen, last_seen,"
		" first_run_id, last_run_id, recurring, resolved_after, regressed_at, test_a, test_b) AS x FROM findings"
		" UNION ALL SELECT json_array(day, finding_id, verdict, events) FROM finding_days"
		" UNION ALL SELECT json_array(finding_id, since, until, held) FROM silences"
		" UNION ALL SELECT json_array(id, uid, verdict, time) FROM events ORDER BY 1)";
	sample_setup(&other);
	many = other;
	struct play p[2] = { { .sample = one, .seed = 5 }, { .sample = many, .seed = 5 } };
	for (int k = 0; k < 2; k++) {
		struct rf_store *store = p[k].sample->store;
		struct rf_run run = { .trace_id = RF_STR("t"), .start_unix_ns = SAMPLE_NOW };
		int64_t run_id;
		rf_arena_init(&p[k].arena, 0);
		for (int i = 0; i < STEPS / 3; i++) {
			if (k == 1 || i % 250 == 0)
				assert_int_equal(rf_store_begin(store, &one->err), 0);
			assert_int_equal(rf_store_run(store, &run, &run_id, &one->err), 0);
			put_event(&p[k], store, run_id);
			if (k == 1 || i % 250 == 249 || i + 1 == STEPS / 3)
				assert_int_equal(rf_store_commit(store, &one->err), 0);
		}
		rf_arena_release(&p[k].arena);
	}
	rf_str a = sample_text(one, dump), b = sample_text(many, dump);
	assert_true(a.len > 1000);
	assert_true(rf_str_eq(a, b));
	assert_int_not_equal(sample_count(one, "SELECT count(*) FROM silences WHERE held > 1"), 0);
	sample_teardown(&other);
}

/* Two connections, with deletions between, that remember what they stored; or one that has to ask the database at each event: the same
 * verdicts. */
static void test_memory_decides_as_the_database(void **state)
{
	struct sample *remembers = *state, *asks;
	void *other;
	static const char dump[] = "SELECT group_concat(x, char(10)) FROM (SELECT json_array(id, uid, time, verdict) AS x FROM events"
				   " UNION ALL SELECT json_array(finding_id, since, until, held) FROM silences ORDER BY 1)";
	sample_setup(&other);
	asks = other;
	struct play p[2] = { { .sample = remembers, .seed = 9 }, { .sample = asks, .seed = 9 } };
	for (int k = 0; k < 2; k++) {
		struct rf_store_options options = sample_options(p[k].sample);
		struct rf_run run = { .trace_id = RF_STR("t"), .start_unix_ns = SAMPLE_NOW };
		int64_t run_id;
		rf_arena_init(&p[k].arena, 0);
		p[k].stores[0] = p[k].sample->store;
		assert_int_equal(rf_store_open(&p[k].stores[1], &options, &p[k].sample->err), 0);
		for (int i = 0; i < STEPS / 10; i++) {
			struct rf_store *store = p[k].stores[next_random(&p[k].seed) % 2];
			uint32_t count = 1 + next_random(&p[k].seed) % 30;
			for (uint32_t n = 0; n < count; n++) {
				if (k == 1 || n == 0)
					assert_int_equal(rf_store_begin(store, &remembers->err), 0);
				if (k == 1)
					rf_tally_forget_all(store);
				assert_int_equal(rf_store_run(store, &run, &run_id, &remembers->err), 0);
				put_event(&p[k], store, run_id);
				if (k == 1 || n + 1 == count)
					assert_int_equal(rf_store_commit(store, &remembers->err), 0);
			}
			if (next_random(&p[k].seed) % 3 == 0)
				delete_event(p[k].stores[next_random(&p[k].seed) % 2], next_random(&p[k].seed));
		}
		rf_store_close(p[k].stores[1]);
		rf_arena_release(&p[k].arena);
	}
	rf_str a = sample_text(remembers, dump), b = sample_text(asks, dump);
	assert_int_not_equal(sample_count(remembers, "SELECT count(*) FROM events WHERE verdict = 'silenced'"), 0);
	assert_true(rf_str_eq(a, b));
	sample_teardown(&other);
}

/* A finding a policy, that silences from so many events an hour: twelve a minute apart, suppressed ones among them, and one that came an
 * hour after the fourth. `apart`: each in a transaction of its own, and nothing is remembered. */
static rf_str verdicts_of_an_hour(struct sample *s, rf_arena *arena, bool apart)
{
	static const char *const names[] = { "A", "B", "C", "D", "E", "F", "G", "H", "I" };
	struct rf_run run = { .trace_id = RF_STR("t"), .start_unix_ns = SAMPLE_NOW };
	int64_t run_id, id;
	for (uint32_t i = 0; i < 9 * 13; i++) {
		uint32_t minute = i % 13;
		struct rf_policy policy = { .name = { "test", 4 }, .events = 2 + i / 13, .within_ns = 3600000000000u, .silence_ns = 60000000000u };
		struct rf_report *report = sample_report(s, names[i / 13], NULL, 1);
		struct rf_finding finding;
		struct rf_event event = { .report = report, .finding = &finding, .uid = rf_arena_printf(arena, "u%u", i),
					  .package = RF_STR("example.com/shop"), .test = RF_STR("TestOne"), .policy = &policy,
					  .time_unix_ns = SAMPLE_NOW + (minute == 12 ? 63 : minute) * 60000000000u };
		enum rf_stored how;
		report->from_spool = report->suppressed = minute % 3 == 1;
		rf_finding_make(report, arena, &finding);
		event.tag = finding.package;
		if (apart || i == 0)
			assert_int_equal(rf_store_begin(s->store, &s->err), 0);
		if (apart)
			rf_tally_forget_all(s->store);
		assert_int_equal(rf_store_run(s->store, &run, &run_id, &s->err), 0);
		event.run_id = run_id;
		assert_int_equal(rf_store_event(s->store, &event, &id, &how, &s->err), 0);
		if (apart || i == 9 * 13 - 1)
			assert_int_equal(rf_store_commit(s->store, &s->err), 0);
	}
	return sample_text(s, "SELECT group_concat(finding_id || ' ' || substr(time, 12, 5) || ' ' || verdict, char(10))"
			   " FROM (SELECT * FROM events ORDER BY finding_id, time)");
}

static void test_memory_counts_what_policies_count(void **state)
{
	rf_arena arena;
	void *other;
	sample_setup(&other);
	rf_arena_init(&arena, 0);
	rf_str remembered = verdicts_of_an_hour(*state, &arena, false), asked = verdicts_of_an_hour(other, &arena, true);
	assert_true(rf_str_contains(asked, "silenced") && rf_str_contains(asked, "suppressed"));
	if (!rf_str_eq(remembered, asked))
		fail_msg("remembered:\n%.*s\nasked:\n%.*s", RF_STR_ARG(remembered), RF_STR_ARG(asked));
	rf_arena_release(&arena);
	sample_teardown(&other);
}

/* Seven days and more after the last event of ten, in one transaction with them: regressed at that event, not at a later one. */
static void test_regressed_within_a_transaction(void **state)
{
	struct sample *s = *state;
	struct rf_finding finding;
	struct rf_report *report = sample_report(s, "A", "B", 1);
	struct rf_run run = { .trace_id = RF_STR("t") };
	struct rf_event event = { .report = report, .finding = &finding, .package = RF_STR(""), .test = RF_STR("") };
	enum rf_stored how;
	int64_t id;
	report->from_spool = true;
	rf_finding_make(report, &s->arena, &finding);
	event.tag = finding.package;
	assert_int_equal(rf_store_begin(s->store, &s->err), 0);
	assert_int_equal(rf_store_run(s->store, &run, &event.run_id, &s->err), 0);
	for (uint64_t i = 0; i < 14; i++) {
		event.uid = rf_arena_printf(&s->arena, "u%u", (unsigned)i);
		event.time_unix_ns = SAMPLE_NOW + i * 1000000000u + (i >= 12 ? 9 * DAY_NS : 0);
		assert_int_equal(rf_store_event(s->store, &event, &id, &how, &s->err), 0);
	}
	assert_int_equal(rf_store_commit(s->store, &s->err), 0);
	assert_str(sample_text(s, "SELECT regressed_at FROM findings"), "2026-01-10T00:00:12.000Z");
	assert_int_equal(sample_count(s, "SELECT events FROM findings"), 14);
}

#define WITH_SAMPLE(test) cmocka_unit_test_setup_teardown(test, sample_setup, sample_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SAMPLE(test_columns_equal_a_count),
		WITH_SAMPLE(test_columns_equal_a_count_without_references),
		WITH_SAMPLE(test_batches_do_not_matter),
		WITH_SAMPLE(test_memory_decides_as_the_database),
		WITH_SAMPLE(test_memory_counts_what_policies_count),
		WITH_SAMPLE(test_regressed_within_a_transaction),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
