/* Joined writes of the log: fewer calls, and everybody still sees what SQLite promises. */
#include "unit.h"

#include "directory.h"
#include "fault_vfs.h"
#include "store/log_writes.h"

#define PAGES "200" /* of a transaction, about: a row fills a page */

struct two {
	char directory[DIRECTORY_BYTES], path[128];
	sqlite3 *writer, *other; /* the writer's are joined */
};

static int run(sqlite3 *handle, const char *sql)
{
	return sqlite3_exec(handle, sql, NULL, NULL, NULL);
}

static int64_t number(sqlite3 *handle, const char *sql)
{
	sqlite3_stmt *q;
	assert_int_equal(sqlite3_prepare_v2(handle, sql, -1, &q, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(q), SQLITE_ROW);
	int64_t value = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	return value;
}

static sqlite3 *open_at(const char *path)
{
	sqlite3 *handle;
	assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
	assert_int_equal(run(handle, "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
				     "PRAGMA wal_autocheckpoint = 0; CREATE TABLE IF NOT EXISTS t(id INTEGER PRIMARY KEY, x)"),
			 SQLITE_OK);
	return handle;
}

static int two_open(void **state)
{
	static struct two two;
	directory_make(two.directory);
	snprintf(two.path, sizeof(two.path), "%s/db", two.directory);
	two.writer = open_at(two.path);
	two.other = open_at(two.path);
	rf_log_join_writes(two.writer);
	*state = &two;
	return 0;
}

static int two_close(void **state)
{
	struct two *two = *state;
	assert_int_equal(sqlite3_close(two->writer), SQLITE_OK);
	assert_int_equal(sqlite3_close(two->other), SQLITE_OK);
	fault_vfs_disarm();
	directory_remove(two->directory);
	return 0;
}

static void fill(sqlite3 *handle)
{
	assert_int_equal(run(handle, "INSERT INTO t(x) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT " PAGES ") "
				     "SELECT randomblob(3000) FROM n"), SQLITE_OK);
}

static uint64_t calls_of_a_commit(sqlite3 *handle)
{
	uint64_t before = faulty.calls;
	fill(handle);
	return faulty.calls - before;
}

static void test_few_calls(void **state)
{
	struct two *two = *state;
	uint64_t joined = calls_of_a_commit(two->writer), alone = calls_of_a_commit(two->other);
	assert_true(alone >= 400);
	assert_true(joined <= alone / 20);
	assert_int_equal(number(two->other, "SELECT count(*) FROM t"), 400);
	assert_int_equal(number(two->writer, "SELECT count(*) FROM t"), 400);
}

/* Each commit, at once: nothing waits for the next one. */
static void test_seen_at_once(void **state)
{
	struct two *two = *state;
	for (int i = 1; i <= 50; i++) {
		assert_int_equal(run(two->writer, "INSERT INTO t(x) VALUES (randomblob(10000))"), SQLITE_OK);
		assert_int_equal(number(two->other, "SELECT count(*) FROM t WHERE length(x) = 10000"), i);
		if (i % 7 == 0)
			assert_int_equal(run(two->other, "UPDATE t SET x = randomblob(10000) WHERE id % 3 = 0; PRAGMA wal_checkpoint"),
					 SQLITE_OK);
	}
}

/* A cache of few pages writes those of a transaction before its end, and reads them again. */
static void test_spilled_pages_are_read(void **state)
{
	struct two *two = *state;
	assert_int_equal(run(two->writer, "PRAGMA cache_size = 10; BEGIN"), SQLITE_OK);
	for (int i = 1; i <= 200; i++) {
		assert_int_equal(run(two->writer, "INSERT INTO t(x) VALUES (randomblob(3000))"), SQLITE_OK);
		assert_int_equal(number(two->writer, "SELECT sum(length(x)) FROM t WHERE id > (SELECT max(id) FROM t) - 20"),
				 3000 * (i < 20 ? i : 20));
		assert_int_equal(number(two->other, "SELECT count(*) FROM t"), 0);
	}
	assert_int_equal(run(two->writer, "COMMIT"), SQLITE_OK);
	assert_int_equal(number(two->other, "SELECT sum(length(x)) FROM t"), 200 * 3000);
}

/* What was spilled and undone lies where somebody else's commit comes to lie. */
static void test_undone_pages_are_forgotten(void **state)
{
	struct two *two = *state;
	fill(two->other);
	assert_int_equal(run(two->writer, "PRAGMA cache_size = 10"), SQLITE_OK);
	for (int rows = 15; rows < 60; rows++) {
		char update[128];
		/* So that what is read isn't in the log: a read writes what was joined. */
		assert_int_equal(run(two->other, "PRAGMA wal_checkpoint(TRUNCATE)"), SQLITE_OK);
		snprintf(update, sizeof(update), "BEGIN; UPDATE t SET x = randomblob(3000) WHERE id <= %d; ROLLBACK", rows);
		assert_int_equal(run(two->writer, update), SQLITE_OK);
		assert_int_equal(run(two->other, "UPDATE t SET x = zeroblob(3000) WHERE id > 150"), SQLITE_OK);
		assert_int_equal(number(two->writer, "SELECT count(*) FROM t WHERE x = zeroblob(3000)"), 50);
		sqlite3 *third = open_at(two->path); /* with nothing in its cache */
		assert_int_equal(number(third, "SELECT count(*) FROM t WHERE x = zeroblob(3000)"), 50);
		sqlite3_close(third);
		assert_int_equal(run(two->writer, "UPDATE t SET x = randomblob(3000) WHERE id > 150"), SQLITE_OK);
	}
	assert_int_equal(number(two->other, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
}

/* The one call of a commit that fails makes the commit fail, and the next one works. */
static void test_failing_write(void **state)
{
	struct two *two = *state;
	int rows = 0, failed = 0;
	for (uint64_t at = 1; at < 12; at++) {
		faulty.at = faulty.calls + at;
		faulty.kind = FAULT_FULL; /* fault_vfs_arm is for files that are to be opened */
		int rc = run(two->writer, "INSERT INTO t(x) VALUES (randomblob(300000))");
		faulty.kind = FAULT_NONE;
		assert_true(rc == SQLITE_OK || rc == SQLITE_FULL);
		rows += rc == SQLITE_OK;
		failed += rc == SQLITE_FULL;
		assert_int_equal(number(two->other, "SELECT count(*) FROM t"), rows);
		assert_int_equal(number(two->other, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
	}
	assert_true(failed >= 3 && rows >= 3);
}

#define TWO(test) cmocka_unit_test_setup_teardown(test, two_open, two_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TWO(test_few_calls), TWO(test_seen_at_once), TWO(test_spilled_pages_are_read), TWO(test_undone_pages_are_forgotten),
		TWO(test_failing_write),
	};
	fault_vfs_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
