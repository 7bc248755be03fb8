#include "store/status.h"
#include "store/views.h"

/* How many findings are in which state, of rows of v_findings. */
#define STATUS_COUNTS \
	" count(*) AS findings, sum(status = 'new') AS findings_new, sum(status = 'recurring') AS findings_recurring," \
	" sum(status = 'regressed') AS findings_regressed, sum(status = 'resolved') AS findings_resolved," \
	" sum(status = 'suppressed') AS findings_suppressed, sum(events) AS events, min(first_seen) AS first_seen," \
	" max(last_seen) AS last_seen, sum(status = 'duplicate') AS findings_duplicate," \
	" sum(status = 'baseline') AS findings_baseline"

/* A finding is new where it was first seen, unless a person, a suppression of all its events or a baseline said otherwise. */
#define FIRST_IS_NEW "f.duplicate_of IS NULL AND f.events_alert > 0 AND NOT f.in_baseline"

/* Events by what became of them, of rows of finding_days (d). */
#define VERDICT_COUNTS \
	" sum(d.events) AS events, sum(iif(d.verdict = 'alert', d.events, 0)) AS alert," \
	" sum(iif(d.verdict = 'known', d.events, 0)) AS known, sum(iif(d.verdict = 'bypassed', d.events, 0)) AS bypassed," \
	" sum(iif(d.verdict = 'silenced', d.events, 0)) AS silenced, sum(iif(d.verdict = 'suppressed', d.events, 0)) AS suppressed," \
	" round(1.0 * sum(iif(d.verdict = 'silenced', d.events, 0)) / sum(d.events), 4) AS silenced_share"

