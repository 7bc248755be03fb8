/* A story with what it begins with and how it should end, and what must be true of its database whatever failed in it.
 *
 *	scene_open -> (scene_begin -> the story is told, and something fails -> scene_check)* -> scene_close
 */
#ifndef RF_TESTS_UNIT_FAULT_SCENE_H
#define RF_TESTS_UNIT_FAULT_SCENE_H

#include "fault_stories.h"
#include "store_dump.h"

struct scene {
	struct sample *s;
	const struct story *story;
	struct rf_buf before; /* the file at the beginning; empty: there is none */
	struct rf_buf dump;   /* of its end */
	rf_str same;          /* less of it */
	const char *fault;
	uint64_t at;
};

static const char scene_alerts_sql[] = "SELECT 'alert', k.name, a.reason, a.state, " DUMP_UID("a.event_id") ", a.silence_id, a.folded"
				       " FROM alerts a JOIN alert_sinks k ON k.id = a.sink_id";
static const char scene_schema_sql[] = "SELECT 'schema', type, name, sql FROM sqlite_schema";

static void scene_fail(const struct scene *scene, const char *what, rf_str more)
{
	fail_msg("%s, %s at %llu: %s\n%.*s", scene->story->name, scene->fault, (unsigned long long)scene->at, what,
		 RF_STR_ARG(rf_str_take(more, 2000)));
}

static void scene_result(const struct scene *scene, char out[256])
{
	path_in(scene->s, scene->story->result, out);
}

/* What tests said isn't in it: where memory is short, less of it is kept, and that is all right (kept_text.h). */
static void scene_dump(const struct scene *scene, struct rf_buf *out)
{
	char path[256];
	sqlite3 *db = NULL;
	scene_result(scene, path);
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK) {
		for (size_t i = 0; i < sizeof(store_dump_sql) / sizeof(store_dump_sql[0]); i++) {
			if (!strstr(store_dump_sql[i], "FROM outputs"))
				dump_rows(db, store_dump_sql[i], out);
		}
		if (scene->story->alerts)
			dump_rows(db, scene_alerts_sql, out);
		if (scene->story->from == FROM_NOTHING)
			dump_rows(db, scene_schema_sql, out);
	}
	sqlite3_close(db);
}

static void scene_begin(struct scene *scene)
{
	static const char *const names[] = { "db", "db-wal", "db-shm", "db-journal", "result", "result-wal", "result-shm", "result.part",
					     "result.part-wal", "result.part-shm", "result.part-journal", "alerts.jsonl" };
	char path[256];
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		path_in(scene->s, names[i], path);
		unlink(path);
	}
	scene->s->clock.now = SAMPLE_NOW;
	if (scene->before.len)
		write_bytes(scene->s->path, scene->before.ptr, scene->before.len);
	write_spool(scene->s);
}

