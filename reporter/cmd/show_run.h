/* `redflag show RUN`: a run, its findings, and what grew in its processes. */
#ifndef RF_CMD_SHOW_RUN_H
#define RF_CMD_SHOW_RUN_H

#include "cmd/terminal.h"
#include "query/run_query.h"

int rf_show_run(struct rf_buf *out, const struct rf_terminal *t, struct rf_store *store, const struct rf_run_row *run,
		rf_arena *arena, struct rf_error *err);

#endif
