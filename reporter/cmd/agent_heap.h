/* The profiles that ended processes have left as tables (agent/heap_file.h): each becomes the last snapshot of the spool
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
/* The files beside one spool, if there are some. */
void rf_agent_heap_settle(const char *spool, rf_arena *scratch);
/* Calls see for each spool of a directory. */
void rf_agent_heap_each(const char *directory, rf_arena *scratch, void (*see)(const char *spool, void *context), void *context);
/* Of a process that still runs: a copy of the spool that ends with a snapshot of the tables as they are now; its path, for the
 * caller to remove. NULL: there is none to be had. */
const char *rf_agent_heap_dump(const char *spool, rf_arena *scratch);
/* A file of tables, mapped to be changed; NULL: it can't be. To be unmapped by munmap. */
struct rf_heap_file *rf_agent_heap_map(const char *path);
/* The path of the file beside a spool; NULL when that is no spool's name. */
const char *rf_agent_heap_path(const char *spool, rf_arena *scratch);
/* The tables beside a spool as they are now, of a process that still runs; NULL when there is none. The arena's. */
const struct rf_heap_file *rf_agent_heap_running(const char *spool, rf_arena *scratch);

#endif
