/* SIGSEGV: the agent's handler stands in front of the program's.
 *
 * A fault in the guarded pages is ours; every other one is handed to what the program has installed, in the way that the
 * kernel would have: same mask, same stack, same default. The program sees its own handler when it asks. In no thread is
 * SIGSEGV really blocked, since a fault that is blocked ends the process; the program sees the mask that it set.
 */
#ifndef RF_AGENT_FAULT_H
#define RF_AGENT_FAULT_H

#include <stdbool.h>

/* False: somebody else had the signal already and it can't be taken over. */
static bool rf_fault_init(void);
/* The handler is still ours: false after a program went round the C library. */
static bool rf_fault_is_ours(void);

#endif
