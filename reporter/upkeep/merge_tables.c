/* Everything but the events. Rows go from input to result by the names that hold in every database (trace ID, spool ID, package and
 * test, fingerprint and tag), and where two differ the result doesn't depend on which came first. */
#include <string.h>

#include "store/collect.h"
#include "store/search.h"
#include "upkeep/merge_work.h"

/* A row of `from` is bound to the parameters of `to`, column by column; each statement of a list in turn. */
struct move {
	const char *from;
	const char *to[2];
};

static int move_row(struct rf_merge_work *w, sqlite3_stmt *from, sqlite3_stmt *to)
{
	int rc = SQLITE_OK, parameters = sqlite3_bind_parameter_count(to);
	for (int i = 0; i < parameters && rc == SQLITE_OK; i++)
		rc = sqlite3_bind_value(to, i + 1, sqlite3_column_value(from, i));
	if (rc != SQLITE_OK)
		return rf_db_fail(w->to, rc, w->err);
	rc = rf_db_step(w->to, to, w->err);
	sqlite3_reset(to);
	return rc;
}

static int prepare(struct rf_merge_work *w, struct rf_store *s, const char *sql, sqlite3_stmt **out)
{
	*out = NULL;
	return sql ? rf_prepare(s, sql, out, w->err) : 0;
}

static int move_from(struct rf_merge_work *w, struct rf_store *in, const struct move *move)
{
	sqlite3_stmt *from = NULL, *to[2] = { NULL, NULL };
	int rc = prepare(w, in, move->from, &from);
	for (int i = 0; i < 2 && rc >= 0; i++)
		rc = prepare(w, w->to, move->to[i], &to[i]);
	while (rc >= 0 && (rc = rf_db_step(in, from, w->err)) == 1) {
		for (int i = 0; i < 2 && to[i] && rc >= 0; i++)
			rc = move_row(w, from, to[i]);
	}
	sqlite3_finalize(from);
	sqlite3_finalize(to[0]);
	sqlite3_finalize(to[1]);
	return rc;
}

static int move_all(struct rf_merge_work *w, const struct move *moves, size_t count)
{
	int rc = 0;
	for (size_t m = 0; m < count && rc >= 0; m++) {
		for (uint32_t i = 0; i < w->count && rc >= 0; i++)
			rc = move_from(w, w->inputs[i].store, &moves[m]);
	}
	return rc;
}

static int run_all(struct rf_merge_work *w, const char *const *sql, size_t count)
{
	int rc = 0;
	for (size_t i = 0; i < count && rc >= 0; i++)
		rc = rf_db_once(w->to, sql[i], NULL, w->err, "");
	return rc;
}
#define RUN_ALL(w, list) run_all(w, list, sizeof(list) / sizeof(list[0]))
#define MOVE_ALL(w, list) move_all(w, list, sizeof(list) / sizeof(list[0]))

/* --- before the events ------------------------------------------------------------------------------------------- */

#define EARLIER "(excluded.started_at, excluded.command, excluded.directory, excluded.host) < (started_at, command, directory, host)"

static const struct move run_moves[] = {
	{ "SELECT trace_id, command, directory, host, started_at, last_at FROM runs",
	  { "INSERT INTO temp.merge_runs VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET"
	    " command = iif(" EARLIER ", excluded.command, command), directory = iif(" EARLIER ", excluded.directory, directory),"
	    " host = iif(" EARLIER ", excluded.host, host), started_at = min(started_at, excluded.started_at),"
	    " last_at = max(last_at, excluded.last_at)" } },
};

