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
#define RF_HISTORY_SIZE 8u
#define RF_HISTORY_OPTIONS "history_size=8"

/* Parts that all traces together may have for them to be longer than stock's: 4 MiB, less than the tables that aren't touched
 * (zeroed.h). From there on a goroutine has three parts as under stock, and what others have beyond that is used again first. */
#define RF_HISTORY_PARTS_SHARED 32u

#ifdef RF_LAYOUT_PARTS /* the probe has proved where the detector counts them (parts_probe.h) */
#define RF_HISTORY_BOUNDED 1
#else
#define RF_HISTORY_BOUNDED 0
#endif

/* Where the detector has its numbers: in Context (tsan_rtl.h), ThreadState, and ThreadContext with its Trace. */
#define RF_HISTORY_CTX_SIZE 0xa001b8u   /* flags.history_size */
#define RF_HISTORY_CTX_PARTS 0xa081d0u  /* trace_part_total_allocated */
#define RF_HISTORY_CTX_EXCESS 0xa081e0u /* trace_part_finished_excess: so many are used again before a new one is made */
#define RF_HISTORY_THREAD_CONTEXT 0x270u /* tctx */
#define RF_HISTORY_CONTEXT_PARTS 0xe8u  /* trace.parts_allocated */

/* on false: stock's behaviour. Before that is called, too. bounded: RF_HISTORY_PARTS_SHARED holds; not for who has said in GORACE how
 * long it should be. */
static void rf_history_init(bool on, bool bounded);

#endif
