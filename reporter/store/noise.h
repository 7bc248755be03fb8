/* Reading what noise control has done: uses of suppressions. */
#ifndef RF_STORE_NOISE_H
#define RF_STORE_NOISE_H

#include "store/store.h"

struct rf_suppression_use {
	rf_str text; /* TYPE:PATTERN */
	int64_t events, findings;
	rf_str last_used;
};
/* One a suppression that ever matched, the most used first. */
int rf_noise_uses(struct rf_store *s, rf_arena *arena, struct rf_suppression_use **uses, uint32_t *count,
		  struct rf_error *err);

#endif
