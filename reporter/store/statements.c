#include "store/statements.h"

#include <stddef.h>

#include "store/search.h"

#define EVENT_COLUMNS \
	"SELECT e.id, e.finding_id, e.run_id, r.trace_id, e.tag, e.time, e.verdict, e.seed, e.source, e.test_a, e.test_b," \
	" e.stream_package, e.stream_test, e.process_id FROM events e JOIN runs r ON r.id = e.run_id "

#define LACKS_A_HALF " AND (source = 'text' OR (text_uid IS NULL AND suppressed_by IS NOT 'process'))"

#define EIGHT(row) row ", " row ", " row ", " row ", " row ", " row ", " row ", " row

/* For rf_queue_add. OR FAIL: the transaction is rolled back anyway, and to undo a statement of several rows alone SQLite would copy each
 * page that it changes. */
#define ADD_EVENTS \
	"INSERT OR FAIL INTO events (uid, finding_id, run_id, process_id, source, time, verdict, seed, tag, match_key," \
	" exact, test_a, test_b, memory, memory_start, memory_bytes, memory_name, allocated_stack_id," \
	" allocated_goid, switches, text, stream_package, stream_test, suppressed_by, suppression, policy," \
	" severity, memory_type, class, detail, id) VALUES "
#define EVENT_ROW "(?,?,?,?,?,?,?,?,?,?,'',?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
#define ADD_FRAMES "INSERT OR FAIL INTO frames (id, hash, function, file, line) VALUES "
#define ADD_STACKS "INSERT OR FAIL INTO stacks (id, hash, cut, frames) VALUES "
#define ADD_NAMES "INSERT OR FAIL INTO names (id, text, short) VALUES "
#define ADD_PAIRS "INSERT INTO finding_names (name_id, finding_id, kind) VALUES "
#define ADD_DETAILS "INSERT OR FAIL INTO event_details (event_id, accesses, goroutines) VALUES "

