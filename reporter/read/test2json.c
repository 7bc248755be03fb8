#include "read/test2json.h"

#include <stdlib.h>
#include <string.h>

/* A line is read in one pass, strings eight bytes at a time, and copied only when they hold an escape, so that a stream is
 * read about as fast as it can be looked through. */
struct scan {
	const char *p, *end;
	rf_arena *arena;
};

static void skip_space(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
		s->p++;
}

static bool take(struct scan *s, char c)
{
	skip_space(s);
	if (s->p == s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four hex digits at p; -1 when there aren't. */
static int32_t hex4(const char *p, const char *end)
{
	int32_t v = 0;
	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int d = hex_value(p[i]);
		if (d < 0)
			return -1;
		v = v << 4 | d;
	}
	return v;
}

static char *put_utf8(char *to, uint32_t c)
{
	if (c < 0x80) {
		*to++ = (char)c;
	} else if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
		*to++ = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*to++ = (char)(0xe0 | c >> 12);
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
		*to++ = (char)(0x80 | (c & 0x3f));
	} else {
		*to++ = (char)(0xf0 | c >> 18);
		*to++ = (char)(0x80 | (c >> 12 & 0x3f));
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
		*to++ = (char)(0x80 | (c & 0x3f));
	}
	return to;
}

/* The code point of the \u escape whose digits start at *p, which is moved behind it (and behind the second half of a
 * surrogate pair). False on bad digits. */
static bool unicode_escape(const char **p, const char *end, uint32_t *out)
{
	int32_t first = hex4(*p, end);
	if (first < 0)
		return false;
	*p += 4;
	*out = (uint32_t)first;
	if (first < 0xd800 || first > 0xdfff)
		return true;
	*out = 0xfffd;
	if (first <= 0xdbff && end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u') {
		int32_t second = hex4(*p + 2, end);
		if (second >= 0xdc00 && second <= 0xdfff) {
			*out = 0x10000u + (((uint32_t)first & 0x3ff) << 10) + ((uint32_t)second & 0x3ff);
			*p += 6;
		}
	}
	return true;
}

static char simple_escape(char c)
{
	switch (c) {
	case 'n': return '\n';
	case 't': return '\t';
	case 'r': return '\r';
	case 'b': return '\b';
	case 'f': return '\f';
	case '"': case '\\': case '/': return c;
	default: return 0;
	}
}

