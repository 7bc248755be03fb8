/* The database when something fails: the N-th SQLite call, allocation, write or sync, for every N, and the power in between.
 *
 * A story is told to a database (a session with text and a spool, gc, merge, backup), and something in it fails. Then the database
 * must be sound, have every event that was acknowledged (its transaction's commit returned), and after telling the story again be
 * the same as if nothing had happened. With REDFLAG_FAULTS=all each N is tried; else the first ones and then ever fewer.
 */
#include "unit.h"

#include <fcntl.h>

#include "fault_stories.h"
#include "fault_vfs.h"
#include "store_dump.h"

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
	assert_int_equal(sqlite3_exec(db, "INSERT INTO frames (hash, function, file, line) VALUES (1, 'f', 'x', 1), (2, 'g', 'x', 2);"
				      "INSERT INTO stacks (hash, cut, frames) SELECT 1, 0, json_array(json_array(f.id, 0, 0))"
				      " FROM frames f, (VALUES (1), (2), (3)) WHERE f.function = 'f'", NULL, NULL, NULL), SQLITE_OK);
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
