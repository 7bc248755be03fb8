#include "store/schema.h"

#include <stddef.h>

#include "store/schema_details.h"
#include "store/schema_executions.h"
#include "store/schema_growth.h"
#include "store/schema_native.h"
#include "store/schema_overview.h"
#include "store/schema_search.h"
#include "store/schema_stacks.h"
#include "store/schema_tally.h"
#include "store/schema_upkeep.h"

/* Summary columns of findings (events, first_seen, …) are kept by triggers, so that they are right whichever way an event
 * comes, moves or goes. An insert only adds; everything else counts again, over the events of that finding alone. */
#define RECOUNT(finding) \
	"UPDATE findings SET " \
	"events = (SELECT count(*) FROM events WHERE finding_id = findings.id)," \
	"events_alert = (SELECT count(*) FROM events WHERE finding_id = findings.id AND verdict <> 'suppressed')," \
	"first_seen = (SELECT min(time) FROM events WHERE finding_id = findings.id)," \
	"last_seen = (SELECT max(time) FROM events WHERE finding_id = findings.id)," \
	"first_run_id = (SELECT min(run_id) FROM events WHERE finding_id = findings.id)," \
	"last_run_id = (SELECT run_id FROM events WHERE finding_id = findings.id ORDER BY time DESC, id DESC LIMIT 1)," \
	"recurring = (SELECT count(DISTINCT run_id) > 1 FROM events WHERE finding_id = findings.id) " \
	"WHERE id = " finding ";"

#define TRIGGERS \
	"CREATE TRIGGER events_insert AFTER INSERT ON events BEGIN\n" \
	"  UPDATE findings SET events = events + 1,\n" \
	"    events_alert = events_alert + (NEW.verdict <> 'suppressed'),\n" \
	"    first_seen = min(coalesce(first_seen, NEW.time), NEW.time),\n" \
	"    last_seen = max(coalesce(last_seen, NEW.time), NEW.time),\n" \
	"    first_run_id = coalesce(first_run_id, NEW.run_id),\n" \
	"    last_run_id = CASE WHEN last_seen IS NULL OR NEW.time >= last_seen THEN NEW.run_id ELSE last_run_id END,\n" \
	"    recurring = recurring OR (first_run_id IS NOT NULL AND first_run_id <> NEW.run_id)\n" \
	"  WHERE id = NEW.finding_id;\n" \
	"END;\n" \
	"CREATE TRIGGER events_update AFTER UPDATE OF finding_id, run_id, time, verdict ON events\n" \
	"WHEN OLD.finding_id <> NEW.finding_id OR OLD.run_id <> NEW.run_id OR OLD.time <> NEW.time\n" \
	"  OR OLD.verdict <> NEW.verdict BEGIN\n" \
	RECOUNT("NEW.finding_id") "\n" \
	RECOUNT("(SELECT OLD.finding_id WHERE OLD.finding_id <> NEW.finding_id)") "\n" \
	"END;\n" \
	"CREATE TRIGGER events_delete AFTER DELETE ON events BEGIN\n" \
	RECOUNT("OLD.finding_id") "\n" \
	"END;\n"

