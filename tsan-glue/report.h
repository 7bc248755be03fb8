/* ThreadSanitizer's report as one REPORT record. Called by OnReport, under ThreadSanitizer's locks, on the g0 stack of
 * the goroutine that made the second access. */
#ifndef RF_REPORT_H
#define RF_REPORT_H

#include "tsan-glue/report_layout.h"
#include "tsan-glue/runtime_abi.h"
#include "tsan-glue/spool_format.h"

#define RF_REPORT_ACCESSES_MAX 4u    /* ThreadSanitizer gives 2 */
#define RF_REPORT_GOROUTINES_MAX 16u /* both sides, and what it lists as threads */

static void rf_report_init(const struct rf_start *start);
/* Charges the owners and writes the record. kind: RF_SPOOL_KIND_UNKNOWN for what ThreadSanitizer calls it. Says whether
 * nothing is to come of the report. Takes the lock. */
static bool rf_report_handle(const struct ts_report *report, enum rf_spool_kind kind, bool suppressed);
/* The same for a report that finding.c made. */
static void rf_report_finding(const struct ts_report *report, const struct rf_finding *finding, bool suppressed);
/* NULL: it isn't known. With the lock; valid until the next question. */
static const struct rf_alloc_site *rf_report_alloc(const struct rf_memory_query *memory);

/* report_fields.c. Without the lock; on g0, as all that asks the runtime. */
static void rf_report_fields_init(void (*callback)(uintptr_t command, void *context));
/* Of one block of the heap, or package variables both. */
static bool rf_report_same_object(uintptr_t a, uintptr_t b);
/* What is at an address, as "main.stats.sum", as far as it fits; false: it isn't known. */
static bool rf_report_field(uintptr_t address, char *text, size_t bytes_max);

#endif
