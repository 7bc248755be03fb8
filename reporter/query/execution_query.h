/* Reading the tests of a run one execution at a time, and what they and their packages said. Everything is copied into the arena
 * that the caller gives.
 */
#ifndef RF_QUERY_EXECUTION_QUERY_H
#define RF_QUERY_EXECUTION_QUERY_H

#include "query/run_query.h"

struct rf_execution_row {
	rf_str package, test;
	rf_str result;        /* "pass", "fail", "skip", "unfinished", "cut" */
	int64_t elapsed_ms;
	uint64_t started;     /* nanoseconds since 1970; less than a year of them when the stream had no times */
	rf_str output;        /* or the part of it that was kept; "" none */
};
/* By package, then in the order in which they began. */
int rf_query_executions(struct rf_store *s, int64_t run_id, rf_arena *arena, struct rf_execution_row **rows, uint32_t *count,
			struct rf_error *err);
/* What packages said outside of tests, and their builds: only package, started and output are set. In the same order; a
 * package that ran twice may be there twice. */
int rf_query_package_outputs(struct rf_store *s, int64_t run_id, rf_arena *arena, struct rf_execution_row **rows,
			     uint32_t *count, struct rf_error *err);
/* As Go names it, "go1.26.8", of one of its processes; "" when none was instrumented. */
int rf_query_run_go_version(struct rf_store *s, int64_t run_id, rf_arena *arena, rf_str *version, struct rf_error *err);

#endif