static const char *const texts[RF_SQL_COUNT] = {
	/* IMMEDIATE: the write lock now, so that no later statement can find that another writer was faster. */
	[RF_SQL_BEGIN] = "BEGIN IMMEDIATE",
	[RF_SQL_COMMIT] = "COMMIT",
	[RF_SQL_ROLLBACK] = "ROLLBACK",
	[RF_SQL_DATA_VERSION] = "PRAGMA data_version",
	[RF_SQL_RUN_GET] = "SELECT id FROM runs WHERE trace_id = ?",
	[RF_SQL_RUN_ADD] = "INSERT INTO runs (trace_id, command, directory, host, started_at, last_at)"
			   " VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
	[RF_SQL_RUN_GONE] = "SELECT before FROM gone_runs WHERE trace_id = ?",
	[RF_SQL_RUN_TOUCH] = "UPDATE runs SET last_at = max(last_at, ?2) WHERE id = ?1",
	[RF_SQL_PROCESS_GET] = "SELECT id FROM processes WHERE spool_id = ?",
	[RF_SQL_PROCESS_PUT] =
		"INSERT INTO processes (run_id, spool_id, pid, started_at, finished, arguments, executable, directory,"
		" host, go_version, build_id, main_package, is_test, trace_id, traceparent, tag, options, gomaxprocs,"
		" features, goroutines_created, goroutines_unregistered, reports, reports_dropped, symbols_dropped,"
		" labels_cut, tests_dropped, switches, records_bad, records_unknown, bytes_torn)"
		" VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
		" ON CONFLICT (spool_id) DO UPDATE SET finished = excluded.finished,"
		" goroutines_created = excluded.goroutines_created,"
		" goroutines_unregistered = excluded.goroutines_unregistered, reports = excluded.reports,"
		" reports_dropped = excluded.reports_dropped, symbols_dropped = excluded.symbols_dropped,"
		" labels_cut = excluded.labels_cut, tests_dropped = excluded.tests_dropped,"
		" switches = excluded.switches, records_bad = excluded.records_bad,"
		" records_unknown = excluded.records_unknown, bytes_torn = excluded.bytes_torn RETURNING id",
	[RF_SQL_TAG_GET] = "SELECT id FROM tags WHERE name = ?",
	[RF_SQL_TAG_ADD] = "INSERT INTO tags (name) VALUES (?)",
	[RF_SQL_TEST_GET] = "SELECT id FROM tests WHERE package = ? AND name = ?",
	[RF_SQL_TEST_ADD] = "INSERT INTO tests (package, name) VALUES (?, ?)",
	/* A test that runs more than once (-count) has failed when it failed once; the worse result stays. */
	[RF_SQL_RESULT_PUT] =
		"INSERT INTO results (run_id, test_id, result, elapsed_ms, time, passed, failed, skipped)"
		" VALUES (?,?,?,?,?,?,?,?) ON CONFLICT (run_id, test_id) DO UPDATE SET"
		" result = CASE WHEN result = 'fail' THEN 'fail' ELSE excluded.result END,"
		" elapsed_ms = excluded.elapsed_ms, time = excluded.time, passed = excluded.passed,"
		" failed = max(failed, excluded.failed), skipped = excluded.skipped WHERE excluded.result <> 'cut'",
	/* What is cut may come whole when the log has grown. */
	[RF_SQL_EXECUTION_PUT] =
		"INSERT INTO executions (run_id, test_id, started, result, elapsed_ms) VALUES (?, ?, ?, ?, ?)"
		" ON CONFLICT DO UPDATE SET result = excluded.result, elapsed_ms = excluded.elapsed_ms WHERE excluded.result <> 'cut'",
	[RF_SQL_OUTPUT_PUT] =
		"INSERT INTO outputs (run_id, test_id, started, bytes, text) VALUES (?, ?, ?, ?, ?)"
		" ON CONFLICT DO UPDATE SET bytes = excluded.bytes, text = excluded.text WHERE excluded.bytes > bytes",
	/* By their hashes, which say where to look and no more. */
	[RF_SQL_FRAME_GET] = "SELECT id, function, file, line FROM frames WHERE hash = ?",
	[RF_SQL_FRAME_ADD] = ADD_FRAMES "(?, ?, ?, ?, ?)",
	[RF_SQL_FRAMES_ADD] = ADD_FRAMES EIGHT("(?, ?, ?, ?, ?)"),
	[RF_SQL_FRAME_LAST] = "SELECT coalesce(max(id), 0) FROM frames",
	[RF_SQL_FRAME_HASHES] = "SELECT hash FROM frames",
	[RF_SQL_STACK_GET] = "SELECT id, frames, cut FROM stacks WHERE hash = ?",
	[RF_SQL_STACK_ADD] = ADD_STACKS "(?, ?, ?, ?)",
	[RF_SQL_STACKS_ADD] = ADD_STACKS EIGHT("(?, ?, ?, ?)"),
	[RF_SQL_STACK_LAST] = "SELECT coalesce(max(id), 0) FROM stacks",
	[RF_SQL_STACK_HASHES] = "SELECT hash FROM stacks",
	[RF_SQL_FINDING_GET] = "SELECT f.id FROM findings f JOIN tags t ON t.id = f.tag_id"
			       " WHERE f.fingerprint = ? AND t.name = ?",
	[RF_SQL_FINDING_ADD] =
		"INSERT INTO findings (fingerprint, fingerprint_version, coarse, kind, title, tag_id, package, wildcard,"
		" side_a, side_b, class) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[RF_SQL_FINDING_RENAME] =
		"UPDATE findings SET fingerprint = ?2, fingerprint_version = ?3, coarse = ?4, kind = ?5, title = ?6,"
		" tag_id = ?7, package = ?8, wildcard = ?9, side_a = ?10, side_b = ?11, class = ?12"
		" WHERE id = ?1",
	[RF_SQL_FINDING_CLASSES] = "UPDATE findings SET class = ?2, title = ?3 WHERE id = ?1",
	/* Same tag, or both tags are only the package's name: that one depends on which side is missing. */
	[RF_SQL_FINDING_FULL_OF_SIDE] =
		"SELECT f.id FROM findings f JOIN tags t ON t.id = f.tag_id"
		" WHERE f.wildcard = 0 AND +f.kind = ?1 AND f.id IN (SELECT id FROM findings WHERE side_a = ?2 AND side_a <> ''"
		"  UNION ALL SELECT id FROM findings WHERE side_b = ?2 AND side_b <> '')"
		" AND (t.name = ?3 OR (?3 = ?4 AND t.name = f.package)) ORDER BY t.name = ?3 DESC, f.id LIMIT 1",
	[RF_SQL_FINDING_WILDCARD_OF_SIDE] =
		"SELECT f.id FROM findings f INDEXED BY findings_wildcard JOIN tags t ON t.id = f.tag_id"
		" WHERE f.wildcard = 1 AND f.kind = ?1 AND (f.side_a <> '' OR f.side_b <> '')"
		" AND f.side_a IN ('', ?2, ?3) AND f.side_b IN ('', ?2, ?3)"
		" AND (t.name = ?4 OR (?4 = ?5 AND t.name = f.package)) ORDER BY f.id LIMIT 1",
	[RF_SQL_FINDING_MOVE_EVENTS] = "UPDATE events SET finding_id = ?2 WHERE finding_id = ?1",
	[RF_SQL_FINDING_DROP_EMPTY] = "DELETE FROM findings WHERE id = ?1"
				      " AND NOT EXISTS (SELECT 1 FROM events WHERE finding_id = ?1)"
				      " AND NOT EXISTS (SELECT 1 FROM gone_events WHERE finding_id = ?1)",
	/* As FINDING_MOVE_EVENTS, for what gc has removed. */
	[RF_SQL_FINDING_MOVE_GONE] =
		"INSERT INTO gone_events (finding_id, run_id, day, verdict, events, first_seen, last_seen)"
		" SELECT ?2, run_id, day, verdict, events, first_seen, last_seen FROM gone_events WHERE finding_id = ?1"
		" ON CONFLICT DO UPDATE SET events = events + excluded.events,"
		" first_seen = min(first_seen, excluded.first_seen), last_seen = max(last_seen, excluded.last_seen)",
	[RF_SQL_FINDING_DROP_GONE] = "DELETE FROM gone_events WHERE finding_id = ?1",
	/* Which run was the first is kept where gone events don't tell; the earlier one counts. */
	[RF_SQL_FINDING_TAKE_FIRST] =
		"UPDATE findings SET recurring = f.recurring OR w.recurring OR coalesce(f.first_run_id <> w.first_run_id, 0),"
		" first_run_id = min(coalesce(f.first_run_id, w.first_run_id), coalesce(w.first_run_id, f.first_run_id))"
		" FROM findings f, findings w WHERE findings.id = ?2 AND f.id = ?2 AND w.id = ?1"
		" AND EXISTS (SELECT 1 FROM gone_events WHERE finding_id = ?1)",
	[RF_SQL_FINDING_EVENT_COUNT] = "SELECT events FROM findings WHERE id = ?",
	[RF_SQL_FINDING_SEEN] = "SELECT iif(first_run_id IS NULL, NULL, first_seen), last_seen,"
				" (SELECT max(until) FROM silences WHERE finding_id = findings.id), class FROM findings WHERE id = ?",
	/* As one update an event would do it, in their order: ?2 events, the newest at ?4 of run ?6, the oldest at ?9, the first to
	 * come of run ?5; ?8: one that a baseline knows. */
	[RF_SQL_FINDING_ADD_UP] =
		"UPDATE findings SET events = events + ?2, events_alert = events_alert + ?3,"
		" first_seen = min(coalesce(first_seen, ?9), ?9), last_seen = max(coalesce(last_seen, ?4), ?4),"
		" last_run_id = iif(last_seen IS NULL OR ?4 >= last_seen, ?6, last_run_id), first_run_id = coalesce(first_run_id, ?5),"
		" recurring = recurring OR ?7 OR (first_run_id IS NOT NULL AND first_run_id <> ?5), in_baseline = in_baseline OR ?8"
		" WHERE id = ?1",
	[RF_SQL_FINDING_ADD_LATER] =
		"UPDATE findings SET events = events + ?2, events_alert = events_alert + ?3, last_seen = max(last_seen, ?4),"
		" last_run_id = iif(?4 >= last_seen, ?6, last_run_id),"
		" recurring = recurring OR ?7 OR first_run_id <> ?5, in_baseline = in_baseline OR ?8 WHERE id = ?1",
	[RF_SQL_FINDING_DAY_ADD] = "INSERT INTO finding_days (day, finding_id, verdict, events) VALUES (?, ?, ?, ?)"
				   " ON CONFLICT DO UPDATE SET events = events + excluded.events",
	[RF_SQL_DAY_TOTAL_DROP] = "DELETE FROM day_totals WHERE day = ?",
	[RF_SQL_FINDING_RUN_ADD] = "INSERT INTO finding_runs (run_id, finding_id, events) VALUES (?, ?, ?)"
				   " ON CONFLICT DO UPDATE SET events = events + excluded.events",
	/* An event that knows owners (a spool's) decides; one that guesses them only fills what is unknown. */
	[RF_SQL_FINDING_OWNERS] = "UPDATE findings SET test_a = iif(?4, ?2, coalesce(test_a, ?2)),"
				  " test_b = iif(?4, ?3, coalesce(test_b, ?3)) WHERE id = ?1",
	[RF_SQL_EVENT_BY_UID] = "SELECT id FROM events WHERE uid = ?1 UNION ALL SELECT id FROM events WHERE text_uid = ?1 LIMIT 1",
	[RF_SQL_EVENT_UID_HIGHEST] =
		"SELECT max(coalesce((SELECT max(uid) FROM events WHERE uid >= ?1 AND uid < ?2), ''),"
		" coalesce((SELECT max(text_uid) FROM events WHERE text_uid >= ?1 AND text_uid < ?2), ''))",
	/* What stock printed nothing of has no other half. */
	[RF_SQL_EVENT_ANY_HALF] = "SELECT 1 FROM events WHERE run_id = ? AND source = ? LIMIT 1",
	[RF_SQL_EVENT_HALVES] = "SELECT id, match_key FROM events WHERE run_id = ?1 AND source = ?2" LACKS_A_HALF " ORDER BY id",
	[RF_SQL_EVENT_IS_HALF] = "SELECT id FROM events WHERE id = ?1 AND run_id = ?2 AND match_key = ?3 AND source = ?4" LACKS_A_HALF,
	[RF_SQL_EVENT_HALF_OF_KEY] = "SELECT id FROM events WHERE run_id = ?1 AND source = ?2 AND id > ?3 AND match_key = ?4"
				     LACKS_A_HALF " ORDER BY id LIMIT 1",
	[RF_SQL_EVENT_TEXT_BY_UID] = "SELECT id FROM events WHERE uid = ? AND source = 'text'",
	/* Text that could only be read in part has another key; its package and an address say enough. */
	[RF_SQL_EVENT_SPOOL_NEAR] =
		"SELECT e.id FROM events e JOIN processes p ON p.id = e.process_id WHERE e.run_id = ?1"
		" AND e.source = 'spool' AND e.text_uid IS NULL AND e.suppressed_by IS NOT 'process' AND p.main_package = ?2"
		" AND EXISTS (SELECT 1 FROM accesses a WHERE a.event_id = e.id AND a.address = ?3) ORDER BY e.id LIMIT 1",
	[RF_SQL_EVENT_TEXT_NEAR] =
		"SELECT e.id FROM events e WHERE e.run_id = ?1 AND e.source = 'text' AND e.text IS NOT NULL"
		" AND e.stream_package = (SELECT main_package FROM processes WHERE id = ?2)"
		" AND EXISTS (SELECT 1 FROM accesses a WHERE a.event_id = e.id AND a.address = ?3) ORDER BY e.id LIMIT 1",
	[RF_SQL_EVENT_JOIN_TEXT] =
		"UPDATE events SET text_uid = ?2, stream_package = ?3, stream_test = ?4 WHERE id = ?1",
	/* The exact hash, which nobody asks the database for, is not stored any more. */
	[RF_SQL_EVENT_ADD] = ADD_EVENTS EVENT_ROW,
	[RF_SQL_EVENTS_ADD] = ADD_EVENTS EIGHT(EVENT_ROW),
	/* Higher than what details are there of, too, though nothing should have left some behind. */
	[RF_SQL_EVENT_LAST] = "SELECT max(coalesce((SELECT max(id) FROM events), 0),"
			      " coalesce((SELECT max(event_id) FROM event_details), 0))",
	/* In place of a text: the text's uid stays known, and so does where it stood. */
	[RF_SQL_EVENT_UPGRADE] =
		"UPDATE events SET text_uid = iif(?31, uid, text_uid), uid = ?1, finding_id = ?2, run_id = ?3,"
		" process_id = ?4, source = ?5, time = ?6,"
		" verdict = iif(?7 <> 'alert', ?7, iif(verdict = 'suppressed', 'alert', verdict)), seed = ?8,"
		" tag = ?9, match_key = ?10,"
		" exact = '', test_a = ?11, test_b = ?12, memory = ?13, memory_start = ?14, memory_bytes = ?15,"
		" memory_name = ?16, allocated_stack_id = ?17, allocated_goid = ?18, switches = ?19, text = ?20,"
		" stream_package = iif(?21 = '', stream_package, ?21), stream_test = iif(?21 = '', stream_test, ?22),"
		" suppressed_by = ?23, suppression = ?24,"
		" policy = coalesce(policy, ?25), severity = coalesce(?26, severity), memory_type = ?27, class = ?28,"
		" detail = ?29 WHERE id = ?30",
	[RF_SQL_EVENT_FINDING] = "SELECT finding_id FROM events WHERE id = ?",
	[RF_SQL_EVENT_DETAILS_ADD] = ADD_DETAILS "(?, ?, ?)",
	[RF_SQL_EVENTS_DETAILS_ADD] = ADD_DETAILS EIGHT("(?, ?, ?)"),
	[RF_SQL_EVENT_DETAILS_PUT] = "INSERT OR REPLACE INTO event_details (event_id, accesses, goroutines) VALUES (?, ?, ?)",
	/* Filters: NULL matches everything. Where no owner is known, the test that was running stands in. */
	[RF_SQL_LIST] = RF_LIST_COLUMNS
		"WHERE (?1 IS NULL OR v.kind = ?1) AND (?2 IS NULL OR v.tag GLOB ?2) AND (?3 IS NULL OR v.status = ?3)"
		" AND (?4 IS NULL OR v.last_seen >= ?4)"
		" AND (?5 IS NULL OR EXISTS (SELECT 1 FROM events e WHERE e.finding_id = v.id AND (e.test_a GLOB ?5"
		"  OR e.test_b GLOB ?5 OR (e.test_a IS NULL AND e.test_b IS NULL AND e.stream_test GLOB ?5))))"
		" AND (?6 IS NULL OR v.id IN (SELECT e.finding_id FROM events e WHERE e.run_id = ?6))" /* made once, not a row */
		" AND (?7 IS NULL OR v.id IN (SELECT " RF_SEARCH_HIT_ID " FROM json_each(?7)))"
		" AND (?8 IS NULL OR instr(',' || f.class || ',', ',' || ?8 || ','))"
		" ORDER BY v.last_seen DESC, v.id DESC",
	[RF_SQL_LIST_BY_ID] = RF_LIST_COLUMNS "WHERE v.id = ?",
	[RF_SQL_LIST_BY_PREFIX] = RF_LIST_COLUMNS "WHERE v.fingerprint >= ?1 AND v.fingerprint < ?1 || 'g' ORDER BY v.id"
					       " LIMIT 10",
	[RF_SQL_LIST_RELATED] = RF_LIST_COLUMNS "WHERE f.coarse = ? AND f.id <> ? ORDER BY v.id LIMIT 20",
	[RF_SQL_LIST_DUPLICATES] = RF_LIST_COLUMNS "WHERE f.duplicate_of = ? ORDER BY v.id",
	[RF_SQL_EVENT_VERDICTS] = "SELECT finding_id, verdict <> 'suppressed', run_id, text IS NOT NULL, id FROM events WHERE id >= ?"
				  " ORDER BY id",
	/* An event of a duplicate is one of its original. */
	[RF_SQL_FINDING_FIRST_RUNS] = "SELECT coalesce(f.duplicate_of, f.id), f.first_run_id, iif(o.id IS NULL, f.first_run_id, o.first_run_id)"
				      " FROM findings f LEFT JOIN findings o ON o.id = f.duplicate_of WHERE f.id = ?",
	[RF_SQL_EVENTS_OF_FINDING] = EVENT_COLUMNS "WHERE e.finding_id = ?1 ORDER BY e.time DESC, e.id DESC LIMIT ?2",
	/* The occurrence that says most: a spool's before text, the latest. */
	[RF_SQL_EVENT_BEST] = EVENT_COLUMNS "WHERE e.finding_id = ? ORDER BY e.source = 'spool' DESC,"
					    " (SELECT count(*) FROM accesses a WHERE a.event_id = e.id AND"
					    " a.stack_id IS NOT NULL) DESC, e.time DESC, e.id DESC LIMIT 1",
	[RF_SQL_EVENT_LOAD] =
		"SELECT f.kind, iif(e.suppressed_by = 'process', 'suppressed', ''), e.source, e.memory,"
		" e.memory_start, e.memory_bytes, e.memory_name, e.allocated_stack_id, e.allocated_goid, e.switches, e.text, e.time,"
		" e.memory_type, e.class, e.detail,"
		" (SELECT iif(p.features & 8, p.executable, '') FROM processes p WHERE p.id = e.process_id)" /* RF_SPOOL_FEATURE_AGENT */
		" FROM events e JOIN findings f ON f.id = e.finding_id WHERE e.id = ?",
	[RF_SQL_EVENT_GOROUTINES] =
		"SELECT thread, goid, parent_goid, created_unix_ns, state, entry, test, test_over, is_main, finished,"
		" labels, created_stack_id, is_thread FROM goroutines WHERE event_id = ? ORDER BY position",
	[RF_SQL_EVENT_ACCESSES] =
		"SELECT write, atomic, freed, previous, address, size, goroutine, stack_id, side, operation"
		" FROM accesses WHERE event_id = ? ORDER BY position",
	[RF_SQL_STACK_LOAD] =
		"SELECT f.function, f.file, f.line, x.value ->> 1, x.value ->> 2, s.cut FROM stacks s, json_each(s.frames) x"
		" JOIN frames f ON f.id = x.value ->> 0 WHERE s.id = ? ORDER BY x.key",
	[RF_SQL_RUN_DROPS] =
		"SELECT coalesce(sum(reports_dropped), 0), coalesce(sum(symbols_dropped), 0), coalesce(sum(labels_cut), 0),"
		" coalesce(sum(tests_dropped), 0), coalesce(sum(goroutines_unregistered), 0),"
		" coalesce(sum(records_bad), 0), coalesce(sum(records_unknown), 0), coalesce(sum(bytes_torn), 0)"
		" FROM processes WHERE run_id = ?",
	[RF_SQL_EVENT_PROCESS] =
		RF_PROCESS_COLUMNS "WHERE id = ?",
	[RF_SQL_SILENCE_NOW] = "SELECT id FROM silences WHERE finding_id = ?1 AND since <= ?2 AND until > ?2 LIMIT 1",
	[RF_SQL_EVENTS_RECENT] = "SELECT count(*) FROM (SELECT 1 FROM events WHERE finding_id = ?1 AND time > ?2 AND time <= ?3"
				 " AND verdict NOT IN ('suppressed', 'known') LIMIT ?4)",
	[RF_SQL_SILENCE_HOLD] = "UPDATE silences SET held = held + ?2 WHERE id = ?1",
	/* Until when silence ?1 answers for each time from ?3 on: no other one of its finding does in that time. */
	[RF_SQL_SILENCE_ALONE] = "SELECT until FROM silences s WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM silences o"
				 " WHERE o.finding_id = ?2 AND o.until > ?3 AND o.since < s.until AND o.id <> ?1)",
	[RF_SQL_SILENCE_ADD] = "INSERT INTO silences (finding_id, policy, since, until, held) VALUES (?, ?, ?, ?, 1)",
	[RF_SQL_RESULT_FAILED_BEFORE] =
		"SELECT 1 FROM results WHERE run_id = ?1 AND test_id = ?2 AND result = 'fail' AND (time < ?3 OR EXISTS (SELECT 1"
		" FROM executions x WHERE x.run_id = ?1 AND x.test_id = ?2 AND x.result IN ('fail', 'unfinished') AND x.started < ?4))",
	[RF_SQL_RESULT_PASSED_LATER] = "UPDATE results SET passed_later = 1 WHERE run_id = ?1 AND test_id = ?2",
	[RF_SQL_RUN_HAS_FAILURES] = "SELECT 1 FROM runs r JOIN results x ON x.run_id = r.id"
				    " WHERE r.trace_id = ? AND x.result = 'fail' LIMIT 1",
	[RF_SQL_SILENCES_OVER] =
		"SELECT v.id, v.finding, v.title, v.policy, v.since, v.until, v.held, f.kind, v.tag, (SELECT e.severity FROM events e"
		" WHERE e.finding_id = v.finding ORDER BY e.time DESC, e.id DESC LIMIT 1) FROM v_silences v"
		" JOIN findings f ON f.id = v.finding WHERE v.told = 0 AND v.until <= ? ORDER BY v.until, v.id",
	[RF_SQL_SILENCE_TOLD] = "UPDATE silences SET told = 1 WHERE id = ?",
	[RF_SQL_SILENCE_MOVE] = "UPDATE silences SET finding_id = ?2 WHERE finding_id = ?1",
	[RF_SQL_EVENTS_BY_FINDING] =
		"SELECT e.finding_id, f.title, t.name, f.kind, e.time FROM events e JOIN findings f ON f.id = e.finding_id"
		" JOIN tags t ON t.id = f.tag_id WHERE e.verdict NOT IN ('suppressed', 'known') ORDER BY e.finding_id, e.time",
	[RF_SQL_SUPPRESSION_USES] = "SELECT suppression, events, findings, last_used FROM v_suppressions"
				    " ORDER BY events DESC, suppression",
	/* ?1 as rf_search_hits makes it. */
	[RF_SQL_SEARCH] =
		"WITH page AS MATERIALIZED (SELECT f.id, h.value & 255 AS fits FROM json_each(?1) h"
		"  JOIN findings f ON f.id = h." RF_SEARCH_HIT_ID " ORDER BY 2 DESC, f.last_seen DESC, f.id DESC LIMIT ?2 OFFSET ?3) "
		RF_LIST_COLUMNS "JOIN page p ON p.id = v.id ORDER BY p.fits DESC, v.last_seen DESC, v.id DESC",
	[RF_SQL_SEARCH_COUNT] = "SELECT count(*) FROM json_each(?1) h JOIN findings f ON f.id = h." RF_SEARCH_HIT_ID,
	[RF_SQL_SEARCH_WORD] = "SELECT rowid FROM names_fts WHERE names_fts MATCH ?",
	[RF_SQL_SEARCH_HIGHEST] = "SELECT coalesce(max(id), 0) FROM names",
	[RF_SQL_SEARCH_PAIRS] = "SELECT name_id, finding_id, kind FROM finding_names",
	[RF_SQL_SEARCH_TEXTS] = "SELECT text FROM names",
	[RF_SQL_SEARCH_NAMES] = "SELECT id, text FROM names",
	[RF_SQL_SEARCH_OF_NAME] = "SELECT name_id, finding_id, kind FROM finding_names WHERE name_id = ?",
	[RF_SQL_SEARCH_NAME_ADD] = ADD_NAMES "(?, ?, ?)",
	[RF_SQL_SEARCH_NAMES_ADD] = ADD_NAMES EIGHT("(?, ?, ?)"),
	[RF_SQL_SEARCH_NAME_GET] = "SELECT id FROM names WHERE text = ?",
	/* VALUES and no SELECT: before a statement that may write several rows FTS5 writes out what it has gathered, each time. */
	[RF_SQL_SEARCH_NAME_INDEX] = "INSERT INTO names_fts (rowid, text, short) VALUES (?, ?, ?)",
	[RF_SQL_SEARCH_PAIR_ADD] = ADD_PAIRS "(?, ?, ?) ON CONFLICT DO NOTHING",
	[RF_SQL_SEARCH_PAIRS_ADD] = ADD_PAIRS EIGHT("(?, ?, ?)") " ON CONFLICT DO NOTHING",
	[RF_SQL_SEARCH_GONE] = "SELECT finding_id FROM search_gone WHERE finding_id NOT IN (SELECT id FROM findings)"
			       " UNION ALL SELECT 0 FROM search_gone",
	[RF_SQL_SEARCH_GONE_PAIRS] = "DELETE FROM finding_names WHERE finding_id IN (SELECT finding_id FROM search_gone)",
	[RF_SQL_SEARCH_GONE_DONE] = "DELETE FROM search_gone",
	[RF_SQL_SEARCH_PAIR_DROP] = "DELETE FROM finding_names WHERE name_id = ? AND finding_id = ? AND kind = ?",
	[RF_SQL_SEARCH_TITLE] = "SELECT f.title, t.name, f.package FROM findings f JOIN tags t ON t.id = f.tag_id WHERE f.id = ?",
	[RF_SQL_SEARCH_FRAMES] =
		"WITH latest AS (SELECT id, allocated_stack_id FROM events WHERE finding_id = ?1 ORDER BY time DESC LIMIT ?2),"
		" kept AS (SELECT a.stack_id AS id FROM latest JOIN accesses a ON a.event_id = latest.id"
		"  UNION SELECT g.created_stack_id FROM latest JOIN goroutines g ON g.event_id = latest.id"
		"  UNION SELECT allocated_stack_id FROM latest)"
		" SELECT f.function, f.file FROM kept JOIN stack_frames x ON x.stack_id = kept.id JOIN frames f ON f.id = x.frame_id",
	[RF_SQL_SEARCH_TESTS] =
		"WITH latest AS (SELECT test_a, test_b, stream_test FROM events WHERE finding_id = ?1 ORDER BY time DESC LIMIT ?2)"
		" SELECT test_a FROM latest UNION SELECT test_b FROM latest UNION SELECT stream_test FROM latest"
		" UNION SELECT test_a FROM findings WHERE id = ?1 UNION SELECT test_b FROM findings WHERE id = ?1",
	[RF_SQL_SEARCH_MISSING] =
		"SELECT f.id FROM findings f JOIN tags t ON t.id = f.tag_id WHERE f.id > ? AND NOT EXISTS (SELECT 1 FROM names n"
		" JOIN finding_names p ON p.name_id = n.id AND p.finding_id = f.id AND p.kind = 2 WHERE n.text = t.name) ORDER BY f.id LIMIT 1",
	/* Duplicates are never new: whoever said so knows the bug. */
	[RF_SQL_OUTBOX_CANDIDATES] =
		"SELECT e.id, e.finding_id, f.kind, e.tag, e.severity, f.duplicate_of IS NULL AND NOT EXISTS (SELECT 1 FROM events x"
		" WHERE x.finding_id = e.finding_id AND x.id < e.id AND x.verdict IN ('alert', 'bypassed')),"
		" f.duplicate_of IS NULL AND f.regressed_at IS e.time FROM events e JOIN findings f ON f.id = e.finding_id"
		" WHERE e.id >= ? AND e.verdict IN ('alert', 'bypassed') ORDER BY e.id",
	[RF_SQL_OUTBOX_SINK] = "INSERT INTO alert_sinks (name, type) VALUES (?, ?)"
			       " ON CONFLICT (name) DO UPDATE SET type = excluded.type RETURNING id",
	[RF_SQL_OUTBOX_OPEN] = "SELECT count(*) FROM alerts WHERE sink_id = ? AND state <> 'delivered'",
	[RF_SQL_OUTBOX_PUT] = "INSERT OR IGNORE INTO alerts (sink_id, reason, event_id, silence_id, created_at) VALUES (?,?,?,?,?)",
	/* state <> 'delivered' is what the index is made of; SQLite doesn't see that the other condition implies it. */
	[RF_SQL_OUTBOX_FOLD] = "UPDATE alerts SET folded = folded + ?2 WHERE id = (SELECT id FROM alerts WHERE sink_id = ?1"
			       " AND state <> 'delivered' AND state = 'waiting' AND reason = 'folded' AND batch IS NULL LIMIT 1) RETURNING id",
	[RF_SQL_OUTBOX_FOLD_ADD] = "INSERT INTO alerts (sink_id, reason, folded, created_at) VALUES (?, 'folded', ?, ?)",
	[RF_SQL_OUTBOX_STATE] = "SELECT lease, lease_until, not_before, failures FROM alert_sinks WHERE id = ?",
	[RF_SQL_OUTBOX_WAITING] = "SELECT 1 FROM alerts WHERE sink_id = ? AND state <> 'delivered' AND state = 'waiting' LIMIT 1",
	[RF_SQL_OUTBOX_LEASE] = "UPDATE alert_sinks SET lease = ?2, lease_until = ?3 WHERE id = ?1",
	[RF_SQL_OUTBOX_RELEASE] = "UPDATE alert_sinks SET lease = NULL, lease_until = NULL WHERE id = ?1 AND lease = ?2",
	[RF_SQL_OUTBOX_BATCH] = "SELECT batch FROM alerts WHERE sink_id = ? AND state <> 'delivered' AND state = 'waiting'"
				" AND batch IS NOT NULL ORDER BY id LIMIT 1",
	[RF_SQL_OUTBOX_BATCH_MAKE] = "UPDATE alerts SET batch = ?2 WHERE id IN (SELECT id FROM alerts WHERE sink_id = ?1"
				     " AND state <> 'delivered' AND state = 'waiting' AND batch IS NULL ORDER BY id LIMIT ?3)",
	[RF_SQL_OUTBOX_ALERTS] =
		"SELECT a.id, a.event_id, a.silence_id, a.folded, a.reason, a.created_at, e.uid, e.time, e.verdict, e.policy,"
		" e.severity, e.source, e.seed, e.test_a, e.test_b, e.stream_package, e.stream_test, f.id, f.events, f.fingerprint,"
		" f.kind, f.title, coalesce(e.tag, t.name), (SELECT v.status FROM v_findings v WHERE v.id = f.id), f.package,"
		" f.first_seen, r.trace_id, coalesce(p.host, r.host),"
		" coalesce(p.directory, r.directory), p.executable, p.arguments, p.go_version, p.pid, q.policy, q.since, q.until, q.held"
		" FROM alerts a LEFT JOIN events e ON e.id = a.event_id LEFT JOIN silences q ON q.id = a.silence_id"
		" LEFT JOIN findings f ON f.id = coalesce(e.finding_id, q.finding_id) LEFT JOIN tags t ON t.id = f.tag_id"
		" LEFT JOIN runs r ON r.id = e.run_id"
		" LEFT JOIN processes p ON p.id = e.process_id WHERE a.sink_id = ? AND a.batch = ? AND a.state <> 'delivered' ORDER BY a.id",
	[RF_SQL_OUTBOX_SIDES] = "SELECT operation, leaf FROM accesses WHERE event_id = ? AND side IS NOT NULL ORDER BY side",
	[RF_SQL_OUTBOX_LABELS] = "SELECT DISTINCT l.value ->> 0, l.value ->> 1 FROM goroutines g, json_each(g.labels) l"
				 " WHERE g.event_id = ? ORDER BY 1, 2 LIMIT ?",
	[RF_SQL_OUTBOX_DONE] = "UPDATE alerts SET state = 'delivered', delivered_at = ?3 WHERE sink_id = ?1 AND batch = ?2"
			       " AND state <> 'delivered'",
	[RF_SQL_OUTBOX_SINK_DONE] =
		"UPDATE alert_sinks SET failures = 0, error = NULL, not_before = ?3, delivered_at = ?4, delivered = delivered +"
		" (SELECT count(*) FROM alerts WHERE sink_id = ?1 AND batch = ?2 AND state <> 'delivered') WHERE id = ?1",
	[RF_SQL_OUTBOX_FAILED] = "UPDATE alerts SET state = 'failed' WHERE sink_id = ? AND batch = ? AND state <> 'delivered'",
	[RF_SQL_OUTBOX_SINK_FAILED] = "UPDATE alert_sinks SET failures = failures + 1, error = ?2, not_before = ?3 WHERE id = ?1",
	[RF_SQL_OUTBOX_RETRY] = "UPDATE alerts SET state = 'waiting' WHERE sink_id = ? AND state <> 'delivered' AND state = 'failed'",
	[RF_SQL_OUTBOX_RETRY_SINK] = "UPDATE alert_sinks SET not_before = '', failures = 0 WHERE id = ?",
	[RF_SQL_OUTBOX_NAMED] = "SELECT id FROM alert_sinks WHERE name = ?",
	[RF_SQL_OUTBOX_DROP] = "DELETE FROM alerts WHERE sink_id = ?",
	[RF_SQL_OUTBOX_DROP_SINK] = "DELETE FROM alert_sinks WHERE id = ?",
	[RF_SQL_OUTBOX_SINKS] =
		"SELECT s.id, s.name, s.type, s.not_before, s.failures, s.error, s.delivered, s.delivered_at, s.lease, s.lease_until,"
		" (SELECT count(*) FROM alerts WHERE sink_id = s.id AND state <> 'delivered' AND state = 'waiting'),"
		" (SELECT count(*) FROM alerts WHERE sink_id = s.id AND state <> 'delivered' AND state = 'failed'),"
		" (SELECT coalesce(sum(folded), 0) FROM alerts WHERE sink_id = s.id AND state <> 'delivered'),"
		" (SELECT min(created_at) FROM alerts WHERE sink_id = s.id AND state <> 'delivered')"
		" FROM alert_sinks s ORDER BY s.name",
};

const char *rf_sql_text(enum rf_sql sql)
{
	return texts[sql];
}
