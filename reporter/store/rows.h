/* Rows that others refer to: found, or made. Internal to store/; all inside a transaction.
 *
 * Each gives the row's id, or a negative enum rf_err with the sentence.
 */
#ifndef RF_STORE_ROWS_H
#define RF_STORE_ROWS_H

#include "store/database.h"

int rf_rows_tag(struct rf_store *s, rf_str name, int64_t *id, struct rf_error *err);
/* 0 for a missing stack (NULL). */
int rf_rows_stack(struct rf_store *s, struct rf_known_stack *stack, int64_t *id, struct rf_error *err);
/* The finding of an event, wildcards considered. `reuse` (0: none) is a finding that has only the event in hand: it is renamed
 * rather than left empty beside a new one. */
int rf_rows_finding(struct rf_store *s, const struct rf_event *event, int64_t reuse, struct rf_finding_state **out,
		    struct rf_error *err);
/* What becomes of a new event of this finding; opens a time of silence, or counts what it holds back. */
int rf_rows_verdict(struct rf_store *s, const struct rf_event *event, struct rf_finding_state *finding, rf_str *verdict,
		    struct rf_error *err);
/* Accesses and goroutines of event `event_id`, also in place of what was known of it. `json` is scratch. */
int rf_rows_details(struct rf_store *s, int64_t event_id, bool is_new, const struct rf_event *event, struct rf_buf *json,
		    struct rf_error *err);
/* Who owns a goroutine, ptr NULL when nobody can say: from the spool, else the test function at the bottom of its stacks. */
rf_str rf_rows_owner(const struct rf_access *access);

#endif
