/* Text that came from anywhere, made fit for XML, HTML, Markdown, URIs and workflow commands. Bytes that are no UTF-8 become U+FFFD. */
#ifndef RF_EXPORT_MARKUP_H
#define RF_EXPORT_MARKUP_H

#include "base/str.h"

/* XML and HTML, as the content of an element or, in double quotes, as an attribute's value. Characters that XML 1.0 doesn't
 * have, other controls but newline and tab, and those that turn the writing direction are shown as \x1b, \u202e. In an
 * attribute newline and tab are references, so that they come back as they were. */
void rf_markup_put(struct rf_buf *out, rf_str text);
void rf_markup_put_attribute(struct rf_buf *out, rf_str text);
/* GitHub's Markdown, inside a paragraph or a cell of a table: one line, shown as it is. Nothing of it acts as markup, not |, <
 * or a backtick, and nobody is notified by an @name in it. */
void rf_markup_put_markdown(struct rf_buf *out, rf_str text);
/* A path as a URI: everything but letters, digits, - . _ ~ and / is encoded as %XX. */
void rf_markup_put_uri(struct rf_buf *out, rf_str path);
/* A workflow command of GitHub Actions, "::error file=…,line=…::message": the message, or the value of a property. */
void rf_markup_put_message(struct rf_buf *out, rf_str text);
void rf_markup_put_property(struct rf_buf *out, rf_str text);

#endif
