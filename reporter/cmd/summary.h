/* The end of `redflag test` and `redflag run`: what was found, what failed, where it is, what to try next. */
#ifndef RF_CMD_SUMMARY_H
#define RF_CMD_SUMMARY_H

#include "cmd/finding_text.h"
#include "cmd/reporter.h"

#define RF_SUMMARY_FINDINGS_MAX 20 /* more are only counted: `redflag list` has them */

struct rf_summary {
	const struct rf_terminal *terminal;
	struct rf_reporter *reporter;
	const struct rf_outcome *outcome;
	bool with_tests;        /* counts of packages and tests make sense */
};
void rf_summary_put(struct rf_buf *out, const struct rf_summary *summary, rf_arena *arena);
/* One line a finding, for the moment when it is seen first. */
void rf_summary_put_sighting(struct rf_buf *out, const struct rf_terminal *t, const struct rf_finding_row *row,
			     bool is_new, rf_arena *arena);

#endif
