/* Signals that the agent needs for itself, SIGSEGV and SIGTRAP: its handler stands in front of the program's.
 *
 * What the agent's function doesn't claim is handed to what the program has installed, in the way that the kernel would have: same
 * mask, same stack, same default. The program sees its own handler when it asks. In no thread is such a signal really
 * blocked, since a fault that is blocked ends the process, and a trap that waits would be met by sigwait; the program sees the mask
 * that it set.
 */
#ifndef RF_AGENT_SIGNALS_H
#define RF_AGENT_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

/* Of a signal that the agent has taken: true when it was the agent's. errno is kept. */
typedef bool rf_signal_meet(const siginfo_t *info, void *context);

/* False: it can't be taken over. rest: what else is blocked while the function runs; NULL: what the program asked for. */
static bool rf_signals_take(int number, rf_signal_meet *meet, const sigset_t *rest);
/* The handler is still ours: false after a program went round the C library. */
static bool rf_signals_has(int number);

#endif
