#include "toolchain/flat_json.h"

#include <string.h>

#include "base/utf8.h"

#define DEPTH_MAX 64

struct scanner {
	rf_str rest;
	rf_arena *arena;
};

static void skip_space(struct scanner *s)
{
	while (s->rest.len && memchr(" \t\r\n", s->rest.ptr[0], 4))
		s->rest = rf_str_skip(s->rest, 1);
}

static bool take_char(struct scanner *s, char c)
{
	skip_space(s);
	if (!s->rest.len || s->rest.ptr[0] != c)
		return false;
	s->rest = rf_str_skip(s->rest, 1);
	return true;
}

/* One escape behind its backslash; surrogate pairs come out as two 3-byte codes, which no file name here holds. */
static bool take_escape(struct scanner *s, char *to, size_t *n)
{
	static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
	uint64_t code;
	const char *at = s->rest.len ? memchr(from, s->rest.ptr[0], sizeof(from) - 1) : NULL;
	if (at) {
		to[(*n)++] = into[at - from];
		s->rest = rf_str_skip(s->rest, 1);
		return true;
	}
	rf_str hex = rf_str_take(rf_str_skip(s->rest, 1), 4);
	if (!rf_str_starts(s->rest, "u") || hex.len != 4 || rf_str_starts(hex, "0x") || !rf_str_hex_u64(hex, &code))
		return false;
	*n += rf_utf8_put(to + *n, (uint32_t)code);
	s->rest = rf_str_skip(s->rest, 5);
	return true;
}

/* Length of the text before the closing quote, or -1. */
static ptrdiff_t string_end(rf_str rest)
{
	for (size_t i = 0; i < rest.len; i++) {
		if (rest.ptr[i] == '"')
			return (ptrdiff_t)i;
		if (rest.ptr[i] == '\\')
			i++;
	}
	return -1;
}

static bool take_string(struct scanner *s, rf_str *out)
{
	ptrdiff_t end = take_char(s, '"') ? string_end(s->rest) : -1;
	size_t n = 0;
	if (end < 0)
		return false;
	/* What an escape stands for is never longer than the escape. */
	char *text = rf_arena_alloc(s->arena, (size_t)end + 1);
	const char *stop = s->rest.ptr + end;
	while (text && s->rest.ptr < stop) {
		char c = s->rest.ptr[0];
		s->rest = rf_str_skip(s->rest, 1);
		if (c != '\\')
			text[n++] = c;
		else if (!take_escape(s, text, &n))
			return false;
	}
	*out = (rf_str){ text, n };
	return text && take_char(s, '"');
}

static bool skip_value(struct scanner *s, unsigned depth);

/* Members or elements up to the closing bracket. */
static bool skip_list(struct scanner *s, char close, bool keys, unsigned depth)
{
	rf_str ignored;
	if (take_char(s, close))
		return true;
	do {
		if (keys && !(take_string(s, &ignored) && take_char(s, ':')))
			return false;
		if (!skip_value(s, depth + 1))
			return false;
	} while (take_char(s, ','));
	return take_char(s, close);
}

/* Recursion is bounded by DEPTH_MAX. */
static bool skip_value(struct scanner *s, unsigned depth)
{
	rf_str ignored;
	if (depth > DEPTH_MAX)
		return false;
	if (take_char(s, '{'))
		return skip_list(s, '}', true, depth);
	if (take_char(s, '['))
		return skip_list(s, ']', false, depth);
	if (s->rest.len && s->rest.ptr[0] == '"')
		return take_string(s, &ignored);
	size_t n = 0;
	while (n < s->rest.len && !memchr(",]} \t\r\n", s->rest.ptr[n], 7))
		n++;
	s->rest = rf_str_skip(s->rest, n);
	return n > 0;
}

static bool add_pair(struct scanner *s, struct rf_pairs *out, size_t *cap, struct rf_pair pair)
{
	if (out->count == *cap) {
		size_t more = *cap ? *cap * 2 : 32;
		struct rf_pair *items = rf_arena_array(s->arena, more, sizeof(*items));
		if (!items)
			return false;
		if (out->count)
			memcpy(items, out->items, out->count * sizeof(*items));
		out->items = items;
		*cap = more;
	}
	out->items[out->count++] = pair;
	return true;
}

/* The object at hand: its string members go to `out` if there is no `member`, else those of the member of that name. */
static bool read_object(struct scanner *s, const char *member, struct rf_pairs *out, size_t *cap)
{
	struct rf_pair pair;
	if (!take_char(s, '{'))
		return false;
	if (take_char(s, '}'))
		return true;
	do {
		if (!take_string(s, &pair.key) || !take_char(s, ':'))
			return false;
		skip_space(s);
		bool ok;
		if (member && rf_str_eq_cstr(pair.key, member))
			ok = read_object(s, NULL, out, cap);
		else if (!member && rf_str_starts(s->rest, "\""))
			ok = take_string(s, &pair.value) && add_pair(s, out, cap, pair);
		else
			ok = skip_value(s, 0);
		if (!ok)
			return false;
	} while (take_char(s, ','));
	return take_char(s, '}');
}

int rf_flat_json_read(rf_str text, const char *member, rf_arena *arena, struct rf_pairs *out, struct rf_error *err)
{
	struct scanner s = { .rest = text, .arena = arena };
	size_t cap = 0;
	*out = (struct rf_pairs){ 0 };
	bool ok = read_object(&s, member, out, &cap);
	skip_space(&s);
	if (arena->failed)
		return rf_fail(err, RF_ERR_MEMORY, "not enough memory to read JSON");
	if (!ok || s.rest.len)
		return rf_fail(err, RF_ERR_INPUT, "no valid JSON object (byte %zu of %zu)", text.len - s.rest.len, text.len);
	return 0;
}

rf_str rf_pairs_get(const struct rf_pairs *pairs, const char *key)
{
	for (size_t i = 0; i < pairs->count; i++) {
		if (rf_str_eq_cstr(pairs->items[i].key, key))
			return pairs->items[i].value;
	}
	return RF_STR("");
}

void rf_flat_json_put(struct rf_buf *out, rf_str s)
{
	rf_buf_put_char(out, '"');
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];
		if (c == '"' || c == '\\')
			rf_buf_printf(out, "\\%c", c);
		else if (c < 0x20)
			rf_buf_printf(out, "\\u%04x", c);
		else
			rf_buf_put_char(out, (char)c);
	}
	rf_buf_put_char(out, '"');
}
