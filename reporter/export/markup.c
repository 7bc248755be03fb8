#include "export/markup.h"

#include <string.h>

#include "store/clean_text.h"

#define REPLACEMENT "\xef\xbf\xbd"

/* Not in XML 1.0's Char production, or not good for a page. */
static bool is_shown_as_number(uint32_t c)
{
	return rf_text_is_control(c) || c == 0xfffe || c == 0xffff;
}

static const char *reference(uint32_t c, bool attribute)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	case '\n':
		return attribute ? "&#10;" : "\n";
	case '\t':
		return attribute ? "&#9;" : "\t";
	default:
		return NULL;
	}
}

static void put(struct rf_buf *out, rf_str text, bool attribute)
{
	uint32_t c = 0;
	while (text.len) {
		size_t n = rf_text_character(text, &c);
		const char *escaped = n ? reference(c, attribute) : REPLACEMENT;
		if (escaped)
			rf_buf_put_cstr(out, escaped);
		else if (is_shown_as_number(c))
			rf_text_put_escape(out, "\\", c);
		else
			rf_buf_put(out, text.ptr, n);
		text = rf_str_skip(text, n ? n : 1);
	}
}

void rf_markup_put(struct rf_buf *out, rf_str text)
{
	put(out, text, false);
}

void rf_markup_put_attribute(struct rf_buf *out, rf_str text)
{
	put(out, text, true);
}

/* Punctuation becomes a reference, which CommonMark never reads as structure. GitHub looks for @names, #numbers and addresses in
 * the text behind the references, so a space of no width stands behind what begins one. */
void rf_markup_put_markdown(struct rf_buf *out, rf_str text)
{
	uint32_t c = 0;
	while (text.len) {
		size_t n = rf_text_character(text, &c);
		if (n == 0)
			rf_buf_put_cstr(out, REPLACEMENT);
		else if (c == '\n' || c == '\t')
			rf_buf_put_cstr(out, c == '\n' ? "&#92;n" : "&#92;t");
		else if (is_shown_as_number(c))
			rf_text_put_escape(out, "&#92;", c);
		else if (c == '@' || c == '#')
			rf_buf_printf(out, "&#%u;&#8203;", c);
		else if (c == ':' && rf_str_starts(text, "://"))
			rf_buf_put_cstr(out, "&#58;&#8203;");
		else if (c < 0x80 && strchr("&<>\"'`|*_[]\\~!$", (int)c))
			rf_buf_printf(out, "&#%u;", c);
		else
			rf_buf_put(out, text.ptr, n);
		text = rf_str_skip(text, n ? n : 1);
	}
}

void rf_markup_put_uri(struct rf_buf *out, rf_str path)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
	for (size_t i = 0; i < path.len; i++) {
		if (path.ptr[i] && strchr(plain, path.ptr[i]))
			rf_buf_put_char(out, path.ptr[i]);
		else
			rf_buf_printf(out, "%%%02X", (unsigned char)path.ptr[i]);
	}
}

/* The escapes that the runner undoes (actions/toolkit, command.ts). */
static void put_command(struct rf_buf *out, rf_str text, bool property)
{
	uint32_t c = 0;
	while (text.len) {
		size_t n = rf_text_character(text, &c);
		if (n == 0)
			rf_buf_put_cstr(out, REPLACEMENT);
		else if (c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ',')))
			rf_buf_printf(out, "%%%02X", c);
		else if (is_shown_as_number(c) && c != '\t')
			rf_text_put_escape(out, "\\", c);
		else
			rf_buf_put(out, text.ptr, n);
		text = rf_str_skip(text, n ? n : 1);
	}
}

void rf_markup_put_message(struct rf_buf *out, rf_str text)
{
	put_command(out, text, false);
}

void rf_markup_put_property(struct rf_buf *out, rf_str text)
{
	put_command(out, text, true);
}
