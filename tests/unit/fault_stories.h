/* Stories that store_faults_test.c tells: what is read, and what is done with it. Each is told as if nothing could fail. */
#ifndef RF_TESTS_UNIT_FAULT_STORIES_H
#define RF_TESTS_UNIT_FAULT_STORIES_H

#include "unit.h"

#include <fcntl.h>

#include "spool_build.h"
#include "store/backup.h"
#include "store/gc.h"
#include "store/merge.h"
#include "store_sample.h"

#define DAY_NS 86400000000000u

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

#endif
