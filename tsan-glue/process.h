/* The PROCESS record: who this process is. Written once, at start, under no lock (nothing else runs yet). */
#ifndef RF_PROCESS_H
#define RF_PROCESS_H

#include "tsan-glue/runtime_abi.h"

static void rf_process_write(const struct rf_start *start, uint32_t features);

#endif
