/* redflag agent top PID: where the memory of one process is. */
#ifndef RF_CMD_AGENT_MEMORY_H
#define RF_CMD_AGENT_MEMORY_H

#include "base/arena.h"
#include "base/error.h"

/* RF_ERR_MISSING when there is no such process, or it isn't the user's. It needn't have the agent in it. */
int rf_agent_memory(const char *pid, rf_arena *arena, struct rf_error *err);

#endif
