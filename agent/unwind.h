/* Stacks: where a thread is, as code addresses.
 *
 * Frames come from the unwind tables (.eh_frame) that every Debian package has: by the rows of them that are remembered (rows.h), and
 * where those say too little, and behind signals, by libgcc's unwinder, which is linked in; it finds a library's table by
 * _dl_find_object (glibc 2.35), without a lock and without memory. libunwind takes locks and changes the signal mask at every
 * look-up. Go has no such tables: from its first frame on frame pointers are followed, which Go keeps in all its code.
 */
#ifndef RF_AGENT_UNWIND_H
#define RF_AGENT_UNWIND_H

#include "agent/thread.h"

#include <stdbool.h>
#include <stdint.h>

#define RF_TRACE_FRAMES 32u /* more are cut */

struct rf_trace {
	uint32_t tid;
	uint16_t count;
	bool cut;
	uintptr_t pcs[RF_TRACE_FRAMES]; /* inside the calls, innermost first */
	struct rf_thread_origin origin;        /* of the thread */
};

/* The stack of the caller's caller; the hook that is called by the program leaves itself out. The thread is inside. */
static void rf_trace_take(struct rf_trace *trace);
/* From where a signal interrupted this thread; context is a ucontext_t. */
static void rf_trace_take_from(struct rf_trace *trace, const void *context);
/* For the handler of SIGSEGV, with its ucontext_t: it was this module that met a bad stack. Doesn't return if so; signals are blocked as
 * they were there, not as in the handler. */
static void rf_trace_give_up(const void *context);

#endif
