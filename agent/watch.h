/* Races by watchpoints, after DataCollider (https://www.usenix.org/legacy/event/osdi10/tech/full_papers/Erickson.pdf).
 *
 * From time to time a thread is made to stop right in front of an instruction that writes to memory (watch_code.h). While it
 * waits there, for half a millisecond at most, a hardware breakpoint on that memory is armed in other threads. One that comes by is
 * caught with its stack; nothing orders the two, since the first did nothing meanwhile and the second didn't wait for it.
 *
 * No false alarm: what is reported can be no atomic operation and no algorithm without locks. Either both write, and the
 * first by an instruction that no atomic operation is compiled to; or the first does so by a store, and the second reads
 * the same bytes again and again meanwhile, which a reader that checks a sequence number wouldn't. Everything else is passed over: a
 * write that may be an atomic store, a read beside an update, what the C library and the loader do to counters of their own.
 * What Go's runtime does is left out by the reporter, which knows its names.
 *
 * One place at a time in a process, one debug register in each of at most RF_WATCH_THREADS others. A pair of instructions is
 * reported once.
 */
#ifndef RF_AGENT_WATCH_H
#define RF_AGENT_WATCH_H

#include <stdint.h>

#define RF_WATCH_THREADS 8u       /* those that are watched at a time, out of the RF_WATCH_RECENT that ran last */
#define RF_WATCH_RECENT 64u
#define RF_WATCH_PAIRS 256u       /* reports of a process */
#define RF_WATCH_WINDOW_NS 500000u
#define RF_WATCH_SHARE 200u       /* up to RF_WATCH_RATE_BUDGET a thread spends no more of its time than one in so many */
#define RF_WATCH_RATE_BUDGET 50u

/* rate: windows a second, at most. Nothing happens where the kernel refuses. */
static void rf_watch_init(uint64_t rate);
/* In a forked child. */
static void rf_watch_forked(void);

#endif
