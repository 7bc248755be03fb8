/* What halves.h and uids.h remember, against what the database says: which event a text or a record is joined to, and whether
 * it was there before. */
#include "unit.h"

#include "store_sample.h"

#define TRANSACTIONS 150
#define RUNS 4
#define STREAMS 3 /* more than one, because each has uids of its own */

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

struct play {
	struct sample *sample;
	struct rf_store *stores[2]; /* two connections to one file */
	rf_arena arena;
	uint32_t seed, texts[STREAMS], records[STREAMS];
	uint32_t stored[RF_STORED_UPGRADED + 1];
};

/* A uid as streams and spools have them: mostly the next one, now and then one that was given before. */
static rf_str uid_of(struct play *p, bool record, bool cut)
{
	uint32_t stream = next_random(&p->seed) % STREAMS, *next = record ? &p->records[stream] : &p->texts[stream];
	uint32_t number = next_random(&p->seed) % 5 == 0 && *next ? next_random(&p->seed) % *next : (*next)++;
	if (record)
		return rf_arena_printf(&p->arena, "%032x-%u", stream + 1, number + 1);
	return rf_arena_printf(&p->arena, "%s%08x%08x%024x", cut ? "cut-" : "", stream + 1, number, number * 2654435761u);
}

static int64_t ask(struct play *p, struct rf_store *store, const char *sql)
{
	int64_t value;
	assert_int_equal(rf_db_number(store, sql, &value, &p->sample->err), 0);
	return value;
}

static int64_t event_of_uid(struct play *p, struct rf_store *store, rf_str uid)
{
	return ask(p, store, rf_arena_printf(&p->arena, "SELECT id FROM events WHERE '%.*s' IN (uid, text_uid)",
					     RF_STR_ARG(uid)).ptr);
}

/* What must come of it, by what is in the database. */
static enum rf_stored expect(struct play *p, struct rf_store *store, const struct rf_event *e, int64_t *id)
{
	const struct rf_report *r = e->report;
	*id = event_of_uid(p, store, e->uid);
	if (*id)
		return RF_STORED_KNOWN;
	if (e->cut_uid.len && (*id = event_of_uid(p, store, e->cut_uid)))
		return RF_STORED_UPGRADED;
	if (r->from_spool && r->suppressed)
		return RF_STORED_NEW;
	*id = ask(p, store, rf_arena_printf(&p->arena, "SELECT min(id) FROM events WHERE run_id = %lld AND match_key = %lld AND %s",
					    (long long)e->run_id, (long long)rf_report_match_key(r),
					    r->from_spool ? "source = 'text'"
							  : "source = 'spool' AND text_uid IS NULL AND suppressed_by IS NOT 'process'").ptr);
	return !*id ? RF_STORED_NEW : r->from_spool ? RF_STORED_UPGRADED : RF_STORED_JOINED;
}

static void put_event(struct play *p, struct rf_store *store, int64_t run_id)
{
	struct rf_finding finding;
	uint32_t r = next_random(&p->seed);
	struct rf_report *report = sample_report(p->sample, "A", "B", 1 + r / 64 % 8);
	bool cut = r % 16 == 0;
	report->from_spool = !cut && r % 2;
	report->suppressed = report->from_spool && r / 8 % 7 == 0;
	struct rf_event event = { .report = report, .finding = &finding, .run_id = run_id, .seed = { NULL, 0 },
				  .uid = uid_of(p, report->from_spool, cut), .package = RF_STR("example.com/shop"),
				  .test = RF_STR("TestOne"), .time_unix_ns = SAMPLE_NOW };
	if (!cut && !report->from_spool && r / 4 % 4 == 0)
		event.cut_uid = uid_of(p, false, true);
	int64_t id, expected;
	enum rf_stored how, wanted;
	rf_finding_make(report, &p->arena, &finding);
	event.tag = finding.package;
	wanted = expect(p, store, &event, &expected);
	assert_int_equal(rf_store_event(store, &event, &id, &how, &p->sample->err), 0);
	assert_int_equal(how, wanted);
	if (how != RF_STORED_NEW)
		assert_int_equal(id, expected);
	p->stored[how]++;
}

