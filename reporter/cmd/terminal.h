/* Output for people: width, colour, clipping, wrapping. Text goes to a buffer; nothing prints.
 *
 * Colour only on a terminal, not with NO_COLOR set (to anything but "") and not with TERM=dumb. Text from outside goes through
 * rf_put_text, which shows control characters instead of sending them.
 */
#ifndef RF_CMD_TERMINAL_H
#define RF_CMD_TERMINAL_H

#include "base/str.h"

#define RF_TERMINAL_COLUMNS 80 /* where there is no terminal, or it doesn't say */

struct rf_terminal {
	bool is_terminal, color;
	unsigned columns;
};

enum rf_style {
	RF_STYLE_PLAIN, RF_STYLE_BOLD, RF_STYLE_DIM, RF_STYLE_RED, RF_STYLE_GREEN, RF_STYLE_YELLOW, RF_STYLE_CYAN,
	RF_STYLE_COUNT
};

void rf_terminal_init(struct rf_terminal *t, int fd);
/* Visible form of `text` in a style. */
void rf_put_text(struct rf_buf *out, const struct rf_terminal *t, enum rf_style style, rf_str text);
/* The same for text that is ours, or that is meant for the terminal as it stands. */
void rf_put_raw(struct rf_buf *out, const struct rf_terminal *t, enum rf_style style, rf_str text);
/* At most `columns`; what is longer loses its middle ("…"), because in names both ends tell something. `pad`: filled with blanks. */
void rf_put_clipped(struct rf_buf *out, const struct rf_terminal *t, enum rf_style style, rf_str text, size_t columns,
		    bool pad);
/* Broken at blanks; the cursor stands at `indent`, and further lines start there. Ends with a newline. */
void rf_put_wrapped(struct rf_buf *out, const struct rf_terminal *t, enum rf_style style, rf_str text, size_t indent);
/* The same of text that is visible as it is, into lines of at most `columns`, without the newline. */
void rf_put_words(struct rf_buf *out, rf_str text, size_t indent, size_t columns);
/* Writes the buffer to stdout and empties it. */
void rf_print(struct rf_buf *out);
/* "2026-01-31 12:00:05" of a stored time. */
void rf_put_time(struct rf_buf *out, rf_str time);

#endif