/* Counters only grow, so the larger is the later one. */
#define LARGER(column) #column " = max(" #column ", excluded." #column ")"
static const struct move process_moves[] = {
	{ "SELECT r.trace_id, p.spool_id, p.pid, p.started_at, p.finished, p.arguments, p.executable, p.directory, p.host,"
	  " p.go_version, p.build_id, p.main_package, p.is_test, p.trace_id, p.traceparent, p.tag, p.options, p.gomaxprocs, p.features,"
	  " p.goroutines_created, p.goroutines_unregistered, p.reports, p.reports_dropped, p.symbols_dropped, p.labels_cut,"
	  " p.tests_dropped, p.switches, p.records_bad, p.records_unknown, p.bytes_torn FROM processes p JOIN runs r ON r.id = p.run_id",
	  { "INSERT INTO processes (run_id, spool_id, pid, started_at, finished, arguments, executable, directory, host, go_version,"
	    " build_id, main_package, is_test, trace_id, traceparent, tag, options, gomaxprocs, features, goroutines_created,"
	    " goroutines_unregistered, reports, reports_dropped, symbols_dropped, labels_cut, tests_dropped, switches, records_bad,"
	    " records_unknown, bytes_torn) VALUES ((SELECT id FROM runs WHERE trace_id = ?1), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
	    " ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30)"
	    " ON CONFLICT (spool_id) DO UPDATE SET " LARGER(finished) "," LARGER(goroutines_created) ","
	    LARGER(goroutines_unregistered) "," LARGER(reports) "," LARGER(reports_dropped) "," LARGER(symbols_dropped) ","
	    LARGER(labels_cut) "," LARGER(tests_dropped) "," LARGER(switches) "," LARGER(records_bad) "," LARGER(records_unknown) ","
	    LARGER(bytes_torn) } },
};

/* Of a process that two inputs know, one may have been read while it still ran: the later samples are added, and the origins are
 * those of the input that has gone further. */
#define SAMPLE_COLUMNS \
	"elapsed_ms, goroutines, threads, timers, blocked_send, blocked_receive, blocked_select, blocked_lock, heap_live, heap_in_use," \
	" stacks, go_mapped, resident, itabs, reflected, modules, memory_limit, cgroup_limit, queued"
#define PROCESS "(SELECT id FROM processes WHERE spool_id = ?1)"
#define LAST_SAMPLE "(SELECT max(x.elapsed_ms) FROM samples x WHERE x.process_id = p.id)"
static const struct move growth_moves[] = {
	{ "SELECT p.spool_id, c.position, c.function, c.file, c.line, c.waiting, c.live, coalesce(" LAST_SAMPLE ", 0)"
	  " FROM goroutine_creators c JOIN processes p ON p.id = c.process_id",
	  { "INSERT INTO temp.merge_creators VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)" } },
	{ "SELECT p.spool_id, c.position, c.function, c.file, c.line, NULL, c.elements, coalesce(" LAST_SAMPLE ", 0)"
	  " FROM channel_makers c JOIN processes p ON p.id = c.process_id",
	  { "INSERT INTO temp.merge_creators VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)" } },
	{ "SELECT p.spool_id, " SAMPLE_COLUMNS " FROM samples s JOIN processes p ON p.id = s.process_id",
	  { "INSERT INTO samples (process_id, " SAMPLE_COLUMNS ") VALUES (" PROCESS ", ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,"
	    " ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20) ON CONFLICT DO NOTHING" } },
};

/* A profile is of one input: of that which has gone furthest, then of that which knows the most names (the files that were mapped
 * are on one machine, and not on another). */
#define PROFILE_RANK \
	"(SELECT max(x.snapshot) FROM profiles x WHERE x.process_id = p.id AND x.kind = v.kind)," \
	" (SELECT sum(x.line > 0) * 1000000 + sum(length(x.function)) FROM profile_frames x WHERE x.process_id = p.id AND x.kind = v.kind)"
static const struct move profile_moves[] = {
	{ "SELECT p.spool_id, v.kind, v.snapshot, v.elapsed_ms, v.period, v.dropped, v.stacks, v.value_1, v.value_2, v.value_3, v.value_4"
	  " FROM profiles v JOIN processes p ON p.id = v.process_id",
	  { "INSERT INTO profiles (process_id, kind, snapshot, elapsed_ms, period, dropped, stacks, value_1, value_2, value_3, value_4)"
	    " VALUES (" PROCESS ", ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT DO NOTHING" } },
	{ "SELECT p.spool_id, v.kind, v.position, v.frames, v.value_1, v.value_2, v.value_3, v.value_4, " PROFILE_RANK
	  " FROM profile_samples v JOIN processes p ON p.id = v.process_id",
	  { "INSERT INTO temp.merge_samples VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)" } },
	{ "SELECT p.spool_id, v.kind, v.number, v.function, v.file, v.line, " PROFILE_RANK
	  " FROM profile_frames v JOIN processes p ON p.id = v.process_id",
	  { "INSERT INTO temp.merge_frames VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)" } },
};

