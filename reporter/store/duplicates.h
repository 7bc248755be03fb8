/* Findings that a person says are another one's: two fingerprints or tags of one bug. The gate, counts of what is new, and
 * alerts take events of a duplicate for events of its original; nothing is moved, so saying it can be undone.
 *
 * An original is never a duplicate itself: naming a duplicate as the original means that one's original, and duplicates of a finding
 * that becomes one go over to its original.
 */
#ifndef RF_STORE_DUPLICATES_H
#define RF_STORE_DUPLICATES_H

#include "store/query.h"

/* *original is what it is a duplicate of then. RF_ERR_USAGE when they are one finding, or `of` is a duplicate of `finding`. */
int rf_duplicates_set(struct rf_store *s, const struct rf_finding_row *finding, const struct rf_finding_row *of, rf_str reason,
		      int64_t *original, struct rf_error *err);
/* RF_ERR_USAGE when it is none. */
int rf_duplicates_undo(struct rf_store *s, const struct rf_finding_row *finding, struct rf_error *err);
/* The duplicates of a finding, by number. */
int rf_duplicates_of(struct rf_store *s, int64_t finding_id, rf_arena *arena, struct rf_finding_row **rows, uint32_t *count,
		     struct rf_error *err);
/* Finding `from` goes, its events are `to`'s now: what was said of it holds for that. Inside a transaction. */
int rf_duplicates_move(struct rf_store *s, int64_t from, int64_t to, struct rf_error *err);

#endif