static const char version_1[] =
	"CREATE TABLE runs (\n"
	"  id INTEGER PRIMARY KEY,\n"
	"  trace_id TEXT NOT NULL UNIQUE,\n"
	"  command TEXT NOT NULL,\n"
	"  directory TEXT NOT NULL,\n"
	"  host TEXT NOT NULL,\n"
	"  started_at TEXT NOT NULL,\n"
	"  last_at TEXT NOT NULL\n"
	") STRICT;\n"
	"CREATE TABLE processes (\n"
	"  id INTEGER PRIMARY KEY,\n"
	"  run_id INTEGER NOT NULL REFERENCES runs,\n"
	"  spool_id TEXT NOT NULL UNIQUE,\n"
	"  pid INTEGER NOT NULL,\n"
	"  started_at TEXT NOT NULL,\n"
	"  finished INTEGER NOT NULL,\n"
	"  arguments TEXT NOT NULL,\n"
	"  executable TEXT NOT NULL,\n"
	"  directory TEXT NOT NULL,\n"
	"  host TEXT NOT NULL,\n"
	"  go_version TEXT NOT NULL,\n"
	"  build_id TEXT NOT NULL,\n"
	"  main_package TEXT NOT NULL,\n"
	"  is_test INTEGER NOT NULL,\n"
	"  trace_id TEXT NOT NULL,\n"
	"  traceparent TEXT NOT NULL,\n"
	"  tag TEXT NOT NULL,\n"
	"  options TEXT NOT NULL,\n"
	"  gomaxprocs INTEGER NOT NULL,\n"
	"  features INTEGER NOT NULL,\n"
	"  goroutines_created INTEGER NOT NULL,\n"
	"  goroutines_unregistered INTEGER NOT NULL,\n"
	"  reports INTEGER NOT NULL,\n"
	"  reports_dropped INTEGER NOT NULL,\n"
	"  symbols_dropped INTEGER NOT NULL,\n"
	"  labels_cut INTEGER NOT NULL,\n"
	"  tests_dropped INTEGER NOT NULL,\n"
	"  switches INTEGER NOT NULL,\n"
	"  records_bad INTEGER NOT NULL,\n"
	"  records_unknown INTEGER NOT NULL,\n"
	"  bytes_torn INTEGER NOT NULL\n"
	") STRICT;\n"
	"CREATE INDEX processes_run ON processes(run_id);\n"
	"CREATE TABLE tags (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;\n"
	"CREATE TABLE tests (\n"
	"  id INTEGER PRIMARY KEY,\n"
	"  package TEXT NOT NULL,\n"
	"  name TEXT NOT NULL,\n" /* '' stands for the package itself */
	"  UNIQUE (package, name)\n"
	") STRICT;\n"
	"CREATE TABLE results (\n"
	"  run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,\n"
	"  test_id INTEGER NOT NULL REFERENCES tests,\n"
	"  result TEXT NOT NULL,\n"
	"  elapsed_ms INTEGER,\n"
	"  time TEXT NOT NULL,\n"
	"  passed INTEGER NOT NULL,\n" /* counts of tests; for packages only */
	"  failed INTEGER NOT NULL,\n"
	"  skipped INTEGER NOT NULL,\n"
	"  PRIMARY KEY (run_id, test_id)\n"
	") STRICT, WITHOUT ROWID;\n"
	"CREATE TABLE frames (\n"
	"  id INTEGER PRIMARY KEY,\n"
	"  function TEXT NOT NULL,\n"
	"  file TEXT NOT NULL,\n"
	"  line INTEGER NOT NULL,\n"
	"  UNIQUE (function, file, line)\n"
	") STRICT;\n"
	"CREATE TABLE stacks (\n"
	"  id INTEGER PRIMARY KEY,\n"
	"  hash TEXT NOT NULL UNIQUE,\n"
	"  cut INTEGER NOT NULL\n"
	") STRICT;\n"
	"CREATE TABLE stack_frames (\n"
	"  stack_id INTEGER NOT NULL REFERENCES stacks ON DELETE CASCADE,\n"
	"  position INTEGER NOT NULL,\n" /* 0 is the innermost */
	"  frame_id INTEGER NOT NULL REFERENCES frames,\n"
	"  pc INTEGER NOT NULL,\n"
	"  offset INTEGER NOT NULL,\n"
	"  PRIMARY KEY (stack_id, position)\n"
	") STRICT, WITHOUT ROWID;\n"
	"CREATE TABLE findings (\n"
	"  id INTEGER PRIMARY KEY,\n"
	"  fingerprint TEXT NOT NULL,\n"
	"  fingerprint_version INTEGER NOT NULL,\n"
	"  coarse TEXT NOT NULL,\n"
	"  kind TEXT NOT NULL,\n"
	"  title TEXT NOT NULL,\n"
	"  tag_id INTEGER NOT NULL REFERENCES tags,\n"
	"  package TEXT NOT NULL,\n"
	"  wildcard INTEGER NOT NULL,\n"
	"  side_a TEXT NOT NULL,\n"
	"  side_b TEXT NOT NULL,\n"
	"  test_a TEXT,\n" /* owner as the last event that knows it says; '' no test owns it, NULL unknown */
	"  test_b TEXT,\n"
	"  events INTEGER NOT NULL DEFAULT 0,\n"
	"  events_alert INTEGER NOT NULL DEFAULT 0,\n"
	"  first_seen TEXT,\n"
	"  last_seen TEXT,\n"
	"  first_run_id INTEGER REFERENCES runs,\n"
	"  last_run_id INTEGER REFERENCES runs,\n"
	"  recurring INTEGER NOT NULL DEFAULT 0,\n"
	"  UNIQUE (fingerprint, tag_id)\n"
	") STRICT;\n"
	"CREATE INDEX findings_coarse ON findings(coarse);\n"
	"CREATE INDEX findings_kind ON findings(kind, last_seen);\n"
	"CREATE INDEX findings_last_seen ON findings(last_seen);\n"
	"CREATE INDEX findings_tag ON findings(tag_id);\n"
	"CREATE INDEX findings_side_a ON findings(side_a) WHERE side_a <> '';\n"
	"CREATE INDEX findings_side_b ON findings(side_b) WHERE side_b <> '';\n"
	"CREATE INDEX findings_first_run ON findings(first_run_id);\n"
	"CREATE TABLE events (\n"
	"  id INTEGER PRIMARY KEY,\n"
	"  uid TEXT NOT NULL UNIQUE,\n"
	"  text_uid TEXT UNIQUE,\n"
	"  finding_id INTEGER NOT NULL REFERENCES findings,\n"
	"  run_id INTEGER NOT NULL REFERENCES runs,\n"
	"  process_id INTEGER REFERENCES processes,\n"
	"  source TEXT NOT NULL CHECK (source IN ('text', 'spool')),\n"
	"  time TEXT NOT NULL,\n"
	"  verdict TEXT NOT NULL CHECK (verdict IN ('alert', 'suppressed')),\n"
	"  seed TEXT,\n"
	"  tag TEXT NOT NULL,\n"
	"  match_key INTEGER NOT NULL,\n"
	"  exact TEXT NOT NULL,\n"
	"  test_a TEXT,\n"
	"  test_b TEXT,\n"
	"  stream_package TEXT NOT NULL,\n" /* where its text stood in the stream, which needn't be the owner */
	"  stream_test TEXT NOT NULL,\n"
	"  memory TEXT NOT NULL,\n"
	"  memory_start INTEGER NOT NULL,\n"
	"  memory_bytes INTEGER NOT NULL,\n"
	"  memory_name TEXT NOT NULL,\n"
	"  allocated_stack_id INTEGER REFERENCES stacks,\n"
	"  allocated_goid INTEGER NOT NULL,\n"
	"  switches TEXT,\n" /* JSON */
	"  text TEXT\n"      /* of reports that could only be read in part */
	") STRICT;\n"
	"CREATE INDEX events_finding ON events(finding_id, time);\n"
	"CREATE INDEX events_match ON events(run_id, match_key);\n"
	"CREATE INDEX events_test_a ON events(test_a) WHERE test_a IS NOT NULL;\n"
	"CREATE INDEX events_test_b ON events(test_b) WHERE test_b IS NOT NULL;\n"
	"CREATE INDEX events_time ON events(time);\n"
	"CREATE TABLE goroutines (\n"
	"  event_id INTEGER NOT NULL REFERENCES events ON DELETE CASCADE,\n"
	"  position INTEGER NOT NULL,\n" /* 1, 2, 3 … */
	"  thread INTEGER NOT NULL,\n"
	"  goid INTEGER NOT NULL,\n"
	"  parent_goid INTEGER NOT NULL,\n"
	"  created_unix_ns INTEGER NOT NULL,\n"
	"  state TEXT NOT NULL,\n"
	"  entry TEXT NOT NULL,\n"
	"  test TEXT,\n"
	"  test_over INTEGER NOT NULL,\n"
	"  is_main INTEGER NOT NULL,\n"
	"  finished INTEGER NOT NULL,\n"
	"  labels TEXT NOT NULL,\n" /* JSON array of [key, value] */
	"  created_stack_id INTEGER REFERENCES stacks,\n"
	"  PRIMARY KEY (event_id, position)\n"
	") STRICT, WITHOUT ROWID;\n"
	"CREATE TABLE accesses (\n"
	"  event_id INTEGER NOT NULL REFERENCES events ON DELETE CASCADE,\n"
	"  position INTEGER NOT NULL,\n" /* in the order of the report */
	"  side INTEGER,\n"              /* 1 or 2 in the order of the fingerprint */
	"  write INTEGER NOT NULL,\n"
	"  atomic INTEGER NOT NULL,\n"
	"  freed INTEGER NOT NULL,\n"
	"  previous INTEGER NOT NULL,\n"
	"  address INTEGER NOT NULL,\n"
	"  size INTEGER NOT NULL,\n"
	"  goroutine INTEGER,\n" /* position in goroutines */
	"  stack_id INTEGER REFERENCES stacks,\n"
	"  operation TEXT NOT NULL,\n"
	"  leaf TEXT NOT NULL,\n"
	"  PRIMARY KEY (event_id, position)\n"
	") STRICT, WITHOUT ROWID;\n"

	TRIGGERS

	"CREATE VIEW v_findings AS\n"
	"SELECT f.id, f.fingerprint, f.kind, f.title, t.name AS tag,\n"
	"  CASE WHEN f.events_alert = 0 THEN 'suppressed' WHEN f.recurring THEN 'recurring' ELSE 'new' END AS status,\n"
	"  f.package, f.test_a, f.test_b, f.events, f.first_seen, f.last_seen, r.trace_id AS last_trace_id\n"
	"FROM findings f JOIN tags t ON t.id = f.tag_id LEFT JOIN runs r ON r.id = f.last_run_id;\n"
	"CREATE VIEW v_events AS\n"
	"SELECT e.id, e.finding_id AS finding, e.run_id AS run, r.trace_id, e.tag, e.time, e.verdict, e.seed\n"
	"FROM events e JOIN runs r ON r.id = e.run_id;\n"
	"CREATE VIEW v_runs AS\n"
	"SELECT r.id, r.trace_id, r.command, r.directory, r.host, r.started_at, r.last_at,\n"
	"  (SELECT count(*) FROM events e WHERE e.run_id = r.id) AS events,\n"
	"  (SELECT count(DISTINCT finding_id) FROM events e WHERE e.run_id = r.id) AS findings,\n"
	"  (SELECT count(*) FROM findings f WHERE f.first_run_id = r.id) AS findings_new,\n"
	"  (SELECT count(*) FROM results x JOIN tests t ON t.id = x.test_id\n"
	"    WHERE x.run_id = r.id AND t.name = '') AS packages,\n"
	"  (SELECT coalesce(sum(x.failed), 0) FROM results x WHERE x.run_id = r.id) AS tests_failed,\n"
	"  (SELECT count(*) FROM processes p WHERE p.run_id = r.id) AS processes\n"
	"FROM runs r;\n";

