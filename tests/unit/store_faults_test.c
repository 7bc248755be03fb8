/* The database when something fails: the N-th SQLite call, allocation, write or sync, for every N, and the power in between.
 *
 * A story is told to a database (a session with text and a spool, gc, merge, backup), and something in it fails. Then the database
 * must be sound, have every event that was acknowledged (its transaction's commit returned), and after telling the story again be
 * the same as if nothing had happened. With REDFLAG_FAULTS=all each N is tried; else the first ones and then ever fewer.
 */
#include "unit.h"

#include <fcntl.h>

#include "fault_vfs.h"
#include "spool_build.h"
#include "store/backup.h"
#include "store/gc.h"
#include "store/merge.h"
#include "store_dump.h"
#include "store_sample.h"

#define DAY_NS 86400000000000u

/* --- allocations that fail ---------------------------------------------------------------------------------------- */

static struct {
	uint64_t at, calls; /* at 0: none */
	int failed;
} allocations;

static bool allocation_fails(void)
{
	allocations.calls++;
	if (allocations.at == 0 || allocations.calls != allocations.at)
		return false;
	allocations.failed = 1;
	return true;
}

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t bytes);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t bytes);
void *__wrap_realloc(void *p, size_t n);

void *__wrap_malloc(size_t n)
{
	return allocation_fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t bytes)
{
	return allocation_fails() ? NULL : __real_calloc(n, bytes);
}

void *__wrap_realloc(void *p, size_t n)
{
	return allocation_fails() ? NULL : __real_realloc(p, n);
}

static sqlite3_mem_methods sqlite_memory; /* its own */

static void *sqlite_malloc(int n)
{
	return allocation_fails() ? NULL : sqlite_memory.xMalloc(n);
}

static void *sqlite_realloc(void *p, int n)
{
	return allocation_fails() ? NULL : sqlite_memory.xRealloc(p, n);
}

/* --- stories ------------------------------------------------------------------------------------------------------ */

struct told {
	int rc;             /* 0: it said that all is done */
	uint64_t committed; /* events that a commit returned for */
	uint64_t steps;     /* of the store, where a step can be made to fail */
};

struct story {
	const char *name;
	bool from_old; /* begins with a database of old events, else with none */
	struct told (*tell)(struct sample *s, uint64_t fail_at_step);
	const char *result; /* the database that it makes, in s->directory */
};

struct line {
	struct rf_test_event event;
	rf_str text;
};
#define LINES_MAX 2048
static struct line lines[LINES_MAX];
static size_t line_count;
static struct spool_build build; /* too large for a stack */

static void add_line(struct sample *s, unsigned second, const char *package, const char *action, rf_str output)
{
	struct rf_buf b;
	assert_true(line_count < LINES_MAX);
	struct line *line = &lines[line_count++];
	rf_buf_init(&b);
	rf_buf_printf(&b, "{\"Time\":\"2026-01-01T00:%02u:%02u.5Z\",\"Action\":\"%s\",\"Package\":\"%s\",\"Test\":\"TestOne\"", second / 60,
		      second % 60, action, package);
	if (output.len)
		rf_buf_printf(&b, ",\"Output\":\"%.*s\\n\"", RF_STR_ARG(output));
	rf_buf_put_char(&b, '}');
	line->text = rf_arena_dup(&s->arena, rf_buf_str(&b));
	rf_buf_release(&b);
	assert_int_equal(rf_test2json_parse(line->text, &s->arena, &line->event, &s->err), 0);
}

/* Twenty reports of two packages, wildcards among them, and a test that fails and passes; and a spool with three. */
static void make_input(struct sample *s)
{
	static const char *const names[] = { "Add", "Sub", "Total", "List", "Drop" };
	uint32_t ids[4];
	line_count = 0;
	for (unsigned i = 0; i < 20; i++) {
		const char *package = i % 3 ? "example.com/shop" : "example.com/cart";
		rf_str text = sample_race(s, names[i % 5], i % 4 == 3 ? NULL : names[(i + 2) % 5], i % 7);
		add_line(s, 2 * i, package, "run", RF_STR(""));
		while (text.len)
			add_line(s, 2 * i, package, "output", rf_str_cut(&text, '\n'));
		add_line(s, 2 * i + 1, package, i % 6 ? "fail" : "pass", RF_STR(""));
	}
	spool_begin(&build);
	spool_process(&build);
	for (uint32_t i = 0; i < 4; i++)
		ids[i] = spool_symbol(&build, i % 2 ? "example.com/shop.Total" : "example.com/shop.Add", "/src/shop.go", i + 1);
	for (int i = 0; i < 3; i++)
		spool_report(&build, ids);
	((struct rf_spool_file_header *)build.bytes)->finished = 1;
}

