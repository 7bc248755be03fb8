/* What the search knows findings by: names as they are written, and on their way into the database. Internal to store/. */
#ifndef RF_STORE_SEARCH_NAMES_H
#define RF_STORE_SEARCH_NAMES_H

#include "store/database.h"
#include "store/search.h"

/* What a name is to a finding; numbers of `finding_names`, which stay. */
enum rf_name_kind {
	RF_NAME_TITLE = 1, RF_NAME_TAG, RF_NAME_PACKAGE, RF_NAME_TEST, RF_NAME_FUNCTION, RF_NAME_FILE,
	RF_NAME_KIND_COUNT
};

/* --- text (search_text.c) ---------------------------------------------------------------------------------------- */

/* The function's name as people type it: without parentheses, brackets and the linker's escapes. */
void rf_search_put_name(struct rf_buf *out, rf_str function);
/* "cart.Add" of example.com/shop/cart.(*Cart).Add: how people call a method when they don't think of its type. Nothing for what
 * isn't one. */
void rf_search_put_short(struct rf_buf *out, rf_str function);

/* A word that was typed: an expression for `names_fts MATCH ?`, or, when that has no ptr, the start of a word in small letters. */
struct rf_search_word {
	rf_str match, start;
};
/* How many there are; no more than RF_SEARCH_WORDS_MAX. */
uint32_t rf_search_words(rf_str typed, rf_arena *arena, struct rf_search_word *words);
/* Does a word of the name begin with `start`? One character is a whole word. */
bool rf_search_has_start(rf_str name, rf_str start);

/* --- writing (search_names.c) ------------------------------------------------------------------------------------ */

/* The finding has this name; inside a transaction. Written by rf_search_flush. */
int rf_search_add(struct rf_store *s, int64_t finding_id, enum rf_name_kind kind, rf_str name, struct rf_error *err);
int rf_search_add_frame(struct rf_store *s, int64_t finding_id, rf_str function, rf_str file, struct rf_error *err);
/* The finding no longer has it, as this. */
int rf_search_drop(struct rf_store *s, int64_t finding_id, enum rf_name_kind kind, rf_str name, struct rf_error *err);
/* A transaction has begun, and the intern knows whether somebody else wrote. */
void rf_search_begin(struct rf_store *s);
/* This finding was just made; its id may have been another one's. */
void rf_search_made(struct rf_store *s, int64_t finding_id);
/* Notes the names of an event that is being stored, and those of its finding if that is `search.fresh`. */
int rf_search_note(struct rf_store *s, int64_t finding_id, const struct rf_event *event, struct rf_error *err);
/* Writes if much waits. */
int rf_search_limit(struct rf_store *s, struct rf_error *err);
/* Writes what was noted; before a transaction is committed. */
int rf_search_flush(struct rf_store *s, struct rf_error *err);
/* Nothing is noted or known any more: a transaction was rolled back, or somebody else wrote. */
void rf_search_forget(struct rf_store *s);

void rf_search_init(struct rf_search *search);
void rf_search_release(struct rf_search *search);

#endif
