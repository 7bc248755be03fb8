/* Which uids nobody has yet, so that a new event needn't be looked for. Internal to store/; inside a transaction.
 *
 * The uids of one stream and of one spool begin alike and ascend. So of each such beginning it is asked once which is the highest
 * that the database has; what is above that, and above all that were stored since, is new. The reports of a stream's packages end in
 * another order than they began in, so of a stream it is also known which numbers were stored since, of the last RF_UIDS_WINDOW: what
 * is above what the database had, and has another number, is new as well. Anything else is to be looked up.
 * Forgotten by rf_tally_forget_all, when somebody else may have written.
 */
#ifndef RF_STORE_UIDS_H
#define RF_STORE_UIDS_H

#include "base/error.h"
#include "base/str.h"

struct rf_store;

#define RF_UIDS_ROWS 16
#define RF_UIDS_WINDOW 1024 /* reports of one stream that end between the beginning of one and its end */
#define RF_UID_BYTES_MAX 64

struct rf_uids_row {
	char start[RF_UID_BYTES_MAX], highest[RF_UID_BYTES_MAX], asked[RF_UID_BYTES_MAX]; /* asked: what was the highest then */
	uint8_t start_len, highest_len, asked_len;
	bool numbered; /* what follows is a number without zeros in front: the longer one is the higher */
	bool unknown;  /* the order in the database is another, and there are some: each is to be looked up */
	uint64_t newest; /* number of a stream's report that was stored since */
	uint64_t taken[RF_UIDS_WINDOW / 64]; /* a bit for each of the last ones, at its number's remainder */
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
