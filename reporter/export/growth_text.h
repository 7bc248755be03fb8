/* What grows in a process, in words: the same in every output. */
#ifndef RF_EXPORT_GROWTH_TEXT_H
#define RF_EXPORT_GROWTH_TEXT_H

#include "base/arena.h"
#include "finding/growth.h"
#include "store/growth.h"

struct rf_growth_line {
	rf_str name; /* "goroutines" */
	rf_str text; /* "12 → 5012, +420 a second; 4990 of them started in shop.(*Server).Serve (server.go:42), …" */
};
#define RF_GROWTH_LINES_MAX (RF_METRIC_COUNT + 3)

/* One line a metric that grows, and one a limit that is near. What follows from another line is left out: stacks where
 * goroutines grow, what Go has mapped where its heap does, and so on. */
uint32_t rf_growth_lines(const struct rf_growth_row *row, const struct rf_growth *growth, rf_arena *arena,
			 struct rf_growth_line *lines);
/* "shop, pid 12: 36 samples in 4.0 s". */
rf_str rf_growth_title(const struct rf_growth_row *row, const struct rf_growth *growth, rf_arena *arena);

#endif
