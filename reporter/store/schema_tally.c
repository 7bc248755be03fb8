#include "store/schema_tally.h"

#include "store/schema_overview.h"
#include "store/schema_upkeep.h"

/* --- finding_days and finding_runs ----------------------------------------------------------------------------- */

#define INTO_DAY(row, day, how_many) \
	"  INSERT INTO finding_days VALUES (" day ", " row ".finding_id, " row ".verdict, " how_many ")\n" \
	"    ON CONFLICT DO UPDATE SET events = events + excluded.events;\n"
#define OUT_OF_DAY(row, the_day, how_many) \
	"  UPDATE finding_days SET events = events - " how_many "\n" \
	"    WHERE day = " the_day " AND finding_id = " row ".finding_id AND verdict = " row ".verdict;\n" \
	"  DELETE FROM finding_days WHERE events <= 0\n" \
	"    AND day = " the_day " AND finding_id = " row ".finding_id AND verdict = " row ".verdict;\n"
#define DAY_OF(row) "substr(" row ".time, 1, 10)"

#define INTO_RUN(row) \
	"  INSERT INTO finding_runs VALUES (" row ".run_id, " row ".finding_id, 1) ON CONFLICT DO UPDATE SET events = events + 1;\n"
#define OUT_OF_RUN(row) \
	"  UPDATE finding_runs SET events = events - 1 WHERE run_id = " row ".run_id AND finding_id = " row ".finding_id;\n" \
	"  DELETE FROM finding_runs WHERE events <= 0 AND run_id = " row ".run_id AND finding_id = " row ".finding_id;\n"

/* --- columns of findings: one finding's row in hand -------------------------------------------------------------- */

#define IS_ALERT(row) "(" row ".verdict <> 'suppressed')"
#define HAS_GONE "EXISTS (SELECT 1 FROM gone_events WHERE finding_id = findings.id)"
#define OF_BOTH(what, time, gone) \
	"(SELECT " what "(t) FROM (SELECT " what "(" time ") AS t FROM events WHERE finding_id = findings.id" \
	" UNION ALL SELECT " what "(" gone ") FROM gone_events WHERE finding_id = findings.id))"

/* Which run was the first can't be told from gone events, so then it stays. After finding_runs. */
#define SET_RUNS \
	"    first_run_id = iif(" HAS_GONE ", first_run_id, (SELECT min(run_id) FROM finding_runs WHERE finding_id = findings.id)),\n" \
	"    recurring = iif(" HAS_GONE ", recurring OR EXISTS (SELECT 1 FROM finding_runs WHERE finding_id = findings.id" \
	" AND run_id <> first_run_id),\n" \
	"      (SELECT count(*) > 1 FROM (SELECT 1 FROM finding_runs WHERE finding_id = findings.id LIMIT 2)))"
#define SET_LAST_RUN \
	"    last_run_id = coalesce((SELECT run_id FROM events WHERE finding_id = findings.id ORDER BY time DESC, id DESC LIMIT 1),\n" \
	"      iif(" HAS_GONE ", last_run_id, NULL))"
#define SET_TIMES \
	"    first_seen = " OF_BOTH("min", "time", "first_seen") ",\n" \
	"    last_seen = " OF_BOTH("max", "time", "last_seen") ",\n" \
	SET_LAST_RUN

/* An event comes in. */
#define ADD_EVENT \
	"  UPDATE findings SET events = events + 1, events_alert = events_alert + " IS_ALERT("NEW") ",\n" \
	"    first_seen = min(coalesce(first_seen, NEW.time), NEW.time),\n" \
	"    last_seen = max(coalesce(last_seen, NEW.time), NEW.time),\n" \
	SET_LAST_RUN ",\n" SET_RUNS "\n" \
	"  WHERE id = NEW.finding_id;\n"

/* An event goes out. Most are neither the first nor the last of their finding, or of their run. */
#define DROP_EVENT \
	"  UPDATE findings SET events = events - 1, events_alert = events_alert - " IS_ALERT("OLD") " WHERE id = OLD.finding_id;\n" \
	"  UPDATE findings SET\n" SET_TIMES "\n" \
	"  WHERE id = OLD.finding_id AND (OLD.time <= first_seen OR OLD.time >= last_seen OR last_run_id = OLD.run_id);\n" \
	"  UPDATE findings SET\n" SET_RUNS "\n" \
	"  WHERE id = OLD.finding_id\n" \
	"    AND NOT EXISTS (SELECT 1 FROM finding_runs WHERE run_id = OLD.run_id AND finding_id = OLD.finding_id);\n"

