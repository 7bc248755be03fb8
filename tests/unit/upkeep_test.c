/* gc and backup: what they leave, and that it doesn't depend on how they were called. */
#include "unit.h"

#include <fcntl.h>

#include "base/quantity.h"
#include "upkeep/backup.h"
#include "upkeep_sample.h"

/* --- gc --------------------------------------------------------------------------------------------------------- */

/* Ten days with a run each; Add and Total race in each, another pair only on the first day, and a wildcard. */
static void fill_days(struct sample *s)
{
	int64_t id;
	for (int day = 0; day < 10; day++) {
		const char *trace = rf_arena_printf(&s->arena, "run-%d", day).ptr;
		for (int i = 0; i < 3; i++)
			sample_store(s, sample_report(s, "Add", "Total", (unsigned)(day * 10 + i)), trace,
				     rf_arena_printf(&s->arena, "u-%d-%d", day, i).ptr, NULL, &id);
		if (day == 0) {
			sample_store(s, sample_report(s, "Old", "Older", 7), trace, "old-1", NULL, &id);
			sample_store(s, sample_report(s, "Old", "Older", 8), trace, "old-2", NULL, &id);
			sample_store(s, sample_report(s, "Lost", NULL, 9), trace, "lost-1", NULL, &id);
		}
		s->clock.now += DAY_NS;
	}
}

static void test_gc_keeps_what_people_look_at(void **state)
{
	struct sample *s = *state;
	int64_t id;
	fill_days(s);
	const char *seen = "SELECT group_concat(x, ' ') FROM (SELECT title || events || first_seen || last_seen || status AS x"
			   " FROM v_findings ORDER BY id)";
	const char *days = "SELECT group_concat(day || finding_id || verdict || events, ' ') FROM finding_days";
	/* three stacks that nobody has; the highest number of a table is never removed */
	assert_int_equal(sqlite3_exec(s->store->handle, "INSERT INTO frames (hash, function, file, line)"
				      " VALUES (1, 'f', 'x', 1), (2, 'g', 'x', 2);"
				      "INSERT INTO stacks (hash, cut, frames) SELECT id, 0, json_array(json_array(id, 0, 0)) FROM"
				      " (SELECT id FROM frames WHERE function = 'f' UNION ALL SELECT id FROM frames WHERE function = 'f'"
				      " UNION ALL SELECT id FROM frames WHERE function = 'g')", NULL, NULL, NULL),
			 SQLITE_OK);
	rf_str seen_before = sample_text(s, seen), days_before = sample_text(s, days);
	struct rf_gc out = gc(s, (struct rf_gc_options){ .keep_ns = 5 * DAY_NS });
	assert_int_equal(out.events, 3 * 5 + 1);
	assert_int_equal(out.runs, 4); /* of five: the first is that of each finding */
	assert_int_equal(out.stacks, 2);
	assert_int_equal(out.frames, 1);
	assert_sound(s->path);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM events"), 3 * 5 + 2);
	assert_true(rf_str_eq(sample_text(s, seen), seen_before));
	assert_true(rf_str_eq(sample_text(s, days), days_before));
	/* again: nothing */
	out = gc(s, (struct rf_gc_options){ .keep_ns = 5 * DAY_NS });
	assert_int_equal(out.events + out.runs + out.stacks + out.frames, 0);
	/* what comes again is not new, also when only its oldest event is left */
	sample_store(s, sample_report(s, "Old", "Older", 10), "run-new", "old-3", NULL, &id);
	assert_str(sample_text(s, "SELECT status || events FROM v_findings WHERE title LIKE '%Older%'"), "recurring3");
	/* a wildcard that has gone events joins its finding with them */
	sample_store(s, sample_report(s, "Lost", NULL, 11), "run-new", "lost-2", NULL, &id);
	s->clock.now += 20 * DAY_NS;
	gc(s, (struct rf_gc_options){ .keep_ns = DAY_NS });
	sample_store(s, sample_report(s, "Lost", "Found", 12), "run-newer", "lost-3", NULL, &id);
	assert_str(sample_text(s, "SELECT events || status || first_seen FROM v_findings WHERE title LIKE '%Found%'"),
		   "3recurring2026-01-01T00:00:00.000Z");
	assert_sound(s->path);
}

