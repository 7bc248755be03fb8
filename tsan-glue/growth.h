/* Samples of what only grows in a process that leaks: what the runtime counted (struct rf_sample), and what the kernel
 * says of the process, as SAMPLE and ORIGINS records. */
#ifndef RF_GROWTH_H
#define RF_GROWTH_H

#include "tsan-glue/runtime_abi.h"

/* At start, under no lock: finds the limit of memory, and opens /proc/self/statm for good, so that the program never sees
 * a descriptor come and go. */
static void rf_growth_init(void);
/* Bytes of the process in memory; 0 unknown: the program has closed our descriptor. Wants no lock. */
static uint64_t rf_growth_resident(void);
/* Wants the lock. */
static void rf_growth_write(const struct rf_sample *sample, uint64_t resident, const struct rf_origin *origins,
			    uintptr_t origin_count, uintptr_t queue_count);

#endif
