/* Two runs beside each other: findings and results that one has and the other hasn't.
 *
 * Everything is copied into the arena that the caller gives. `limit` bounds the rows; counts are of all.
 */
#ifndef RF_QUERY_COMPARE_H
#define RF_QUERY_COMPARE_H

#include "query/run_query.h"

enum rf_compare_set { RF_COMPARE_ONLY_A, RF_COMPARE_ONLY_B, RF_COMPARE_BOTH, RF_COMPARE_SET_COUNT };
/* Seen last the latest first. */
int rf_compare_findings(struct rf_store *s, int64_t run_a, int64_t run_b, enum rf_compare_set set, uint32_t limit, rf_arena *arena,
			struct rf_finding_row **rows, uint32_t *count, int64_t *total, struct rf_error *err);

struct rf_compare_result {
	rf_str package, test;      /* test "": the package itself */
	rf_str result_a, result_b; /* "" it did not run; of a test that ran several times the worst */
};
/* Of tests and packages that ended differently, by package. At most limit rows. */
int rf_compare_results(struct rf_store *s, int64_t run_a, int64_t run_b, uint32_t limit, rf_arena *arena,
		       struct rf_compare_result **rows, uint32_t *count, struct rf_error *err);

#endif