static void test_gc_by_size(void **state)
{
	struct sample *s = *state;
	fill_days(s);
	struct rf_gc out = gc(s, (struct rf_gc_options){ .size_max_bytes = 1 });
	assert_true(out.used_after > 1);
	assert_true(out.used_after <= out.used_before);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM events"), 3); /* one a finding */
	assert_sound(s->path);
}

static void test_gc_leaves_the_last_hour(void **state)
{
	struct sample *s = *state;
	int64_t id;
	for (int i = 0; i < 5; i++)
		sample_store(s, sample_report(s, "Add", "Total", 1), "t", rf_arena_printf(&s->arena, "u%d", i).ptr, NULL, &id);
	s->clock.now += RF_GC_YOUNG_NS / 2;
	assert_int_equal(gc(s, (struct rf_gc_options){ .size_max_bytes = 1 }).events, 0);
	s->clock.now += RF_GC_YOUNG_NS;
	assert_int_equal(gc(s, (struct rf_gc_options){ .size_max_bytes = 1 }).events, 4);
}

static void test_gc_with_a_clock_that_went_back(void **state)
{
	struct sample *s = *state;
	bool due;
	fill_days(s);
	uint64_t now = s->clock.now;
	s->clock.now = 1000000000u;
	struct rf_gc out = gc(s, (struct rf_gc_options){ .keep_ns = DAY_NS, .size_max_bytes = 1 });
	assert_int_equal(out.events + out.runs, 0);
	s->clock.now = now;
	assert_int_equal(rf_gc_is_due(s->store, &due, &s->err), 0);
	assert_true(due); /* what ran in 1970 counts for nothing */
	gc(s, (struct rf_gc_options){ .keep_ns = DAY_NS });
	assert_int_equal(rf_gc_is_due(s->store, &due, &s->err), 0);
	assert_false(due);
	s->clock.now -= DAY_NS;
	assert_int_equal(rf_gc_is_due(s->store, &due, &s->err), 0);
	assert_true(due); /* the last one was in the future */
	assert_sound(s->path);
}

static void test_gc_counts_only(void **state)
{
	struct sample *s = *state;
	fill_days(s);
	struct rf_gc out = gc(s, (struct rf_gc_options){ .keep_ns = 5 * DAY_NS, .dry_run = true });
	struct rf_gc done = gc(s, (struct rf_gc_options){ .keep_ns = 5 * DAY_NS });
	assert_int_equal(out.events, done.events);
	assert_int_equal(out.runs, done.runs);
}

/* What was counted and removed doesn't come in again with the log that it came from. */
static void test_gc_then_the_same_log(void **state)
{
	struct sample *s = *state;
	int64_t id;
	fill_days(s);
	gc(s, (struct rf_gc_options){ .keep_ns = 5 * DAY_NS });
	int64_t events = sample_count(s, "SELECT sum(events) FROM findings");
	s->clock.now = SAMPLE_NOW;
	assert_int_equal(sample_store(s, sample_report(s, "Add", "Total", 0), "run-0", "u-0-0", NULL, &id), RF_STORED_KNOWN);
	assert_int_equal(sample_count(s, "SELECT sum(events) FROM findings"), events);
	/* but a finding that nobody has seen does, however late */
	assert_int_equal(sample_store(s, sample_report(s, "Late", "Total", 0), "run-0", "late", NULL, &id), RF_STORED_NEW);
	assert_sound(s->path);
}

static void test_gc_keeps_the_event_of_an_alert(void **state)
{
	struct sample *s = *state;
	fill_days(s);
	assert_int_equal(sqlite3_exec(s->store->handle, "INSERT INTO alert_sinks (id, name, type) VALUES (1, 'x', 'command');"
				      "INSERT INTO alerts (sink_id, reason, event_id, created_at, state) SELECT 1, 'seen', id, time,"
				      " iif(uid = 'u-0-1', 'waiting', 'delivered') FROM events WHERE uid LIKE 'u-0-%'", NULL, NULL, NULL),
			 SQLITE_OK);
	gc(s, (struct rf_gc_options){ .keep_ns = 5 * DAY_NS });
	assert_int_equal(sample_count(s, "SELECT count(*) FROM events WHERE uid LIKE 'u-0-%'"), 1);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM alerts"), 1);
	assert_sound(s->path);
}

