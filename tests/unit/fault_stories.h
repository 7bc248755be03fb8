/* Stories that the fault tests tell: what is read, and what is done with it. Each is told as if nothing could fail. */
#ifndef RF_TESTS_UNIT_FAULT_STORIES_H
#define RF_TESTS_UNIT_FAULT_STORIES_H

#include "unit.h"

#include <fcntl.h>

#include "alert/alerts.h"
#include "export/export.h"
#include "spool_build.h"
#include "store_sample.h"
#include "upkeep/backup.h"
#include "upkeep/gc.h"
#include "upkeep/merge.h"

#define DAY_NS 86400000000000u

struct told {
	int rc;             /* 0: it said that all is done */
	uint64_t committed; /* events that a commit returned for */
	const char *wrong;  /* what it did that nothing excuses; NULL nothing */
};

enum beginning { FROM_NOTHING, FROM_EMPTY, FROM_OLD }; /* no database, one without rows, one of old events */

struct story {
	const char *name;
	enum beginning from;
	bool alerts; /* there is a sink */
	struct told (*tell)(struct sample *s);
	const char *result; /* the database that it makes, in s->directory */
	const char *(*look)(struct sample *s); /* what is wrong outside of it when all is said to be done; NULL nothing */
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

#define REPORTS 8
#define SPOOL_REPORTS 3

/* Reports of two packages, wildcards among them, and a test that fails and passes; and a spool. */
static void make_input(struct sample *s, unsigned reports)
{
	static const char *const names[] = { "Add", "Sub", "Total", "List", "Drop" };
	static const char config[] = "alerts:\n  - type: jsonl\n    path: alerts.jsonl\n    only: all\n";
	uint32_t ids[4];
	assert_int_equal(rf_config_parse(rf_str_from(config), ".redflag.yml", &s->arena, &s->config, &s->err), 0);
	line_count = 0;
	for (unsigned i = 0; i < reports; i++) {
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
	for (int i = 0; i < SPOOL_REPORTS; i++)
		spool_report(&build, ids);
	((struct rf_spool_file_header *)build.bytes)->finished = 1;
}

static void path_in(const struct sample *s, const char *name, char out[256])
{
	snprintf(out, 256, "%s/%s", s->directory, name);
}

static void read_bytes(const char *path, struct rf_buf *out)
{
	char block[4096];
	int fd = open(path, O_RDONLY);
	if (fd < 0)
		return;
	for (ssize_t n; (n = read(fd, block, sizeof(block))) > 0;)
		rf_buf_put(out, block, (size_t)n);
	close(fd);
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

static struct sample_clock *story_clock;

static void sleep_on_clock(uint64_t ns)
{
	story_clock->now += ns;
}

static struct rf_alerts make_alerts(struct sample *s, struct rf_store *store)
{
	struct rf_alerts a;
	struct rf_alerts_options o = { .store = store, .config = &s->config, .clock = { sample_now, &s->clock },
				       .host = RF_STR("here"), .directory = s->directory, .sleep = sleep_on_clock };
	story_clock = &s->clock;
	rf_alerts_init(&a, &o);
	return a;
}

static struct rf_session_options session_options(struct sample *s, struct rf_store *store, struct rf_alerts *alerts)
{
	struct rf_session_options o = { .store = store, .clock = { sample_now, &s->clock }, .command = RF_STR("report"),
					.directory = RF_STR("/src"), .host = RF_STR("here"), .tags = { .config = &s->config } };
	if (alerts) {
		o.before_commit = rf_alerts_queue;
		o.commit_context = alerts;
	}
	return o;
}

static int open_store(struct sample *s, struct rf_store **out)
{
	struct rf_store_options options = sample_options(s);
	struct rf_error err = { 0 };
	options.patience_ms = 1;
	return rf_store_open(out, &options, &err);
}

static struct told tell_open(struct sample *s)
{
	struct rf_store *store = NULL;
	struct told told = { .rc = open_store(s, &store) };
	rf_store_close(store);
	return told;
}

/* The stream, then the spools, as `redflag report` does it. */
static int read_all(struct sample *s, const struct rf_session_options *o, struct told *told)
{
	char spools[256];
	struct rf_session *session = NULL;
	struct rf_error err = { 0 };
	path_in(s, "db.spool", spools);
	int rc = rf_session_open(&session, o, &err);
	for (size_t i = 0; rc == 0 && i < line_count; i++) {
		rf_session_event(session, &lines[i].event, lines[i].text);
		if (i % 50 == 49)
			rf_session_flush(session);
	}
	if (rc == 0) {
		rf_session_end_stream(session);
		rf_session_spools(session, spools, true, RF_SPOOLS_ALL);
		rc = rf_session_finish(session, &err);
		told->committed = rf_session_counts(session)->events_stored;
	}
	rf_session_close(session);
	return rc;
}

static struct told read_as_run(struct sample *s, bool with_alerts)
{
	struct rf_store *store = NULL;
	struct told told = { .rc = open_store(s, &store) };
	struct rf_alerts alerts = make_alerts(s, store);
	struct rf_session_options o = session_options(s, store, with_alerts ? &alerts : NULL);
	o.trace_id = RF_STR("t");
	o.mix_trace = true;
	if (told.rc == 0)
		told.rc = read_all(s, &o, &told);
	rf_alerts_release(&alerts);
	rf_store_close(store);
	return told;
}

static struct told tell_session(struct sample *s)
{
	return read_as_run(s, true);
}

static struct told tell_ingest(struct sample *s)
{
	char path[256];
	struct rf_error err = { 0 };
	struct rf_session *session = NULL;
	struct rf_store *store = NULL;
	struct told told = { .rc = open_store(s, &store) };
	struct rf_session_options o = session_options(s, store, NULL);
	path_in(s, "db.spool/rf-4711.spool", path);
	if (told.rc == 0)
		told.rc = rf_session_open(&session, &o, &err);
	if (told.rc == 0)
		told.rc = rf_session_spool_file(session, path, &err);
	if (told.rc == 0)
		told.rc = rf_session_finish(session, &err);
	if (session)
		told.committed = rf_session_counts(session)->events_stored;
	rf_session_close(session);
	rf_store_close(store);
	return told;
}

static struct told tell_gc(struct sample *s)
{
	struct rf_store *store = NULL;
	struct rf_error err = { 0 };
	struct rf_gc_options gc = { .keep_ns = 20 * DAY_NS };
	struct rf_gc out;
	rf_arena arena;
	rf_arena_init(&arena, 0);
	s->clock.now = SAMPLE_NOW + 100 * DAY_NS;
	struct told told = { .rc = open_store(s, &store) };
	if (told.rc == 0)
		told.rc = rf_gc_run(store, &gc, &arena, &out, &err);
	rf_store_close(store);
	s->clock.now = SAMPLE_NOW;
	rf_arena_release(&arena);
	return told;
}

static struct told tell_merge(struct sample *s)
{
	char to[256];
	const char *inputs[] = { s->path, s->path };
	struct rf_error err = { 0 };
	struct rf_merge out;
	path_in(s, "result", to);
	unlink(to); /* a finished one wouldn't begin again */
	struct rf_merge_options options = { .inputs = inputs, .count = 2, .to = to, .clock = { sample_now, &s->clock } };
	return (struct told){ .rc = rf_merge_run(&options, &out, &err) };
}

static struct told tell_backup(struct sample *s)
{
	char to[256];
	struct rf_error err = { 0 };
	struct rf_backup out;
	path_in(s, "result", to);
	return (struct told){ .rc = rf_backup_make(s->path, to, &out, &err) };
}

/* --- what isn't in the database ------------------------------------------------------------------------------------ */

static struct rf_buf wanted; /* of the story in hand, as it was when nothing failed; empty: it is being told so now */

static int export_format(struct rf_store *store, const struct rf_export_format *format, struct rf_buf *out)
{
	struct rf_export *x = NULL;
	struct rf_error err = { 0 };
	struct rf_export_options o = { .version = RF_STR("0"), .root = RF_STR("/src"), .module = RF_STR("/src"), .last_run = true };
	int rc = rf_export_open(&x, store, &o, &err);
	if (rc == 0)
		rc = rf_export_write(x, format, out, &err);
	if (rc == 0 && strcmp(format->name, "github") == 0)
		rc = rf_export_write_step_summary(x, out, &err);
	rf_export_close(x);
	return rc == 0 && out->failed ? RF_ERR_MEMORY : rc;
}

/* Each format, from a database that is only read. What is written is whole, or it is an error. */
static struct told tell_export(struct sample *s)
{
	struct rf_store *store = NULL;
	struct rf_store_options options = sample_options(s);
	struct rf_error err = { 0 };
	struct rf_buf out;
	rf_buf_init(&out);
	options.read_only = true;
	struct told told = { .rc = rf_store_open(&store, &options, &err) };
	for (const struct rf_export_format *f = rf_export_formats; f->name && !f->of_profiles && told.rc == 0; f++)
		told.rc = export_format(store, f, &out);
	rf_store_close(store);
	if (told.rc == 0 && wanted.len == 0)
		rf_buf_put_str(&wanted, rf_buf_str(&out));
	else if (told.rc == 0 && !rf_str_eq(rf_buf_str(&out), rf_buf_str(&wanted)))
		told.wrong = "an output is other than it should be, and there was no error";
	rf_buf_release(&out);
	return told;
}

static int compare_ids(const void *a, const void *b)
{
	return rf_str_cmp(*(const rf_str *)a, *(const rf_str *)b);
}

/* The alerts in the file, each once, sorted; false when a line is no alert. */
static bool read_ids(rf_str text, struct rf_buf *out)
{
	rf_str ids[64];
	size_t count = 0;
	while (text.len) {
		rf_str line = rf_str_cut(&text, '\n'), key = RF_STR("\",\"id\":\"");
		ptrdiff_t at = rf_str_find_str(line, key);
		if (at < 0 || !rf_str_ends(line, "}") || count == sizeof(ids) / sizeof(ids[0]))
			return false;
		line = rf_str_skip(line, (size_t)at + key.len);
		ids[count++] = rf_str_cut(&line, '"');
	}
	qsort(ids, count, sizeof(ids[0]), compare_ids);
	for (size_t i = 0; i < count; i++) {
		if (i && rf_str_eq(ids[i], ids[i - 1]))
			continue;
		rf_buf_put_str(out, ids[i]);
		rf_buf_put_char(out, '\n');
	}
	return true;
}

static int deliver(struct rf_alerts *a)
{
	struct rf_error err = { 0 };
	struct rf_alerts_delivery d = { .time_ns = 1000000000u, .at_once = true };
	int rc = rf_alerts_silences(a, &err);
	if (rc == 0)
		rc = rf_alerts_deliver(a, &d, &err);
	rf_buf_release(&d.notes);
	return rc == 0 && d.left ? RF_ERR_IO : rc;
}

/* What waits goes to a file, an hour later, when leases are over. Each alert gets there, twice only after a failure. */
static struct told tell_alerts(struct sample *s)
{
	struct rf_store *store = NULL;
	s->clock.now += 3600000000000u;
	struct told told = { .rc = open_store(s, &store) };
	struct rf_alerts alerts = make_alerts(s, store);
	if (told.rc == 0)
		told.rc = deliver(&alerts);
	rf_alerts_release(&alerts);
	rf_store_close(store);
	return told;
}

static const char *look_at_alerts(struct sample *s)
{
	char path[256];
	struct rf_buf text, ids;
	const char *wrong = NULL;
	rf_buf_init(&text);
	rf_buf_init(&ids);
	path_in(s, "alerts.jsonl", path);
	read_bytes(path, &text);
	if (!read_ids(rf_buf_str(&text), &ids))
		wrong = "a line of the file is no alert";
	else if (wanted.len == 0)
		rf_buf_put_str(&wanted, rf_buf_str(&ids));
	else if (!rf_str_eq(rf_buf_str(&ids), rf_buf_str(&wanted)))
		wrong = "an alert is missing in the file";
	rf_buf_release(&text);
	rf_buf_release(&ids);
	return wrong;
}

static const struct story stories[] = {
	{ "a new database", FROM_NOTHING, false, tell_open, "db", NULL },
	{ "session", FROM_EMPTY, true, tell_session, "db", NULL },
	{ "ingest", FROM_EMPTY, false, tell_ingest, "db", NULL },
	{ "gc", FROM_OLD, false, tell_gc, "db", NULL },
	{ "merge", FROM_OLD, false, tell_merge, "result", NULL },
	{ "backup", FROM_OLD, false, tell_backup, "result", NULL },
	{ "export", FROM_OLD, false, tell_export, "db", NULL },
	{ "alerts", FROM_OLD, true, tell_alerts, "db", look_at_alerts },
};
#define STORY_COUNT (sizeof(stories) / sizeof(stories[0]))

#endif
