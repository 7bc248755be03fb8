/* SIGSEGV (signals.h): a fault in the guarded pages is ours, and one of the unwinder; every other one is the program's. */
#ifndef RF_AGENT_FAULT_H
#define RF_AGENT_FAULT_H

#include <stdbool.h>

/* False: the signal can't be taken over. */
static bool rf_fault_init(void);

#endif
