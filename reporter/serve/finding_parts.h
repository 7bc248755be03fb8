/* The parts of the page about one finding. Internal to serve/. */
#ifndef RF_SERVE_FINDING_PARTS_H
#define RF_SERVE_FINDING_PARTS_H

#include "export/paths.h"
#include "finding/finding.h"
#include "query/occurrence.h"
#include "serve/page.h"

struct rf_finding_view {
	struct rf_page *page;
	struct rf_finding_row row;
	struct rf_occurrence shown; /* the occurrence that the page tells */
	struct rf_report report;
	struct rf_finding finding;  /* made of it again, for the frames' roles */
	struct rf_run_row run;      /* its */
	struct rf_paths paths;
};

/* For the style sheet. */
extern const char rf_style_finding[];

#define RF_FINDING_FRAMES_MAX 32 /* of a stack; the rest is counted */

/* Both sides beside each other: what it did, by whom, its stack with source, where the goroutine was started. */
void rf_finding_put_sides(struct rf_finding_view *v);
/* Goroutines of the report that no side tells of, and the memory. */
void rf_finding_put_memory(struct rf_finding_view *v);
void rf_finding_put_before(struct rf_finding_view *v);
/* Why these reports are one finding: which frames count. */
void rf_finding_put_explain(struct rf_finding_view *v);

#endif
