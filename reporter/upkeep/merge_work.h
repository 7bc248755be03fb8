/* What the parts of merge share. Internal to merge*.c. */
#ifndef RF_UPKEEP_MERGE_WORK_H
#define RF_UPKEEP_MERGE_WORK_H

#include "store/database.h"
#include "upkeep/merge.h"

struct rf_merge_input {
	struct rf_store *store;
	char *copy;          /* a migrated copy that goes at the end; NULL none */
	sqlite3_stmt *events;
	rf_arena arena;      /* of the row in hand */
	bool has_row;
	struct rf_merge_row *row;
};

struct rf_merge_work {
	const struct rf_merge_options *options;
	struct rf_merge *out;
	struct rf_error *err;
	struct rf_store *to;
	struct rf_merge_input *inputs;
	uint32_t count;
};

/* Runs, processes and tags before the events; all else after them. */
int rf_merge_runs(struct rf_merge_work *w);
int rf_merge_rest(struct rf_merge_work *w);
/* All events, the oldest first. */
int rf_merge_events(struct rf_merge_work *w);

#endif