static void path_in(const struct sample *s, const char *name, char out[256])
{
	snprintf(out, 256, "%s/%s", s->directory, name);
}

static void write_bytes(const char *path, const void *bytes, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(write(fd, bytes, n), n);
	close(fd);
}

static void write_spool(const struct sample *s)
{
	char path[256];
	path_in(s, "db.spool", path);
	mkdir(path, 0700);
	path_in(s, "db.spool/rf-4711.spool", path);
	write_bytes(path, build.bytes, build.used);
}

static struct told tell_session(struct sample *s, uint64_t fail_at_step)
{
	struct told told = { 0 };
	char spools[256];
	struct rf_store_options options = sample_options(s);
	struct rf_session *session = NULL;
	struct rf_store *store = NULL;
	struct rf_error err = { 0 };
	options.patience_ms = 1;
	path_in(s, "db.spool", spools);
	told.rc = rf_store_open(&store, &options, &err);
	if (told.rc == 0) {
		struct rf_session_options o = { .store = store, .clock = options.clock, .trace_id = RF_STR("t"), .mix_trace = true,
						.command = RF_STR("report"), .directory = RF_STR("/src"), .host = RF_STR("here"),
						.tags = { .config = &s->config } };
		store->fail_at_step = fail_at_step ? store->steps + fail_at_step : 0;
		told.rc = rf_session_open(&session, &o, &err);
	}
	for (size_t i = 0; told.rc == 0 && i < line_count; i++) {
		rf_session_event(session, &lines[i].event, lines[i].text);
		if (i % 100 == 99)
			rf_session_flush(session);
	}
	if (told.rc == 0) {
		rf_session_end_stream(session);
		rf_session_spools(session, spools, true, RF_SPOOLS_ALL);
		told.rc = rf_session_finish(session, &err);
		told.committed = rf_session_counts(session)->events_stored;
	}
	told.steps = store ? store->steps : 0;
	rf_session_close(session);
	rf_store_close(store);
	return told;
}

static struct told tell_gc(struct sample *s, uint64_t fail_at_step)
{
	struct told told = { 0 };
	struct rf_store_options options = sample_options(s);
	struct rf_store *store = NULL;
	struct rf_error err = { 0 };
	struct rf_gc_options gc = { .keep_ns = 20 * DAY_NS };
	struct rf_gc out;
	rf_arena arena;
	rf_arena_init(&arena, 0);
	options.patience_ms = 1;
	s->clock.now = SAMPLE_NOW + 100 * DAY_NS;
	told.rc = rf_store_open(&store, &options, &err);
	if (told.rc == 0) {
		store->fail_at_step = fail_at_step ? store->steps + fail_at_step : 0;
		told.rc = rf_gc_run(store, &gc, &arena, &out, &err);
		told.steps = store->steps;
	}
	rf_store_close(store);
	s->clock.now = SAMPLE_NOW;
	rf_arena_release(&arena);
	return told;
}

static struct told tell_merge(struct sample *s, uint64_t fail_at_step)
{
	char to[256];
	const char *inputs[] = { s->path, s->path };
	struct rf_error err = { 0 };
	struct rf_merge out;
	(void)fail_at_step;
	path_in(s, "result", to);
	unlink(to); /* a finished one wouldn't begin again */
	struct rf_merge_options options = { .inputs = inputs, .count = 2, .to = to, .clock = { sample_now, &s->clock } };
	return (struct told){ .rc = rf_merge_run(&options, &out, &err) };
}

static struct told tell_backup(struct sample *s, uint64_t fail_at_step)
{
	char to[256];
	struct rf_error err = { 0 };
	struct rf_backup out;
	(void)fail_at_step;
	path_in(s, "result", to);
	return (struct told){ .rc = rf_backup_make(s->path, to, &out, &err) };
}

static const struct story stories[] = {
	{ "session", false, tell_session, "db" },
	{ "gc", true, tell_gc, "db" },
	{ "merge", true, tell_merge, "result" },
	{ "backup", true, tell_backup, "result" },
};

/* --- telling them ------------------------------------------------------------------------------------------------- */

struct scene { /* one story, how it begins and how it should end */
	struct sample *s;
	const struct story *story;
	struct rf_buf old; /* the file at the beginning, where there is one */
	struct rf_buf dump;
	const char *fault;
	uint64_t at, steps; /* steps: when nothing fails */
};

static void read_bytes(const char *path, struct rf_buf *out)
{
	char block[4096];
	int fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	for (ssize_t n; (n = read(fd, block, sizeof(block))) > 0;)
		rf_buf_put(out, block, (size_t)n);
	close(fd);
}

