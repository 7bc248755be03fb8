/* Events and runs; and the order of it all. */
#include "upkeep/gc.h"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>

#include "base/clock.h"
#include "store/collect.h"
#include "upkeep/gc_work.h"

#define EVENTS_A_STEP 64
#define RUNS_A_STEP 8
#define TESTS_A_STEP 256
#define PAGES_A_STEP 32
#define SIZE_STEPS 64 /* the time between the oldest event and now is cut into so many pieces */
#define OLD_PROCESSES " (SELECT id FROM processes WHERE run_id IN (SELECT id FROM temp.gc_batch))"
#define DAY_NS 86400000000000u

bool rf_gc_out_of_time(struct rf_gc_work *w)
{
	if (w->deadline_ns && rf_monotonic_ns() >= w->deadline_ns)
		w->out->unfinished = true;
	return w->out->unfinished;
}

int64_t rf_gc_changes(struct rf_gc_work *w)
{
	return sqlite3_changes64(w->s->handle);
}

int rf_gc_slices(struct rf_gc_work *w, int (*step)(struct rf_gc_work *w, void *context), void *context)
{
	int rc = 1;
	/* Once even when time is up: what was begun may have to be ended. */
	while (rc == 1) {
		struct rf_gc before = *w->out;
		rc = rf_store_begin(w->s, w->err);
		uint64_t end = rf_monotonic_ns() + RF_GC_HOLD_NS;
		if (rc == 0) {
			do
				rc = step(w, context);
			while (rc == 1 && rf_monotonic_ns() < end);
			int committed = rc < 0 ? rc : rf_store_commit(w->s, w->err);
			if (committed < 0) {
				rc = committed;
				*w->out = before;
			}
		}
		if (rc != 1 || rf_gc_out_of_time(w))
			break;
		nanosleep(&(struct timespec){ .tv_nsec = RF_GC_HOLD_NS }, NULL);
	}
	rf_store_rollback(w->s);
	return rc < 0 ? rc : 0;
}

/* --- events ----------------------------------------------------------------------------------------------------- */

/* The next events by time that are old. The place is kept in a table, so that it goes back with a transaction that fails. */
static int choose_events(struct rf_gc_work *w, rf_str before, int64_t *chosen)
{
	int rc = rf_db_once(w->s, "DELETE FROM temp.gc_batch", NULL, w->err, "");
	if (rc >= 0)
		rc = rf_db_once(w->s, "INSERT INTO temp.gc_batch SELECT e.id FROM temp.gc_place p CROSS JOIN events e"
				      " WHERE e.time >= p.time AND (e.time, e.id) > (p.time, p.id) AND e.time < ?1"
				      " ORDER BY e.time, e.id LIMIT ?2", NULL, w->err, "ti", before, (int64_t)EVENTS_A_STEP);
	*chosen = rc < 0 ? 0 : rf_gc_changes(w);
	if (*chosen == 0)
		return rc;
	rc = rf_db_once(w->s, "UPDATE temp.gc_place SET (time, id) = (SELECT e.time, e.id FROM temp.gc_batch b"
			      " CROSS JOIN events e ON e.id = b.id ORDER BY e.time DESC, e.id DESC LIMIT 1)", NULL, w->err, "");
	/* What stays: of each finding the latest and, if no other is young, the one that says most; one whose alert waits; the
	 * highest number, so that none is given twice. */
	if (rc >= 0)
		rc = rf_db_once(w->s, "DELETE FROM temp.gc_batch WHERE id = (SELECT max(id) FROM events)"
				      " OR id IN (SELECT event_id FROM temp.gc_best) OR id = (SELECT x.id FROM"
				      " events x WHERE x.finding_id = (SELECT finding_id FROM events WHERE id = gc_batch.id)"
				      " ORDER BY x.time DESC, x.id DESC LIMIT 1) OR EXISTS (SELECT 1 FROM alerts a"
				      " WHERE a.event_id = gc_batch.id AND a.state = 'waiting')", NULL, w->err, "");
	return rc;
}