#define BEST_PROFILE(alias) \
	"(" alias ".snapshot, " alias ".rank) = (SELECT x.snapshot, x.rank FROM temp.merge_frames x WHERE x.spool_id = " alias ".spool_id" \
	" AND x.kind = " alias ".kind ORDER BY x.snapshot DESC, x.rank DESC LIMIT 1)"
static const char *const after_profiles[] = {
	"INSERT OR IGNORE INTO profile_frames (process_id, kind, number, function, file, line) SELECT p.id, f.kind, f.number, f.function,"
	" f.file, f.line FROM temp.merge_frames f JOIN processes p ON p.spool_id = f.spool_id WHERE " BEST_PROFILE("f")
	" ORDER BY p.id, f.kind, f.number, f.function, f.file, f.line",
	"INSERT OR IGNORE INTO profile_samples (process_id, kind, position, frames, value_1, value_2, value_3, value_4) SELECT p.id, s.kind,"
	" s.position, s.frames, s.value_1, s.value_2, s.value_3, s.value_4 FROM temp.merge_samples s JOIN processes p"
	" ON p.spool_id = s.spool_id WHERE " BEST_PROFILE("s") " ORDER BY p.id, s.kind, s.position, s.frames",
};

#define FURTHEST_CREATORS \
	" JOIN processes p ON p.spool_id = c.spool_id WHERE c.elapsed_ms = (SELECT max(x.elapsed_ms) FROM temp.merge_creators x" \
	" WHERE x.spool_id = c.spool_id)"
static const char *const after_growth[] = {
	"INSERT OR IGNORE INTO goroutine_creators (process_id, position, function, file, line, waiting, live)"
	" SELECT p.id, c.position, c.function, c.file, c.line, c.waiting, c.live FROM temp.merge_creators c"
	FURTHEST_CREATORS " AND c.waiting IS NOT NULL ORDER BY p.id, c.position, c.function, c.file, c.line, c.waiting, c.live",
	"INSERT OR IGNORE INTO channel_makers (process_id, position, function, file, line, elements)"
	" SELECT p.id, c.position, c.function, c.file, c.line, c.live FROM temp.merge_creators c"
	FURTHEST_CREATORS " AND c.waiting IS NULL ORDER BY p.id, c.position, c.function, c.file, c.line, c.live",
};

#define KNOWS_MORE "coalesce((excluded.last_seen, coalesce(excluded.test_a, ''), coalesce(excluded.test_b, ''))" \
		   " > (coalesce(last_seen, ''), coalesce(test_a, ''), coalesce(test_b, '')), 0)"

/* Findings with both sides come before the events, because the event that would make one may be gone, and what is left of it may
 * only be a wildcard. Owners that an event has told which is gone are taken over, too. */
static const struct move early_moves[] = {
	{ "SELECT f.fingerprint, t.name, f.fingerprint_version, f.coarse, f.kind, f.title, f.package, f.side_a, f.side_b, f.first_seen,"
	  " f.last_seen, g.finding_id IS NOT NULL, f.test_a, f.test_b FROM findings f JOIN tags t ON t.id = f.tag_id"
	  " LEFT JOIN (SELECT DISTINCT finding_id FROM gone_events) g ON g.finding_id = f.id WHERE f.wildcard = 0",
	  { "INSERT INTO temp.merge_findings VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, coalesce(?10, ''), iif(?12, ?11, NULL),"
	    " iif(?12, ?13, NULL), iif(?12, ?14, NULL)) ON CONFLICT DO UPDATE SET"
	    " title = iif((excluded.first_seen, excluded.title) < (first_seen, title), excluded.title, title),"
	    " first_seen = min(first_seen, excluded.first_seen),"
	    " test_a = iif(" KNOWS_MORE ", excluded.test_a, test_a), test_b = iif(" KNOWS_MORE ", excluded.test_b, test_b),"
	    " last_seen = max(coalesce(last_seen, excluded.last_seen), coalesce(excluded.last_seen, last_seen))" } },
};

