/* gc, merge and backup: what they leave, and that it doesn't depend on how they were called. */
#include "unit.h"

#include <fcntl.h>

#include "base/quantity.h"
#include "store/backup.h"
#include "store/gc.h"
#include "store/merge.h"
#include "store_dump.h"
#include "store_sample.h"

#define DAY_NS 86400000000000u

static void assert_sound(const char *path)
{
	struct rf_buf said;
	rf_buf_init(&said);
	store_check_sound(path, &said);
	if (said.len)
		fail_msg("%s: %.*s", path, (int)said.len, said.ptr);
	rf_buf_release(&said);
}

static rf_str dump_of(struct sample *s, const char *path)
{
	struct rf_buf b;
	assert_sound(path);
	rf_buf_init(&b);
	store_dump(path, &b);
	rf_str text = rf_arena_dup(&s->arena, rf_buf_str(&b));
	rf_buf_release(&b);
	return text;
}

/* The first lines that differ are shown. */
static void assert_same(rf_str a, rf_str b)
{
	while (a.len || b.len) {
		rf_str x = rf_str_cut(&a, '\n'), y = rf_str_cut(&b, '\n');
		if (!rf_str_eq(x, y))
			fail_msg("\n%.*s\n%.*s", RF_STR_ARG(x), RF_STR_ARG(y));
	}
}

static const char *path_of(struct sample *s, const char *name)
{
	return rf_arena_printf(&s->arena, "%s/%s", s->directory, name).ptr;
}

/* --- gc --------------------------------------------------------------------------------------------------------- */

static struct rf_gc gc(struct sample *s, struct rf_gc_options options)
{
	struct rf_gc out;
	int rc = rf_gc_run(s->store, &options, &s->arena, &out, &s->err);
	if (rc < 0)
		fail_msg("%s", s->err.text);
	return out;
}

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
	assert_int_equal(sqlite3_exec(s->store->handle, "INSERT INTO frames (function, file, line) VALUES ('f', 'x', 1), ('g', 'x', 2);"
				      "INSERT INTO stacks (hash, cut) VALUES ('x', 0), ('y', 0), ('z', 0);"
				      "INSERT INTO stack_frames SELECT s.id, 0, f.id, 0, 0 FROM stacks s, frames f WHERE f.file = 'x'"
				      " AND (s.hash, f.function) IN (VALUES ('x', 'f'), ('y', 'f'), ('z', 'g'))", NULL, NULL, NULL),
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
		   "alerts.event_id alerts.silence_id alerts.sink_id event_details.event_id events.allocated_stack_id "
		   "events.finding_id events.process_id events.run_id executions.run_id executions.test_id finding_days.finding_id "
		   "finding_runs.finding_id finding_runs.run_id findings.duplicate_of findings.first_run_id findings.last_run_id "
		   "findings.retry_run_id findings.tag_id gone_events.finding_id gone_events.run_id "
		   "outputs.run_id outputs.test_id processes.run_id results.run_id results.test_id "
		   "silences.finding_id stack_frames.frame_id stack_frames.stack_id");
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

/* --- merge ------------------------------------------------------------------------------------------------------- */

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
	const char *other = database_of(s, "other", 1);
	struct rf_store_options options = { .path = other, .clock = { sample_now, &s->clock } };
	struct rf_store *store;
	assert_int_equal(rf_store_open(&store, &options, &s->err), 0);
	assert_int_equal(rf_store_begin(store, &s->err), 0);
	assert_int_equal(rf_backup_make(s->path, other, &b, &s->err), RF_ERR_USAGE);
	assert_says(s->err, "in use");
	rf_store_close(store);
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
		SAMPLED(test_merge_is_what_one_would_have_seen),
		SAMPLED(test_merge_of_equal_texts),
		SAMPLED(test_merge_after_gc),
		SAMPLED(test_merge_settles_verdicts_and_duplicates),
		SAMPLED(test_merge_refuses),
		SAMPLED(test_backup),
		SAMPLED(test_backup_over_a_database_in_use),
		cmocka_unit_test(test_quantities),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
