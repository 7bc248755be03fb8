#include "store/schema_overview.h"

#define DROP_DAYS RF_SCHEMA_DROP_DAYS
#define KNOW RF_SCHEMA_KNOW

/* None of these minds in which order SQLite runs it and the triggers that count (schema_tally.c). None is on inserts or updates of
 * finding_days, which storing makes at every event; tally.h does there what they do. */
const char rf_schema_overview[] =
	"CREATE TABLE day_totals (\n"
	"  day TEXT PRIMARY KEY,\n"
	"  findings INTEGER NOT NULL,\n" /* with an event that wasn't suppressed */
	"  events INTEGER NOT NULL,\n"
	"  suppressed INTEGER NOT NULL,\n"
	"  silenced INTEGER NOT NULL\n"
	") STRICT, WITHOUT ROWID;\n"
	RF_SCHEMA_EVENTS_OVERVIEW
	"CREATE TRIGGER gone_events_insert_totals AFTER INSERT ON gone_events BEGIN\n"
	DROP_DAYS("NEW.day")
	"END;\n"
	"CREATE TRIGGER gone_events_update_totals AFTER UPDATE ON gone_events BEGIN\n"
	DROP_DAYS("OLD.day, NEW.day")
	"END;\n"
	"CREATE TRIGGER gone_events_delete_totals AFTER DELETE ON gone_events BEGIN\n"
	DROP_DAYS("OLD.day")
	"END;\n"
	"CREATE TRIGGER finding_days_delete_totals AFTER DELETE ON finding_days BEGIN\n"
	DROP_DAYS("OLD.day")
	"END;\n"

	"ALTER TABLE findings ADD COLUMN in_baseline INTEGER NOT NULL DEFAULT 0;\n" /* has an event with the verdict 'known' */
	"UPDATE findings SET in_baseline = 1 WHERE id IN (SELECT finding_id FROM finding_days WHERE verdict = 'known');\n"
	"CREATE TRIGGER gone_events_insert_known AFTER INSERT ON gone_events WHEN NEW.verdict = 'known' BEGIN\n"
	KNOW("NEW.finding_id")
	"END;\n"
	"CREATE TRIGGER gone_events_update_known AFTER UPDATE OF finding_id, verdict ON gone_events WHEN NEW.verdict = 'known' BEGIN\n"
	KNOW("NEW.finding_id")
	"END;\n"
	"CREATE TRIGGER finding_days_delete_known AFTER DELETE ON finding_days WHEN OLD.verdict = 'known' BEGIN\n"
	"  UPDATE findings SET in_baseline = 0 WHERE id = OLD.finding_id\n"
	"    AND NOT EXISTS (SELECT 1 FROM finding_days WHERE finding_id = OLD.finding_id AND verdict = 'known');\n"
	"END;\n";