static const char *const before_events[] = {
	"INSERT INTO tags (name) SELECT DISTINCT tag FROM temp.merge_findings ORDER BY tag",
	"INSERT INTO findings (fingerprint, fingerprint_version, coarse, kind, title, tag_id, package, wildcard, side_a, side_b, test_a,"
	" test_b) SELECT m.fingerprint, m.version, m.coarse, m.kind, m.title, t.id, m.package, 0, m.side_a, m.side_b, m.test_a, m.test_b"
	" FROM temp.merge_findings m JOIN tags t ON t.name = m.tag ORDER BY m.first_seen, m.fingerprint, m.tag",
};

/* The number of a run says which was first, so they are given in the order of time. */
int rf_merge_runs(struct rf_merge_work *w)
{
	static const char *const before[] = {
		"CREATE TEMP TABLE merge_runs (trace_id TEXT PRIMARY KEY, command TEXT, directory TEXT, host TEXT, started_at TEXT,"
		" last_at TEXT) WITHOUT ROWID",
		"CREATE TEMP TABLE merge_findings (fingerprint TEXT, tag TEXT, version INTEGER, coarse TEXT, kind TEXT, title TEXT,"
		" package TEXT, side_a TEXT, side_b TEXT, first_seen TEXT, last_seen TEXT, test_a TEXT, test_b TEXT,"
		" PRIMARY KEY (fingerprint, tag)) WITHOUT ROWID",
		"CREATE TEMP TABLE merge_creators (spool_id TEXT, position INTEGER, function TEXT, file TEXT, line INTEGER,"
		" waiting TEXT, live INTEGER, elapsed_ms INTEGER)",
		"CREATE INDEX temp.merge_creators_spool ON merge_creators(spool_id, elapsed_ms)",
		"CREATE TEMP TABLE merge_samples (spool_id TEXT, kind TEXT, position INTEGER, frames TEXT, value_1 INTEGER, value_2 INTEGER,"
		" value_3 INTEGER, value_4 INTEGER, snapshot INTEGER, rank INTEGER)",
		"CREATE TEMP TABLE merge_frames (spool_id TEXT, kind TEXT, number INTEGER, function TEXT, file TEXT, line INTEGER,"
		" snapshot INTEGER, rank INTEGER)",
		"CREATE INDEX temp.merge_frames_best ON merge_frames(spool_id, kind, snapshot, rank)",
	};
	static const char *const then[] = {
		"INSERT INTO runs (trace_id, command, directory, host, started_at, last_at) SELECT trace_id, command, directory, host,"
		" started_at, last_at FROM temp.merge_runs ORDER BY started_at, trace_id",
	};
	int rc = rf_store_begin(w->to, w->err);
	if (rc >= 0)
		rc = RUN_ALL(w, before);
	if (rc >= 0)
		rc = MOVE_ALL(w, run_moves);
	if (rc >= 0)
		rc = RUN_ALL(w, then);
	if (rc >= 0)
		rc = MOVE_ALL(w, process_moves);
	if (rc >= 0)
		rc = MOVE_ALL(w, growth_moves);
	if (rc >= 0)
		rc = RUN_ALL(w, after_growth);
	if (rc >= 0)
		rc = MOVE_ALL(w, profile_moves);
	if (rc >= 0)
		rc = RUN_ALL(w, after_profiles);
	if (rc >= 0)
		rc = MOVE_ALL(w, early_moves);
	if (rc >= 0)
		rc = RUN_ALL(w, before_events);
	if (rc >= 0)
		rc = rf_search_fill(w->to, w->err);
	return rc < 0 ? rc : rf_store_commit(w->to, w->err);
}

/* --- after them -------------------------------------------------------------------------------------------------- */