/* Rows of finding_runs that the batch counts in, by their key: the table has as many rows as runs and findings have pairs. */
#define BATCH_PAIRS \
	"(run_id, finding_id) IN (SELECT e.run_id, e.finding_id FROM temp.gc_batch b CROSS JOIN events e ON e.id = b.id)"

/* Foreign keys are on, so what belongs to the events goes with them, and what doesn't would be an error. Triggers stay off: they
 * would count each finding anew for each event, to find what they find now. */
static int remove_events(struct rf_gc_work *w, rf_str before)
{
	int rc = rf_db_once(w->s, "INSERT INTO gone_runs (trace_id, before) SELECT DISTINCT r.trace_id, ?1 FROM temp.gc_batch b"
				  " CROSS JOIN events e ON e.id = b.id JOIN runs r ON r.id = e.run_id WHERE true"
				  " ON CONFLICT (trace_id) DO UPDATE SET before = max(before, excluded.before)",
			    NULL, w->err, "t", before);
	if (rc >= 0)
		rc = rf_db_once(w->s, "INSERT INTO gone_events (finding_id, run_id, day, verdict, events, first_seen, last_seen)"
				      " SELECT e.finding_id, g.id, substr(e.time, 1, 10), e.verdict, count(*), min(e.time), max(e.time)"
				      " FROM temp.gc_batch b CROSS JOIN events e ON e.id = b.id JOIN runs r ON r.id = e.run_id"
				      " JOIN gone_runs g ON g.trace_id = r.trace_id WHERE true GROUP BY 1, 2, 3, 4"
				      " ON CONFLICT DO UPDATE SET events = events + excluded.events,"
				      " first_seen = min(first_seen, excluded.first_seen),"
				      " last_seen = max(last_seen, excluded.last_seen)", NULL, w->err, "");
	if (rc >= 0)
		rc = rf_db_once(w->s, "UPDATE finding_runs SET events = events - (SELECT count(*) FROM temp.gc_batch b CROSS JOIN events e"
				      " ON e.id = b.id WHERE e.run_id = finding_runs.run_id AND e.finding_id = finding_runs.finding_id)"
				      " WHERE " BATCH_PAIRS, NULL, w->err, "");
	if (rc >= 0)
		rc = rf_db_once(w->s, "DELETE FROM finding_runs WHERE events <= 0 AND " BATCH_PAIRS, NULL, w->err, "");
	if (rc >= 0)
		rc = rf_db_once(w->s, "DELETE FROM events WHERE id IN (SELECT id FROM temp.gc_batch)", NULL, w->err, "");
	if (rc >= 0)
		w->out->events += rf_gc_changes(w);
	return rc;
}

static int step_events(struct rf_gc_work *w, void *context)
{
	const rf_str *before = context;
	int64_t chosen = 0;
	int rc = choose_events(w, *before, &chosen);
	if (rc >= 0 && chosen)
		rc = remove_events(w, *before);
	return rc < 0 ? rc : chosen > 0;
}

/* The events that say most (as RF_SQL_EVENT_BEST) of findings without a young one. */
static int choose_best(struct rf_gc_work *w, rf_str before)
{
	return rf_db_once(w->s, "INSERT OR IGNORE INTO temp.gc_best SELECT f.id, (SELECT e.id FROM events e WHERE e.finding_id = f.id"
				" ORDER BY e.source = 'spool' DESC, (SELECT count(*) FROM accesses a WHERE a.event_id = e.id"
				" AND a.stack_id IS NOT NULL) DESC, e.time DESC, e.id DESC LIMIT 1) FROM findings f"
				" WHERE f.last_seen < ?1 AND f.id NOT IN (SELECT finding_id FROM temp.gc_best)", NULL, w->err, "t",
			  before);
}