#define ADD_GONE \
	INTO_DAY("NEW", "NEW.day", "NEW.events") \
	"  UPDATE findings SET events = events + NEW.events, events_alert = events_alert + NEW.events * " IS_ALERT("NEW") ",\n" \
	"    first_seen = min(coalesce(first_seen, NEW.first_seen), NEW.first_seen),\n" \
	"    last_seen = max(coalesce(last_seen, NEW.last_seen), NEW.last_seen) WHERE id = NEW.finding_id;\n"
#define DROP_GONE \
	OUT_OF_DAY("OLD", "OLD.day", "OLD.events") \
	"  UPDATE findings SET events = events - OLD.events, events_alert = events_alert - OLD.events * " IS_ALERT("OLD") ",\n" \
	SET_TIMES ",\n" SET_RUNS " WHERE id = OLD.finding_id;\n"

/* What becomes of an event after it was stored. */
#define EVENT_TRIGGERS \
	"CREATE TRIGGER events_move AFTER UPDATE OF finding_id ON events WHEN OLD.finding_id <> NEW.finding_id BEGIN\n" \
	OUT_OF_DAY("OLD", DAY_OF("OLD"), "1") \
	INTO_DAY("NEW", DAY_OF("NEW"), "1") \
	OUT_OF_RUN("OLD") \
	INTO_RUN("NEW") \
	ADD_EVENT \
	DROP_EVENT \
	"END;\n" \
	"CREATE TRIGGER events_update AFTER UPDATE OF run_id, time, verdict ON events\n" \
	"WHEN OLD.finding_id = NEW.finding_id AND (OLD.run_id <> NEW.run_id OR OLD.time <> NEW.time\n" \
	"  OR OLD.verdict <> NEW.verdict) BEGIN\n" \
	INTO_DAY("NEW", DAY_OF("NEW"), "1") \
	OUT_OF_DAY("OLD", DAY_OF("OLD"), "1") \
	INTO_RUN("NEW") \
	OUT_OF_RUN("OLD") \
	"  UPDATE findings SET events_alert = events_alert + " IS_ALERT("NEW") " - " IS_ALERT("OLD") "\n" \
	"  WHERE id = NEW.finding_id AND " IS_ALERT("NEW") " <> " IS_ALERT("OLD") ";\n" \
	"  UPDATE findings SET\n" SET_TIMES "\n" \
	"  WHERE id = NEW.finding_id AND (OLD.time <= first_seen OR OLD.time >= last_seen OR NEW.time <= first_seen\n" \
	"    OR NEW.time >= last_seen);\n" \
	"  UPDATE findings SET\n" SET_RUNS ",\n" SET_LAST_RUN "\n" \
	"  WHERE id = NEW.finding_id AND OLD.run_id <> NEW.run_id;\n" \
	"END;\n" \
	"CREATE TRIGGER events_delete AFTER DELETE ON events BEGIN\n" \
	OUT_OF_DAY("OLD", DAY_OF("OLD"), "1") \
	OUT_OF_RUN("OLD") \
	DROP_EVENT \
	"END;\n"

const char rf_schema_tally[] =
	"DROP TRIGGER events_insert;\n"
	"DROP TRIGGER events_update;\n"
	"DROP TRIGGER events_delete;\n"
	"DROP TRIGGER gone_events_insert;\n"
	"DROP TRIGGER gone_events_update;\n"
	"DROP TRIGGER gone_events_delete;\n"
	"CREATE TABLE finding_days (\n"
	"  day TEXT NOT NULL,\n" /* YYYY-MM-DD, UTC */
	"  finding_id INTEGER NOT NULL REFERENCES findings ON DELETE CASCADE,\n"
	"  verdict TEXT NOT NULL,\n"
	"  events INTEGER NOT NULL,\n"
	"  PRIMARY KEY (day, finding_id, verdict)\n"
	") STRICT, WITHOUT ROWID;\n"
	"CREATE INDEX finding_days_finding ON finding_days(finding_id, day);\n"
	"CREATE TABLE finding_runs (\n"
	"  run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,\n"
	"  finding_id INTEGER NOT NULL REFERENCES findings ON DELETE CASCADE,\n"
	"  events INTEGER NOT NULL,\n"
	"  PRIMARY KEY (run_id, finding_id)\n"
	") STRICT, WITHOUT ROWID;\n"
	"CREATE INDEX finding_runs_finding ON finding_runs(finding_id, run_id);\n"
	RF_SCHEMA_COUNT_ALL

	EVENT_TRIGGERS
	"CREATE TRIGGER gone_events_insert AFTER INSERT ON gone_events BEGIN\n"
	ADD_GONE
	"END;\n"
	"CREATE TRIGGER gone_events_update AFTER UPDATE ON gone_events BEGIN\n"
	ADD_GONE
	DROP_GONE
	"END;\n"
	"CREATE TRIGGER gone_events_delete AFTER DELETE ON gone_events BEGIN\n"
	DROP_GONE
	"END;\n";