#define RUN "(SELECT id FROM runs WHERE trace_id = ?1)"
#define TEST "(SELECT id FROM tests WHERE package = ?2 AND name = ?3)"
#define ADD_TEST "INSERT INTO tests (package, name) VALUES (?2, ?3) ON CONFLICT DO NOTHING"
/* Of one and the same test the later one; a failure stays one, as it does in one run. */
#define LATER "(excluded.time, excluded.elapsed_ms) > (time, elapsed_ms)"
/* What was seen to its end before what was cut. */
#define WHOLE(row) "(" row "result <> 'cut', " row "result <> 'unfinished', " row "elapsed_ms, " row "result)"

static const struct move test_moves[] = {
	{ "SELECT r.trace_id, t.package, t.name, x.result, x.elapsed_ms, x.time, x.passed, x.failed, x.skipped, x.passed_later"
	  " FROM results x JOIN runs r ON r.id = x.run_id JOIN tests t ON t.id = x.test_id",
	  { ADD_TEST,
	    "INSERT INTO results (run_id, test_id, result, elapsed_ms, time, passed, failed, skipped, passed_later) VALUES (" RUN ", "
	    TEST ", ?4, ?5, ?6, ?7, ?8, ?9, 0) ON CONFLICT DO UPDATE SET result = CASE WHEN 'fail' IN (result, excluded.result) THEN"
	    " 'fail' WHEN " LATER " THEN excluded.result ELSE result END, elapsed_ms = iif(" LATER ", excluded.elapsed_ms, elapsed_ms),"
	    " time = max(time, excluded.time), passed = max(passed, excluded.passed), failed = max(failed, excluded.failed),"
	    " skipped = max(skipped, excluded.skipped)" } },
	{ "SELECT r.trace_id, t.package, t.name, x.started, x.result, x.elapsed_ms FROM executions x JOIN runs r ON r.id = x.run_id"
	  " JOIN tests t ON t.id = x.test_id",
	  { ADD_TEST,
	    "INSERT INTO executions (run_id, test_id, started, result, elapsed_ms) VALUES (" RUN ", " TEST ", ?4, ?5, ?6)"
	    " ON CONFLICT DO UPDATE SET result = excluded.result, elapsed_ms = excluded.elapsed_ms"
	    " WHERE " WHOLE("excluded.") " > " WHOLE("") } },
	{ "SELECT r.trace_id, t.package, t.name, x.started, x.bytes, x.text FROM outputs x JOIN runs r ON r.id = x.run_id"
	  " JOIN tests t ON t.id = x.test_id",
	  { ADD_TEST,
	    "INSERT INTO outputs (run_id, test_id, started, bytes, text) VALUES (" RUN ", " TEST ", ?4, ?5, ?6)"
	    " ON CONFLICT DO UPDATE SET bytes = excluded.bytes, text = excluded.text"
	    " WHERE (excluded.bytes, excluded.text) > (bytes, text)" } },
	/* Last, so that the failures of all inputs are there; setting it is what marks findings as retried. */
	{ "SELECT r.trace_id, t.package, t.name FROM results x JOIN runs r ON r.id = x.run_id JOIN tests t ON t.id = x.test_id"
	  " WHERE x.passed_later = 1",
	  { "UPDATE results SET passed_later = 1 WHERE run_id = " RUN " AND test_id = " TEST " AND result = 'fail'" } },
};

/* A test that failed in one input and passed later in another. */
static const char passed_later[] =
	"UPDATE results SET passed_later = 1 WHERE passed_later = 0 AND result = 'fail' AND EXISTS (SELECT 1 FROM executions x"
	" WHERE x.run_id = results.run_id AND x.test_id = results.test_id AND x.result = 'pass' AND x.started >= 1000000000000"
	" AND (strftime('%Y-%m-%dT%H:%M:%fZ', x.started / 1000000000.0 + x.elapsed_ms / 1000.0, 'unixepoch') > results.time"
	" OR EXISTS (SELECT 1 FROM executions y WHERE y.run_id = x.run_id AND y.test_id = x.test_id"
	" AND y.result IN ('fail', 'unfinished') AND y.started BETWEEN 1000000000000 AND x.started - 1)))";

