/* How far back the detector remembers, and what becomes of a race whose other side is further back than that.
 *
 * For a report the detector replays the trace of the goroutine that made the earlier access (tsan_rtl_report.cpp,
 * RestoreStack). A trace is short: two events for each instrumented call, 49 000 in all, then the oldest part is used
 * again. When the access isn't in it any more, stock returns from ReportRace without a word. Here traces are longer,
 * and such a race is reported with one stack missing; which goroutine it was is known from the journal of its slot.
 *
 * Two functions of the detector are wrapped for that (renames.txt). probe.c proves that all of it holds.
 */
#ifndef RF_HISTORY_H
#define RF_HISTORY_H

#include <stdbool.h>

/* What the detector reads before GORACE, which wins: parts beyond the three that every trace has. A part is 128 KiB for
 * each goroutine that lives long enough to fill it; docs/performance.md has what was measured. */
#define RF_HISTORY_OPTIONS "history_size=8"

/* on false: stock's behaviour. Before that is called, too. */
static void rf_history_init(bool on);

#endif
