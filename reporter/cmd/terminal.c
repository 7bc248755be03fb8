#include "cmd/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "store/clean_text.h"

#define COLUMNS_MIN 40
#define COLUMNS_MAX 400

static const char *const codes[] = {
	[RF_STYLE_PLAIN] = "",	     [RF_STYLE_BOLD] = "\x1b[1m",    [RF_STYLE_DIM] = "\x1b[2m",
	[RF_STYLE_RED] = "\x1b[31m", [RF_STYLE_GREEN] = "\x1b[32m",  [RF_STYLE_YELLOW] = "\x1b[33m",
	[RF_STYLE_CYAN] = "\x1b[36m",
};
_Static_assert(sizeof(codes) / sizeof(codes[0]) == RF_STYLE_COUNT, "one code a style");

void rf_terminal_init(struct rf_terminal *t, int fd)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	struct winsize size = { 0 };
	*t = (struct rf_terminal){ .is_terminal = isatty(fd), .columns = RF_TERMINAL_COLUMNS };
	if (!t->is_terminal)
		return;
	t->color = !(no_color && no_color[0]) && term && strcmp(term, "dumb") != 0;
	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col)
		t->columns = size.ws_col;
	t->columns = t->columns < COLUMNS_MIN ? COLUMNS_MIN : t->columns > COLUMNS_MAX ? COLUMNS_MAX : t->columns;
}

static void put_code(struct rf_buf *out, const struct rf_terminal *t, enum rf_style style)
{
	if (t->color && style != RF_STYLE_PLAIN)
		rf_buf_put_cstr(out, codes[style]);
}

static void put_reset(struct rf_buf *out, const struct rf_terminal *t, enum rf_style style)
{
	if (t->color && style != RF_STYLE_PLAIN)
		rf_buf_put_cstr(out, "\x1b[0m");
}

void rf_put_text(struct rf_buf *out, const struct rf_terminal *t, enum rf_style style, rf_str text)
{
	put_code(out, t, style);
	rf_text_put_visible(out, text);
	put_reset(out, t, style);
}

void rf_put_raw(struct rf_buf *out, const struct rf_terminal *t, enum rf_style style, rf_str text)
{
	put_code(out, t, style);
	rf_buf_put_str(out, text);
	put_reset(out, t, style);
}

/* Bytes of the first `columns` characters. */
static size_t bytes_of_columns(rf_str text, size_t columns)
{
	size_t at = 0;
	uint32_t c;
	while (at < text.len && columns--) {
		size_t n = rf_text_character(rf_str_skip(text, at), &c);
		at += n ? n : 1;
	}
	return at;
}

void rf_put_clipped(struct rf_buf *out, const struct rf_terminal *t, enum rf_style style, rf_str text, size_t columns,
		    bool pad)
{
	struct rf_buf visible;
	rf_buf_init(&visible);
	rf_text_put_visible(&visible, text);
	rf_str all = rf_buf_str(&visible);
	size_t width = rf_text_columns(all);
	put_code(out, t, style);
	if (width <= columns || columns < 4) {
		rf_buf_put_str(out, rf_str_take(all, bytes_of_columns(all, columns)));
	} else {
		size_t head = (columns - 1) / 2, tail = columns - 1 - head;
		rf_buf_put_str(out, rf_str_take(all, bytes_of_columns(all, head)));
		rf_buf_put_cstr(out, "…");
		rf_buf_put_str(out, rf_str_skip(all, bytes_of_columns(all, width - tail)));
	}
	put_reset(out, t, style);
	if (pad && width < columns)
		rf_buf_printf(out, "%*s", (int)(columns - width), "");
	rf_buf_release(&visible);
}

void rf_put_words(struct rf_buf *out, rf_str text, size_t indent, size_t columns)
{
	size_t column = indent;
	while (text.len) {
		rf_str word = rf_str_cut(&text, ' ');
		size_t width = rf_text_columns(word);
		if (column > indent && column + 1 + width > columns) {
			rf_buf_printf(out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			rf_buf_put_char(out, ' ');
			column++;
		}
		rf_buf_put_str(out, word);
		column += width;
	}
}

void rf_put_wrapped(struct rf_buf *out, const struct rf_terminal *t, enum rf_style style, rf_str text, size_t indent)
{
	struct rf_buf visible;
	rf_buf_init(&visible);
	rf_text_put_visible(&visible, text);
	put_code(out, t, style);
	rf_put_words(out, rf_buf_str(&visible), indent, t->columns);
	put_reset(out, t, style);
	rf_buf_put_char(out, '\n');
	rf_buf_release(&visible);
}

void rf_print(struct rf_buf *out)
{
	if (out->len)
		fwrite(out->ptr, 1, out->len, stdout);
	rf_buf_reset(out);
}

void rf_put_time(struct rf_buf *out, rf_str time)
{
	rf_buf_put_str(out, rf_str_take(time, 10));
	rf_buf_put_char(out, ' ');
	rf_buf_put_str(out, rf_str_take(rf_str_skip(time, 11), 8));
}
