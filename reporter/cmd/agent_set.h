/* redflag agent set: changes what the agent does in a process that runs, through the file that it keeps its tables in
 * (agent/heap_file.h): no socket, no signal, no thread in the process, and nothing that a process which hangs would have to do.
 */
#ifndef RF_CMD_AGENT_SET_H
#define RF_CMD_AGENT_SET_H

#include "base/arena.h"
#include "base/error.h"
#include "cmd/command.h"

/* words: PID, and on or off; options: the rates. Each thread of the process follows when it has allocated some memory. */
int rf_agent_set(const struct rf_args *args, const char *directory, rf_arena *arena, struct rf_error *err);

#endif