static int remove_old_events(struct rf_gc_work *w, rf_str before)
{
	int rc = rf_db_once(w->s, "UPDATE temp.gc_place SET time = '', id = 0", NULL, w->err, "");
	if (rc >= 0)
		rc = choose_best(w, before);
	sqlite3_db_config(w->s->handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	if (rc >= 0)
		rc = rf_gc_slices(w, step_events, &before);
	sqlite3_db_config(w->s->handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 1, NULL);
	return rc;
}

/* --- runs ------------------------------------------------------------------------------------------------------- */

/* Tables with rows that belong to a run and to nothing else, as their foreign keys say (results and the like), in temp.gc_tables. */
static int remove_from_runs(struct rf_gc_work *w)
{
	sqlite3_stmt *q = NULL;
	int rc = rf_prepare(w->s, "SELECT 'DELETE FROM \"' || name || '\" WHERE run_id IN (SELECT id FROM temp.gc_batch)'"
			    " FROM temp.gc_tables", &q, w->err);
	while (rc >= 0 && (rc = rf_db_step(w->s, q, w->err)) == 1) {
		rc = rf_db_once(w->s, (const char *)sqlite3_column_text(q, 0), NULL, w->err, "");
		if (rc >= 0)
			w->out->results += rf_gc_changes(w);
	}
	sqlite3_finalize(q);
	return rc;
}

/* Of all processes, also those that stay for an event. */
static int remove_samples(struct rf_gc_work *w)
{
	static const char *const statements[] = { "DELETE FROM samples WHERE process_id IN" OLD_PROCESSES,
						  "DELETE FROM goroutine_creators WHERE process_id IN" OLD_PROCESSES,
						  "DELETE FROM channel_makers WHERE process_id IN" OLD_PROCESSES,
						  "DELETE FROM profiles WHERE process_id IN" OLD_PROCESSES,
						  "DELETE FROM profile_frames WHERE process_id IN" OLD_PROCESSES,
						  "DELETE FROM profile_samples WHERE process_id IN" OLD_PROCESSES };
	int rc = 0;
	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]) && rc >= 0; i++)
		rc = rf_db_once(w->s, statements[i], NULL, w->err, "");
	return rc;
}

/* Foreign keys are off for this: a process is looked for among all events else. Its events are those of its run. */
static int step_runs(struct rf_gc_work *w, void *context)
{
	const rf_str *before = context;
	int rc = rf_db_once(w->s, "DELETE FROM temp.gc_batch", NULL, w->err, "");
	if (rc >= 0)
		rc = rf_db_once(w->s, "INSERT INTO temp.gc_batch SELECT id FROM runs WHERE id > (SELECT id FROM temp.gc_place)"
				      " AND last_at < ?1 ORDER BY id LIMIT ?2", NULL, w->err, "ti", *before, (int64_t)RUNS_A_STEP);
	if (rc < 0 || rf_gc_changes(w) == 0)
		return rc;
	rc = rf_db_once(w->s, "UPDATE temp.gc_place SET id = (SELECT max(id) FROM temp.gc_batch)", NULL, w->err, "");
	if (rc >= 0)
		rc = remove_from_runs(w);
	if (rc >= 0)
		rc = remove_samples(w);
	if (rc >= 0)
		rc = rf_db_once(w->s, "DELETE FROM processes WHERE run_id IN (SELECT id FROM temp.gc_batch) AND NOT EXISTS"
				      " (SELECT 1 FROM events e WHERE e.run_id = processes.run_id AND e.process_id = processes.id)",
				NULL, w->err, "");
	if (rc >= 0) {
		w->out->processes += rf_gc_changes(w);
		rc = rf_db_once(w->s, "DELETE FROM runs WHERE id IN (SELECT id FROM temp.gc_batch) AND id <> (SELECT max(id) FROM runs)"
				      " AND NOT EXISTS (SELECT 1 FROM events e WHERE e.run_id = runs.id)"
				      " AND NOT EXISTS (SELECT 1 FROM processes p WHERE p.run_id = runs.id)"
				      " AND id NOT IN (SELECT first_run_id FROM findings WHERE first_run_id IS NOT NULL UNION"
				      " SELECT last_run_id FROM findings WHERE last_run_id IS NOT NULL UNION"
				      " SELECT retry_run_id FROM findings WHERE retry_run_id IS NOT NULL)", NULL, w->err, "");
	}
	if (rc >= 0)
		w->out->runs += rf_gc_changes(w);
	return rc < 0 ? rc : 1;
}

