/* The part of the schema that counts events by finding and day, and by finding and run, and that keeps the summary columns of
 * findings. Internal to store/.
 *
 * New events are counted by tally.h, once a transaction, so no trigger does. Whoever inserts events in another way counts
 * everything anew (RF_SCHEMA_COUNT_ALL). Events that change or go are counted by triggers, each with a few look-ups however
 * many events the finding has; so are the gone_events of upkeep.
 *
 * finding_days and the columns are over events and gone_events together; finding_runs is over events alone.
 */
#ifndef RF_STORE_SCHEMA_TALLY_H
#define RF_STORE_SCHEMA_TALLY_H

/* Both tables and all columns anew, from what there is. What gone events can't tell stays: the first run, and the last one of a
 * finding that has no event left. */
#define RF_SCHEMA_COUNT_ALL \
	"DELETE FROM finding_days; DELETE FROM finding_runs;\n" \
	"INSERT INTO finding_days (day, finding_id, verdict, events)\n" \
	"  SELECT day, finding_id, verdict, sum(events) FROM (\n" \
	"    SELECT substr(time, 1, 10) AS day, finding_id, verdict, 1 AS events FROM events\n" \
	"    UNION ALL SELECT day, finding_id, verdict, events FROM gone_events) GROUP BY 1, 2, 3;\n" \
	"INSERT INTO finding_runs (run_id, finding_id, events)\n" \
	"  SELECT run_id, finding_id, count(*) FROM events GROUP BY 1, 2;\n"

extern const char rf_schema_tally[], rf_schema_storing[], rf_schema_cascade[], rf_schema_events[]; /* migrations */

#endif
