/* The PROCESS record: who this process is. Written once, before any other record. */
#ifndef RF_PROCESS_H
#define RF_PROCESS_H

#include "tsan-glue/runtime_abi.h"

/* Copies what is taken from the environment, which only the start of a process can read safely. */
static void rf_process_init(void);
/* start: of a program that isn't Go's, all zero. */
static void rf_process_write(const struct rf_start *start, uint32_t features);

#endif