static int step_silences(struct rf_gc_work *w, void *context)
{
	const rf_str *before = context;
	int rc = rf_db_once(w->s, "DELETE FROM silences WHERE told = 1 AND until < ?1 AND NOT EXISTS (SELECT 1 FROM alerts a"
				  " WHERE a.silence_id = silences.id AND a.state = 'waiting')", NULL, w->err, "t", *before);
	if (rc >= 0)
		w->out->silences += rf_gc_changes(w);
	return rc < 0 ? rc : 0;
}

static int remove_old(struct rf_gc_work *w, uint64_t before_unix_ns, rf_arena *arena)
{
	rf_str before = rf_time_text(before_unix_ns, arena);
	int rc = arena->failed ? rf_fail(w->err, RF_ERR_MEMORY, "Out of memory while removing what is old.") : 0;
	if (rc == 0)
		rc = remove_old_events(w, before);
	if (rc == 0)
		rc = rf_gc_slices(w, step_silences, &before);
	if (rc == 0)
		rc = rf_store_check_references(w->s, false, w->err);
	if (rc == 0)
		rc = rf_db_once(w->s, "UPDATE temp.gc_place SET id = 0", NULL, w->err, "");
	if (rc == 0)
		rc = rf_gc_slices(w, step_runs, &before);
	struct rf_error ignored; /* of what is over anyway */
	int on = rf_store_check_references(w->s, true, rc < 0 ? &ignored : w->err);
	if (rc == 0 && on == 0)
		w->out->before = before;
	return rc < 0 ? rc : on;
}

/* --- size ------------------------------------------------------------------------------------------------------- */

static int measure(struct rf_gc_work *w, uint64_t *used, uint64_t *file)
{
	int64_t pages = 0, free_pages = 0, bytes = 0;
	int rc = rf_db_once(w->s, "PRAGMA page_count", &pages, w->err, "");
	if (rc >= 0)
		rc = rf_db_once(w->s, "PRAGMA freelist_count", &free_pages, w->err, "");
	if (rc >= 0)
		rc = rf_db_once(w->s, "PRAGMA page_size", &bytes, w->err, "");
	if (rc < 0)
		return rc;
	*used = (uint64_t)(pages - free_pages) * (uint64_t)bytes;
	*file = (uint64_t)pages * (uint64_t)bytes;
	return 0;
}

/* In steps of time from the oldest on, each with its stacks, until little enough is in use. */
static int remove_until_small(struct rf_gc_work *w, uint64_t now, rf_arena *arena)
{
	rf_str oldest = { NULL, 0 };
	sqlite3_stmt *q = NULL;
	uint64_t from, file;
	int rc = rf_prepare(w->s, "SELECT min(t) FROM (SELECT min(time) AS t FROM events UNION ALL SELECT min(last_at) FROM runs)", &q,
			    w->err);
	if (rc == 0)
		rc = rf_db_step(w->s, q, w->err);
	if (rc == 1)
		oldest = rf_db_text(q, 0, arena);
	sqlite3_finalize(q);
	if (rc < 0 || !rf_time_parse(oldest, &from) || now < RF_GC_YOUNG_NS || from >= now - RF_GC_YOUNG_NS)
		return rc < 0 ? rc : 0;
	uint64_t span = now - RF_GC_YOUNG_NS - from;
	rc = measure(w, &w->out->used_after, &file);
	for (uint64_t i = 1; rc == 0 && i <= SIZE_STEPS && w->out->used_after > w->options->size_max_bytes &&
	     !rf_gc_out_of_time(w); i++) {
		int64_t events = w->out->events;
		rc = remove_old(w, from + span / SIZE_STEPS * i, arena);
		if (rc == 0 && w->out->events > events)
			rc = rf_gc_sweep(w);
		if (rc == 0)
			rc = measure(w, &w->out->used_after, &file);
	}
	return rc;
}

