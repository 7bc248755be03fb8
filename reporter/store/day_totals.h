/* What a day of finding_days adds up to, kept in day_totals, so that a page needn't read each row of three months. Internal to store/.
 *
 * A row of day_totals holds while nothing of its day changes: whoever changes rows of finding_days drops the day's row with them, in
 * the same transaction (rf_day_totals_drop for what tally.h writes, triggers for everything else). A day without a row is counted
 * when it is asked for; so an answer never depends on which days have one, and a reporter that was killed leaves nothing wrong.
 * Rows are made when a connection that has written something is closed, because then the day is over or quiet for a while.
 */
#ifndef RF_STORE_DAY_TOTALS_H
#define RF_STORE_DAY_TOTALS_H

#include "store/overview.h"

#define RF_DAY_TOTALS_MAX 400 /* days, the latest; earlier ones are counted when asked for */

/* Days from `from` on, as rf_overview_read says them, but for findings_new: findings_again is all that weren't suppressed. */
int rf_day_totals_read(struct rf_store *s, rf_str from, rf_arena *arena, struct rf_day_row **rows, uint32_t *count,
		       struct rf_error *err);
/* Rows of this day (since 1970) change in the transaction in hand. */
int rf_day_totals_drop(struct rf_store *s, uint64_t day, rf_str text, struct rf_error *err);
/* Makes the rows that are missing. Does nothing when the database is busy or can't be written: it takes no harm. */
void rf_day_totals_settle(struct rf_store *s);

#endif
