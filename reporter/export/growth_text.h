/* What grows in a process, in words: the same in every output. */
#ifndef RF_EXPORT_GROWTH_TEXT_H
#define RF_EXPORT_GROWTH_TEXT_H

#include "base/arena.h"
#include "finding/growth.h"
#include "query/growth.h"

struct rf_growth_line {
	rf_str name; /* "goroutines" */
	rf_str text; /* "12 → 5012, +420 a second; 4990 of them started in shop.(*Server).Serve (server.go:42), …" */
};
#define RF_GROWTH_LINES_MAX (RF_METRIC_COUNT + 3)

/* A process in which something grows. */
struct rf_growth_part {
	rf_str title; /* "shop, pid 12: 36 samples in 4.0 s" */
	/* One line a metric that grows, and one a limit that is near. What follows from another line is left out: stacks where
	 * goroutines grow, what Go has mapped where its heap does, and so on. */
	struct rf_growth_line lines[RF_GROWTH_LINES_MAX];
	uint32_t line_count;
};

struct rf_growth_words {
	struct rf_growth_part *parts;
	uint32_t part_count;
	rf_str rest[2]; /* what is to be said of the other processes, a line each; "" nothing */
};
/* Of the processes of a run, at most `limit` of them. */
int rf_growth_words(struct rf_store *store, int64_t run_id, uint32_t limit, rf_arena *arena, struct rf_growth_words *out,
		    struct rf_error *err);

#endif