/* --- giving back ------------------------------------------------------------------------------------------------ */

static int give_back_pages(struct rf_gc_work *w)
{
	int64_t mode = 0, pages = 1;
	int rc = rf_db_once(w->s, "PRAGMA auto_vacuum", &mode, w->err, "");
	w->out->can_shrink = mode != 0;
	while (rc >= 0 && w->out->can_shrink && pages > 0 && !rf_gc_out_of_time(w)) {
		uint64_t end = rf_monotonic_ns() + RF_GC_HOLD_NS;
		do {
			char sql[64];
			int64_t before;
			rc = rf_db_once(w->s, "PRAGMA freelist_count", &before, w->err, "");
			sqlite3_snprintf(sizeof(sql), sql, "PRAGMA incremental_vacuum(%d)", PAGES_A_STEP);
			if (rc >= 0)
				rc = rf_db_exec(w->s, sql, w->err);
			if (rc >= 0)
				rc = rf_db_once(w->s, "PRAGMA freelist_count", &pages, w->err, "");
			if (rc >= 0 && pages >= before)
				pages = 0; /* others take them as fast */
		} while (rc >= 0 && pages > 0 && rf_monotonic_ns() < end);
		nanosleep(&(struct timespec){ .tv_nsec = RF_GC_HOLD_NS }, NULL);
	}
	return rc < 0 ? rc : 0;
}

/* The new file goes through a temporary one and the log: room for two more of what is in use. */
static int vacuum(struct rf_gc_work *w)
{
	struct statvfs fs;
	uint64_t used, file;
	int rc = measure(w, &used, &file);
	if (rc < 0)
		return rc;
	if (statvfs(w->s->path, &fs) == 0 && (uint64_t)fs.f_bavail * fs.f_frsize < 2 * used) {
		w->out->disk_missing = 2 * used - (uint64_t)fs.f_bavail * fs.f_frsize;
		return 0;
	}
	return rf_db_exec(w->s, "PRAGMA temp_store = FILE; PRAGMA auto_vacuum = INCREMENTAL; VACUUM; PRAGMA temp_store = MEMORY;", w->err);
}

/* --- all of it -------------------------------------------------------------------------------------------------- */

static int count_only(struct rf_gc_work *w, rf_str before)
{
	w->out->before = before;
	int rc = rf_db_once(w->s, "SELECT count(*) FROM events e WHERE e.time < ?1 AND e.id <> (SELECT max(id) FROM events)"
				  " AND e.id <> (SELECT x.id FROM events x WHERE x.finding_id = e.finding_id"
				  "  ORDER BY x.time DESC, x.id DESC LIMIT 1)"
				  " AND NOT EXISTS (SELECT 1 FROM alerts a WHERE a.event_id = e.id AND a.state = 'waiting')",
			    &w->out->events, w->err, "t", before);
	if (rc >= 0)
		rc = rf_db_once(w->s, "SELECT count(*) FROM runs r WHERE r.last_at < ?1 AND NOT EXISTS (SELECT 1 FROM events e"
				      " WHERE e.run_id = r.id AND (e.time >= ?1 OR e.id = (SELECT x.id FROM events x"
				      "  WHERE x.finding_id = e.finding_id ORDER BY x.time DESC, x.id DESC LIMIT 1)))"
				      " AND NOT EXISTS (SELECT 1 FROM findings f WHERE r.id IN (f.first_run_id, f.retry_run_id))",
				&w->out->runs, w->err, "t", before);
	return rc < 0 ? rc : 0;
}

