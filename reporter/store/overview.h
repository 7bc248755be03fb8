/* The database at a glance: counts a day, by status, by tag and package, and what shouts the loudest. From the tables that are kept up
 * to date (day_totals, finding_days, findings), so it takes milliseconds however many events there are. Days are UTC's, as YYYY-MM-DD.
 */
#ifndef RF_STORE_OVERVIEW_H
#define RF_STORE_OVERVIEW_H

#include "store/query.h"
#include "store/status.h"

struct rf_day_row {
	rf_str day;
	int64_t findings_new;   /* first seen on it; none that a baseline knows */
	int64_t findings_again; /* seen on it and before, or in a baseline */
	int64_t events;         /* all of them, and of these: */
	int64_t suppressed, silenced;
};

struct rf_heat_row {
	rf_str tag, package;
	int64_t findings; /* that are open (rf_status_is_open) */
};

struct rf_overview_options {
	rf_str from;                 /* the first day */
	uint64_t now_unix_ns;
	uint32_t tags, packages;     /* of the heat map: those with the most open findings */
	uint32_t newest;
};

struct rf_overview {
	struct rf_day_row *days;     /* in their order; a day without an event is no row */
	uint32_t day_count;
	int64_t findings[RF_STATUS_COUNT];
	int64_t silences, held;      /* that last now, and the events that they hold back */
	struct rf_heat_row *heat;    /* the greatest tag first, in it the greatest package */
	uint32_t heat_count;
	struct rf_finding_row *newest; /* with the status new, the one first seen last first */
	uint32_t newest_count;
};
/* All that takes a look at every finding, in one pass over them. */
int rf_overview_read(struct rf_store *s, const struct rf_overview_options *options, rf_arena *arena, struct rf_overview *out,
		     struct rf_error *err);

/* Findings with the most events from day `from` on that weren't suppressed; `events` of a row counts these alone. */
int rf_overview_loudest(struct rf_store *s, rf_str from, uint32_t limit, rf_arena *arena, struct rf_finding_row **rows,
			uint32_t *count, struct rf_error *err);

#endif
