#include "store/clean_text.h"

#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

size_t rf_text_character(rf_str text, uint32_t *character)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	if (text.len == 0)
		return 0;
	unsigned char first = (unsigned char)text.ptr[0];
	size_t bytes = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 0;
	if (bytes == 0 || first > 0xf4 || text.len < bytes)
		return 0;
	uint32_t c = bytes == 1 ? first : first & (0x7fu >> bytes);
	for (size_t i = 1; i < bytes; i++) {
		if (!is_continuation(text.ptr[i]))
			return 0;
		c = c << 6 | ((unsigned char)text.ptr[i] & 0x3f);
	}
	if (c < least[bytes] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*character = c;
	return bytes;
}

/* Eight bytes of ASCII without NUL? */
static bool is_plain_word(const char *p)
{
	const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
	uint64_t word;
	memcpy(&word, p, sizeof(word));
	return !(((word - ones) | word) & highs); /* below 0x01, or above 0x7f */
}

/* The start of `text` that is ASCII without NUL, eight bytes at a time; the last eight may overlap those before. */
static size_t plain_bytes(rf_str text)
{
	const size_t word = sizeof(uint64_t);
	size_t n = 0;
	if (text.len < word) {
		while (n < text.len && text.ptr[n] && !(text.ptr[n] & 0x80))
			n++;
		return n;
	}
	for (; n + word <= text.len; n += word) {
		if (!is_plain_word(text.ptr + n))
			return n;
	}
	return is_plain_word(text.ptr + text.len - word) ? text.len : n;
}

bool rf_text_is_clean(rf_str text)
{
	uint32_t c = 0;
	for (;;) {
		text = rf_str_skip(text, plain_bytes(text));
		if (text.len == 0)
			return true;
		size_t n = rf_text_character(text, &c);
		if (n == 0 || c == 0)
			return false;
		text = rf_str_skip(text, n);
	}
}

void rf_text_put_clean(struct rf_buf *out, rf_str text)
{
	uint32_t c = 0;
	while (text.len) {
		size_t n = rf_text_character(text, &c);
		if (n == 0 || c == 0)
			rf_buf_put_cstr(out, REPLACEMENT);
		else
			rf_buf_put(out, text.ptr, n);
		text = rf_str_skip(text, n ? n : 1);
	}
}

/* Bytes at the start that stand for themselves in JSON. */
static size_t json_plain_bytes(rf_str text)
{
	size_t n = 0;
	while (n < text.len && text.ptr[n] >= 0x20 && text.ptr[n] < 0x7f && text.ptr[n] != '"' && text.ptr[n] != '\\')
		n++;
	return n;
}

void rf_text_put_json(struct rf_buf *out, rf_str text)
{
	uint32_t c = 0;
	rf_buf_put_char(out, '"');
	while (text.len) {
		size_t plain = json_plain_bytes(text);
		rf_buf_put(out, text.ptr, plain);
		text = rf_str_skip(text, plain);
		if (text.len == 0)
			break;
		size_t n = rf_text_character(text, &c);
		if (n == 0)
			rf_buf_put_cstr(out, REPLACEMENT);
		else if (c == '"' || c == '\\')
			rf_buf_printf(out, "\\%c", (char)c);
		else if (c == '\n')
			rf_buf_put_cstr(out, "\\n");
		else if (c < 0x20 || c == 0x7f)
			rf_buf_printf(out, "\\u%04x", c);
		else
			rf_buf_put(out, text.ptr, n);
		text = rf_str_skip(text, n ? n : 1);
	}
	rf_buf_put_char(out, '"');
}

bool rf_text_is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) ||
	       c == 0x200e || c == 0x200f || c == 0x2028 || c == 0x2029;
}

void rf_text_put_escape(struct rf_buf *out, const char *escape, uint32_t c)
{
	rf_buf_printf(out, c < 0x100 ? "%sx%02x" : "%su%04x", escape, c);
}

void rf_text_put_visible(struct rf_buf *out, rf_str text)
{
	uint32_t c = 0;
	while (text.len) {
		size_t n = rf_text_character(text, &c);
		if (n == 0)
			rf_text_put_escape(out, "\\", (unsigned char)text.ptr[0]);
		else if (c == '\n' || c == '\t' || c == '\r')
			rf_buf_put_cstr(out, c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\r");
		else if (rf_text_is_control(c))
			rf_text_put_escape(out, "\\", c);
		else
			rf_buf_put(out, text.ptr, n);
		text = rf_str_skip(text, n ? n : 1);
	}
}

size_t rf_text_columns(rf_str text)
{
	size_t columns = 0;
	for (size_t i = 0; i < text.len; i++)
		columns += !is_continuation(text.ptr[i]);
	return columns;
}