/* A finding is the one of its fingerprint and tag, else the one that its latest event has come to (a wildcard has joined it). */
#define KEYS "f.fingerprint, t.name, (SELECT coalesce(e.text_uid, e.uid) FROM events e WHERE e.finding_id = f.id" \
	     " ORDER BY e.time DESC, e.id DESC LIMIT 1)"
#define OF_FINDING "FROM findings f JOIN tags t ON t.id = f.tag_id "
#define FINDING(a, b, c) "coalesce((SELECT f.id FROM findings f JOIN tags t ON t.id = f.tag_id WHERE f.fingerprint = " a \
			 " AND t.name = " b "), (SELECT finding_id FROM events WHERE uid = " c "),"                        \
			 " (SELECT finding_id FROM events WHERE text_uid = " c "))"

static const struct move finding_moves[] = {
	{ "SELECT " KEYS ", s.policy, s.since, s.until, s.held, s.told " OF_FINDING "JOIN silences s ON s.finding_id = f.id",
	  { "INSERT INTO temp.merge_silences VALUES (" FINDING("?1", "?2", "?3") ", ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO UPDATE SET"
	    " until = max(until, excluded.until), held = max(held, excluded.held), told = max(told, excluded.told)" } },
	{ "SELECT f.fingerprint, t.name, d.fingerprint, u.name, f.duplicate_reason " OF_FINDING
	  "JOIN findings d ON d.id = f.duplicate_of JOIN tags u ON u.id = d.tag_id",
	  { "INSERT INTO temp.merge_duplicates VALUES (" FINDING("?1", "?2", "NULL") ", ?3, ?4, coalesce(?5, ''))"
	    " ON CONFLICT DO UPDATE SET fingerprint = excluded.fingerprint, tag = excluded.tag, reason = excluded.reason"
	    " WHERE (excluded.fingerprint, excluded.tag, excluded.reason) < (fingerprint, tag, reason)" } },
	{ "SELECT trace_id, before FROM gone_runs",
	  { "INSERT INTO gone_runs (trace_id, before) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET before = max(before, excluded.before)" } },
	/* With the events that are still there, so that inputs of which one has removed more than another can be compared. */
	{ "SELECT " KEYS ", r.trace_id, g.day, g.verdict, g.events + (SELECT count(*) FROM runs x JOIN events e ON e.run_id = x.id"
	  " WHERE x.trace_id = r.trace_id AND e.finding_id = f.id AND e.verdict = g.verdict AND substr(e.time, 1, 10) = g.day),"
	  " g.first_seen, g.last_seen " OF_FINDING "JOIN gone_events g ON g.finding_id = f.id JOIN gone_runs r ON r.id = g.run_id",
	  { "INSERT INTO temp.merge_gone VALUES (" FINDING("?1", "?2", "?3") ", (SELECT id FROM gone_runs WHERE trace_id = ?4), ?5, ?6,"
	    " ?7, ?8, ?9) ON CONFLICT DO UPDATE SET events = max(events, excluded.events),"
	    " first_seen = min(first_seen, excluded.first_seen), last_seen = max(last_seen, excluded.last_seen)" } },
	{ "SELECT " KEYS ", r.trace_id, f.regressed_at " OF_FINDING "LEFT JOIN runs r ON r.id = f.first_run_id"
	  " WHERE EXISTS (SELECT 1 FROM gone_events WHERE finding_id = f.id)",
	  { "INSERT INTO temp.merge_firsts VALUES (" FINDING("?1", "?2", "?3") ", (SELECT id FROM runs WHERE trace_id = ?4), ?5)" } },
};

