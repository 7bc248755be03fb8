/* Sizes and spans of time as people write them. */
#ifndef RF_CMD_BYTES_H
#define RF_CMD_BYTES_H

#include "base/arena.h"

/* "512 B", "1.5 MB", "230 MB": powers of 1000. */
const char *rf_bytes_text(uint64_t bytes, rf_arena *arena);

#endif
