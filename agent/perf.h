/* Events of perf_event_open(2) that raise SIGTRAP in the thread that they happen in (attr.sigtrap, Linux 5.13; used from 5.18 on,
 * where a blocked SIGTRAP waits instead of ending the process).
 *
 * Two sorts. A clock is one event of the process: new threads inherit it. It has a file descriptor, far above those that programs
 * use; a program that closes it has ended the clock. A breakpoint is an event of one thread for a short time; it lives by a mapping,
 * since a descriptor could be closed by the program, and its number be a file of the program's when we close it.
 *
 * SIGTRAP tells what it is by a number that we choose. Only user code is observed, so no system call is interrupted.
 */
#ifndef RF_AGENT_PERF_H
#define RF_AGENT_PERF_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

enum rf_perf_what {
	RF_PERF_NOTHING,
	RF_PERF_WATCH_CLOCK, /* of watch.c: time to look for a place */
	RF_PERF_CODE,        /* the place was reached */
	RF_PERF_DATA,        /* the address was used */
	RF_PERF_CPU_CLOCK,   /* of cpu.c: time to look where the thread is */
	RF_PERF_WHAT_COUNT
};

struct rf_perf_trap {
	enum rf_perf_what what;
	uint32_t number; /* as it was given */
};

/* What happens in the thread: inside the agent, between two instructions of user code, with all signals but SIGSEGV blocked. context: a
 * ucontext_t. Not called where the thread was inside already, or had SIGTRAP blocked. */
typedef void rf_perf_happens(const void *context, uint32_t number);

/* False: the kernel can't do it, or not for this user, or somebody traces the process. */
static bool rf_perf_listen(enum rf_perf_what what, rf_perf_happens *happens);
/* How often a clock went off where it couldn't be looked at. */
static uint64_t rf_perf_missed(enum rf_perf_what what);
/* An event for each period_ns of processor time in user code, in this thread and those that it starts. Its descriptor; negative:
 * refused. */
static int rf_perf_open_clock(enum rf_perf_what what, uint64_t period_ns);
/* In a forked child: the clock that it has from its parent isn't its own. */
static void rf_perf_drop_clock(int fd);

enum rf_perf_on { RF_PERF_ON_EXECUTION, RF_PERF_ON_WRITE, RF_PERF_ON_ACCESS };

/* In the thread tid of this process, 0: the calling one. bytes: 1, 2, 4 or 8, address a multiple of it. NULL: refused. */
static void *rf_perf_open_breakpoint(uint32_t tid, enum rf_perf_on on, uintptr_t address, uint32_t bytes, struct rf_perf_trap trap);
static void rf_perf_close_breakpoint(void *breakpoint);

#endif
