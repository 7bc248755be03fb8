/* What the parts of gc share. Internal to gc*.c. */
#ifndef RF_UPKEEP_GC_WORK_H
#define RF_UPKEEP_GC_WORK_H

#include "store/database.h"
#include "upkeep/gc.h"

/* A transaction is ended after this time, and then as long a pause is made. SQLite's wait for a lock sleeps 1, 2, 5, 10, 15, 20,
 * 25, 25 … ms, so a writer that waits gets in within two of these. */
#define RF_GC_HOLD_NS 20000000u

struct rf_gc_work {
	struct rf_store *s;
	const struct rf_gc_options *options;
	struct rf_gc *out;
	struct rf_error *err;
	uint64_t deadline_ns; /* monotonic; 0 none */
};

bool rf_gc_out_of_time(struct rf_gc_work *w);
/* Transactions until `step` says 0: each holds the lock for RF_GC_HOLD_NS at most, as far as one step takes no longer. `step`
 * does a little and returns 1 (more), 0 (done) or an error; after an error the open transaction is rolled back. */
int rf_gc_slices(struct rf_gc_work *w, int (*step)(struct rf_gc_work *w, void *context), void *context);
/* Rows changed by the last statement. */
int64_t rf_gc_changes(struct rf_gc_work *w);

/* Stacks and frames that nobody refers to. */
int rf_gc_sweep(struct rf_gc_work *w);
/* Names of the search that no finding has. */
int rf_gc_names(struct rf_gc_work *w);

#endif
