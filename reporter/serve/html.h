/* Writing HTML: pieces of markup with values between them, which are escaped unless the letter says otherwise.
 *
 *	rf_html(out, "<a href=\"/findings/%d\">%t</a>", row->id, row->title);
 *
 * The format is markup of ours, a literal. Its letters, each with an argument of exactly that type:
 *
 *	%t  rf_str       text, escaped; fits between tags and, in double quotes, as the value of an attribute
 *	%q  rf_str       a value within the query of a URL, encoded as %XX
 *	%d  int64_t      a number (cast anything narrower)
 *	%n  int64_t      a number for people, with separators: 1 234 567
 *	%s  const char * markup of ours, as it stands: never anything that came from outside
 *	%%               a percent sign
 *
 * Another letter is an error of the program and asserted. Running out of memory shows in the buffer (rf_buf.failed).
 */
#ifndef RF_SERVE_HTML_H
#define RF_SERVE_HTML_H

#include "base/str.h"

void rf_html(struct rf_buf *out, const char *format, ...);

/* <time> of a stored time (RFC 3339): "2026-01-31 12:00" for the eye, the whole of it as datetime. Empty: "never". */
void rf_html_time(struct rf_buf *out, rf_str time);
/* A coloured word for a finding's status or an event's verdict. */
void rf_html_status(struct rf_buf *out, rf_str status);
/* A size in bytes: "1.5 MB", as the commands and their options have it. */
void rf_html_bytes(struct rf_buf *out, int64_t bytes);

/* A line of a <dl>: a name of ours and its value. An empty text makes no line. */
void rf_html_term(struct rf_buf *out, const char *name, rf_str value);
void rf_html_term_number(struct rf_buf *out, const char *name, int64_t number);
void rf_html_term_bytes(struct rf_buf *out, const char *name, int64_t bytes);
void rf_html_term_time(struct rf_buf *out, const char *name, rf_str time);

#endif
