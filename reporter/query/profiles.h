/* Profiles, by process: rows of profiles, profile_samples and profile_frames.
 *
 * Of each snapshot its totals are kept, of the last one the samples.
 */
#ifndef RF_QUERY_PROFILES_H
#define RF_QUERY_PROFILES_H

#include "model/profile.h"
#include "query/run_query.h"
#include "store/store.h"

/* Stores what the spool has told of a process so far. Told again, it adds nothing. Inside a transaction; `scratch` is reset. */
int rf_store_profiles(struct rf_store *s, int64_t process_id, struct rf_spool *spool, rf_arena *scratch, struct rf_error *err);

struct rf_profile_row { /* what one process has of one kind */
	int64_t process_id, pid;
	rf_str arguments, program, started_at; /* program: as v_processes has its package */
	bool finished;
	enum rf_profile_kind kind;
	struct rf_profile_point *points; /* its snapshots, the oldest first; at least one */
	uint32_t point_count;
};
/* Of a run, the process that started first before the others, at most `limit`; by process the kinds in their order. `pid` 0: of all
 * processes. */
int rf_query_profiles(struct rf_store *s, int64_t run_id, int64_t pid, uint32_t limit, rf_arena *arena, struct rf_profile_row **rows,
		      uint32_t *count, struct rf_error *err);
/* The run that stored something last of those that have profiles; its id is 0 when there is none. */
int rf_query_last_profiled_run(struct rf_store *s, rf_arena *arena, struct rf_run_row *run, struct rf_error *err);
/* The samples of its last snapshot, the largest first. */
int rf_query_profile_samples(struct rf_store *s, const struct rf_profile_row *row, rf_arena *arena, struct rf_profile_sample **samples,
			     uint32_t *count, struct rf_error *err);

#endif