static void begin(struct scene *scene)
{
	static const char *const names[] = { "db", "db-wal", "db-shm", "db-journal", "result", "result-wal", "result-shm", "result.part",
					     "result.part-wal", "result.part-shm", "result.part-journal" };
	char path[256];
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		path_in(scene->s, names[i], path);
		unlink(path);
	}
	if (scene->old.len)
		write_bytes(scene->s->path, scene->old.ptr, scene->old.len);
	write_spool(scene->s);
}

static void make_old(struct scene *scene)
{
	sqlite3 *db;
	begin(scene);
	assert_int_equal(tell_session(scene->s, 0).rc, 0);
	assert_int_equal(sqlite3_open(scene->s->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "INSERT INTO stacks (hash, cut) VALUES ('x', 0), ('y', 0), ('z', 0);"
				      "INSERT INTO frames (function, file, line) VALUES ('f', 'x', 1), ('g', 'x', 2);"
				      "INSERT INTO stack_frames SELECT s.id, 0, f.id, 0, 0 FROM stacks s, frames f"
				      " WHERE s.hash IN ('x', 'y', 'z') AND f.function = 'f'", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	read_bytes(scene->s->path, &scene->old);
}

static void fail_scene(const struct scene *scene, const char *what, rf_str more)
{
	fail_msg("%s, %s at %llu: %s\n%.*s", scene->story->name, scene->fault, (unsigned long long)scene->at, what,
		 RF_STR_ARG(rf_str_take(more, 2000)));
}

static void result_path(const struct scene *scene, char out[256])
{
	path_in(scene->s, scene->story->result, out);
}

static void expect_sound(const struct scene *scene, const char *path, bool also_swept)
{
	struct rf_buf said;
	rf_buf_init(&said);
	store_check_sound(path, &said);
	/* What looks for unused stacks may have been broken off; the next time ends it. */
	if (said.len && (also_swept || !rf_str_eq_cstr(rf_buf_str(&said), "sweep goes on\n")))
		fail_scene(scene, "it isn't sound", rf_buf_str(&said));
	rf_buf_release(&said);
}

static rf_str first_difference(rf_str a, rf_str b, rf_arena *arena)
{
	while (a.len || b.len) {
		rf_str x = rf_str_cut(&a, '\n'), y = rf_str_cut(&b, '\n');
		if (!rf_str_eq(x, y))
			return rf_arena_printf(arena, "want: %.*s\ngot:  %.*s", RF_STR_ARG(x), RF_STR_ARG(y));
	}
	return RF_STR("");
}

static void expect_end(const struct scene *scene, const char *when)
{
	char path[256];
	struct rf_buf dump;
	rf_arena arena;
	rf_arena_init(&arena, 0);
	rf_buf_init(&dump);
	result_path(scene, path);
	expect_sound(scene, path, true);
	store_dump(path, &dump);
	rf_str difference = first_difference(rf_buf_str(&scene->dump), rf_buf_str(&dump), &arena);
	if (difference.len)
		fail_scene(scene, when, difference);
	rf_buf_release(&dump);
	rf_arena_release(&arena);
}

static uint64_t count_events(const char *path)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *q = NULL;
	uint64_t n = 0;
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
	    sqlite3_prepare_v2(db, "SELECT sum(events) FROM findings", -1, &q, NULL) == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW)
		n = (uint64_t)sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	sqlite3_close(db);
	return n;
}

/* `power`: what was committed last may be gone, as it is documented; a spool that is gone may not have taken its events along. */
static void check_after(const struct scene *scene, struct told told, bool power)
{
	char path[256], spool[256];
	struct stat st;
	result_path(scene, path);
	if (told.rc == 0 && !power)
		expect_end(scene, "it said that all is done, and it isn't");
	if (stat(path, &st) == 0 && st.st_size > 0)
		expect_sound(scene, path, false);
	if (strcmp(scene->story->result, "db") != 0)
		expect_sound(scene, scene->s->path, true);
	else if (!power && count_events(path) < told.committed)
		fail_scene(scene, "an event is missing that was committed", RF_STR(""));
	path_in(scene->s, "db.spool/rf-4711.spool", spool);
	if (stat(spool, &st) != 0 && !scene->story->from_old) {
		sqlite3 *db = NULL;
		sqlite3_stmt *q = NULL;
		bool there = sqlite3_open(path, &db) == SQLITE_OK &&
			     sqlite3_prepare_v2(db, "SELECT count(*) = 3 FROM events WHERE source = 'spool'", -1, &q, NULL) == SQLITE_OK &&
			     sqlite3_step(q) == SQLITE_ROW && sqlite3_column_int(q, 0);
		sqlite3_finalize(q);
		sqlite3_close(db);
		if (!there)
			fail_scene(scene, "the spool is gone, and its events aren't there", RF_STR(""));
	}
	if (scene->story->tell(scene->s, 0).rc != 0)
		fail_scene(scene, "telling it again failed", RF_STR(""));
	expect_end(scene, "told again, it ends otherwise");
}

