/* Which hashes no row of a table has, so that a new stack, frame or name needn't be looked for. Internal to store/; inside a transaction.
 *
 * A Bloom filter of the table's hashes. It is filled from the table when looking has found nothing often enough to be worth it: never
 * more than RF_ABSENT_ROWS_A_MISS rows are read for one look that was in vain. Until then, and for a hash that may be there, look.
 * Forgotten by rf_tally_forget_all, when somebody else may have written; rows that are gone only cost a look.
 */
#ifndef RF_STORE_ABSENT_H
#define RF_STORE_ABSENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

struct rf_store;

#define RF_ABSENT_BITS (1u << 20) /* 128 KiB: of 100 000 hashes 3 in a hundred are looked for in vain, of a million nearly all */
#define RF_ABSENT_ROWS_A_MISS 16

enum rf_absent_table { RF_ABSENT_FRAMES, RF_ABSENT_STACKS, RF_ABSENT_NAMES, RF_ABSENT_COUNT };

struct rf_absent {
	uint64_t bits[RF_ABSENT_BITS / 64];
	bool filled, counted;
	int64_t rows, misses; /* rows: there were when that was asked (`counted`) */
};

void rf_absent_forget(struct rf_absent *a);
/* Of a name, as it is stored. */
int64_t rf_absent_hash(rf_str text);
/* 1: no row has the hash; 0: look. */
int rf_absent_is(struct rf_store *s, enum rf_absent_table table, int64_t hash, struct rf_error *err);
/* A row with it was added, after rf_absent_is said that there is none or a look found none. */
void rf_absent_note(struct rf_store *s, enum rf_absent_table table, int64_t hash);

#endif