/* What suppressed an event, and which entry of the list. */
static const char version_2[] =
	"ALTER TABLE events ADD COLUMN suppressed_by TEXT CHECK (suppressed_by IN ('process', 'reporter'));\n"
	"ALTER TABLE events ADD COLUMN suppression TEXT;\n"
	"UPDATE events SET suppressed_by = 'process' WHERE verdict = 'suppressed';\n"
	"CREATE INDEX events_suppression ON events(suppression, time) WHERE suppression IS NOT NULL;\n"
	"DROP VIEW v_events;\n"
	"CREATE VIEW v_events AS\n"
	"SELECT e.id, e.finding_id AS finding, e.run_id AS run, r.trace_id, e.tag, e.time, e.verdict, e.seed,\n"
	"  e.suppressed_by, e.suppression\n"
	"FROM events e JOIN runs r ON r.id = e.run_id;\n"
	"CREATE VIEW v_suppressions AS\n"
	"SELECT suppression, count(*) AS events, count(DISTINCT finding_id) AS findings, min(time) AS first_used,\n"
	"  max(time) AS last_used\n"
	"FROM events WHERE suppression IS NOT NULL GROUP BY suppression;\n";

/* More verdicts, which a CHECK can only take on with a column of its own; the policy behind each; times of silence. */
static const char version_3[] =
	"DROP VIEW v_events;\n"
	"DROP TRIGGER events_insert;\n"
	"DROP TRIGGER events_update;\n"
	"DROP TRIGGER events_delete;\n"
	"ALTER TABLE events ADD COLUMN verdict_3 TEXT NOT NULL DEFAULT 'alert'"
	" CHECK (verdict_3 IN ('alert', 'suppressed', 'bypassed', 'silenced', 'known'));\n"
	"UPDATE events SET verdict_3 = verdict;\n"
	"ALTER TABLE events DROP COLUMN verdict;\n"
	"ALTER TABLE events RENAME COLUMN verdict_3 TO verdict;\n"
	"ALTER TABLE events ADD COLUMN policy TEXT;\n"
	"ALTER TABLE events ADD COLUMN severity TEXT;\n"
	TRIGGERS
	"CREATE TABLE silences (\n"
	"  id INTEGER PRIMARY KEY,\n"
	"  finding_id INTEGER NOT NULL REFERENCES findings ON DELETE CASCADE,\n"
	"  policy TEXT NOT NULL,\n"
	"  since TEXT NOT NULL,\n"
	"  until TEXT NOT NULL,\n"
	"  held INTEGER NOT NULL,\n" /* events that were held back */
	"  told INTEGER NOT NULL DEFAULT 0\n" /* the alert at its end was given */
	") STRICT;\n"
	"CREATE INDEX silences_finding ON silences(finding_id, until);\n"
	"CREATE INDEX silences_untold ON silences(until) WHERE told = 0;\n"
	"CREATE VIEW v_silences AS\n"
	"SELECT s.id, s.finding_id AS finding, f.title, t.name AS tag, s.policy, s.since, s.until, s.held, s.told\n"
	"FROM silences s JOIN findings f ON f.id = s.finding_id JOIN tags t ON t.id = f.tag_id;\n"
	"CREATE VIEW v_events AS\n"
	"SELECT e.id, e.finding_id AS finding, e.run_id AS run, r.trace_id, e.tag, e.time, e.verdict, e.seed,\n"
	"  e.suppressed_by, e.suppression, e.policy, e.severity\n"
	"FROM events e JOIN runs r ON r.id = e.run_id;\n";

