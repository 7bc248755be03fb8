/* The part of the schema that the overview reads instead of counting: day_totals (day_totals.h), and whether a baseline knows a
 * finding (in_baseline, a part of its status). Internal to store/. A migration that makes the table of events or of gone events
 * anew makes their triggers anew, too; these as the others.
 */
#ifndef RF_STORE_SCHEMA_OVERVIEW_H
#define RF_STORE_SCHEMA_OVERVIEW_H

#define RF_SCHEMA_DROP_DAYS(days) "  DELETE FROM day_totals WHERE day IN (" days ");\n"
#define RF_SCHEMA_KNOW(finding) "  UPDATE findings SET in_baseline = 1 WHERE id = " finding " AND in_baseline = 0;\n"

/* Its triggers on events. */
#define RF_SCHEMA_EVENTS_OVERVIEW \
	"CREATE TRIGGER events_update_totals AFTER UPDATE OF finding_id, time, verdict ON events\n" \
	"WHEN OLD.finding_id <> NEW.finding_id OR OLD.time <> NEW.time OR OLD.verdict <> NEW.verdict BEGIN\n" \
	RF_SCHEMA_DROP_DAYS("substr(OLD.time, 1, 10), substr(NEW.time, 1, 10)") \
	"END;\n" \
	"CREATE TRIGGER events_delete_totals AFTER DELETE ON events BEGIN\n" \
	RF_SCHEMA_DROP_DAYS("substr(OLD.time, 1, 10)") \
	"END;\n" \
	"CREATE TRIGGER events_update_known AFTER UPDATE OF finding_id, verdict ON events WHEN NEW.verdict = 'known' BEGIN\n" \
	RF_SCHEMA_KNOW("NEW.finding_id") \
	"END;\n"

extern const char rf_schema_overview[]; /* a migration */

#endif