static int set_up(struct rf_gc_work *w)
{
	static const char *const sql[] = {
		"CREATE TEMP TABLE IF NOT EXISTS gc_batch (id INTEGER PRIMARY KEY)",
		"CREATE TEMP TABLE IF NOT EXISTS gc_place (time TEXT, id INTEGER)",
		"DELETE FROM temp.gc_place",
		"INSERT INTO temp.gc_place VALUES ('', 0)",
		"CREATE TEMP TABLE IF NOT EXISTS gc_best (finding_id INTEGER PRIMARY KEY, event_id INTEGER)",
		"DELETE FROM temp.gc_best",
		"CREATE TEMP TABLE IF NOT EXISTS gc_tables (name TEXT PRIMARY KEY)",
		"INSERT OR IGNORE INTO temp.gc_tables SELECT m.name FROM sqlite_schema m, pragma_foreign_key_list(m.name) f"
		" WHERE m.type = 'table' AND f.\"table\" = 'runs' AND f.\"from\" = 'run_id' AND f.on_delete = 'CASCADE'"
		" AND m.name <> 'finding_runs'", /* which goes with its events */
	};
	int rc = 0;
	for (size_t i = 0; rc >= 0 && i < sizeof(sql) / sizeof(sql[0]); i++)
		rc = rf_db_once(w->s, sql[i], NULL, w->err, "");
	return rc < 0 ? rc : 0;
}

static int remember_run(struct rf_gc_work *w, uint64_t unix_ns)
{
	char text[RF_TIME_BYTES];
	rf_str now = rf_time_put(unix_ns, text);
	int rc = rf_db_once(w->s, "INSERT INTO upkeep (name, value) VALUES ('gc', ?1) ON CONFLICT (name) DO UPDATE SET"
				  " value = excluded.value", NULL, w->err, "t", now);
	return rc < 0 ? rc : 0;
}

static int remove_all(struct rf_gc_work *w, uint64_t now, rf_arena *arena)
{
	const struct rf_gc_options *o = w->options;
	int rc = set_up(w);
	if (rc == 0 && o->keep_ns && o->keep_ns < now)
		rc = remove_old(w, now - o->keep_ns, arena);
	if (rc == 0)
		rc = rf_gc_sweep(w);
	if (rc == 0 && o->size_max_bytes)
		rc = remove_until_small(w, now, arena);
	if (rc == 0)
		rc = o->vacuum ? vacuum(w) : give_back_pages(w);
	if (rc == 0 && !w->out->unfinished)
		rc = remember_run(w, now);
	return rc;
}

int rf_gc_run(struct rf_store *s, const struct rf_gc_options *options, rf_arena *arena, struct rf_gc *out, struct rf_error *err)
{
	struct rf_gc_work w = { .s = s, .options = options, .out = out, .err = err,
				.deadline_ns = options->budget_ns ? rf_monotonic_ns() + options->budget_ns : 0 };
	uint64_t now = rf_clock_now(s->clock);
	*out = (struct rf_gc){ .before = RF_STR("") };
	int rc = measure(&w, &out->used_before, &out->file_before);
	if (rc == 0 && options->dry_run)
		rc = options->keep_ns && options->keep_ns < now ? count_only(&w, rf_time_text(now - options->keep_ns, arena)) : 0;
	else if (rc == 0)
		rc = remove_all(&w, now, arena);
	return rc < 0 ? rc : measure(&w, &out->used_after, &out->file_after);
}

int rf_gc_is_due(struct rf_store *s, bool *due, struct rf_error *err)
{
	char text[RF_TIME_BYTES], day_ago[RF_TIME_BYTES];
	uint64_t now = rf_clock_now(s->clock);
	int rc = rf_db_once(s, "SELECT 1 FROM upkeep WHERE name = 'gc' AND value > ?1 AND value <= ?2", NULL, err, "tt",
			    rf_time_put(now > DAY_NS ? now - DAY_NS : 0, day_ago), rf_time_put(now, text));
	*due = rc == 0;
	return rc < 0 ? rc : 0;
}
