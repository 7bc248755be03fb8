/* redflag agent top: what the processes with the agent in them do now, from the files that they keep (agent/heap_file.h). */
#ifndef RF_CMD_AGENT_TOP_H
#define RF_CMD_AGENT_TOP_H

#include "base/error.h"

/* Of the processes whose spools are in that directory. On a terminal again and again, until a signal ends it; elsewhere once. */
int rf_agent_top(const char *directory, struct rf_error *err);

#endif
