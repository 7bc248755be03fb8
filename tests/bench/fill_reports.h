/* Made-up reports of a code base with many races: same seed, same reports.
 *
 * There are `findings` races in about a hundredth as many packages; a few of them make most of the events. Each lives for a
 * while: it comes up some day, and most are gone again later. Runs are spread evenly over the days, events of a run over ten
 * minutes. Reports are complete, as a spool's are: two accesses of about six frames, two goroutines with where they were
 * started, labels, owners; one in forty lost a stack, one in twenty has switches before it.
 */
#ifndef RF_TESTS_BENCH_FILL_REPORTS_H
#define RF_TESTS_BENCH_FILL_REPORTS_H

#include "base/arena.h"
#include "model/report.h"

struct fill_shape {
	uint64_t events, seed, end_unix_ns;
	uint32_t findings, tags, runs, days;
};

struct fill_run {
	uint64_t start_unix_ns, events;
	uint32_t number;
	bool text;         /* a log, without spools: one run in eight */
};

struct fill_report {
	struct rf_report report;
	uint32_t finding;
	rf_str test;       /* the owner of its first goroutine */
	uint64_t time_unix_ns;
};

/* Any number, always the same for the same arguments. */
uint64_t fill_random(uint64_t seed, uint64_t a, uint64_t b);
void fill_run(const struct fill_shape *shape, uint32_t number, struct fill_run *out);
/* The i-th report of a run; its memory is of `arena`. */
void fill_report(const struct fill_shape *shape, const struct fill_run *run, uint64_t i, rf_arena *arena,
		 struct fill_report *out);
rf_str fill_package(const struct fill_shape *shape, uint32_t finding, rf_arena *arena);

#endif
