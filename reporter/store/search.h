/* Full-text search over findings: titles, tags, tests, packages, functions and files.
 *
 * Findings share most of their names, so each name is stored and indexed once: `names` has them, `finding_names` says which finding
 * has which name as what, and `names_fts` is an FTS5 index over `names` (external content). Its tokenizer is trigram: any three or
 * more characters in a row are found, whatever stands around them, upper and lower case alike. Functions are written without
 * parentheses and brackets; a method has beside it, in `short`, what it is without its type, so that "cart.Cart.Add" and "cart.Add"
 * both find cart.(*Cart).Add. The view v_search is the index as findings see it.
 *
 * Asking: any text that a person types. Words, with blanks between, must all be there, in any order and in any names; what is in
 * double quotes is one word. A pasted line of a stack will do: parentheses, type arguments and ":123" at its end don't matter. One or
 * two characters are the start of a word (of a word of one letter). Nothing in the text is an operator, so there are no syntax errors.
 *
 * Writing: rf_store_event notes the names of an event, and rf_store_commit writes those that the finding hasn't had. A store
 * remembers what it has written, so that an event with known names costs nothing. A name is at most RF_SEARCH_NAME_BYTES_MAX bytes
 * long; the rest of it is left out. The names of a finding that goes are let go by the next commit of whichever reporter
 * (`search_gone`), and names that no finding has by gc.
 */
#ifndef RF_STORE_SEARCH_H
#define RF_STORE_SEARCH_H

#include "store/query.h"

#define RF_SEARCH_TEXT_BYTES_MAX 400          /* of what is typed; the rest is ignored */
#define RF_SEARCH_WORDS_MAX 16                /* likewise */
#define RF_SEARCH_NAME_BYTES_MAX 1024
#define RF_SEARCH_EVENTS_MAX 200              /* what is made anew has the names of so many events, the latest */

/* The findings that fit, the best first; `total` (may be NULL) is how many there are without limit and offset. Nothing to search for
 * gives none. */
int rf_search_findings(struct rf_store *s, rf_str typed, uint32_t limit, uint32_t offset, rf_arena *arena,
		       struct rf_finding_row **rows, uint32_t *count, int64_t *total, struct rf_error *err);
/* The same as a JSON array to be bound: "… WHERE id IN (SELECT value >> 8 FROM json_each(?))"; RF_SEARCH_HIT_ID. The lower bits are how
 * well it fits. "[]" when nothing fits or there is nothing to search for. */
#define RF_SEARCH_HIT_ID "value >> 8"
int rf_search_hits(struct rf_store *s, rf_str typed, rf_arena *arena, rf_str *hits, struct rf_error *err);

/* For those who write rows by other ways than rf_store_event; inside a transaction. Adds the names that a finding has by its rows. */
int rf_search_remake(struct rf_store *s, int64_t finding_id, struct rf_error *err);
/* The same for all findings that have no names. */
int rf_search_fill(struct rf_store *s, struct rf_error *err);
/* Lets go of title, tag and package of a finding that is about to be renamed. */
int rf_search_untitle(struct rf_store *s, int64_t finding_id, struct rf_error *err);
/* Takes them from its row again. */
int rf_search_title(struct rf_store *s, int64_t finding_id, struct rf_error *err);

#endif