/* Resolved: with r events a day, none for 3 * ln(100) / r days is no chance any more (Poisson), from 10 events on and within
 * bounds that people find plausible. Regressed: seen again after that. Both are kept by a trigger on the columns that the
 * triggers of events keep. */
#define RESOLVED_AFTER(row) \
	"iif(" row "events >= 10, strftime('%Y-%m-%dT%H:%M:%fZ', julianday(" row "last_seen) + min(90.0, max(7.0," \
	" 13.815510557964274 * (julianday(" row "last_seen) - julianday(" row "first_seen)) / (" row "events - 1)))), NULL)"

static const char version_4[] =
	"CREATE INDEX findings_wildcard ON findings(kind) WHERE wildcard = 1;\n"
	"ALTER TABLE findings ADD COLUMN resolved_after TEXT;\n"
	"ALTER TABLE findings ADD COLUMN regressed_at TEXT;\n"
	"ALTER TABLE findings ADD COLUMN retry_run_id INTEGER REFERENCES runs;\n" /* its test failed there, and passed later */
	"ALTER TABLE results ADD COLUMN passed_later INTEGER NOT NULL DEFAULT 0;\n"
	"UPDATE findings SET resolved_after = " RESOLVED_AFTER("") ";\n"
	"CREATE TRIGGER findings_seen AFTER UPDATE OF events, first_seen, last_seen ON findings\n"
	"WHEN NEW.events >= 10 OR OLD.resolved_after IS NOT NULL BEGIN\n"
	"  UPDATE findings SET resolved_after = " RESOLVED_AFTER("NEW.") ",\n"
	"    regressed_at = iif(NEW.events > OLD.events AND NEW.last_seen > OLD.resolved_after, NEW.last_seen, regressed_at)\n"
	"  WHERE id = NEW.id;\n"
	"END;\n"
	"CREATE TRIGGER results_retried AFTER UPDATE OF passed_later ON results WHEN NEW.passed_later = 1 BEGIN\n"
	"  UPDATE findings SET retry_run_id = NEW.run_id WHERE id IN (SELECT e.finding_id FROM events e\n"
	"    JOIN tests t ON t.id = NEW.test_id WHERE e.run_id = NEW.run_id AND e.stream_package = t.package\n"
	"    AND t.name IN (e.stream_test, e.test_a, e.test_b));\n"
	"END;\n"
	"DROP VIEW v_findings;\n"
	"CREATE VIEW v_findings AS\n"
	"SELECT f.id, f.fingerprint, f.kind, f.title, t.name AS tag,\n"
	"  CASE WHEN f.events_alert = 0 THEN 'suppressed'\n"
	"    WHEN f.resolved_after < strftime('%Y-%m-%dT%H:%M:%fZ', 'now') THEN 'resolved'\n"
	"    WHEN f.regressed_at IS NOT NULL THEN 'regressed'\n"
	"    WHEN f.recurring THEN 'recurring' ELSE 'new' END AS status,\n"
	"  f.package, f.test_a, f.test_b, f.events, f.first_seen, f.last_seen, r.trace_id AS last_trace_id,\n"
	"  f.resolved_after, f.regressed_at, f.retry_run_id IS NOT NULL AS retried\n"
	"FROM findings f JOIN tags t ON t.id = f.tag_id LEFT JOIN runs r ON r.id = f.last_run_id;\n";

