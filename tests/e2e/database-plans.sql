-- Rows for a database that redflag made, :events of them: plans without ANALYZE don't depend on what is in the rows, only their times
-- do. Findings are hit unevenly, as in life: the lower numbers more often.
PRAGMA synchronous = OFF;
PRAGMA cache_size = -65536;
PRAGMA foreign_keys = OFF;
BEGIN;
CREATE TEMP TABLE n AS WITH RECURSIVE x (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM x WHERE i < 5000) SELECT i FROM x;
INSERT INTO runs (id, trace_id, command, directory, host, started_at, last_at)
	SELECT i + 1, printf('%032x', i), 'test', '/src', 'h', strftime('%Y-%m-%dT%H:%M:%fZ', '2026-01-01', (i * 0.36) || ' days'),
		strftime('%Y-%m-%dT%H:%M:%fZ', '2026-01-01', (i * 0.36 + 0.01) || ' days') FROM n WHERE i <= 500;
INSERT INTO tags (id, name) SELECT i + 10, 'team:service' || i FROM n WHERE i <= 200;
INSERT INTO tests (id, package, name) SELECT i + 100, 'example.com/app/p' || (i % 50), iif(i <= 50, '', 'TestOf' || i) FROM n WHERE i <= 1000;
INSERT INTO results (run_id, test_id, result, elapsed_ms, time, passed, failed, skipped)
	SELECT r.i + 1, p.i + 100, iif((r.i + p.i) % 7, 'pass', 'fail'), 100 + (r.i * p.i) % 900, '2026-01-01T00:00:00.000Z', 20, 0, 0
	FROM n r, n p WHERE r.i <= 500 AND p.i <= 50;
INSERT INTO executions (run_id, test_id, started, result, elapsed_ms)
	SELECT r.i + 1, t.i + 100, 1, iif((r.i + t.i) % 7, 'pass', 'fail'), 5 FROM n r, n t WHERE r.i <= 500 AND t.i BETWEEN 51 AND 250;
INSERT INTO findings (id, fingerprint, fingerprint_version, coarse, kind, title, tag_id, package, wildcard, side_a, side_b, test_a, test_b)
	SELECT i + 10, printf('%064x', i / 2), 1, printf('%064x', i / 3), iif(i % 20, 'data-race', 'use-after-free'),
		'data race: p.F' || i || ' and p.G', i % 200 + 11, 'example.com/app/p' || (i % 50), 0, printf('%064x', i), '',
		'TestOf' || (i % 1000), iif(i % 3, 'TestOf' || (i % 990), '') FROM n;
CREATE TEMP TABLE named AS SELECT f.id, 1 AS kind, f.title AS name FROM findings f WHERE f.id > 10
	UNION ALL SELECT f.id, 2, t.name FROM findings f JOIN tags t ON t.id = f.tag_id WHERE f.id > 10
	UNION ALL SELECT id, 3, package FROM findings WHERE id > 10 UNION ALL SELECT id, 4, test_a FROM findings WHERE id > 10;
INSERT OR IGNORE INTO names (text) SELECT name FROM named;
INSERT INTO finding_names (name_id, finding_id, kind) SELECT n.id, x.id, x.kind FROM named x JOIN names n ON n.text = x.name ORDER BY 1, 2, 3;
INSERT INTO names_fts (names_fts) VALUES ('rebuild');
WITH RECURSIVE x (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM x WHERE i < :events)
INSERT INTO events (uid, finding_id, run_id, source, time, verdict, tag, match_key, exact, test_a, stream_package, stream_test, memory,
		memory_start, memory_bytes, memory_name, allocated_goid, suppression, suppressed_by)
	SELECT printf('%016x', i), 11 + ((i * 7919) % 5000) * ((i * 104729) % 5000) / 5000, 2 + i * 499 / :events, 'spool',
		strftime('%Y-%m-%dT%H:%M:%fZ', '2026-01-01', (i * 180.0 / :events) || ' days'),
		CASE i % 10 WHEN 1 THEN 'suppressed' WHEN 2 THEN 'known' WHEN 3 THEN 'bypassed' WHEN 4 THEN 'silenced' WHEN 5 THEN 'silenced'
		ELSE 'alert' END, '', i, '', 'TestOf' || (i % 1000), 'example.com/app/p' || (i % 50), '', 'heap', 0, 0, '', 0,
		iif(i % 10 = 1, 'race:f' || (i % 30), NULL), iif(i % 10 = 1, 'process', NULL) FROM x;
INSERT INTO event_details (event_id, accesses, goroutines)
	SELECT id, json_array(json_array(1, 1, 0, 0, 0, id, 8, 1, 1, 'plain', 'p.F'), json_array(2, 0, 0, 0, 1, id, 8, 2, 1, 'plain', 'p.G')),
		json_array(json_array(7, 7, 1, 0, 'running', '', 'TestOf' || (id % 1000), 0, 0, 0, '[]', 1)) FROM events
	WHERE id NOT IN (SELECT event_id FROM event_details);
DELETE FROM finding_days;
DELETE FROM finding_runs;
INSERT INTO finding_days (day, finding_id, verdict, events) SELECT substr(time, 1, 10), finding_id, verdict, count(*) FROM events GROUP BY 1, 2, 3;
INSERT INTO finding_runs (run_id, finding_id, events) SELECT run_id, finding_id, count(*) FROM events GROUP BY 1, 2;
CREATE TEMP TABLE sums AS SELECT finding_id, count(*) AS events, sum(verdict <> 'suppressed') AS alert, min(time) AS first_seen,
	max(time) AS last_seen, min(run_id) AS first_run, max(run_id) AS last_run FROM events GROUP BY finding_id;
UPDATE findings SET events = s.events, events_alert = s.alert, first_seen = s.first_seen, last_seen = s.last_seen, first_run_id = s.first_run,
	last_run_id = s.last_run, recurring = s.first_run <> s.last_run FROM sums s WHERE s.finding_id = findings.id;
INSERT INTO silences (finding_id, policy, since, until, held, told)
	SELECT i + 10, 'default', '2026-02-01T00:00:00.000Z', strftime('%Y-%m-%dT%H:%M:%fZ', '2026-02-01', (i / 30.0) || ' days'), 5, 1 FROM n;
COMMIT;
