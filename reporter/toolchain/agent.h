/* The agent's library as a file that the dynamic loader can be given: unpacked into the cache, once for each version of it. */
#ifndef RF_TOOLCHAIN_AGENT_H
#define RF_TOOLCHAIN_AGENT_H

#include "base/arena.h"
#include "base/error.h"

/* Its path, which LD_PRELOAD can hold: without blanks and colons, RF_ERR_USAGE where the cache's own has them. */
int rf_agent_library(rf_arena *arena, rf_str *path, struct rf_error *err);

#endif