static void play_transaction(struct play *p)
{
	struct rf_store *store = p->stores[next_random(&p->seed) % 2];
	uint32_t count = 1 + next_random(&p->seed) % 16;
	assert_int_equal(rf_store_begin(store, &p->sample->err), 0);
	for (uint32_t i = 0; i < count; i++) {
		struct rf_run run = { .trace_id = rf_arena_printf(&p->arena, "t%u", next_random(&p->seed) % RUNS) };
		int64_t run_id;
		assert_int_equal(rf_store_run(store, &run, &run_id, &p->sample->err), 0);
		put_event(p, store, run_id);
	}
	if (next_random(&p->seed) % 6 == 0)
		rf_store_rollback(store);
	else
		assert_int_equal(rf_store_commit(store, &p->sample->err), 0);
	if (next_random(&p->seed) % 8 == 0) /* and whoever knew of it mustn't any more */
		assert_int_equal(sqlite3_exec(p->stores[next_random(&p->seed) % 2]->handle, "DELETE FROM events WHERE id ="
					      " (SELECT max(id) FROM events)", NULL, NULL, NULL), SQLITE_OK);
	rf_arena_reset(&p->arena);
}

/* `room`: how many events are remembered at most. */
static void play(struct sample *s, uint32_t seed, uint32_t room)
{
	struct play p = { .sample = s, .stores = { s->store }, .seed = seed };
	struct rf_store_options options = sample_options(s);
	rf_arena_init(&p.arena, 0);
	assert_int_equal(rf_store_open(&p.stores[1], &options, &s->err), 0);
	p.stores[0]->halves.room = p.stores[1]->halves.room = room;
	for (int i = 0; i < TRANSACTIONS; i++)
		play_transaction(&p);
	for (int how = 0; how <= RF_STORED_UPGRADED; how++)
		assert_true(p.stored[how] > 20);
	rf_store_close(p.stores[1]);
	rf_arena_release(&p.arena);
}

static void test_joined_as_the_database_says(void **state)
{
	play(*state, 1, 0);
}

static void test_more_than_is_remembered(void **state)
{
	play(*state, 2, 5);
}

static void test_nothing_is_remembered(void **state)
{
	play(*state, 3, 1);
}

/* More runs than are known at a time, each with both kinds. */
static void test_many_runs(void **state)
{
	struct sample *s = *state;
	int64_t id;
	for (int round = 0; round < 2; round++) {
		for (unsigned run = 0; run < 3 * RF_HALVES_RUNS; run++) {
			struct rf_report *report = sample_report(s, "A", "B", 7);
			const char *trace = rf_arena_printf(&s->arena, "run%u", run).ptr;
			report->from_spool = (run + (unsigned)round) % 2;
			rf_str uid = rf_arena_printf(&s->arena, "%08x%08x%024x", round, run, run);
			enum rf_stored how = sample_store(s, report, trace, uid.ptr, NULL, &id);
			assert_int_equal(how, round == 0 ? RF_STORED_NEW : report->from_spool ? RF_STORED_UPGRADED : RF_STORED_JOINED);
		}
	}
	assert_int_equal(sample_count(s, "SELECT count(*) FROM events WHERE text_uid IS NOT NULL"), 3 * RF_HALVES_RUNS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_joined_as_the_database_says, sample_setup, sample_teardown),
		cmocka_unit_test_setup_teardown(test_more_than_is_remembered, sample_setup, sample_teardown),
		cmocka_unit_test_setup_teardown(test_nothing_is_remembered, sample_setup, sample_teardown),
		cmocka_unit_test_setup_teardown(test_many_runs, sample_setup, sample_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
