/* Sizes, for a line of output. */
#ifndef RF_CMD_BYTES_H
#define RF_CMD_BYTES_H

#include "base/arena.h"

/* See rf_quantity_put_bytes. */
const char *rf_bytes_text(uint64_t bytes, rf_arena *arena);

#endif