/* Stacks and frames that nobody refers to give gc something to do. */
static void scene_add_loose_stacks(const struct scene *scene)
{
	sqlite3 *db;
	assert_int_equal(sqlite3_open(scene->s->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "INSERT INTO frames (hash, function, file, line) VALUES (1, 'f', 'x', 1), (2, 'g', 'x', 2);"
				      "INSERT INTO stacks (hash, cut, frames) SELECT 1, 0, json_array(json_array(f.id, 0, 0))"
				      " FROM frames f, (VALUES (1), (2), (3)) WHERE f.function = 'f'", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void scene_make_before(struct scene *scene)
{
	if (scene->story->from == FROM_NOTHING)
		return;
	scene_begin(scene);
	assert_int_equal(tell_open(scene->s).rc, 0);
	if (scene->story->from == FROM_OLD) {
		assert_int_equal(read_as_run(scene->s, scene->story->alerts).rc, 0);
		if (!scene->story->alerts)
			scene_add_loose_stacks(scene);
	}
	read_bytes(scene->s->path, &scene->before);
}

static void scene_expect_sound(const struct scene *scene, const char *path, bool also_swept)
{
	struct rf_buf said;
	rf_buf_init(&said);
	store_check_sound(path, &said);
	/* What looks for unused stacks may have been broken off; the next time ends it. */
	if (said.len && (also_swept || !rf_str_eq_cstr(rf_buf_str(&said), "sweep goes on\n")))
		scene_fail(scene, "it isn't sound", rf_buf_str(&said));
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

static void scene_expect_end(const struct scene *scene, const char *when)
{
	char path[256];
	struct rf_buf dump;
	rf_arena arena;
	rf_arena_init(&arena, 0);
	rf_buf_init(&dump);
	scene_result(scene, path);
	scene_expect_sound(scene, path, true);
	scene_dump(scene, &dump);
	rf_str difference = first_difference(rf_buf_str(&scene->dump), rf_buf_str(&dump), &arena);
	if (difference.len)
		scene_fail(scene, when, difference);
	rf_buf_release(&dump);
	rf_arena_release(&arena);
}

static int64_t scene_number(const char *path, const char *sql)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *q = NULL;
	int64_t n = 0;
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
	    sqlite3_prepare_v2(db, sql, -1, &q, NULL) == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW)
		n = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	sqlite3_close(db);
	return n;
}

/* A report that was missing the first time comes behind the others the second time, and then it may be another one that gives a
 * finding its title, or is the record's, and one with a missing side may have gone to another finding that has its other side.
 * What is there stays the same. */
static const char *const scene_same_sql[] = {
	"SELECT uid FROM events UNION SELECT text_uid FROM events WHERE text_uid IS NOT NULL",
	"SELECT fingerprint, events = (SELECT count(*) FROM events e WHERE e.finding_id = f.id) FROM findings f",
	"SELECT sum(events) FROM findings",
};

static rf_str scene_same(const char *path, rf_arena *arena)
{
	struct rf_buf b;
	sqlite3 *db = NULL;
	rf_buf_init(&b);
	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	for (size_t i = 0; i < sizeof(scene_same_sql) / sizeof(scene_same_sql[0]); i++)
		dump_rows(db, scene_same_sql[i], &b);
	sqlite3_close(db);
	rf_str text = rf_arena_dup(arena, rf_buf_str(&b));
	rf_buf_release(&b);
	return text;
}

static void scene_expect_same(const struct scene *scene, const char *when)
{
	char path[256];
	rf_arena arena;
	rf_arena_init(&arena, 0);
	scene_result(scene, path);
	scene_expect_sound(scene, path, true);
	rf_str difference = first_difference(scene->same, scene_same(path, &arena), &arena);
	if (difference.len)
		scene_fail(scene, when, difference);
	rf_arena_release(&arena);
}

/* Told once more, with nothing in the way. */
static void scene_tell_again(const struct scene *scene, bool whole)
{
	struct told told = scene->story->tell(scene->s);
	const char *wrong = told.rc == 0 && scene->story->look ? scene->story->look(scene->s) : told.wrong;
	if (told.rc != 0 || wrong)
		scene_fail(scene, "telling it again failed", rf_str_from(wrong));
	if (whole)
		scene_expect_end(scene, "told again, it ends otherwise");
	else
		scene_expect_same(scene, "told again, it has other events");
}

/* `power`: what was committed last may be gone, as it is documented; a spool that is gone may not have taken its events along. */
static void scene_check(const struct scene *scene, struct told told, bool power)
{
	char path[256], spool[256];
	struct stat st;
	scene_result(scene, path);
	if (told.rc == 0 && scene->story->look)
		told.wrong = scene->story->look(scene->s);
	if (told.wrong)
		scene_fail(scene, told.wrong, RF_STR(""));
	if (told.rc == 0 && !power)
		scene_expect_end(scene, "it said that all is done, and it isn't");
	if (stat(path, &st) == 0 && st.st_size > 0)
		scene_expect_sound(scene, path, false);
	if (strcmp(scene->story->result, "db") != 0)
		scene_expect_sound(scene, scene->s->path, true);
	else if (!power && scene_number(path, "SELECT sum(events) FROM findings") < (int64_t)told.committed)
		scene_fail(scene, "an event is missing that was committed", RF_STR(""));
	path_in(scene->s, "db.spool/rf-4711.spool", spool);
	if (stat(spool, &st) != 0 &&
	    scene_number(path, "SELECT count(*) FROM events WHERE source = 'spool'") != SPOOL_REPORTS)
		scene_fail(scene, "the spool is gone, and its events aren't there", RF_STR(""));
	scene_tell_again(scene, told.rc == 0 || scene->story->from != FROM_EMPTY);
}

static void scene_open(struct scene *scene, struct sample *s, const struct story *story)
{
	char path[256];
	*scene = (struct scene){ .s = s, .story = story, .fault = "nothing" };
	rf_buf_init(&scene->before);
	rf_buf_init(&scene->dump);
	rf_buf_reset(&wanted);
	rf_store_close(s->store);
	s->store = NULL;
	make_input(s, REPORTS);
	scene_make_before(scene);
	scene_begin(scene);
	assert_int_equal(story->tell(s).rc, 0);
	assert_null(story->look ? story->look(s) : NULL);
	scene_result(scene, path);
	scene_dump(scene, &scene->dump);
	scene->same = scene_same(path, &s->arena);
	scene_expect_sound(scene, path, true);
	assert_true(scene->dump.len > 2000);
}

static void scene_close(struct scene *scene)
{
	rf_buf_release(&scene->before);
	rf_buf_release(&scene->dump);
	rf_buf_release(&wanted);
}

#endif