const char *const rf_view_texts[] = {
	"CREATE VIEW v_findings AS\n"
	"SELECT f.id, f.fingerprint, f.kind, f.title, t.name AS tag,\n"
	"  " RF_STATUS_SQL " AS status,\n"
	"  f.package, f.test_a, f.test_b, f.events, f.first_seen, f.last_seen, r.trace_id AS last_trace_id,\n"
	"  f.resolved_after, f.regressed_at, f.retry_run_id IS NOT NULL AS retried,\n"
	"  f.duplicate_of, f.duplicate_reason, f.class\n"
	"FROM findings f JOIN tags t ON t.id = f.tag_id LEFT JOIN runs r ON r.id = f.last_run_id",

	"CREATE VIEW v_events AS\n"
	"SELECT e.id, e.finding_id AS finding, e.run_id AS run, r.trace_id, t.name AS tag, e.time, e.verdict, e.seed,\n"
	"  e.suppressed_by, e.suppression, e.policy, e.severity, f.fingerprint, f.kind, f.title, f.package, e.test_a, e.test_b\n"
	"FROM events e JOIN runs r ON r.id = e.run_id JOIN findings f ON f.id = e.finding_id JOIN tags t ON t.id = f.tag_id",

	"CREATE VIEW v_runs AS\n"
	"SELECT r.id, r.trace_id, r.command, r.directory, r.host, r.started_at, r.last_at,\n"
	"  (SELECT coalesce(sum(x.events), 0) FROM finding_runs x WHERE x.run_id = r.id) AS events,\n"
	"  (SELECT count(*) FROM finding_runs x WHERE x.run_id = r.id) AS findings,\n"
	"  (SELECT count(*) FROM findings f WHERE f.first_run_id = r.id AND " FIRST_IS_NEW ") AS findings_new,\n"
	"  (SELECT count(*) FROM results x JOIN tests t ON t.id = x.test_id\n"
	"    WHERE x.run_id = r.id AND t.name = '') AS packages,\n"
	"  (SELECT coalesce(sum(x.failed), 0) FROM results x WHERE x.run_id = r.id) AS tests_failed,\n"
	"  (SELECT count(*) FROM processes p WHERE p.run_id = r.id) AS processes\n"
	"FROM runs r",

	"CREATE VIEW v_silences AS\n"
	"SELECT s.id, s.finding_id AS finding, f.title, t.name AS tag, s.policy, s.since, s.until, s.held, s.told\n"
	"FROM silences s JOIN findings f ON f.id = s.finding_id JOIN tags t ON t.id = f.tag_id",

	"CREATE VIEW v_suppressions AS\n"
	"SELECT suppression, count(*) AS events, count(DISTINCT finding_id) AS findings, min(time) AS first_used,\n"
	"  max(time) AS last_used\n"
	"FROM events WHERE suppression IS NOT NULL GROUP BY suppression",

	"CREATE VIEW v_alerts AS\n"
	"SELECT a.id, s.name AS sink, a.reason, a.state, coalesce(e.finding_id, q.finding_id) AS finding, a.event_id AS event,\n"
	"  a.silence_id AS silence, a.folded, a.created_at, a.delivered_at, iif(a.state = 'delivered', NULL, s.error) AS error,\n"
	"  iif(a.state = 'waiting' AND s.not_before <> '', s.not_before, NULL) AS not_before\n"
	"FROM alerts a JOIN alert_sinks s ON s.id = a.sink_id LEFT JOIN events e ON e.id = a.event_id\n"
	"  LEFT JOIN silences q ON q.id = a.silence_id",

	/* What the values are depends on the kind. */
	"CREATE VIEW v_profiles AS\n"
	"SELECT r.id AS run, r.trace_id, v.process_id AS process, p.pid, p.main_package AS program, v.kind, v.snapshot, v.elapsed_ms,\n"
	"  v.period, v.stacks, v.dropped, iif(v.kind = 'heap', v.value_1, NULL) AS live_objects,\n"
	"  iif(v.kind = 'heap', v.value_2, NULL) AS live_bytes, iif(v.kind = 'heap', v.value_3, NULL) AS all_objects,\n"
	"  iif(v.kind = 'heap', v.value_4, NULL) AS all_bytes, iif(v.kind = 'cpu', v.value_2, NULL) AS cpu_ns,\n"
	"  iif(v.kind = 'io', v.value_1, NULL) AS io_calls, iif(v.kind = 'io', v.value_2, NULL) AS io_ns,\n"
	"  iif(v.kind = 'io', v.value_3, NULL) AS io_bytes\n"
	"FROM profiles v JOIN processes p ON p.id = v.process_id JOIN runs r ON r.id = p.run_id",

	"CREATE VIEW v_profile_stacks AS\n"
	"SELECT r.id AS run, r.trace_id, s.process_id AS process, p.pid, p.main_package AS program, s.kind, s.position,\n"
	"  (SELECT group_concat(function, ';') FROM (SELECT f.function FROM json_each(s.frames) j JOIN profile_frames f\n"
	"    ON f.process_id = s.process_id AND f.kind = s.kind AND f.number = j.value ORDER BY j.key DESC)) AS stack,\n"
	"  s.value_1, s.value_2, s.value_3, s.value_4\n"
	"FROM profile_samples s JOIN processes p ON p.id = s.process_id JOIN runs r ON r.id = p.run_id",

	"CREATE VIEW v_new_by_day AS\n"
	"SELECT substr(first_seen, 1, 10) AS day, count(*) AS findings, count(DISTINCT tag_id) AS tags,\n"
	"  count(DISTINCT package) AS packages\n"
	"FROM findings f WHERE first_seen IS NOT NULL AND " FIRST_IS_NEW " GROUP BY substr(first_seen, 1, 10)",

	/* +: without it the column's affinity keeps the index on the expression from being used. */
	"CREATE VIEW v_events_by_day AS\n"
	"SELECT day, count(DISTINCT finding_id) AS findings,\n"
	"  (SELECT count(*) FROM findings f WHERE substr(f.first_seen, 1, 10) = +d.day AND " FIRST_IS_NEW ") AS findings_new,\n"
	"  " VERDICT_COUNTS " FROM finding_days d GROUP BY day",

	"CREATE VIEW v_events_by_tag AS\n"
	"SELECT t.name AS tag, count(DISTINCT d.finding_id) AS findings," VERDICT_COUNTS ", min(d.day) AS first_day,\n"
	"  max(d.day) AS last_day\n"
	"FROM finding_days d JOIN findings f ON f.id = d.finding_id JOIN tags t ON t.id = f.tag_id GROUP BY t.name",

	"CREATE VIEW v_events_by_day_and_tag AS\n"
	"SELECT d.day, t.name AS tag, count(DISTINCT d.finding_id) AS findings," VERDICT_COUNTS "\n"
	"FROM finding_days d JOIN findings f ON f.id = d.finding_id JOIN tags t ON t.id = f.tag_id GROUP BY d.day, t.name",

	/* The noisiest first when ordered by events. A fingerprint has a finding for each of its tags. */
	"CREATE VIEW v_events_by_fingerprint AS\n"
	"SELECT f.fingerprint, f.kind, f.title, f.package, count(DISTINCT f.id) AS findings," VERDICT_COUNTS ",\n"
	"  min(f.first_seen) AS first_seen, max(f.last_seen) AS last_seen\n"
	"FROM findings f JOIN finding_days d ON d.finding_id = f.id GROUP BY f.fingerprint",

	"CREATE VIEW v_findings_by_tag AS\n"
	"SELECT tag," STATUS_COUNTS " FROM v_findings GROUP BY tag",

	"CREATE VIEW v_findings_by_package AS\n"
	"SELECT package," STATUS_COUNTS " FROM v_findings GROUP BY package",

	"CREATE VIEW v_findings_by_tag_and_package AS\n"
	"SELECT tag, package," STATUS_COUNTS " FROM v_findings GROUP BY tag, package",

	/* Both owners: a finding of two tests counts for each. */
	"CREATE VIEW v_findings_by_test AS\n"
	"SELECT test, package," STATUS_COUNTS " FROM (\n"
	"  SELECT test_a AS test, package, status, events, first_seen, last_seen FROM v_findings WHERE test_a <> ''\n"
	"  UNION ALL\n"
	"  SELECT test_b, package, status, events, first_seen, last_seen FROM v_findings\n"
	"  WHERE test_b <> '' AND test_b IS NOT test_a)\n"
	"GROUP BY test, package",

	"CREATE VIEW v_time_to_resolve AS\n"
	"SELECT id AS finding, fingerprint, kind, title, tag, package, events, first_seen, last_seen,\n"
	"  resolved_after AS resolved_at, round(julianday(last_seen) - julianday(first_seen), 2) AS days_seen,\n"
	"  round(julianday(resolved_after) - julianday(first_seen), 2) AS days_to_resolve\n"
	"FROM v_findings WHERE status = 'resolved'",

	/* Found in how many of the runs, since the first that found it, that ran its test; where no test is known, or tests weren't
	 * told by name, that ran the package in whose output it was last. Runs of programs have neither and don't count. Grouping, by
	 * what identifies a finding anyway, has each place looked up once, and lets filters by these columns through to their indexes. */
	"CREATE VIEW v_flaky_findings AS\n"
	"WITH place AS (SELECT v.id, v.fingerprint, v.kind, v.title, v.tag, v.package, v.status, v.last_seen, f.first_run_id,\n"
	"    p.id AS package_id, p.package AS ran_package, t.id AS test_id, t.name AS ran_test\n"
	"  FROM v_findings v JOIN findings f ON f.id = v.id\n"
	"    LEFT JOIN tests p ON p.name = '' AND p.package = coalesce((SELECT nullif(e.stream_package, '') FROM events e\n"
	"      WHERE e.finding_id = v.id ORDER BY e.time DESC LIMIT 1), v.package)\n"
	"    LEFT JOIN tests t ON t.package = p.package AND t.name = coalesce(nullif(v.test_a, ''), v.test_b) AND t.name <> ''\n"
	"      AND EXISTS (SELECT 1 FROM executions x WHERE x.test_id = t.id)\n"
	"  GROUP BY v.id, v.fingerprint, v.kind, v.tag, v.package, v.last_seen),\n"
	"counted AS (SELECT p.*,\n"
	"    iif(test_id IS NULL, (SELECT count(*) FROM results x WHERE x.test_id = package_id AND x.run_id >= first_run_id),\n"
	"      (SELECT count(DISTINCT x.run_id) FROM executions x WHERE x.test_id = p.test_id AND x.run_id >= first_run_id\n"
	"        AND x.result <> 'skip')) AS runs,\n"
	"    (SELECT count(*) FROM finding_runs r WHERE r.finding_id = p.id AND iif(test_id IS NULL,\n"
	"      EXISTS (SELECT 1 FROM results x WHERE x.test_id = package_id AND x.run_id = r.run_id),\n"
	"      EXISTS (SELECT 1 FROM executions x WHERE x.test_id = p.test_id AND x.run_id = r.run_id AND x.result <> 'skip')))\n"
	"    AS runs_found FROM place p)\n"
	"SELECT id AS finding, fingerprint, kind, title, tag, package, status, ran_package, ran_test, runs, runs_found,\n"
	"  round(1.0 * runs_found / runs, 4) AS share, last_seen\n"
	"FROM counted WHERE runs > 0",

	/* A result without a time is one that Go took from its cache, or of a package that didn't build. The median is the
	 * middle one, or the mean of the two in the middle. */
	"CREATE VIEW v_slow_packages AS\n"
	"WITH ran AS (SELECT t.package, x.run_id, x.elapsed_ms, x.result FROM tests t JOIN results x ON x.test_id = t.id\n"
	"    WHERE t.name = '' AND x.elapsed_ms > 0),\n"
	"  sorted AS (SELECT package, run_id, elapsed_ms, result,\n"
	"    row_number() OVER (PARTITION BY package ORDER BY elapsed_ms) AS place,\n"
	"    count(*) OVER (PARTITION BY package) AS many FROM ran),\n"
	"  whole AS (SELECT run_id, sum(elapsed_ms) AS elapsed_ms FROM ran GROUP BY run_id)\n"
	"SELECT s.package, count(*) AS runs, sum(s.result = 'fail') AS runs_failed,\n"
	"  CAST(round(avg(iif(s.place IN ((s.many + 1) / 2, (s.many + 2) / 2), s.elapsed_ms, NULL))) AS INTEGER) AS elapsed_ms_median,\n"
	"  CAST(round(avg(s.elapsed_ms)) AS INTEGER) AS elapsed_ms_average, max(s.elapsed_ms) AS elapsed_ms_max,\n"
	"  round(1.0 * sum(s.elapsed_ms) / sum(w.elapsed_ms), 4) AS share, max(s.run_id) AS last_run\n"
	"FROM sorted s JOIN whole w ON w.run_id = s.run_id GROUP BY s.package",

	/* Made so that it is asked as an FTS5 table whose rows are findings, also by a program that knows no other way. CROSS: the
	 * index first. */
	"CREATE VIEW v_search AS\n"
	"SELECT p.finding_id AS rowid, p.finding_id AS finding, CASE p.kind WHEN 1 THEN 'title' WHEN 2 THEN 'tag' WHEN 3 THEN 'package'\n"
	"  WHEN 4 THEN 'test' WHEN 5 THEN 'function' ELSE 'file' END AS kind, n.text AS name, n.names_fts AS v_search, n.rank\n"
	"FROM names_fts n CROSS JOIN finding_names p ON p.name_id = n.rowid",

	NULL,
};
