/* What documents of the search are made of. Internal to store/. */
#ifndef RF_STORE_SEARCH_DOCUMENT_H
#define RF_STORE_SEARCH_DOCUMENT_H

#include "store/search.h"

/* The function's name as people type it: without parentheses, brackets and the linker's escapes. */
void rf_search_put_name(struct rf_buf *out, rf_str function);

/* The columns that grow: names, one a line, each once. */
struct rf_search_names {
	struct rf_buf functions, files, tests;
	bool grown;
};
void rf_search_names_init(struct rf_search_names *n);
void rf_search_names_release(struct rf_search_names *n);
void rf_search_add_frame(struct rf_search_names *n, rf_str function, rf_str file);
void rf_search_add_test(struct rf_search_names *n, rf_str test);
/* The first two characters of every word of `text`, behind what `out` has: " ca ad x ". */
void rf_search_put_starts(struct rf_buf *out, rf_str text);

void rf_search_add_lines(struct rf_search_names *n, struct rf_buf *to, rf_str lines);
/* The document of a finding with these names, if they aren't in it; nothing when there is no such finding. */
int rf_search_grow(struct rf_store *s, int64_t finding_id, const struct rf_search_names *more, rf_arena *arena,
		   struct rf_error *err);

/* --- on the way to the documents (search_news.c) ---------------------------------------------------------------- */

/* Notes what the event adds to the document of its finding; inside a transaction. */
int rf_search_note(struct rf_store *s, int64_t finding_id, const struct rf_event *event, struct rf_error *err);
/* Writes what was noted, once a finding; before a transaction is committed. Lazily: into `search_news`, a row a finding, and from
 * there to the documents when they were brought up to date two seconds ago or longer. */
int rf_search_flush(struct rf_store *s, struct rf_error *err);
void rf_search_lazily(struct rf_store *s, bool on);
/* All of `search_news`, whoever wrote it, into the documents; inside a transaction. */
int rf_search_apply(struct rf_store *s, struct rf_error *err);
/* The same in a transaction of its own, if anything waits. When it fails, that waits for the next writer. */
void rf_search_settle(struct rf_store *s);
/* Nothing is noted or known any more: a transaction was rolled back. */
void rf_search_forget(struct rf_store *s);

#endif
