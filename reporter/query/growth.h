/* Samples of what only grows, by process: rows of samples, goroutine_creators and channel_makers. */
#ifndef RF_QUERY_GROWTH_H
#define RF_QUERY_GROWTH_H

#include "store/store.h"

/* Stores what the spool has told of a process so far. Told again, it adds nothing. Inside a transaction. */
int rf_store_growth(struct rf_store *s, int64_t process_id, const struct rf_spool *spool, struct rf_error *err);

struct rf_growth_row {
	int64_t process_id, pid;
	rf_str arguments, package; /* package "": not known */
	bool finished;
	struct rf_growth_sample *samples;
	struct rf_growth_origin *origins, *queues;
	uint32_t sample_count, origin_count, queue_count;
};
/* The processes of a run that have samples, in the order of their start, at most `limit`. */
int rf_query_growth(struct rf_store *s, int64_t run_id, uint32_t limit, rf_arena *arena, struct rf_growth_row **rows,
		    uint32_t *count, struct rf_error *err);

#endif
