/* The memory profiles that ended processes have left as tables (agent/heap_file.h): each becomes the last snapshot of the spool
 * beside it, as the process itself writes it at an orderly end, and the file is removed.
 *
 * Files of processes that still run stay as they are. A file without a spool, or a damaged one, is left alone.
 */
#ifndef RF_CMD_AGENT_HEAP_H
#define RF_CMD_AGENT_HEAP_H

#include "agent/heap_file.h"
#include "base/arena.h"

/* All files of a directory. */
void rf_agent_heap_settle_all(const char *directory, rf_arena *scratch);
/* The file beside one spool, if there is one. */
void rf_agent_heap_settle(const char *spool, rf_arena *scratch);
/* The tables beside a spool as they are now, of a process that still runs; NULL when there is none. The arena's. */
const struct rf_heap_file *rf_agent_heap_running(const char *spool, rf_arena *scratch);

#endif