/* Text that could only be read in part is looked up by its run; no event is looked up by its tests alone. */
const char rf_schema_storing[] =
	"CREATE INDEX events_partial ON events(run_id) WHERE text IS NOT NULL;\n"
	"DROP INDEX events_test_a;\n"
	"DROP INDEX events_test_b;\n";

/* What a finding takes along when it goes, also from a connection that doesn't check references (rf_store_check_references). */
const char rf_schema_cascade[] =
	"CREATE INDEX events_text ON events(run_id, match_key) WHERE source = 'text';\n"
	"CREATE TRIGGER findings_gone AFTER DELETE ON findings BEGIN\n"
	"  DELETE FROM alerts WHERE silence_id IN (SELECT id FROM silences WHERE finding_id = OLD.id);\n"
	"  DELETE FROM silences WHERE finding_id = OLD.id;\n"
	"  DELETE FROM finding_days WHERE finding_id = OLD.id;\n"
	"  DELETE FROM finding_runs WHERE finding_id = OLD.id;\n"
	"  UPDATE findings SET duplicate_of = NULL WHERE duplicate_of = OLD.id;\n"
	"END;\n";

/* Random places in an index cost a page each. So no index has match keys any more (halves.h), text_uid is only in one where there is
 * one, and findings of a kind are no longer kept in the order of their last event. */
const char rf_schema_events[] =
	"DROP INDEX findings_kind;\n"
	"CREATE INDEX findings_kind ON findings(kind);\n"
	"PRAGMA legacy_alter_table = ON;\n" /* triggers of other tables name events while there is none */
	"CREATE TABLE events_new (\n"
	"  id INTEGER PRIMARY KEY,\n"
	"  uid TEXT NOT NULL UNIQUE,\n"
	"  text_uid TEXT,\n"
	"  finding_id INTEGER NOT NULL REFERENCES findings,\n"
	"  run_id INTEGER NOT NULL REFERENCES runs,\n"
	"  process_id INTEGER REFERENCES processes,\n"
	"  source TEXT NOT NULL CHECK (source IN ('text', 'spool')),\n"
	"  time TEXT NOT NULL,\n"
	"  seed TEXT,\n"
	"  tag TEXT NOT NULL,\n"
	"  match_key INTEGER NOT NULL,\n"
	"  exact TEXT NOT NULL,\n"
	"  test_a TEXT,\n"
	"  test_b TEXT,\n"
	"  stream_package TEXT NOT NULL,\n"
	"  stream_test TEXT NOT NULL,\n"
	"  memory TEXT NOT NULL,\n"
	"  memory_start INTEGER NOT NULL,\n"
	"  memory_bytes INTEGER NOT NULL,\n"
	"  memory_name TEXT NOT NULL,\n"
	"  allocated_stack_id INTEGER REFERENCES stacks,\n"
	"  allocated_goid INTEGER NOT NULL,\n"
	"  switches TEXT,\n"
	"  text TEXT,\n"
	"  suppressed_by TEXT CHECK (suppressed_by IN ('process', 'reporter')),\n"
	"  suppression TEXT,\n"
	"  verdict TEXT NOT NULL CHECK (verdict IN ('alert', 'suppressed', 'bypassed', 'silenced', 'known')),\n"
	"  policy TEXT,\n"
	"  severity TEXT\n"
	") STRICT;\n"
	"INSERT INTO events_new SELECT id, uid, text_uid, finding_id, run_id, process_id, source, time, seed, tag, match_key, exact,\n"
	"  test_a, test_b, stream_package, stream_test, memory, memory_start, memory_bytes, memory_name, allocated_stack_id,\n"
	"  allocated_goid, switches, text, suppressed_by, suppression, verdict, policy, severity FROM events;\n"
	"DROP TABLE events;\n"
	"ALTER TABLE events_new RENAME TO events;\n"
	"PRAGMA legacy_alter_table = OFF;\n"
	"CREATE UNIQUE INDEX events_text_uid ON events(text_uid) WHERE text_uid IS NOT NULL;\n"
	"CREATE INDEX events_finding ON events(finding_id, time);\n"
	"CREATE INDEX events_run ON events(run_id, source);\n"
	"CREATE INDEX events_time ON events(time);\n"
	"CREATE INDEX events_partial ON events(run_id) WHERE text IS NOT NULL;\n"
	"CREATE INDEX events_suppression ON events(suppression, time, finding_id) WHERE suppression IS NOT NULL;\n"
	EVENT_TRIGGERS
	RF_SCHEMA_EVENTS_TOUCHED
	RF_SCHEMA_EVENTS_OVERVIEW;
