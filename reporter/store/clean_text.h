/* Text that came from anywhere, made fit for the database and for a terminal. */
#ifndef RF_STORE_CLEAN_TEXT_H
#define RF_STORE_CLEAN_TEXT_H

#include "base/str.h"

bool rf_text_is_clean(rf_str text);                      /* UTF-8 without NUL */
void rf_text_put_clean(struct rf_buf *out, rf_str text); /* U+FFFD for each byte that is neither */
/* A JSON string with its quotes; bytes that are no UTF-8 become U+FFFD. */
void rf_text_put_json(struct rf_buf *out, rf_str text);
/* For a terminal: control characters are shown as \n, \x1b, \u202e; bytes that are no UTF-8 as \xff. */
void rf_text_put_visible(struct rf_buf *out, rf_str text);
/* What a reader must not get as it is: control characters (also C1 and DEL), those that turn the writing direction, and ends of
 * lines and paragraphs. */
bool rf_text_is_control(uint32_t character);
/* Such a character as two or four hex digits behind `escape` ("\\"): \x1b, \u202e. */
void rf_text_put_escape(struct rf_buf *out, const char *escape, uint32_t character);
/* Columns that visible text takes: one a character. */
size_t rf_text_columns(rf_str text);
/* Bytes of the character at the start of `text` and its number; 0 when it isn't UTF-8 (or text is empty). */
size_t rf_text_character(rf_str text, uint32_t *character);

#endif
