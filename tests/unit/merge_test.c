/* Merged databases are what one reporter would have that had seen everything. */
#include "upkeep/merge.h"
#include "upkeep_sample.h"

/* One thing that a reporter can see, by number. Later numbers are later. */
static void put_fact(struct sample *s, struct rf_store *store, int fact)
{
	static const struct {
		const char *a, *b, *trace, *tag;
		unsigned address;
		bool record, suppressed;
	} facts[] = {
		{ "Add", NULL, "t1", NULL, 1, false, false },       /* a wildcard before its finding */
		{ "Add", "Total", "t1", NULL, 2, false, false },
		{ "Add", "Total", "t1", NULL, 2, true, false },     /* the record of the text before it */
		{ "Add", "Total", "t2", "orders", 3, true, false },
		{ "Remove", "Total", "t2", NULL, 4, false, false },
		{ "Remove", NULL, "t3", NULL, 5, false, false },    /* and after it */
		{ "Add", "Total", "t3", NULL, 6, false, false },
		{ "Sub", "Total", "t3", NULL, 6, false, false },    /* its record is of another finding: it has another tag */
		{ "Sub", "Total", "t3", "payment", 6, true, false },
		{ "Sub", "Total", "t3", NULL, 7, true, true },
		{ "Lonely", NULL, "t4", NULL, 8, false, false },
		{ "Add", "Total", "t4", "orders", 9, false, false },
	};
	struct rf_store *own = s->store;
	int64_t id;
	fact %= (int)(sizeof(facts) / sizeof(facts[0]));
	struct rf_report *r = sample_report(s, facts[fact].a, facts[fact].b, facts[fact].address);
	r->from_spool = facts[fact].record;
	r->suppressed = facts[fact].suppressed;
	for (uint32_t i = 0; r->from_spool && i < r->goroutine_count; i++)
		r->goroutines[i]->goid = 8u + (i == 0);
	s->clock.now = SAMPLE_NOW + (uint64_t)fact * 60000000000u;
	s->store = store;
	sample_store(s, r, facts[fact].trace, rf_arena_printf(&s->arena, "uid-%02d", fact).ptr, facts[fact].tag, &id);
	s->store = own;
}
#define FACTS 12

/* A database of the facts in this set of bits, in order. */
static const char *database_of(struct sample *s, const char *name, unsigned facts)
{
	const char *path = path_of(s, name);
	struct rf_store_options options = { .path = path, .clock = { sample_now, &s->clock } };
	struct rf_store *store;
	assert_int_equal(rf_store_open(&store, &options, &s->err), 0);
	for (int i = 0; i < FACTS; i++) {
		if (facts >> i & 1)
			put_fact(s, store, i);
	}
	rf_store_close(store);
	return path;
}

static rf_str merge_of(struct sample *s, const char *const *inputs, uint32_t count)
{
	const char *to = path_of(s, "merged");
	struct rf_merge_options options = { .inputs = inputs, .count = count, .to = to, .clock = { sample_now, &s->clock } };
	struct rf_merge out;
	int rc = rf_merge_run(&options, &out, &s->err);
	if (rc < 0)
		fail_msg("%s", s->err.text);
	rf_str dump = dump_of(s, to);
	assert_int_equal(unlink(to), 0);
	return dump;
}

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* Whatever parts the facts are seen in, in whatever order and however often the parts are given. */
static void test_merge_is_what_one_would_have_seen(void **state)
{
	struct sample *s = *state;
	uint32_t random = 1;
	const char *more = getenv("REDFLAG_TEST_ROUNDS");
	for (int round = 0; round < (more ? (int)strtol(more, NULL, 10) : 4); round++) {
		unsigned a = next_random(&random) % (1u << FACTS), b = next_random(&random) % (1u << FACTS), c = ~(a | b) & ((1u << FACTS) - 1);
		if (round % 3 == 0)
			c |= next_random(&random) % (1u << FACTS);
		const char *parts[] = { database_of(s, "a", a), database_of(s, "b", b), database_of(s, "c", c) };
		const char *whole[] = { database_of(s, "all", a | b | c) };
		const char *orders[][4] = { { parts[0], parts[1], parts[2], parts[0] }, { parts[2], parts[0], parts[1], parts[1] },
					    { parts[1], parts[2], parts[0], parts[2] } };
		rf_str one = dump_of(s, whole[0]);
		assert_same(merge_of(s, whole, 1), one);
		for (size_t i = 0; i < 3; i++)
			assert_same(merge_of(s, orders[i], i == 0 ? 4 : 3), one);
		for (size_t i = 0; i < 3; i++)
			unlink(parts[i]);
		unlink(whole[0]);
	}
}

