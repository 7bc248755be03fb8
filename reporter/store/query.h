/* Reading the database: findings by filter, one finding, its occurrences, an occurrence as the report that it was.
 *
 * Everything is copied into the arena that the caller gives. Status, times and owners are as in the view v_findings.
 */
#ifndef RF_STORE_QUERY_H
#define RF_STORE_QUERY_H

#include "store/store.h"

struct rf_finding_row {
	int64_t id, events, first_run_id;
	rf_str fingerprint, kind, title, tag, status, package, first_seen, last_seen, last_trace_id, coarse;
	rf_str test_a, test_b; /* ptr NULL: unknown; "": no test owns it */
	bool wildcard;
	int64_t duplicate_of; /* 0: it is none */
	rf_str duplicate_reason;
	rf_str class; /* names with commas between them, as rf_classes_put makes them; "" none */
	bool in_baseline; /* of a run that has seen it */
	bool retried; /* its test passed when it was run again in the same run; the finding stands */
};

struct rf_finding_filter { /* ptr NULL (and 0) matches everything */
	rf_str kind, class, tag, status, test; /* one class of those that the finding has; tag and test may hold * */
	rf_str since;                   /* seen at or after, as rf_time_text writes it */
	int64_t run_id;                 /* seen in this run */
	rf_str search;                  /* text as a person types it (search.h); with nothing to search for in it, it matches nothing */
};
/* Latest first. */
int rf_query_findings(struct rf_store *s, const struct rf_finding_filter *filter, rf_arena *arena,
		      struct rf_finding_row **rows, uint32_t *count, struct rf_error *err);
#define RF_QUERY_PREFIX_DIGITS_MIN 4 /* of a fingerprint, to name a finding */
/* By number or by the start of its fingerprint. RF_ERR_MISSING, or RF_ERR_USAGE when several match, with their numbers. */
int rf_query_finding(struct rf_store *s, rf_str name, rf_arena *arena, struct rf_finding_row *row, struct rf_error *err);
int rf_query_finding_by_id(struct rf_store *s, int64_t id, rf_arena *arena, struct rf_finding_row *row,
			   struct rf_error *err);
/* Other findings with the same two leaf functions. */
int rf_query_related(struct rf_store *s, const struct rf_finding_row *of, rf_arena *arena, struct rf_finding_row **rows,
		     uint32_t *count, struct rf_error *err);

struct rf_event_row {
	int64_t id, finding_id, run_id, process_id;
	rf_str trace_id, tag, time, verdict, seed, source, test_a, test_b, package, test;
};
/* Latest first, at most `limit`. */
int rf_query_events(struct rf_store *s, int64_t finding_id, uint32_t limit, rf_arena *arena, struct rf_event_row **rows,
		    uint32_t *count, struct rf_error *err);
/* The occurrence that says most about a finding: from a spool, with both stacks, the latest. */
int rf_query_best_event(struct rf_store *s, int64_t finding_id, rf_arena *arena, struct rf_event_row *row,
			struct rf_error *err);
struct rf_event_verdict {
	int64_t finding_id;
	bool alert;  /* it was not suppressed */
	bool is_new; /* its finding was seen first in the event's run */
	bool partial; /* text that could only be read in part, and no spool has told it since */
};
/* Of `count` events, one each; the fastest when the ids ascend. RF_ERR_MISSING: one isn't there. */
int rf_query_event_verdicts(struct rf_store *s, const int64_t *event_ids, size_t count, struct rf_event_verdict *out,
			    struct rf_error *err);
/* The occurrence as a raw report again; what rf_finding_make makes of it is what was made of it then. */
int rf_query_report(struct rf_store *s, int64_t event_id, rf_arena *arena, struct rf_report *out, struct rf_error *err);

struct rf_process_row {
	rf_str arguments, host, go_version, directory, build_id, started_at;
	int64_t pid, gomaxprocs;
	bool finished;
	struct rf_process_counters counters; /* of drops only */
};
int rf_query_process(struct rf_store *s, int64_t process_id, rf_arena *arena, struct rf_process_row *row,
		     struct rf_error *err);
/* Drops of all processes of a run, added up. */
int rf_query_drops(struct rf_store *s, int64_t run_id, struct rf_process_counters *counters, struct rf_spool_drops *drops,
		   struct rf_error *err);

#endif