/* Every foreign key is one that gc and merge know. A new one: does what it points to go, and does what has it come along? */
static void test_foreign_keys_are_known(void **state)
{
	struct sample *s = *state;
	rf_str keys = sample_text(s, "SELECT group_concat(k, ' ') FROM (SELECT m.name || '.' || f.\"from\" AS k FROM sqlite_schema m,"
				     " pragma_foreign_key_list(m.name) f WHERE m.type = 'table' ORDER BY 1)");
	assert_str(keys,
		   "alerts.event_id alerts.silence_id alerts.sink_id channel_makers.process_id event_details.event_id events.allocated_stack_id "
		   "events.finding_id events.process_id events.run_id executions.run_id executions.test_id finding_days.finding_id "
		   "finding_runs.finding_id finding_runs.run_id findings.duplicate_of findings.first_run_id findings.last_run_id "
		   "findings.retry_run_id findings.tag_id gone_events.finding_id gone_events.run_id goroutine_creators.process_id "
		   "outputs.run_id outputs.test_id processes.run_id profile_frames.process_id "
		   "profile_samples.process_id profiles.process_id results.run_id results.test_id samples.process_id "
		   "silences.finding_id");
}

static void write_file(struct sample *s, const char *directory, const char *name, uint64_t age_ns)
{
	const char *path = rf_arena_printf(&s->arena, "%s/%s", directory, name).ptr;
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, "no spool", 8), 8);
	uint64_t seconds = (s->clock.now - age_ns) / 1000000000u;
	struct timespec times[2] = { { .tv_sec = (time_t)seconds }, { .tv_sec = (time_t)seconds } };
	assert_int_equal(futimens(fd, times), 0);
	close(fd);
}

static void test_gc_of_files(void **state)
{
	struct sample *s = *state;
	struct rf_clock clock = { sample_now, &s->clock };
	struct rf_gc_files files;
	const char *directory = path_of(s, "spools");
	assert_int_equal(mkdir(directory, 0700), 0);
	write_file(s, directory, "a.spool.damaged", 10 * DAY_NS);
	write_file(s, directory, "b.spool.damaged", DAY_NS);
	write_file(s, directory, "c.spool", 10 * DAY_NS);
	write_file(s, directory, "d.lock", 10 * DAY_NS);
	write_file(s, directory, "notes.txt", 10 * DAY_NS);
	assert_int_equal(rf_gc_spools(directory, 5 * DAY_NS, clock, RF_STR("here"), true, &files, &s->err), 0);
	assert_int_equal(files.files, 3);
	assert_int_equal(rf_gc_spools(directory, 5 * DAY_NS, clock, RF_STR("here"), false, &files, &s->err), 0);
	assert_int_equal(files.files, 3);
	assert_int_equal(access(rf_arena_printf(&s->arena, "%s/b.spool.damaged", directory).ptr, F_OK), 0);
	assert_int_equal(access(rf_arena_printf(&s->arena, "%s/notes.txt", directory).ptr, F_OK), 0);
	assert_int_equal(access(rf_arena_printf(&s->arena, "%s/c.spool", directory).ptr, F_OK), -1);
	assert_int_equal(rf_gc_spools(path_of(s, "nowhere"), DAY_NS, clock, RF_STR("here"), false, &files, &s->err), 0);
}

/* --- backup ------------------------------------------------------------------------------------------------------ */

