/* Rows of stacks and frames: one for what is equal, whoever stored it, and never the one of something else, whatever its hash. */
#include "unit.h"

#include "store/schema.h"
#include "store/schema_stacks.h"
#include "store/stack_hash.h"
#include "store_sample.h"

static void run_sql(sqlite3 *handle, const char *sql)
{
	if (sqlite3_exec(handle, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s", sqlite3_errmsg(handle));
}

static void open_again(struct sample *s)
{
	struct rf_store_options options = sample_options(s);
	if (rf_store_open(&s->store, &options, &s->err) != 0)
		fail_msg("%s", s->err.text);
}

/* Forgets what is remembered of rows. */
static void reopen(struct sample *s)
{
	rf_store_close(s->store);
	open_again(s);
}

static int64_t store(struct sample *s, const struct rf_report *report, const char *uid)
{
	int64_t id;
	assert_int_equal(sample_store(s, report, "t", uid, NULL, &id), RF_STORED_NEW);
	return id;
}

static void assert_same_stack(const struct rf_stack *a, const struct rf_stack *b)
{
	assert_int_equal(a->count, b->count);
	assert_int_equal(a->cut, b->cut);
	for (uint32_t i = 0; i < a->count; i++) {
		assert_true(rf_str_eq(a->frames[i].function, b->frames[i].function));
		assert_true(rf_str_eq(a->frames[i].file, b->frames[i].file));
		assert_int_equal(a->frames[i].line, b->frames[i].line);
		assert_true(a->frames[i].pc == b->frames[i].pc && a->frames[i].offset == b->frames[i].offset);
	}
}

static void assert_stored(struct sample *s, int64_t event, const struct rf_report *report)
{
	struct rf_report stored;
	assert_int_equal(rf_query_report(s->store, event, &s->arena, &stored, &s->err), 0);
	assert_int_equal(stored.access_count, report->access_count);
	for (uint32_t i = 0; i < report->access_count; i++) {
		assert_same_stack(&stored.accesses[i].stack, &report->accesses[i].stack);
		assert_same_stack(&stored.accesses[i].goroutine->created, &report->accesses[i].goroutine->created);
	}
}

static void assert_rows(struct sample *s, int64_t frames, int64_t stacks)
{
	assert_int_equal(sample_count(s, "SELECT count(*) FROM frames"), frames);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM stacks"), stacks);
}

static void test_equal_stacks_are_one_row(void **state)
{
	struct sample *s = *state;
	struct rf_report *one = sample_report(s, "Add", "Total", 1), *other = sample_report(s, "Add", "Get", 2);
	store(s, one, "1");
	assert_rows(s, 5, 4);
	reopen(s);
	store(s, sample_report(s, "Add", "Total", 2), "2");
	assert_rows(s, 5, 4);
	assert_stored(s, store(s, other, "3"), other);
	assert_rows(s, 6, 5);
	/* known frames in another order, a cut, another offset */
	struct rf_frame *created = one->goroutines[0]->created.frames, first = created[0];
	created[0] = created[1];
	created[1] = first;
	one->accesses[0].stack.cut = true;
	one->accesses[1].stack.frames[0].offset++;
	assert_stored(s, store(s, one, "4"), one);
	assert_rows(s, 6, 8);
	reopen(s);
	assert_stored(s, store(s, one, "5"), one);
	assert_rows(s, 6, 8);
}

/* Rows of other frames and stacks where these would be found. */
static void test_hashes_only_find(void **state)
{
	struct sample *s = *state;
	struct rf_report *r = sample_report(s, "Add", "Total", 1);
	store(s, r, "1");
	run_sql(s->store->handle, "UPDATE frames SET line = line + 1 WHERE id % 3 = 0;"
				  "UPDATE frames SET function = function || 'x' WHERE id % 3 = 1;"
				  "UPDATE frames SET file = substr(file, 2) WHERE id % 3 = 2;");
	reopen(s);
	assert_stored(s, store(s, r, "2"), r);
	assert_rows(s, 10, 8);
	run_sql(s->store->handle, "UPDATE stacks SET cut = 1 WHERE id > 4 AND id % 2 = 0;"
				  "UPDATE stacks SET frames = '[[1,0,0]]' WHERE id > 4 AND id % 2 = 1;");
	reopen(s);
	assert_stored(s, store(s, r, "3"), r);
	assert_rows(s, 10, 12);
	reopen(s);
	assert_stored(s, store(s, r, "4"), r);
	assert_rows(s, 10, 12);
}

/* More rows of one hash than are looked at: what is stored is right all the same, and stored again rather than searched for. */
static void test_many_of_one_hash(void **state)
{
	struct sample *s = *state;
	struct rf_report *r = sample_report(s, "Add", "Total", 1);
	assert_int_equal(rf_stack_hash_functions(s->store->handle), SQLITE_OK);
	run_sql(s->store->handle, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)"
				  " INSERT INTO frames (hash, function, file, line) SELECT"
				  " rf_frame_hash('example.com/shop.Add', '/src/shop.go', 10), 'f' || i, 'x', i FROM n");
	for (int i = 0; i < 3; i++) {
		const char *uid = rf_arena_printf(&s->arena, "%d", i).ptr;
		assert_stored(s, store(s, r, uid), r);
		reopen(s);
	}
	assert_rows(s, 107, 6);
}

/* `count` reports, each with a stack and frames of its own. */
static void store_many(struct sample *s, const char *name, int count, const char *uids)
{
	for (int i = 0; i < count; i++) {
		const char *function = rf_arena_printf(&s->arena, "%s%d", name, i).ptr;
		store(s, sample_report(s, function, "Total", 1), rf_arena_printf(&s->arena, "%s%d", uids, i).ptr);
	}
}

/* What is known to be in no row isn't looked for; what is there is found, whoever stored it. */
static void test_absent_hashes(void **state)
{
	struct sample *s = *state;
	const struct rf_absent *frames = &s->store->absent[RF_ABSENT_FRAMES];
	int64_t stacks;
	store_many(s, "Old", 200, "old");
	assert_true(frames->filled);
	reopen(s);
	frames = &s->store->absent[RF_ABSENT_FRAMES];
	stacks = sample_count(s, "SELECT count(*) FROM stacks");
	store_many(s, "Old", 100, "again");
	assert_false(frames->filled); /* all were found */
	store_many(s, "New", 50, "new");
	assert_true(frames->filled); /* enough weren't */
	store_many(s, "Old", 200, "third");
	store_many(s, "New", 50, "fourth");
	assert_rows(s, sample_count(s, "SELECT count(DISTINCT function || file || line) FROM frames"), stacks + 50);
}

static void test_absent_until_somebody_writes(void **state)
{
	struct sample *s = *state;
	struct rf_store *ours = s->store;
	store(s, sample_report(s, "Add", "Total", 1), "1");
	open_again(s);
	store(s, sample_report(s, "Theirs", "Total", 1), "2");
	rf_store_close(s->store);
	s->store = ours;
	assert_rows(s, 6, 5);
	assert_true(s->store->absent[RF_ABSENT_FRAMES].filled);
	store(s, sample_report(s, "Theirs", "Total", 1), "3");
	assert_rows(s, 6, 5);
}

static void test_unclean_text(void **state)
{
	struct sample *s = *state;
	struct rf_report *r = sample_report(s, "Add", "Total", 1), *clean = sample_report(s, "Add", "Total", 1);
	r->accesses[0].stack.frames[0].function = RF_STR("a\xff.\0b");
	clean->accesses[0].stack.frames[0].function = RF_STR("a\xef\xbf\xbd.\xef\xbf\xbd" "b");
	r->accesses[1].stack.frames[0].file = (rf_str){ NULL, 0 };
	clean->accesses[1].stack.frames[0].file = RF_STR("");
	assert_stored(s, store(s, r, "1"), clean);
	reopen(s);
	assert_stored(s, store(s, r, "2"), clean);
	assert_stored(s, store(s, clean, "3"), clean);
	assert_rows(s, 5, 4);
}

static void test_numbers_of_64_bits(void **state)
{
	struct sample *s = *state;
	struct rf_report *r = sample_report(s, "Add", "Total", 1);
	struct rf_frame *frames = r->goroutines[0]->created.frames;
	frames[0].pc = UINT64_MAX;
	frames[0].offset = (uint64_t)1 << 63;
	frames[1].pc = INT64_MAX;
	frames[1].line = UINT32_MAX;
	assert_stored(s, store(s, r, "1"), r);
	reopen(s);
	assert_stored(s, store(s, r, "2"), r);
	assert_rows(s, 5, 4);
	assert_str(sample_text(s, "SELECT group_concat(position || ' ' || pc || ' ' || offset || ' ' || line || ' ' || typeof(pc), '; ')"
				  " FROM stack_frames x JOIN frames f ON f.id = x.frame_id WHERE stack_id ="
				  " (SELECT stack_id FROM stack_frames WHERE pc = -1)"),
		   "0 -1 -9223372036854775808 7 integer; 1 9223372036854775807 1 4294967295 integer");
}

/* The rows of `from`, in tables as they were before, with other ids. */
static void make_old(struct sample *s, const char *path, const char *from)
{
	sqlite3 *handle;
	assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
	int version = 0;
	for (; rf_schema_migrations[version] && rf_schema_migrations[version] != rf_schema_stacks; version++)
		run_sql(handle, rf_schema_migrations[version]);
	run_sql(handle, rf_arena_printf(&s->arena, "ATTACH '%s' AS a;"
					"INSERT INTO main.frames (id, function, file, line) SELECT 90 - id, function, file, line FROM a.frames;"
					"INSERT INTO main.stacks (id, hash, cut) SELECT id + 3, 'h' || id, cut FROM a.stacks;"
					"INSERT INTO main.stack_frames (stack_id, position, frame_id, pc, offset)"
					" SELECT stack_id + 3, position, 90 - frame_id, pc, offset FROM a.stack_frames;"
					"PRAGMA application_id = 0x52464442; PRAGMA user_version = %d;", from, version).ptr);
	/* What refers to tables that go is somebody's own. */
	run_sql(handle, "CREATE VIEW my_own AS SELECT f.function, x.position FROM stack_frames x JOIN frames f ON f.id = x.frame_id");
	assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

static void test_old_rows_are_found(void **state)
{
	struct sample *s = *state;
	struct rf_report *r = sample_report(s, "Add", "Total", 1);
	r->accesses[0].stack.cut = true;
	r->accesses[0].stack.frames[0].pc = UINT64_MAX;
	r->accesses[1].stack.frames[0].function = RF_STR("a\xff");
	store(s, r, "1");
	assert_rows(s, 5, 4);
	rf_str from = rf_arena_printf(&s->arena, "%s", s->path);
	snprintf(s->path, sizeof(s->path), "%s/old", s->directory);
	make_old(s, s->path, from.ptr);
	reopen(s);
	assert_rows(s, 5, 4);
	assert_int_equal(sample_count(s, "SELECT min(id) || max(id) FROM stacks"), 47);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM my_own"), 5);
	assert_str(sample_text(s, "PRAGMA integrity_check"), "ok");
	r->accesses[1].stack.frames[0].function = RF_STR("a\xef\xbf\xbd");
	assert_stored(s, store(s, r, "2"), r);
	assert_rows(s, 5, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_equal_stacks_are_one_row, sample_setup, sample_teardown),
		cmocka_unit_test_setup_teardown(test_hashes_only_find, sample_setup, sample_teardown),
		cmocka_unit_test_setup_teardown(test_many_of_one_hash, sample_setup, sample_teardown),
		cmocka_unit_test_setup_teardown(test_absent_hashes, sample_setup, sample_teardown),
		cmocka_unit_test_setup_teardown(test_absent_until_somebody_writes, sample_setup, sample_teardown),
		cmocka_unit_test_setup_teardown(test_unclean_text, sample_setup, sample_teardown),
		cmocka_unit_test_setup_teardown(test_numbers_of_64_bits, sample_setup, sample_teardown),
		cmocka_unit_test_setup_teardown(test_old_rows_are_found, sample_setup, sample_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
