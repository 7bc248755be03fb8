/* Strings: slices of memory that somebody else owns, and a growable buffer.
 *
 * An rf_str is a pointer and a length; it need not end in NUL and may hold any byte. It is valid as long as
 * what it points into (an input buffer, an arena). Only the edges to libc and SQLite want NUL-terminated text:
 * rf_arena_cstr (arena.h) makes one.
 *
 * An rf_buf owns heap memory: rf_buf_init, any number of rf_buf_put*, rf_buf_release. When memory runs out or
 * cap_max is reached the buffer is marked `failed`, later puts do nothing, and the caller checks once, at the end.
 */
#ifndef RF_BASE_STR_H
#define RF_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct rf_str {
	const char *ptr;
	size_t len;
} rf_str;

/* A string literal as a slice. */
#define RF_STR(lit) ((rf_str){ "" lit, sizeof(lit) - 1 })
/* For printf("%.*s"): precision and pointer; cut at 1 GiB so that the length fits an int. */
#define RF_STR_ARG(s) (int)((s).len > (1u << 30) ? (1u << 30) : (s).len), ((s).ptr ? (s).ptr : "")

/* Inline where a literal as argument leaves next to nothing of them: readers call them for every line. */
static inline rf_str rf_str_from(const char *cstr)     /* NULL gives the empty slice */
{
	return (rf_str){ cstr, cstr ? strlen(cstr) : 0 };
}
static inline rf_str rf_str_take(rf_str s, size_t n)   /* the first n bytes (all, if shorter) */
{
	return (rf_str){ s.ptr, n < s.len ? n : s.len };
}
static inline rf_str rf_str_skip(rf_str s, size_t n)   /* without the first n bytes (all, if shorter) */
{
	n = n < s.len ? n : s.len;
	return (rf_str){ n ? s.ptr + n : s.ptr, s.len - n };
}
static inline bool rf_str_eq(rf_str a, rf_str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}
static inline bool rf_str_eq_cstr(rf_str a, const char *b)
{
	return rf_str_eq(a, rf_str_from(b));
}
static inline bool rf_str_starts(rf_str s, const char *prefix)
{
	size_t n = strlen(prefix);
	return s.len >= n && (n == 0 || memcmp(s.ptr, prefix, n) == 0);
}
static inline bool rf_str_ends(rf_str s, const char *suffix)
{
	size_t n = strlen(suffix);
	return s.len >= n && (n == 0 || memcmp(s.ptr + s.len - n, suffix, n) == 0);
}
static inline rf_str rf_str_line(rf_str s)             /* without \n, \r\n or \r at its end */
{
	if (s.len && s.ptr[s.len - 1] == '\n')
		s.len--;
	if (s.len && s.ptr[s.len - 1] == '\r')
		s.len--;
	return s;
}
static inline int rf_hex_digit(char c)                 /* its value, -1 when it is none */
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
int rf_str_cmp(rf_str a, rf_str b);                    /* bytewise; a prefix sorts first */
bool rf_str_contains(rf_str s, const char *needle);
rf_str rf_str_trim(rf_str s);                          /* without ASCII white space at both ends */
ptrdiff_t rf_str_find(rf_str s, char c);               /* index or -1 */
ptrdiff_t rf_str_find_str(rf_str s, rf_str needle);    /* index or -1 */
size_t rf_str_count(rf_str s, char c);                 /* how often it is there */
ptrdiff_t rf_str_find_last(rf_str s, char c);          /* index or -1 */
/* Cuts the text before the first `sep` off *s and returns it; the whole rest when there is none. */
rf_str rf_str_cut(rf_str *s, char sep);
/* Takes the first word off *s: words stand between any number of the bytes in `separators`. Empty when there is none left. */
rf_str rf_str_word(rf_str *s, const char *separators);
/* Decimal digits only, whole slice, no sign; false on empty, other bytes or overflow. */
bool rf_str_u64(rf_str s, uint64_t *out);
/* Hex digits only, an optional 0x before them; false as above. */
bool rf_str_hex_u64(rf_str s, uint64_t *out);
/* Lower-case hex digits only, at least one. */
bool rf_str_is_hex(rf_str s);
/* Writes 2 * count lower-case hex digits, and no NUL. */
void rf_hex_put(char *out, const void *bytes, size_t count);
/* Shell-style match: `*` is any run of bytes, everything else is itself. */
bool rf_str_glob(rf_str pattern, rf_str s);

struct rf_buf {
	char *ptr;
	size_t len, cap;
	size_t cap_max; /* bytes; 0 means no bound but memory */
	bool failed;
};

void rf_buf_init(struct rf_buf *b);
void rf_buf_release(struct rf_buf *b);
void rf_buf_reset(struct rf_buf *b);                   /* empty, memory kept */
void rf_buf_put(struct rf_buf *b, const void *bytes, size_t len);
void rf_buf_put_str(struct rf_buf *b, rf_str s);
void rf_buf_put_cstr(struct rf_buf *b, const char *s);
static inline void rf_buf_put_char(struct rf_buf *b, char c)
{
	if (b->len < b->cap && !b->failed)
		b->ptr[b->len++] = c;
	else
		rf_buf_put(b, &c, 1);
}
void rf_buf_put_int(struct rf_buf *b, int64_t value);  /* in decimal */
/* The text with each `quote` in it doubled, as CSV, SQL and FTS5 want it between two of them (which the caller puts). */
void rf_buf_put_doubled(struct rf_buf *b, rf_str s, char quote);
void rf_buf_put_hex(struct rf_buf *b, rf_str bytes);   /* two lower-case digits a byte */
/* Makes the buffer `len` bytes longer; returns where they are to be written, NULL when it failed. */
char *rf_buf_grow(struct rf_buf *b, size_t len);
__attribute__((format(printf, 2, 3))) void rf_buf_printf(struct rf_buf *b, const char *format, ...);
rf_str rf_buf_str(const struct rf_buf *b);             /* valid until the next put */

#endif
