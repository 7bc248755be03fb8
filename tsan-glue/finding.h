/* What Go's runtime finds by itself, with no report of ThreadSanitizer behind it: closes of channels, goroutines that wait
 * for ever. Such a finding is made a report of ThreadSanitizer's form, whose sides have an action in the place of a read
 * or a write, and goes the way of all reports from there: suppressions, record, owners, text.
 *
 * A finding is said once in a process: one of the same kind with the same stacks is passed over, as ThreadSanitizer
 * does it. Unless it is quiet, it counts among the races that testing asks for, and the process ends with their status.
 */
#ifndef RF_FINDING_H
#define RF_FINDING_H

#include "tsan-glue/report_layout.h"
#include "tsan-glue/runtime_abi.h"

/* The probe saw ThreadSanitizer's lock of reports, which orders ours among its own. */
#if RF_LAYOUT_PROVED && defined(RF_LAYOUT_REPORTS)
#define RF_FINDING_PROVED 1
#else
#define RF_FINDING_PROVED 0
#endif

#define RF_FINDINGS_SEEN_MAX (1u << 12) /* remembered; 32 KiB. Further ones may be said again */

/* A goroutine that ThreadSanitizer's numbers aren't known of: this, and the low bits of Go's. */
#define RF_FINDING_THREAD_UNKNOWN (1u << 30)

static void rf_finding_init(void (*callback)(uintptr_t command, void *context), uintptr_t text);
/* Those that count among the races. */
static uint32_t rf_findings_count(void);
/* enum rf_spool_action of a side of a report. */
static uint32_t rf_finding_action(const struct ts_access *access);
/* A report of ThreadSanitizer's with one side more, about the same memory, until the next one. Under its lock of reports, which
 * it holds while it makes one. */
static const struct ts_report *rf_finding_extended(const struct ts_report *report, uintptr_t address,
						   const struct rf_finding_side *side);

#endif
