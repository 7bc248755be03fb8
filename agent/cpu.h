/* Time on the processor, by stack: RF_SPOOL_PROFILE_CPU. A clock event of each thread (perf.h) goes off after so much time in user
 * code; the thread then notes its own stack. Time in the kernel isn't in it: a signal there would cut system calls short. */
#ifndef RF_AGENT_CPU_H
#define RF_AGENT_CPU_H

#include <stdint.h>

/* hz: samples a second of processor time; 0: none. */
static void rf_cpu_init(uint64_t hz);
static void rf_cpu_forked(void);
/* The last snapshot. Under the lock. */
static void rf_cpu_finish(void);

#endif
