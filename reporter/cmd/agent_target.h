/* Can the agent be put into this program? It takes a dynamic loader to do it, and one that listens to LD_PRELOAD. */
#ifndef RF_CMD_AGENT_TARGET_H
#define RF_CMD_AGENT_TARGET_H

#include "base/arena.h"
#include "base/error.h"

/* The program as the shell would find it on PATH. RF_ERR_MISSING when there is none, RF_ERR_INPUT when it is linked statically
 * or made for another machine, RF_ERR_USAGE when it gets rights of its own. A script is what its interpreter is. */
int rf_agent_target_check(const char *program, rf_arena *arena, struct rf_error *err);

#endif