/* Views are made elsewhere from here on (views.h). Indexes are for the views: by package, by owner, by test. */
static const char version_5[] =
	"CREATE INDEX findings_package ON findings(package);\n"
	"CREATE INDEX findings_test_a ON findings(test_a) WHERE test_a IS NOT NULL;\n"
	"CREATE INDEX findings_test_b ON findings(test_b) WHERE test_b IS NOT NULL;\n"
	"CREATE INDEX results_test ON results(test_id, run_id);\n";

/* Alerts on their way out (outbox.h), and findings that a person said are another one's. */
static const char version_6[] =
	"ALTER TABLE findings ADD COLUMN duplicate_of INTEGER REFERENCES findings ON DELETE SET NULL;\n"
	"ALTER TABLE findings ADD COLUMN duplicate_reason TEXT;\n"
	"CREATE INDEX findings_duplicate_of ON findings(duplicate_of) WHERE duplicate_of IS NOT NULL;\n"
	"CREATE TABLE alert_sinks (\n"
	"  id INTEGER PRIMARY KEY,\n"
	"  name TEXT NOT NULL UNIQUE,\n"
	"  type TEXT NOT NULL,\n"
	"  not_before TEXT NOT NULL DEFAULT '',\n" /* when it may be tried again */
	"  failures INTEGER NOT NULL DEFAULT 0,\n" /* in a row */
	"  error TEXT,\n"                          /* of the last try, if it failed */
	"  lease TEXT,\n"                          /* who delivers to it now */
	"  lease_until TEXT,\n"
	"  delivered INTEGER NOT NULL DEFAULT 0,\n"
	"  delivered_at TEXT\n"
	") STRICT;\n"
	"CREATE TABLE alerts (\n"
	"  id INTEGER PRIMARY KEY,\n"
	"  sink_id INTEGER NOT NULL REFERENCES alert_sinks ON DELETE CASCADE,\n"
	"  reason TEXT NOT NULL CHECK (reason IN ('new', 'regressed', 'seen', 'silence', 'folded')),\n"
	"  event_id INTEGER REFERENCES events ON DELETE CASCADE,\n"
	"  silence_id INTEGER REFERENCES silences ON DELETE CASCADE,\n"
	"  folded INTEGER NOT NULL DEFAULT 0,\n" /* how many alerts this one stands for */
	"  created_at TEXT NOT NULL,\n"
	"  state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'failed', 'delivered')),\n"
	"  batch TEXT,\n" /* alerts that go out together, and that an endpoint knows by this key */
	"  delivered_at TEXT,\n"
	"  UNIQUE (event_id, sink_id),\n"
	"  UNIQUE (silence_id, sink_id)\n"
	") STRICT;\n"
	"CREATE INDEX alerts_open ON alerts(sink_id, state, id) WHERE state <> 'delivered';\n"
	"CREATE INDEX alerts_batch ON alerts(sink_id, batch) WHERE state <> 'delivered' AND batch IS NOT NULL;\n";

