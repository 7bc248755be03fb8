/* Full-text search over findings: titles, tags, tests, packages, functions and files.
 *
 * There is a document for each finding in the FTS5 table `findings_fts` (its rowid is the finding's id), with the columns title,
 * tag, tests, package, functions, files and starts. Its tokenizer is trigram: any three or more characters in a row are found,
 * whatever stands around them, upper and lower case alike. Functions are written without parentheses and brackets, and methods
 * a second time without their type, so that "cart.Cart.Add" and "cart.Add" both find cart.(*Cart).Add. `starts` has the first two
 * letters of every word, for what is shorter than three characters.
 *
 * Asking: any text that a person types. Words, with blanks between, must all be there, in any order and column; what is in
 * double quotes is one word. A pasted line of a stack will do: parentheses, type arguments and ":123" at its end don't matter.
 * Nothing in the text is an operator, so there are no syntax errors.
 *
 * Writing: rf_store_event notes what an event adds, and rf_store_commit brings documents up to date, each once a transaction; it
 * costs something only when a finding has a name that its document lacks. While a session stores, that happens every two seconds
 * and at its end; what is new meanwhile stands in `search_news`, where the next writer finds it if the session is killed. Names
 * beyond RF_SEARCH_COLUMN_BYTES_MAX a column are left out. A document goes with its finding (a trigger).
 */
#ifndef RF_STORE_SEARCH_H
#define RF_STORE_SEARCH_H

#include "store/query.h"

#define RF_SEARCH_TEXT_BYTES_MAX 400          /* of what is typed; the rest is ignored */
#define RF_SEARCH_WORDS_MAX 16                /* likewise */
#define RF_SEARCH_COLUMN_BYTES_MAX 4096       /* a document is written anew as it grows, which is what this bounds */
#define RF_SEARCH_EVENTS_MAX 200              /* a document made anew has the names of so many events, the latest */

/* What is typed as an expression for `findings_fts MATCH ?`, to be bound; ptr NULL when there is nothing in it to search for. As in
 * "… WHERE id IN (SELECT rowid FROM findings_fts WHERE findings_fts MATCH ?)". */
rf_str rf_search_match(rf_str typed, rf_arena *arena);
/* The findings that fit, the best first; `total` (may be NULL) is how many there are without limit and offset. Nothing to search for
 * gives none. */
int rf_search_findings(struct rf_store *s, rf_str typed, uint32_t limit, uint32_t offset, rf_arena *arena,
		       struct rf_finding_row **rows, uint32_t *count, int64_t *total, struct rf_error *err);

/* For those who write rows by other ways than rf_store_event; inside a transaction. Makes the document of a finding anew from
 * its rows. */
int rf_search_remake(struct rf_store *s, int64_t finding_id, struct rf_error *err);
/* Makes the documents of all findings that have none. */
int rf_search_fill(struct rf_store *s, struct rf_error *err);

#endif
