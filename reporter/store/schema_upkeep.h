/* The part of the schema that upkeep (gc.h) brought. Internal to store/.
 *
 * What gc removes stays counted: gone_events has the numbers of it, by finding, run, day and verdict. The columns of findings
 * that triggers keep, and sums by day, are over events and gone_events together, so an event that goes from one to the
 * other changes nothing. Text that writes triggers on events uses RF_SCHEMA_RECOUNT.
 */
#ifndef RF_STORE_SCHEMA_UPKEEP_H
#define RF_STORE_SCHEMA_UPKEEP_H

/* A value over the gone events of the findings' row in hand. */
#define RF_SCHEMA_GONE(what) "(SELECT " what " FROM gone_events WHERE finding_id = findings.id)"

/* The summary columns of one finding, counted anew. Which run was the first can't be told from gone events, so it stays. */
#define RF_SCHEMA_RECOUNT(finding) \
	"UPDATE findings SET " \
	"events = (SELECT count(*) FROM events WHERE finding_id = findings.id) + " RF_SCHEMA_GONE("coalesce(sum(events), 0)") "," \
	"events_alert = (SELECT count(*) FROM events WHERE finding_id = findings.id AND verdict <> 'suppressed')" \
	" + " RF_SCHEMA_GONE("coalesce(sum(iif(verdict <> 'suppressed', events, 0)), 0)") "," \
	"first_seen = (SELECT min(t) FROM (SELECT min(time) AS t FROM events WHERE finding_id = findings.id" \
	" UNION ALL SELECT " RF_SCHEMA_GONE("min(first_seen)") "))," \
	"last_seen = (SELECT max(t) FROM (SELECT max(time) AS t FROM events WHERE finding_id = findings.id" \
	" UNION ALL SELECT " RF_SCHEMA_GONE("max(last_seen)") "))," \
	"first_run_id = iif(" RF_SCHEMA_GONE("count(*)") ", first_run_id," \
	" (SELECT min(run_id) FROM events WHERE finding_id = findings.id))," \
	"last_run_id = coalesce((SELECT run_id FROM events WHERE finding_id = findings.id" \
	" ORDER BY time DESC, id DESC LIMIT 1), iif(" RF_SCHEMA_GONE("count(*)") ", last_run_id, NULL))," \
	"recurring = iif(" RF_SCHEMA_GONE("count(*)") ", recurring OR EXISTS (SELECT 1 FROM events" \
	" WHERE finding_id = findings.id AND run_id <> first_run_id)," \
	" (SELECT count(DISTINCT run_id) > 1 FROM events WHERE finding_id = findings.id)) " \
	"WHERE id = " finding ";"

/* While gc looks for unused stacks, the events that changed theirs. */
#define RF_SCHEMA_EVENTS_TOUCHED \
	"CREATE TRIGGER events_touched AFTER UPDATE OF uid ON events\n" \
	"WHEN EXISTS (SELECT 1 FROM upkeep WHERE name = 'sweep') BEGIN\n" \
	"  INSERT OR IGNORE INTO touched_events VALUES (NEW.id);\n" \
	"END;\n"

extern const char rf_schema_upkeep[]; /* a migration */

#endif