/* What findings are searched by (search.h), which also makes the documents of findings that are there already. */
static const char version_7[] =
	"CREATE VIRTUAL TABLE findings_fts USING fts5(title, tag, tests, package, functions, files, starts, tokenize = 'trigram');\n"
	"CREATE TRIGGER findings_delete AFTER DELETE ON findings BEGIN\n"
	"  DELETE FROM findings_fts WHERE rowid = OLD.id;\n"
	"END;\n";

/* For the views: new findings by day, how each suppression is used without a look at its events, and events by tag and kind. */
static const char version_12[] =
	"CREATE INDEX findings_first_day ON findings(substr(first_seen, 1, 10));\n"
	"DROP INDEX events_suppression;\n"
	"CREATE INDEX events_suppression ON events(suppression, time, finding_id) WHERE suppression IS NOT NULL;\n";

static const char version_14[] =
	"CREATE INDEX runs_last_at ON runs(last_at);\n";

/* Names on their way into documents of the search: writing a document costs a hundred times what an event does. */
static const char version_16[] =
	"CREATE TABLE search_news (\n"
	"  id INTEGER PRIMARY KEY,\n"
	"  finding_id INTEGER NOT NULL,\n"
	"  tests TEXT NOT NULL,\n" /* names, one a line, as in the document */
	"  functions TEXT NOT NULL,\n"
	"  files TEXT NOT NULL\n"
	") STRICT;\n"
	"CREATE INDEX search_news_finding ON search_news(finding_id);\n"
	"CREATE TRIGGER findings_delete_news AFTER DELETE ON findings BEGIN\n"
	"  DELETE FROM search_news WHERE finding_id = OLD.id;\n"
	"END;\n";