/* Every number, or the first and then ever fewer; those above the number that REDFLAG_FAULTS says. */
static uint64_t next_number(uint64_t n)
{
	const char *which = getenv("REDFLAG_FAULTS");
	uint64_t from = which ? strtoull(which, NULL, 10) : 0;
	if (n < from)
		return from;
	return (which && strcmp(which, "all") == 0) || n < from + 3 ? n + 1 : n + (n - from) * 2;
}

static void open_scene(struct scene *scene, struct sample *s, const struct story *story)
{
	char path[256];
	*scene = (struct scene){ .s = s, .story = story, .fault = "nothing" };
	rf_buf_init(&scene->old);
	rf_buf_init(&scene->dump);
	rf_store_close(s->store);
	s->store = NULL;
	make_input(s);
	if (story->from_old)
		make_old(scene);
	begin(scene);
	struct told told = story->tell(s, 0);
	assert_int_equal(told.rc, 0);
	scene->steps = told.steps;
	result_path(scene, path);
	store_dump(path, &scene->dump);
	expect_sound(scene, path, true);
	assert_true(scene->dump.len > 10000);
}

static void close_scene(struct scene *scene)
{
	rf_buf_release(&scene->old);
	rf_buf_release(&scene->dump);
}

static void each_story(struct sample *s, void (*each)(struct scene *scene))
{
	for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
		struct scene scene;
		open_scene(&scene, s, &stories[i]);
		each(&scene);
		print_message("  %s: %s, %llu places\n", stories[i].name, scene.fault, (unsigned long long)scene.at);
		close_scene(&scene);
	}
}

static void fail_steps(struct scene *scene)
{
	scene->fault = "a step that fails";
	for (scene->at = 1; scene->at <= scene->steps; scene->at = next_number(scene->at)) {
		begin(scene);
		struct told told = scene->story->tell(scene->s, scene->at);
		check_after(scene, told, false);
	}
}

static void fail_calls(struct scene *scene, enum fault kind)
{
	struct told told;
	bool reached = true;
	for (scene->at = 1; reached; scene->at = next_number(scene->at)) {
		begin(scene);
		fault_vfs_arm(scene->at, kind);
		told = scene->story->tell(scene->s, 0);
		reached = faulty.calls >= scene->at;
		if (kind == FAULT_POWER && reached)
			fault_vfs_restore((uint32_t)scene->at);
		fault_vfs_disarm();
		if (kind == FAULT_POWER) {
			char path[256];
			path_in(scene->s, "db-shm", path);
			unlink(path);
		}
		check_after(scene, told, kind == FAULT_POWER);
	}
}

static void fail_io(struct scene *scene)
{
	scene->fault = "a write or sync that fails";
	fail_calls(scene, FAULT_IO);
}

static void fail_full(struct scene *scene)
{
	scene->fault = "a full disk";
	fail_calls(scene, FAULT_FULL);
}

static void fail_power(struct scene *scene)
{
	scene->fault = "a power cut";
	fail_calls(scene, FAULT_POWER);
}

static void fail_allocations(struct scene *scene)
{
	scene->fault = "an allocation that fails";
	bool failed = true;
	for (scene->at = 1; failed; scene->at = next_number(scene->at)) {
		begin(scene);
		allocations.calls = 0;
		allocations.failed = 0;
		allocations.at = scene->at;
		struct told told = scene->story->tell(scene->s, 0);
		failed = allocations.failed;
		allocations.at = 0;
		check_after(scene, told, false);
	}
}

static void test_steps(void **state) { each_story(*state, fail_steps); }
static void test_allocations(void **state) { each_story(*state, fail_allocations); }

static void with_vfs(struct sample *s, void (*each)(struct scene *scene))
{
	sqlite3_vfs_register(&faulty.vfs, 1);
	each_story(s, each);
	sqlite3_vfs_register(faulty.real, 1);
}

static void test_io(void **state) { with_vfs(*state, fail_io); }
static void test_full(void **state) { with_vfs(*state, fail_full); }
static void test_power(void **state) { with_vfs(*state, fail_power); }

#define SAMPLED(test) cmocka_unit_test_setup_teardown(test, sample_setup, sample_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SAMPLED(test_steps), SAMPLED(test_io), SAMPLED(test_full), SAMPLED(test_power), SAMPLED(test_allocations),
	};
	sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite_memory);
	sqlite3_mem_methods counted = sqlite_memory;
	counted.xMalloc = sqlite_malloc;
	counted.xRealloc = sqlite_realloc;
	sqlite3_config(SQLITE_CONFIG_MALLOC, &counted);
	fault_vfs_install();
	sqlite3_vfs_register(faulty.real, 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
