/* Objects of sync.Pool, and arrays that are an object's own: between Put and Get they are marked as freed (marks.h). Called by
 * runtime/redflag_pool_race.go and runtime/redflag_alias_race.go.
 */
#ifndef RF_POOL_H
#define RF_POOL_H

#include "tsan-glue/report_layout.h"

/* Of a report about an array: whether the object that it belongs to was used since it was put, too. That one was reported, and
 * it is the same mistake. */
static bool rf_pool_told(const struct ts_report *report);

#endif
