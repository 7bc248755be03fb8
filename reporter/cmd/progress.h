/* The status line of `redflag test` on a terminal, and the findings as they are seen first. */
#ifndef RF_CMD_PROGRESS_H
#define RF_CMD_PROGRESS_H

#include "cmd/gotest.h"
#include "cmd/reporter.h"

struct rf_progress {
	struct rf_terminal status;           /* where the status line goes */
	const struct rf_terminal *terminal;  /* where the findings go */
	bool enabled, drawn;
	uint64_t start_ns, drawn_ns;
	rf_arena *arena;
	int64_t *told; /* ids of findings that were told, in the order of telling */
	uint32_t told_count, told_cap;
	uint64_t events_seen;
};

/* `quiet`: no status line, as under --json. */
void rf_progress_init(struct rf_progress *p, int fd, bool quiet, const struct rf_terminal *terminal, rf_arena *arena);
void rf_progress_release(struct rf_progress *p);
/* Draws, at most some times a second. Nanoseconds until it should be drawn again; 0 without a terminal. */
uint64_t rf_progress_draw(struct rf_progress *p, const struct rf_gotest *g);
void rf_progress_clear(struct rf_progress *p); /* before anything else is printed */
/* Appends a line for each finding that wasn't told yet. */
void rf_progress_put_sightings(struct rf_progress *p, struct rf_reporter *r, struct rf_buf *out);

#endif
