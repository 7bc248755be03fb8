/* Reading alerts with everything that a message about them says. Internal to store/. */
#ifndef RF_STORE_OUTBOX_ROWS_H
#define RF_STORE_OUTBOX_ROWS_H

#include "store/database.h"
#include "store/outbox.h"

/* The alerts of a batch, the oldest first. */
int rf_outbox_rows_load(struct rf_store *s, int64_t sink_id, rf_str key, rf_arena *arena, struct rf_outbox_alert **rows,
			uint32_t *count, struct rf_error *err);

#endif