/* Decodes the escapes of `raw` into the arena. No escape grows: \uXXXX is 6 bytes for at most 3. */
static bool decode(rf_str raw, rf_arena *arena, rf_str *out)
{
	const char *p = raw.ptr, *end = raw.ptr + raw.len;
	char *start = rf_arena_alloc(arena, raw.len), *to = start;
	if (!start) {
		*out = RF_STR("");
		return true; /* arena->failed tells */
	}
	while (p < end) {
		const char *backslash = memchr(p, '\\', (size_t)(end - p));
		size_t plain = (size_t)((backslash ? backslash : end) - p);
		memcpy(to, p, plain);
		to += plain;
		p += plain;
		if (!backslash)
			break;
		if (end - p < 2)
			return false;
		char c = p[1];
		p += 2;
		uint32_t code = (unsigned char)simple_escape(c);
		if (code == 0 && (c != 'u' || !unicode_escape(&p, end, &code)))
			return false;
		to = put_utf8(to, code);
	}
	*out = (rf_str){ start, (size_t)(to - start) };
	return true;
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the lowest marked byte is the first one");

/* Marks the bytes that are `c`, by the classic test for a zero byte. A byte behind the first hit may be marked wrongly,
 * the first mark is always a hit. */
static uint64_t mark_bytes(uint64_t word, unsigned char c)
{
	uint64_t x = word ^ (UINT64_C(0x0101010101010101) * c);
	return (x - UINT64_C(0x0101010101010101)) & ~x & UINT64_C(0x8080808080808080);
}

/* The first quote or backslash at or behind p; `end` when there is none. Strings are short, so this beats two calls of
 * memchr. */
static const char *quote_or_backslash(const char *p, const char *end)
{
	uint64_t word;
	for (; end - p >= 8; p += 8) {
		memcpy(&word, p, sizeof(word));
		uint64_t marks = mark_bytes(word, '"') | mark_bytes(word, '\\');
		if (marks)
			return p + __builtin_ctzll(marks) / 8;
	}
	while (p < end && *p != '"' && *p != '\\')
		p++;
	return p;
}

/* The closing quote of the string that starts at p; sets *escaped if there is a backslash before it. NULL: none. */
static const char *string_end(const char *p, const char *end, bool *escaped)
{
	*escaped = false;
	while ((p = quote_or_backslash(p, end)) < end) {
		if (*p == '"')
			return p;
		*escaped = true;
		if (end - p < 2)
			return NULL;
		p += 2;
	}
	return NULL;
}

/* A string value; *out is decoded when it is asked for. */
static bool take_string(struct scan *s, rf_str *out)
{
	bool escaped;
	if (!take(s, '"'))
		return false;
	const char *quote = string_end(s->p, s->end, &escaped);
	if (!quote)
		return false;
	rf_str raw = { s->p, (size_t)(quote - s->p) };
	s->p = quote + 1;
	if (!out)
		return true;
	if (escaped)
		return decode(raw, s->arena, out);
	*out = raw;
	return true;
}

static bool is_scalar_byte(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-' || c == '+' || c == '.' || c == 'E';
}

/* true, false, null or a number; its text in *out. */
static bool take_scalar(struct scan *s, rf_str *out)
{
	skip_space(s);
	const char *start = s->p;
	while (s->p < s->end && is_scalar_byte(*s->p))
		s->p++;
	*out = (rf_str){ start, (size_t)(s->p - start) };
	return out->len > 0;
}

static bool skip_value(struct scan *s, unsigned depth);

/* The members of an array or object that was opened, up to `close`. */
static bool skip_members(struct scan *s, char close, unsigned depth)
{
	if (depth >= RF_TEST2JSON_DEPTH_MAX)
		return false;
	if (take(s, close))
		return true;
	do {
		if (close == '}' && (!take_string(s, NULL) || !take(s, ':')))
			return false;
		if (!skip_value(s, depth + 1))
			return false;
	} while (take(s, ','));
	return take(s, close);
}

static bool skip_value(struct scan *s, unsigned depth)
{
	rf_str ignored;
	if (take(s, '{'))
		return skip_members(s, '}', depth);
	if (take(s, '['))
		return skip_members(s, ']', depth);
	if (s->p < s->end && *s->p == '"')
		return take_string(s, NULL);
	return take_scalar(s, &ignored);
}

/* --- events ---------------------------------------------------------------------------------------------------- */

static const char *const action_names[] = {
	[RF_ACTION_OTHER] = "",
	[RF_ACTION_START] = "start", [RF_ACTION_RUN] = "run", [RF_ACTION_PAUSE] = "pause", [RF_ACTION_CONT] = "cont",
	[RF_ACTION_PASS] = "pass", [RF_ACTION_BENCH] = "bench", [RF_ACTION_FAIL] = "fail",
	[RF_ACTION_OUTPUT] = "output", [RF_ACTION_SKIP] = "skip", [RF_ACTION_ATTR] = "attr",
	[RF_ACTION_ARTIFACTS] = "artifacts", [RF_ACTION_BUILD_OUTPUT] = "build-output",
	[RF_ACTION_BUILD_FAIL] = "build-fail",
};
_Static_assert(sizeof(action_names) / sizeof(action_names[0]) == RF_ACTION_COUNT, "one name an action");

static enum rf_action action_from(rf_str name)
{
	if (rf_str_eq(name, RF_STR("output"))) /* nearly every line */
		return RF_ACTION_OUTPUT;
	for (int i = RF_ACTION_OTHER + 1; i < RF_ACTION_COUNT; i++) {
		if (rf_str_eq_cstr(name, action_names[i]))
			return (enum rf_action)i;
	}
	return RF_ACTION_OTHER;
}

static bool take_elapsed(struct scan *s, double *out)
{
	char text[64];
	rf_str number;
	if (!take_scalar(s, &number))
		return false;
	if (number.len >= sizeof(text))
		return true;
	memcpy(text, number.ptr, number.len);
	text[number.len] = '\0';
	char *stop;
	double v = strtod(text, &stop);
	if (*stop == '\0' && v >= 0)
		*out = v;
	return true;
}

struct event_scan {
	struct scan scan;
	bool has_action;
};

/* The slice of the event that a string member of that name fills; NULL for every other member. */
static rf_str *slice_of(struct rf_test_event *event, rf_str key)
{
	if (rf_str_eq(key, RF_STR("Time")))
		return &event->time;
	if (rf_str_eq(key, RF_STR("Package")) || rf_str_eq(key, RF_STR("ImportPath")))
		return &event->package;
	if (rf_str_eq(key, RF_STR("Test")))
		return &event->test;
	if (rf_str_eq(key, RF_STR("Output")))
		return &event->output;
	return NULL;
}

static bool take_member(struct event_scan *e, struct rf_test_event *event)
{
	struct scan *s = &e->scan;
	rf_str key, action;
	if (!take_string(s, &key) || !take(s, ':'))
		return false;
	skip_space(s);
	bool is_string = s->p < s->end && *s->p == '"';
	rf_str *slice = is_string ? slice_of(event, key) : NULL;
	if (slice)
		return take_string(s, slice);
	if (is_string && rf_str_eq(key, RF_STR("Action"))) {
		if (!take_string(s, &action))
			return false;
		event->action = action_from(action);
		e->has_action = true;
		return true;
	}
	if (rf_str_eq(key, RF_STR("Elapsed")) && !is_string && s->p < s->end && *s->p != '{' && *s->p != '[')
		return take_elapsed(s, &event->elapsed_s);
	if (rf_str_eq(key, RF_STR("TraceID")))
		event->has_trace_id = true;
	return skip_value(s, 0);
}

static bool take_event(struct event_scan *e, struct rf_test_event *event)
{
	struct scan *s = &e->scan;
	if (!take(s, '{'))
		return false;
	do {
		if (!take_member(e, event))
			return false;
	} while (take(s, ','));
	if (!take(s, '}'))
		return false;
	skip_space(s);
	return s->p == s->end && e->has_action;
}

int rf_test2json_parse(rf_str line, rf_arena *arena, struct rf_test_event *out, struct rf_error *err)
{
	struct event_scan e = { .scan = { line.ptr, line.ptr + line.len, arena } };
	*out = (struct rf_test_event){ .elapsed_s = -1 };
	if (line.len == 0)
		return rf_fail(err, RF_ERR_INPUT, "an empty line is no event of `go test -json`");
	if (take_event(&e, out))
		return 0;
	*out = (struct rf_test_event){ .elapsed_s = -1 };
	return rf_fail(err, RF_ERR_INPUT,
		       "not an event of `go test -json` (one JSON object with an \"Action\" a line) from byte %td on",
		       e.scan.p - line.ptr + 1);
}

void rf_test2json_put_with_trace_id(struct rf_buf *out, rf_str line, const struct rf_test_event *event,
				    rf_str trace_id)
{
	ptrdiff_t brace = rf_str_find_last(line, '}');
	if (event->has_trace_id || brace < 0 || rf_str_trim(rf_str_skip(line, (size_t)brace)).len != 1) {
		rf_buf_put_str(out, line);
		return;
	}
	rf_buf_put_str(out, rf_str_take(line, (size_t)brace));
	rf_buf_put_str(out, RF_STR(",\"TraceID\":\""));
	rf_buf_put_str(out, trace_id);
	rf_buf_put_str(out, RF_STR("\""));
	rf_buf_put_str(out, rf_str_skip(line, (size_t)brace));
}
