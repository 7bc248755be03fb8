/* Reports that ThreadSanitizer has no words for in Go, as text in its own layout, to where it prints (stderr, or
 * GORACE=log_path). The reporter's reader of text (reporter/read/racetext.c) knows the words. */
#ifndef RF_PRINT_H
#define RF_PRINT_H

#include "tsan-glue/report_layout.h"
#include "tsan-glue/runtime_abi.h"
#include "tsan-glue/spool_format.h"

/* False: a report that isn't ours to print. Called under ThreadSanitizer's report lock, which guards the buffer. */
static bool rf_print_report(const struct ts_report *report, enum rf_spool_kind kind);
/* One that finding.c made, with its detail, which may be empty. */
static void rf_print_finding(const struct ts_report *report, enum rf_spool_kind kind, struct rf_go_string detail);

#endif
