#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int rf_str_cmp(rf_str a, rf_str b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n ? memcmp(a.ptr, b.ptr, n) : 0;
	if (c)
		return c;
	return a.len == b.len ? 0 : a.len < b.len ? -1 : 1;
}

bool rf_str_contains(rf_str s, const char *needle)
{
	return rf_str_find_str(s, rf_str_from(needle)) >= 0;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

rf_str rf_str_trim(rf_str s)
{
	while (s.len && is_space(s.ptr[0]))
		s = rf_str_skip(s, 1);
	while (s.len && is_space(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

ptrdiff_t rf_str_find(rf_str s, char c)
{
	const char *p = s.len ? memchr(s.ptr, c, s.len) : NULL;
	return p ? p - s.ptr : -1;
}

ptrdiff_t rf_str_find_str(rf_str s, rf_str needle)
{
	if (needle.len == 0)
		return 0;
	const char *p = s.len ? memmem(s.ptr, s.len, needle.ptr, needle.len) : NULL;
	return p ? p - s.ptr : -1;
}

size_t rf_str_count(rf_str s, char c)
{
	size_t count = 0;
	for (size_t i = 0; i < s.len; i++)
		count += s.ptr[i] == c;
	return count;
}

ptrdiff_t rf_str_find_last(rf_str s, char c)
{
	const char *p = s.len ? memrchr(s.ptr, c, s.len) : NULL;
	return p ? p - s.ptr : -1;
}

rf_str rf_str_cut(rf_str *s, char sep)
{
	ptrdiff_t at = rf_str_find(*s, sep);
	rf_str head = at < 0 ? *s : rf_str_take(*s, (size_t)at);
	*s = rf_str_skip(*s, at < 0 ? s->len : (size_t)at + 1);
	return head;
}

rf_str rf_str_word(rf_str *s, const char *separators)
{
	rf_str word = RF_STR("");
	while (s->len && !word.len) {
		size_t n = 0;
		while (n < s->len && (!s->ptr[n] || !strchr(separators, s->ptr[n])))
			n++;
		word = rf_str_take(*s, n);
		*s = rf_str_skip(*s, n < s->len ? n + 1 : n);
	}
	return word;
}

bool rf_str_u64(rf_str s, uint64_t *out)
{
	uint64_t v = 0;
	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return false;
		if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, (uint64_t)(s.ptr[i] - '0'), &v))
			return false;
	}
	*out = v;
	return true;
}

static const char hex_digits[] = "0123456789abcdef";

bool rf_str_is_hex(rf_str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (!memchr(hex_digits, s.ptr[i], 16))
			return false;
	}
	return s.len > 0;
}

void rf_hex_put(char *out, const void *bytes, size_t count)
{
	const unsigned char *p = bytes;
	for (size_t i = 0; i < count; i++) {
		out[2 * i] = hex_digits[p[i] >> 4];
		out[2 * i + 1] = hex_digits[p[i] & 15];
	}
}

bool rf_str_hex_u64(rf_str s, uint64_t *out)
{
	uint64_t v = 0;
	if (rf_str_starts(s, "0x"))
		s = rf_str_skip(s, 2);
	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		int d = rf_hex_digit(s.ptr[i]);
		if (d < 0 || v >> 60)
			return false;
		v = v << 4 | (uint64_t)d;
	}
	*out = v;
	return true;
}

bool rf_str_glob(rf_str pattern, rf_str s)
{
	size_t p = 0, i = 0, star = SIZE_MAX, retry = 0;
	while (i < s.len) {
		if (p < pattern.len && pattern.ptr[p] == '*') {
			star = p++;
			retry = i;
		} else if (p < pattern.len && pattern.ptr[p] == s.ptr[i]) {
			p++;
			i++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			i = ++retry;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.ptr[p] == '*')
		p++;
	return p == pattern.len;
}

void rf_buf_init(struct rf_buf *b)
{
	*b = (struct rf_buf){ 0 };
}

void rf_buf_release(struct rf_buf *b)
{
	free(b->ptr);
	rf_buf_init(b);
}

void rf_buf_reset(struct rf_buf *b)
{
	b->len = 0;
	b->failed = false;
}

static bool buf_reserve(struct rf_buf *b, size_t extra)
{
	size_t want;
	if (b->failed || __builtin_add_overflow(b->len, extra, &want) || (b->cap_max && want > b->cap_max)) {
		b->failed = true;
		return false;
	}
	if (want <= b->cap)
		return true;
	size_t cap = b->cap ? b->cap : 256;
	while (cap < want)
		cap += cap / 2;
	if (b->cap_max && cap > b->cap_max)
		cap = b->cap_max;
	char *p = realloc(b->ptr, cap);
	if (!p) {
		b->failed = true;
		return false;
	}
	b->ptr = p;
	b->cap = cap;
	return true;
}

char *rf_buf_grow(struct rf_buf *b, size_t len)
{
	if (!buf_reserve(b, len))
		return NULL;
	b->len += len;
	return b->ptr + b->len - len;
}

void rf_buf_put(struct rf_buf *b, const void *bytes, size_t len)
{
	char *to = len ? rf_buf_grow(b, len) : NULL;
	if (to)
		memcpy(to, bytes, len);
}

void rf_buf_put_str(struct rf_buf *b, rf_str s)
{
	rf_buf_put(b, s.ptr, s.len);
}

void rf_buf_put_cstr(struct rf_buf *b, const char *s)
{
	rf_buf_put(b, s, strlen(s));
}

void rf_buf_put_int(struct rf_buf *b, int64_t value)
{
	char text[20], *at = text + sizeof(text);
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	do {
		*--at = (char)('0' + rest % 10);
	} while (rest /= 10);
	if (value < 0)
		*--at = '-';
	rf_buf_put(b, at, (size_t)(text + sizeof(text) - at));
}

void rf_buf_put_doubled(struct rf_buf *b, rf_str s, char quote)
{
	ptrdiff_t at;
	while ((at = rf_str_find(s, quote)) >= 0) {
		rf_buf_put_str(b, rf_str_take(s, (size_t)at + 1));
		rf_buf_put_char(b, quote);
		s = rf_str_skip(s, (size_t)at + 1);
	}
	rf_buf_put_str(b, s);
}

void rf_buf_put_hex(struct rf_buf *b, rf_str bytes)
{
	char *to = bytes.len <= SIZE_MAX / 2 ? rf_buf_grow(b, 2 * bytes.len) : NULL;
	if (to)
		rf_hex_put(to, bytes.ptr, bytes.len);
}

void rf_buf_printf(struct rf_buf *b, const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, format, args);
	if (n > 0 && buf_reserve(b, (size_t)n + 1)) {
		vsnprintf(b->ptr + b->len, (size_t)n + 1, format, again);
		b->len += (size_t)n;
	}
	va_end(again);
	va_end(args);
}

rf_str rf_buf_str(const struct rf_buf *b)
{
	return (rf_str){ b->ptr, b->len };
}
