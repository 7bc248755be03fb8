/* Reading the database run by run: a run, how its packages and tests ended, its occurrences of a finding.
 *
 * Everything is copied into the arena that the caller gives.
 */
#ifndef RF_QUERY_RUN_QUERY_H
#define RF_QUERY_RUN_QUERY_H

#include "store/query.h"

struct rf_run_row {
	int64_t id;
	rf_str trace_id, command, directory, host, started_at, last_at;
	rf_str traceparent; /* TRACEPARENT of one of its processes; "" none had it */
};
/* The run of this trace ID. RF_ERR_MISSING, with the sentence, when there is none. */
int rf_query_run(struct rf_store *s, rf_str trace_id, rf_arena *arena, struct rf_run_row *row, struct rf_error *err);
int rf_query_run_by_id(struct rf_store *s, int64_t id, rf_arena *arena, struct rf_run_row *row, struct rf_error *err);
/* The run that stored something last. */
int rf_query_last_run(struct rf_store *s, rf_arena *arena, struct rf_run_row *row, struct rf_error *err);

struct rf_run_summary {
	struct rf_run_row run;
	int64_t events, findings, findings_new, packages, tests_failed, processes;
};
/* The latest first. */
int rf_query_runs(struct rf_store *s, uint32_t limit, uint32_t offset, rf_arena *arena, struct rf_run_summary **rows,
		  uint32_t *count, struct rf_error *err);
int rf_query_run_processes(struct rf_store *s, int64_t run_id, uint32_t limit, rf_arena *arena, struct rf_process_row **rows,
			   uint32_t *count, struct rf_error *err);

struct rf_result_row {
	rf_str package, test; /* test "": the package itself */
	rf_str result, time;
	int64_t elapsed_ms, passed, failed, skipped; /* counts of tests, for a package */
};
/* By package, the package itself first, then those of its tests that didn't pass. */
int rf_query_results(struct rf_store *s, int64_t run_id, rf_arena *arena, struct rf_result_row **rows, uint32_t *count,
		     struct rf_error *err);

/* As rf_query_events and rf_query_best_event, of one run; run_id 0 is all runs. */
int rf_query_run_events(struct rf_store *s, int64_t finding_id, int64_t run_id, uint32_t limit, rf_arena *arena,
			struct rf_event_row **rows, uint32_t *count, struct rf_error *err);
int rf_query_run_best_event(struct rf_store *s, int64_t finding_id, int64_t run_id, rf_arena *arena,
			    struct rf_event_row *row, struct rf_error *err);

/* Where the text of a finding stood in the stream, and who owns its sides: what go test blamed, and what is to blame. */
struct rf_blame_row {
	int64_t finding_id;
	uint64_t started; /* of that test, the time that it ran when it was reported; 0: unknown */
	rf_str package, test, title;
	bool suppressed;
	rf_str test_a, test_b; /* as in struct rf_event_row */
};
int rf_query_blames(struct rf_store *s, int64_t run_id, rf_arena *arena, struct rf_blame_row **rows, uint32_t *count,
		    struct rf_error *err);

#endif
