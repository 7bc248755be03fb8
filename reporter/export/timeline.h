/* What ran before a race, drawn as SVG: time goes down, a lane for each goroutine of the two sides, a thin one for all others.
 *
 * Pure functions of a report: the same report gives the same bytes. Everything is escaped (see markup.h). Colours come from
 * classes (rf_timeline_css) and currentColor, nothing from a style attribute, so that a strict Content-Security-Policy holds.
 *
 * The axis begins at the first switch that concerns a lane. It is no ruler: short times are stretched so that words fit, long
 * ones are cut, and a zigzag stands where. When a goroutine was started and when the older access was isn't known to the
 * nanosecond: such rows have no time, and stand where they must have been at the latest.
 */
#ifndef RF_EXPORT_TIMELINE_H
#define RF_EXPORT_TIMELINE_H

#include "base/arena.h"
#include "model/report.h"

#define RF_TIMELINE_SWITCHES_MAX 32 /* that are drawn, the last ones; the table has all */

/* For the page's style sheet. */
extern const char rf_timeline_css[];
/* Whether a goroutine of a side is in any switch: otherwise there is nothing to draw. */
bool rf_timeline_is_known(const struct rf_report *report);
/* Nothing when it isn't known. `id` is a prefix for the element's ids, unique in the page. */
void rf_timeline_put_svg(struct rf_buf *out, const struct rf_report *report, const char *id, rf_arena *scratch);
/* The same in words, and the switches of others: a table; nothing when there are no switches. */
void rf_timeline_put_table(struct rf_buf *out, const struct rf_report *report, rf_arena *scratch);

#endif