/* What a race is about: names with commas between them (rf_classes_put), of an event, and of all events of a finding. */
static const char version_21[] =
	"ALTER TABLE findings ADD COLUMN class TEXT NOT NULL DEFAULT '';\n"
	"ALTER TABLE events ADD COLUMN class TEXT NOT NULL DEFAULT '';\n"
	"ALTER TABLE events ADD COLUMN memory_type TEXT NOT NULL DEFAULT '';\n" /* of what is at the address */
	"UPDATE findings SET class = 'map' WHERE kind = 'data-race' AND wildcard = 0 AND title LIKE 'data race (map)%';\n";

/* What a report says besides its sides, such as how many there are like it. */
static const char version_23[] = "ALTER TABLE events ADD COLUMN detail TEXT NOT NULL DEFAULT '';\n";

/* For the views alone, which each migration makes anew. */
static const char version_27[] = "";

const char *const rf_schema_migrations[] = {
	version_1, version_2, version_3, version_4, version_5, version_6, version_7, rf_schema_upkeep, rf_schema_tally,
	rf_schema_executions, rf_schema_storing, version_12, rf_schema_cascade, version_14, rf_schema_details, version_16, rf_schema_overview,
	rf_schema_stacks, rf_schema_events, rf_schema_search, version_21, rf_schema_growth,
	version_23, rf_schema_threads, rf_schema_profiles, rf_schema_queues, version_27, NULL,
};

int rf_schema_version(void)
{
	int version = 0;
	while (rf_schema_migrations[version])
		version++;
	return version;
}
