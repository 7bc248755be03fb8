/* Sessions that read spools: of their trace, left over, still being written, and with their text. */
#include "unit.h"

#include <fcntl.h>
#include <unistd.h>

#include "session_fixture.h"
#include "spool_build.h"

#define SPOOL_TRACE "4bf92f3577b34da6a3ce929d0e0e4736" /* of spool_process */

static struct spool_build build; /* too large for a stack */

static const char *write_spool(struct sample *s, const char *directory, bool finished)
{
	uint32_t ids[4];
	spool_begin(&build);
	spool_process(&build);
	for (uint32_t i = 0; i < 4; i++)
		ids[i] = spool_symbol(&build, i % 2 ? "example.com/shop.Total" : "example.com/shop.Add", "/src/shop.go", i + 1);
	spool_report(&build, ids);
	((struct rf_spool_file_header *)build.bytes)->finished = finished;
	const char *path = rf_arena_printf(&s->arena, "%s/rf-4711.spool", directory).ptr;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(write(fd, build.bytes, build.used), build.used);
	close(fd);
	return path;
}

static void test_spool_of_our_trace(void **state)
{
	struct sample *s = *state;
	const char *path = write_spool(s, s->directory, true);
	struct rf_session *session = open_session(s, SPOOL_TRACE, true);
	rf_session_spools(session, s->directory, true, RF_SPOOLS_OVER);
	assert_int_equal(access(path, F_OK), -1); /* its events are committed */
	assert_int_equal(sample_count(s, "SELECT count(*) FROM events WHERE source = 'spool'"), 1);
	assert_str(sample_text(s, "SELECT main_package || ' ' || finished FROM processes"), "example.com/shop 1");
	write_spool(s, s->directory, true);
	rf_session_spools(session, s->directory, false, RF_SPOOLS_ALL);
	assert_int_equal(access(path, F_OK), 0); /* not our directory */
	assert_int_equal(sample_count(s, "SELECT count(*) FROM events"), 1);
	finish(s, session);
}

static void test_left_over_spool(void **state)
{
	struct sample *s = *state;
	const char *path = write_spool(s, s->directory, true);
	struct rf_session *living = open_session(s, SPOOL_TRACE, true), *session = open_session(s, "other", true);
	rf_session_lock(living, s->directory);
	rf_session_spools(session, s->directory, true, RF_SPOOLS_ALL);
	assert_int_equal(access(path, F_OK), 0); /* its reporter lives */
	rf_session_close(living);
	rf_session_spools(session, s->directory, true, RF_SPOOLS_ALL);
	assert_int_equal(access(path, F_OK), -1);
	assert_true(rf_str_contains(rf_session_notes(session), "1 spool"));
	assert_str(sample_text(s, "SELECT trace_id FROM v_events"), SPOOL_TRACE);
	int64_t *ids;
	bool *is_new;
	uint32_t count;
	assert_int_equal(rf_session_findings(session, false, &s->arena, &ids, &is_new, &count, &s->err), 0);
	assert_int_equal(count, 0); /* stored, but not what this run saw */
	finish(s, session);
}

/* What the process does between being read and being asked for: it writes the rest of its spool, and ends. */
static struct {
	const char *path;
	size_t from;
} last_moment;

bool __real_rf_process_over(uint32_t pid, uint64_t start_unix_ns);
bool __wrap_rf_process_over(uint32_t pid, uint64_t start_unix_ns);

bool __wrap_rf_process_over(uint32_t pid, uint64_t start_unix_ns)
{
	if (!last_moment.path)
		return __real_rf_process_over(pid, start_unix_ns);
	int fd = open(last_moment.path, O_WRONLY);
	assert_int_equal(pwrite(fd, build.bytes + last_moment.from, build.used - last_moment.from, (off_t)last_moment.from),
			 build.used - last_moment.from);
	close(fd);
	return true;
}

static void test_spool_written_until_the_end(void **state)
{
	struct sample *s = *state;
	const char *path = write_spool(s, s->directory, false);
	last_moment.from = build.used;
	uint32_t ids[] = { 1, 2, 3, 4 };
	spool_report(&build, ids);
	last_moment.path = path;
	struct rf_session *session = open_session_on(s, SPOOL_TRACE, true, "");
	rf_session_spools(session, s->directory, true, RF_SPOOLS_OVER);
	last_moment.path = NULL;
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM events WHERE source = 'spool'"), 2);
	finish(s, session);
}

static void test_spool_file_twice(void **state)
{
	struct sample *s = *state;
	const char *path = write_spool(s, s->directory, false);
	for (int i = 0; i < 2; i++) {
		struct rf_session *session = open_session(s, "", false);
		assert_int_equal(rf_session_spool_file(session, path, &s->err), 0);
		finish(s, session);
	}
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM events"), 1);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM processes"), 1);
}

static void test_spool_kept_when_not_stored(void **state)
{
	struct sample *s = *state;
	const char *path = write_spool(s, s->directory, true);
	struct rf_session *session = open_session(s, SPOOL_TRACE, true);
	s->store->fail_at_step = s->store->steps + 12;
	rf_session_spools(session, s->directory, true, RF_SPOOLS_ALL);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM events"), 0);
	rf_session_spools(session, s->directory, true, RF_SPOOLS_ALL);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM events"), 1);
	rf_session_close(session);
}

/* Half of a report's text is the same event as the spool's record of it, whichever comes first. */
static void test_partial_text_joins_its_spool(void **state)
{
	struct sample *s = *state;
	static const char half[] = "==================\nWARNING: DATA RACE\nRead at 0x00c000012028 by goroutine 7:\n"
				   "  example.com/shop.Add()\n      /src/shop.go:1 +0x3a\n";
	for (int spool_first = 0; spool_first < 2; spool_first++) {
		assert_int_equal(sqlite3_exec(s->store->handle, "DELETE FROM events", NULL, NULL, NULL), SQLITE_OK);
		write_spool(s, s->directory, true);
		struct rf_session *session = open_session(s, SPOOL_TRACE, true);
		if (spool_first)
			rf_session_spools(session, s->directory, true, RF_SPOOLS_ALL);
		feed_output(s, session, "example.com/shop", "T", rf_str_from(half), "");
		rf_session_end_stream(session);
		assert_int_equal(sample_count(s, "SELECT count(*) FROM events"), 1);
		rf_session_spools(session, s->directory, true, RF_SPOOLS_ALL);
		assert_int_equal(sample_count(s, "SELECT count(*) FROM events WHERE source = 'spool' AND text_uid <> ''"), 1);
		assert_int_equal(sample_count(s, "SELECT count(*) FROM events"), 1);
		finish(s, session);
	}
}

#define WITH_SAMPLE(test) cmocka_unit_test_setup_teardown(test, sample_setup, sample_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SAMPLE(test_spool_of_our_trace),
		WITH_SAMPLE(test_left_over_spool),
		WITH_SAMPLE(test_spool_written_until_the_end),
		WITH_SAMPLE(test_spool_file_twice),
		WITH_SAMPLE(test_spool_kept_when_not_stored),
		WITH_SAMPLE(test_partial_text_joins_its_spool),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
