/* Objects of sync.Pool, and arrays that are an object's own: between Put and Get they are marked as freed (marks.h). Called by
 * runtime/redflag_pool_race.go and runtime/redflag_alias_race.go.
 */
#ifndef RF_POOL_H
#define RF_POOL_H

#include "tsan-glue/report_layout.h"

static void rf_pool_init(void (*callback)(uintptr_t command, void *context));
/* The report, which is of that kind, and who got the object from the pool before it was put, where that is known. Under
 * ThreadSanitizer's lock of reports. */
static const struct ts_report *rf_pool_report(const struct ts_report *report, enum rf_spool_kind kind);
/* Of a report about an array: whether the object that it belongs to was used since it was put, too. That one was reported, and
 * it is the same mistake. */
static bool rf_pool_told(const struct ts_report *report);

#endif
