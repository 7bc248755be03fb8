/* The database at a glance: counts a day, by status, by tag and package, and what shouts the loudest. From the tables that are kept up
 * to date (finding_days, findings), so it takes milliseconds however many events there are. Days are UTC's, as YYYY-MM-DD.
 */
#ifndef RF_STORE_OVERVIEW_H
#define RF_STORE_OVERVIEW_H

#include "store/query.h"
#include "store/status.h"

struct rf_day_row {
	rf_str day;
	int64_t findings_new;   /* first seen on it */
	int64_t findings_again; /* seen on it and before */
	int64_t events;         /* all of them, and of these: */
	int64_t suppressed, silenced;
};
/* From day `from` on, in their order; a day without an event is no row. */
int rf_overview_days(struct rf_store *s, rf_str from, rf_arena *arena, struct rf_day_row **rows, uint32_t *count,
		     struct rf_error *err);

struct rf_overview_counts {
	int64_t findings[RF_STATUS_COUNT];
	int64_t silences, held; /* that last now, and the events that they hold back */
};
int rf_overview_counts(struct rf_store *s, uint64_t now_unix_ns, rf_arena *arena, struct rf_overview_counts *out,
		       struct rf_error *err);

struct rf_heat_row {
	rf_str tag, package;
	int64_t findings; /* that are open: new, recurring or regressed */
};
/* Of the tags and the packages with the most open findings; the greatest tag first, in it the greatest package. */
int rf_overview_heat(struct rf_store *s, uint64_t now_unix_ns, uint32_t tags, uint32_t packages, rf_arena *arena,
		     struct rf_heat_row **rows, uint32_t *count, struct rf_error *err);

/* Findings with the most events from day `from` on that weren't suppressed; `events` of a row counts these alone. */
int rf_overview_loudest(struct rf_store *s, rf_str from, uint32_t limit, rf_arena *arena, struct rf_finding_row **rows,
			uint32_t *count, struct rf_error *err);

#endif