static const char *const before_findings[] = {
	"CREATE TEMP TABLE merge_silences (finding_id INTEGER, policy TEXT, since TEXT, until TEXT, held INTEGER, told INTEGER,"
	" PRIMARY KEY (finding_id, policy, since)) WITHOUT ROWID",
	"CREATE TEMP TABLE merge_duplicates (finding_id INTEGER PRIMARY KEY, fingerprint TEXT, tag TEXT, reason TEXT)",
	"CREATE TEMP TABLE merge_gone (finding_id INTEGER, run_id INTEGER, day TEXT, verdict TEXT, events INTEGER, first_seen TEXT,"
	" last_seen TEXT, PRIMARY KEY (finding_id, run_id, day, verdict)) WITHOUT ROWID",
	"CREATE TEMP TABLE merge_firsts (finding_id INTEGER, run_id INTEGER, regressed_at TEXT)",
};

static const char *const after_findings[] = {
	/* Of the runs that saw it the one that started first, and not the one of which an event has the earliest time. */
	"UPDATE findings SET first_run_id = (SELECT min(r.run_id) FROM finding_runs r WHERE r.finding_id = findings.id)"
	" WHERE EXISTS (SELECT 1 FROM finding_runs r WHERE r.finding_id = findings.id)",
	"INSERT INTO silences (finding_id, policy, since, until, held, told) SELECT finding_id, policy, since, until, held, told"
	" FROM temp.merge_silences ORDER BY since, policy, finding_id",
	"UPDATE findings SET duplicate_of = d.id, duplicate_reason = nullif(m.reason, '') FROM temp.merge_duplicates m"
	" JOIN tags u ON u.name = m.tag JOIN findings d ON d.fingerprint = m.fingerprint AND d.tag_id = u.id"
	" WHERE findings.id = m.finding_id AND d.id <> m.finding_id",
	"INSERT INTO gone_events (finding_id, run_id, day, verdict, events, first_seen, last_seen) SELECT m.finding_id, m.run_id, m.day,"
	" m.verdict, m.events - m.there, m.first_seen, m.last_seen FROM (SELECT g.*, (SELECT count(*) FROM events e"
	"  JOIN runs r ON r.id = e.run_id JOIN gone_runs x ON x.trace_id = r.trace_id WHERE e.finding_id = g.finding_id"
	"  AND x.id = g.run_id AND e.verdict = g.verdict AND substr(e.time, 1, 10) = g.day) AS there FROM temp.merge_gone g) m"
	" WHERE m.events > m.there",
	/* Whose only event has come to another finding. */
	"DELETE FROM findings WHERE id NOT IN (SELECT finding_id FROM events) AND id NOT IN (SELECT finding_id FROM gone_events)",
	"UPDATE findings SET first_run_id = m.run_id FROM (SELECT finding_id, min(run_id) AS run_id FROM temp.merge_firsts"
	" WHERE run_id IS NOT NULL GROUP BY 1) m WHERE findings.id = m.finding_id AND m.run_id < coalesce(first_run_id, m.run_id + 1)",
	"UPDATE findings SET regressed_at = m.at FROM (SELECT finding_id, max(regressed_at) AS at FROM temp.merge_firsts"
	" GROUP BY 1) m WHERE findings.id = m.finding_id AND m.at > coalesce(regressed_at, '')",
	"UPDATE findings SET recurring = 1 WHERE id IN (SELECT finding_id FROM gone_events) AND (SELECT count(DISTINCT t) > 1 FROM"
	" (SELECT r.trace_id AS t FROM events e JOIN runs r ON r.id = e.run_id WHERE e.finding_id = findings.id UNION"
	"  SELECT x.trace_id FROM gone_events g JOIN gone_runs x ON x.id = g.run_id WHERE g.finding_id = findings.id))",
};

int rf_merge_rest(struct rf_merge_work *w)
{
	int rc = rf_store_begin(w->to, w->err);
	if (rc >= 0)
		rc = MOVE_ALL(w, test_moves);
	if (rc >= 0)
		rc = rf_db_once(w->to, passed_later, NULL, w->err, "");
	if (rc >= 0)
		rc = RUN_ALL(w, before_findings);
	if (rc >= 0)
		rc = MOVE_ALL(w, finding_moves);
	if (rc >= 0)
		rc = RUN_ALL(w, after_findings);
	return rc < 0 ? rc : rf_store_commit(w->to, w->err);
}
