/* Where a finding is looked for, and whether a run looked there: a run that didn't can't tell that it is gone. */
#ifndef RF_QUERY_TESTED_H
#define RF_QUERY_TESTED_H

#include "store/store.h"

struct rf_tested_place {
	rf_str package; /* in whose tests it was last, as v_flaky_findings has it */
	rf_str test;    /* its owner; "" when that is unknown or no test */
};
/* 1: read, and copied into the arena; 0: the database has no such finding, or no run of it ever had results of its package. */
int rf_query_tested_place(struct rf_store *s, rf_str fingerprint, rf_str tag, rf_arena *arena, struct rf_tested_place *place,
			  struct rf_error *err);
/* Whether the run (0: any) ran that package and its test to the end. What Go took from its cache, didn't build, or skipped wasn't run.
 * Unknown: there are no results, as of plain text. */
enum rf_tested { RF_TESTED_NO, RF_TESTED_YES, RF_TESTED_UNKNOWN };
int rf_query_was_tested(struct rf_store *s, int64_t run_id, const struct rf_tested_place *place, enum rf_tested *tested,
			struct rf_error *err);

#endif