/* Of several equal texts nobody can say which is the record's; but they are as many as they are, in any order. */
static void test_merge_of_equal_texts(void **state)
{
	struct sample *s = *state;
	const char *a = path_of(s, "a"), *b = path_of(s, "b"), *names[] = { a, a, b, b }, *uids[] = { "t-1", "s-1", "t-2", "t-1" };
	const char *both[] = { a, b }, *turned[] = { b, a };
	struct rf_store *own = s->store;
	int64_t id;
	for (int i = 0; i < 4; i++) {
		struct rf_store_options options = { .path = names[i], .clock = { sample_now, &s->clock } };
		struct rf_report *r = sample_report(s, "Add", "Total", 1);
		r->from_spool = uids[i][0] == 's';
		assert_int_equal(rf_store_open(&s->store, &options, &s->err), 0);
		s->clock.now += 1000000000u;
		sample_store(s, r, "t", uids[i], NULL, &id);
		rf_store_close(s->store);
	}
	s->store = own;
	rf_str merged = merge_of(s, both, 2);
	assert_same(merge_of(s, turned, 2), merged);
	assert_true(rf_str_contains(merged, "event|s-1|t-1|"));
	assert_true(rf_str_contains(merged, "event|t-2|NULL|"));
	assert_false(rf_str_contains(merged, "event|t-1|"));
}

static void gc_file(struct sample *s, const char *path, uint64_t keep_ns)
{
	struct rf_store_options options = { .path = path, .clock = { sample_now, &s->clock } };
	struct rf_store *store, *own = s->store;
	assert_int_equal(rf_store_open(&store, &options, &s->err), 0);
	s->store = store;
	gc(s, (struct rf_gc_options){ .keep_ns = keep_ns });
	s->store = own;
	rf_store_close(store);
}

/* What gc has removed in one is counted once, whether another still has it or not. */
static void test_merge_after_gc(void **state)
{
	struct sample *s = *state;
	const char *a = database_of(s, "a", 0xfff), *b = database_of(s, "b", 0xfff), *c = database_of(s, "c", 0x0f0);
	const char *all[] = { database_of(s, "all", 0xfff) };
	s->clock.now = SAMPLE_NOW + 10 * DAY_NS;
	gc_file(s, a, 9 * DAY_NS + 86000000000000u);
	const char *gone[] = { a, a }, *mixed[] = { a, b, c }, *turned[] = { c, a, b, a };
	rf_str dump = dump_of(s, a);
	assert_true(rf_str_contains(dump, "gone|"));
	assert_same(merge_of(s, gone, 2), dump);
	rf_str merged = merge_of(s, mixed, 3);
	assert_same(merge_of(s, turned, 4), merged);
	assert_same(merged, dump_of(s, all[0]));
}

static void test_merge_settles_verdicts_and_duplicates(void **state)
{
	struct sample *s = *state;
	const char *a = database_of(s, "a", 0xfff), *b = database_of(s, "b", 0xfff);
	const char *both[] = { a, b }, *turned[] = { b, a };
	sqlite3 *db;
	assert_int_equal(sqlite3_open(b, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "UPDATE events SET verdict = 'known' WHERE uid IN ('uid-03', 'uid-04');"
				      "UPDATE events SET verdict = 'alert' WHERE uid = 'uid-09';"
				      "UPDATE findings SET duplicate_of = (SELECT max(id) FROM findings) WHERE id = 1;", NULL, NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(db);
	rf_str merged = merge_of(s, both, 2);
	assert_same(merge_of(s, turned, 2), merged);
	assert_false(rf_str_contains(merged, "|known|"));
}

static void test_merge_refuses(void **state)
{
	struct sample *s = *state;
	struct rf_merge out;
	const char *inputs[] = { s->path };
	struct rf_merge_options options = { .inputs = inputs, .count = 1, .to = s->path, .clock = { sample_now, &s->clock } };
	assert_int_equal(rf_merge_run(&options, &out, &s->err), RF_ERR_USAGE);
	assert_says(s->err, "is there already");
	inputs[0] = path_of(s, "nothing");
	options.to = path_of(s, "merged");
	assert_int_equal(rf_merge_run(&options, &out, &s->err), RF_ERR_MISSING);
	assert_int_equal(access(options.to, F_OK), -1);
	assert_int_equal(access(path_of(s, "merged.part"), F_OK), -1);
	assert_int_equal(sqlite3_exec(s->store->handle, "PRAGMA user_version = 999", NULL, NULL, NULL), SQLITE_OK);
	inputs[0] = s->path;
	assert_int_equal(rf_merge_run(&options, &out, &s->err), RF_ERR_VERSION);
}

#define SAMPLED(test) cmocka_unit_test_setup_teardown(test, sample_setup, sample_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SAMPLED(test_merge_is_what_one_would_have_seen),
		SAMPLED(test_merge_of_equal_texts),
		SAMPLED(test_merge_after_gc),
		SAMPLED(test_merge_settles_verdicts_and_duplicates),
		SAMPLED(test_merge_refuses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