static void test_backup(void **state)
{
	struct sample *s = *state;
	struct rf_backup b;
	const char *to = path_of(s, "copy");
	fill_days(s);
	assert_int_equal(rf_backup_make(s->path, to, &b, &s->err), 0);
	assert_int_equal(b.events, 33);
	assert_same(dump_of(s, to), dump_of(s, s->path));
	/* again, over the old one; while somebody is writing */
	assert_int_equal(rf_store_begin(s->store, &s->err), 0);
	assert_int_equal(sqlite3_exec(s->store->handle, "UPDATE runs SET host = 'elsewhere'", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(rf_backup_make(s->path, to, &b, &s->err), 0);
	assert_int_equal(rf_store_commit(s->store, &s->err), 0);
	assert_false(rf_str_contains(dump_of(s, to), "elsewhere"));
	assert_int_equal(rf_backup_check(to, &b, &s->err), 0);
	assert_int_equal(rf_backup_make(s->path, s->path, &b, &s->err), RF_ERR_USAGE);
	assert_int_equal(rf_backup_make(path_of(s, "nothing"), to, &b, &s->err), RF_ERR_MISSING);
	assert_int_equal(rf_backup_make(s->path, path_of(s, "no/such/directory"), &b, &s->err), RF_ERR_IO);
	/* a copy that is damaged is said to be */
	int fd = open(to, O_WRONLY);
	for (off_t at = 4096; at < 65536; at += 512)
		assert_int_equal(pwrite(fd, "broken", 6, at), 6);
	close(fd);
	assert_int_equal(rf_backup_check(to, &b, &s->err), RF_ERR_INPUT);
}

static void test_backup_over_a_database_in_use(void **state)
{
	struct sample *s = *state;
	struct rf_backup b;
	const char *other = path_of(s, "other");
	struct rf_store_options options = { .path = other, .clock = { sample_now, &s->clock } };
	struct rf_store *store;
	assert_int_equal(rf_store_open(&store, &options, &s->err), 0);
	assert_int_equal(rf_store_begin(store, &s->err), 0);
	assert_int_equal(rf_backup_make(s->path, other, &b, &s->err), RF_ERR_USAGE);
	assert_says(s->err, "in use");
	rf_store_close(store);
	assert_int_equal(rf_backup_make(s->path, other, &b, &s->err), 0);
}

static void test_backup_over_another_file(void **state)
{
	struct sample *s = *state;
	struct rf_backup b;
	struct stat st;
	const char *other = path_of(s, "notes.txt");
	FILE *f = fopen(other, "w");
	assert_int_equal(fputs("SQLite format 3 is what I read about today, for more than seventy-two bytes of text.\n", f) >= 0, 1);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(rf_backup_make(s->path, other, &b, &s->err), RF_ERR_USAGE);
	assert_says(s->err, "no database of redflag");
	assert_int_equal(stat(other, &st), 0);
	assert_int_equal(st.st_size, 85);
	assert_int_equal(truncate(other, 10), 0);
	assert_int_equal(rf_backup_make(s->path, other, &b, &s->err), RF_ERR_USAGE);
	assert_int_equal(truncate(other, 0), 0); /* as mktemp makes one */
	assert_int_equal(rf_backup_make(s->path, other, &b, &s->err), 0);
}

static void test_quantities(void **state)
{
	uint64_t n;
	(void)state;
	assert_true(rf_quantity_span(RF_STR("90d"), &n));
	assert_true(n == 90 * DAY_NS);
	assert_true(rf_quantity_span(RF_STR("26w"), &n));
	assert_true(rf_quantity_bytes(RF_STR("500MB"), &n));
	assert_int_equal(n, 500000000);
	assert_true(rf_quantity_bytes(RF_STR("2 GiB"), &n));
	assert_true(n == (uint64_t)2 << 30);
	static const char *const bad[] = { "", "d", "0d", "-1d", "1.5d", "99999w", "18446744073709551615TB", "5", "MB", "0MB", "1XB" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(rf_quantity_span(rf_str_from(bad[i]), &n));
		assert_false(rf_quantity_bytes(rf_str_from(bad[i]), &n));
	}
	struct rf_buf b;
	rf_buf_init(&b);
	const uint64_t sizes[] = { 0, 999, 1000, 1536, 9949, 9950, 999499, 999500, 230000000, 5000000000000000 };
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		rf_quantity_put_bytes(&b, sizes[i], "_");
		rf_buf_put_char(&b, ' ');
	}
	assert_str(rf_buf_str(&b), "0_B 999_B 1.0_kB 1.5_kB 9.9_kB 10_kB 999_kB 1.0_MB 230_MB 5000_TB ");
	rf_buf_release(&b);
}

#define SAMPLED(test) cmocka_unit_test_setup_teardown(test, sample_setup, sample_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SAMPLED(test_gc_keeps_what_people_look_at),
		SAMPLED(test_gc_by_size),
		SAMPLED(test_gc_leaves_the_last_hour),
		SAMPLED(test_gc_with_a_clock_that_went_back),
		SAMPLED(test_gc_counts_only),
		SAMPLED(test_gc_then_the_same_log),
		SAMPLED(test_gc_keeps_the_event_of_an_alert),
		SAMPLED(test_foreign_keys_are_known),
		SAMPLED(test_gc_of_files),
		SAMPLED(test_backup),
		SAMPLED(test_backup_over_a_database_in_use),
		cmocka_unit_test_setup_teardown(test_backup_over_another_file, sample_setup, sample_teardown),
		cmocka_unit_test(test_quantities),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
