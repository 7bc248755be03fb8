/* Is a process that left a spool over? The only question to the kernel in this stage. */
#ifndef RF_STORE_PROCESS_H
#define RF_STORE_PROCESS_H

#include "base/str.h"

/* False while process `pid`, which had started by start_unix_ns, may still run. A process of that number that started later is
 * another one. Of a process on another host nothing is known: ask only about this one's. */
bool rf_process_over(uint32_t pid, uint64_t start_unix_ns);

#endif
