/* Objects of sync.Pool: between Put and Get they carry ThreadSanitizer's mark of freed memory, which every access meets
 * (a report of type use after free), and Put makes the checks of a free (a report of type race). Which side of a report
 * is a Put is told by its pc: Go's runtime hands over the one inside sync.(*Pool).Put, which nothing else has. */
#ifndef RF_POOL_H
#define RF_POOL_H

#include "tsan-glue/report_layout.h"
#include "tsan-glue/spool_format.h"

/* The probe saw a mark do what it should with this detector. */
#ifdef RF_LAYOUT_FREED
#define RF_POOL_PROVED 1
#else
#define RF_POOL_PROVED 0
#endif

/* Whether this side of a report is a Put. */
static bool rf_pool_is_put(const struct ts_access *access);
/* RF_SPOOL_KIND_USE_AFTER_PUT and the like; RF_SPOOL_KIND_UNKNOWN for a report that pools have nothing to do with. */
static enum rf_spool_kind rf_pool_kind(const struct ts_report *report);

#endif
