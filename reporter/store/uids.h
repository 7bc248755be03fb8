/* Which uids nobody has yet, so that a new event needn't be looked for. Internal to store/; inside a transaction.
 *
 * The uids of one stream and of one spool begin alike and ascend. So of each such beginning it is asked once which is the highest
 * that the database has; what is above that, and above all that were stored since, is new. Anything else is to be looked up.
 * Forgotten by rf_tally_forget_all, when somebody else may have written.
 */
#ifndef RF_STORE_UIDS_H
#define RF_STORE_UIDS_H

#include "base/error.h"
#include "base/str.h"

struct rf_store;

#define RF_UIDS_ROWS 16
#define RF_UID_BYTES_MAX 64

struct rf_uids_row {
	char start[RF_UID_BYTES_MAX], highest[RF_UID_BYTES_MAX];
	uint8_t start_len, highest_len;
	bool numbered; /* what follows is a number without zeros in front: the longer one is the higher */
	bool unknown;  /* the order in the database is another, and there are some: each is to be looked up */
};

struct rf_uids {
	struct rf_uids_row rows[RF_UIDS_ROWS];
	uint32_t next; /* to be reused */
};

void rf_uids_forget(struct rf_uids *u);
/* 1: no event has it, as its uid or its text's; 0: look. */
int rf_uids_is_new(struct rf_store *s, rf_str uid, struct rf_error *err);
/* An event was given it. */
void rf_uids_note(struct rf_store *s, rf_str uid);

#endif
