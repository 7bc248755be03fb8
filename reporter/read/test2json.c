#include "read/test2json.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

/* A line is read in one pass, strings sixteen bytes at a time, and copied only when they hold an escape, so that a stream
 * is read about as fast as it can be looked through. */
struct scan {
	const char *p, *end;
	const char *begin;
	rf_arena *arena;
};

static inline void skip_space(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
		s->p++;
}

static inline bool take(struct scan *s, char c)
{
	if (s->p < s->end && *s->p == c) { /* go test leaves no blanks */
		s->p++;
		return true;
	}
	skip_space(s);
	if (s->p == s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

/* Four hex digits at p; -1 when there aren't. */
static int32_t hex4(const char *p, const char *end)
{
	int32_t v = 0;
	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int d = rf_hex_digit(p[i]);
		if (d < 0)
			return -1;
		v = v << 4 | d;
	}
	return v;
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

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the lowest marked byte is the first one");

typedef uint8_t block __attribute__((vector_size(16)));

/* The first byte at or behind `from` of the 16 at p that is a quote or a backslash; 16 when there is none. */
static inline unsigned first_mark(const char *p, unsigned from)
{
	block bytes;
	uint64_t half[2];
	memcpy(&bytes, p, sizeof(bytes));
	block marks = (block)(bytes == '"') | (block)(bytes == '\\');
	memcpy(half, &marks, sizeof(half));
	if (from)
		half[from >= 8] &= UINT64_MAX << from % 8 * 8;
	if (half[0] && from < 8)
		return (unsigned)__builtin_ctzll(half[0]) / 8;
	return half[1] ? 8 + (unsigned)__builtin_ctzll(half[1]) / 8 : 16;
}

/* The first quote or backslash at or behind p; `end` when there is none. Strings are short, so this beats two calls of
 * memchr. The last block overlaps what was looked at before; `begin` says how far back it may reach. */
static inline const char *quote_or_backslash(const char *begin, const char *p, const char *end)
{
	unsigned at;
	for (; end - p >= 16; p += 16) {
		if ((at = first_mark(p, 0)) < 16)
			return p + at;
	}
	if (p < end && end - begin >= 16)
		return end - 16 + first_mark(end - 16, (unsigned)(16 - (end - p)));
	while (p < end && *p != '"' && *p != '\\')
		p++;
	return p;
}

/* The closing quote of the string that starts at p; *escape is the first backslash before it, or NULL. NULL: none. */
static inline const char *string_end(const struct scan *s, const char *p, const char **escape)
{
	*escape = NULL;
	while ((p = quote_or_backslash(s->begin, p, s->end)) < s->end) {
		if (*p == '"')
			return p;
		if (!*escape)
			*escape = p;
		if (s->end - p < 2)
			return NULL;
		p += 2;
	}
	return NULL;
}

/* Decodes the escapes of `raw`, the first of which is at `escape`, into the arena. No escape grows: \uXXXX is 6 bytes for
 * at most 3. */
static bool decode(const struct scan *s, rf_str raw, const char *escape, rf_str *out)
{
	const char *p = raw.ptr, *end = raw.ptr + raw.len;
	char *start = rf_arena_alloc(s->arena, raw.len), *to = start;
	*out = RF_STR("");
	if (!start)
		return true; /* arena->failed tells */
	for (;;) {
		memcpy(to, p, (size_t)(escape - p));
		to += escape - p;
		if (escape == end)
			break;
		if (end - escape < 2)
			return false;
		p = escape + 2;
		uint32_t code = (unsigned char)simple_escape(escape[1]);
		if (code)
			*to++ = (char)code;
		else if (escape[1] == 'u' && unicode_escape(&p, end, &code))
			to += rf_utf8_put(to, code);
		else
			return false;
		escape = quote_or_backslash(raw.ptr, p, end); /* no quote is in it that isn't behind a backslash */
	}
	*out = (rf_str){ start, (size_t)(to - start) };
	return true;
}

/* A string value; *out is decoded when it is asked for. */
static inline bool take_string(struct scan *s, rf_str *out)
{
	const char *escape;
	if (!take(s, '"'))
		return false;
	const char *quote = string_end(s, s->p, &escape);
	if (!quote)
		return false;
	rf_str raw = { s->p, (size_t)(quote - s->p) };
	s->p = quote + 1;
	if (!out)
		return true;
	if (escape)
		return decode(s, raw, escape, out);
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
	bool has_action, same; /* same: as the line before, but for its time and its output */
};

/* The slice of the event that a string member of that name fills; NULL for every other member. */
static inline rf_str *slice_of(struct rf_test_event *event, rf_str key)
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

/* "Key":" as go test writes it, with a string behind it; leaves the string's quote. */
#define TAKE_KEY(s, name) \
	((size_t)((s)->end - (s)->p) > sizeof(name) + 3 && memcmp((s)->p, "\"" name "\":\"", sizeof(name) + 3) == 0 && \
	 ((s)->p += sizeof(name) + 2))

/* The slice of one of the usual members, which are told by one comparison; NULL: any other member, also an unusual spelling
 * of one of these. */
static inline rf_str *take_usual_key(struct scan *s, struct rf_test_event *event)
{
	if (s->end - s->p < 2)
		return NULL;
	switch (s->p[1]) {
	case 'T':
		if (TAKE_KEY(s, "Test"))
			return &event->test;
		return TAKE_KEY(s, "Time") ? &event->time : NULL;
	case 'P': return TAKE_KEY(s, "Package") ? &event->package : NULL;
	case 'O': return TAKE_KEY(s, "Output") ? &event->output : NULL;
	default: return NULL;
	}
}

static bool take_action(struct event_scan *e, struct rf_test_event *event)
{
	rf_str action;
	if (!take_string(&e->scan, &action))
		return false;
	event->action = action_from(action);
	return e->has_action = true;
}

static bool take_member(struct event_scan *e, struct rf_test_event *event)
{
	struct scan *s = &e->scan;
	rf_str key, *usual = take_usual_key(s, event);
	if (usual)
		return take_string(s, usual);
	if (TAKE_KEY(s, "Action"))
		return take_action(e, event);
	if (!take_string(s, &key) || !take(s, ':'))
		return false;
	skip_space(s);
	bool is_string = s->p < s->end && *s->p == '"';
	rf_str *slice = is_string ? slice_of(event, key) : NULL;
	if (slice)
		return take_string(s, slice);
	if (is_string && rf_str_eq(key, RF_STR("Action")))
		return take_action(e, event);
	if (rf_str_eq(key, RF_STR("Elapsed")) && !is_string && s->p < s->end && *s->p != '{' && *s->p != '[')
		return take_elapsed(s, &event->elapsed_s);
	if (rf_str_eq(key, RF_STR("TraceID")))
		event->has_trace_id = true;
	return skip_value(s, 0);
}

/* --- the line before -------------------------------------------------------------------------------------------- */

#define TO_TIME "{\"Time\":\""
#define TO_PACKAGE "\",\"Action\":\"output\",\"Package\":\""
#define TO_TEST "\",\"Test\":\""
#define TO_OUTPUT "\",\"Output\":\""
#define LEN(text) (sizeof(text) - 1)

/* Takes all up to the output, if only the time is another than in the line before. */
static inline bool take_same(struct event_scan *e, const struct rf_test2json_before *before, struct rf_test_event *event)
{
	struct scan *s = &e->scan;
	if (!before || before->len == 0 || (size_t)(s->end - s->p) < LEN(TO_TIME) || memcmp(s->p, TO_TIME, LEN(TO_TIME)) != 0)
		return false;
	const char *time = s->p + LEN(TO_TIME), *same = quote_or_backslash(s->begin, time, s->end);
	if ((size_t)(s->end - same) < before->len || memcmp(same, before->bytes, before->len) != 0)
		return false;
	event->action = RF_ACTION_OUTPUT;
	event->time = (rf_str){ time, (size_t)(same - time) };
	event->package = (rf_str){ same + LEN(TO_PACKAGE), before->package_len };
	event->test = (rf_str){ event->package.ptr + before->package_len + LEN(TO_TEST), before->test_len };
	s->p = same + before->len - 1; /* the quote */
	return e->has_action = e->same = true;
}

/* Moves *at, a place in the line, behind `key` and the value that stands there; false: something else does. */
static bool is_next(const char **at, const char *end, const char *key, rf_str value)
{
	size_t n = strlen(key);
	if ((size_t)(end - *at) < n + value.len || memcmp(*at, key, n) != 0 || (value.len && value.ptr != *at + n))
		return false;
	*at += n + value.len;
	return true;
}

/* A line as go test writes it is known by where its strings are: one that has an escape isn't in the line. */
static void remember(struct rf_test2json_before *before, rf_str line, const struct rf_test_event *event)
{
	const char *at = line.ptr, *end = line.ptr + line.len;
	if (event->action != RF_ACTION_OUTPUT || event->package.len == 0 || !is_next(&at, end, TO_TIME, event->time))
		return;
	const char *same = at;
	if (!is_next(&at, end, TO_PACKAGE, event->package) || (event->test.len && !is_next(&at, end, TO_TEST, event->test)) ||
	    !is_next(&at, end, TO_OUTPUT, RF_STR("")) || (size_t)(at - same) > sizeof(before->bytes))
		return;
	before->len = (size_t)(at - same);
	before->package_len = event->package.len;
	before->test_len = event->test.len;
	memcpy(before->bytes, same, before->len);
}

static bool take_event(struct event_scan *e, const struct rf_test2json_before *before, struct rf_test_event *event)
{
	struct scan *s = &e->scan;
	bool same = take_same(e, before, event);
	bool good = same ? take_string(s, &event->output) : take(s, '{') && take_member(e, event);
	while (good && take(s, ','))
		good = take_member(e, event);
	if (!good || !take(s, '}'))
		return false;
	skip_space(s);
	return s->p == s->end && e->has_action;
}

int rf_test2json_parse_next(struct rf_test2json_before *before, rf_str line, rf_arena *arena, struct rf_test_event *out,
			    struct rf_error *err)
{
	struct event_scan e = { .scan = { line.ptr, line.ptr + line.len, line.ptr, arena } };
	*out = (struct rf_test_event){ .elapsed_s = -1 };
	if (line.len == 0)
		return rf_fail(err, RF_ERR_INPUT, "an empty line is no event of `go test -json`");
	if (take_event(&e, before, out)) {
		if (before && !e.same)
			remember(before, line, out);
		return 0;
	}
	*out = (struct rf_test_event){ .elapsed_s = -1 };
	return rf_fail(err, RF_ERR_INPUT,
		       "not an event of `go test -json` (one JSON object with an \"Action\" a line) from byte %td on",
		       e.scan.p - line.ptr + 1);
}

int rf_test2json_parse(rf_str line, rf_arena *arena, struct rf_test_event *out, struct rf_error *err)
{
	return rf_test2json_parse_next(NULL, line, arena, out, err);
}

void rf_test2json_put_with_trace_id(struct rf_buf *out, rf_str line, const struct rf_test_event *event,
				    rf_str trace_id)
{
	static const char member[] = ",\"TraceID\":\"";
	size_t end = line.len, n = sizeof(member) - 1;
	while (end && line.ptr[end - 1] != '}' && (unsigned char)line.ptr[end - 1] <= ' ')
		end--;
	char *to = event->has_trace_id || end == 0 || line.ptr[end - 1] != '}'
			   ? NULL : rf_buf_grow(out, line.len + n + trace_id.len + 1);
	if (!to) {
		rf_buf_put_str(out, line);
		return;
	}
	memcpy(to, line.ptr, end - 1);
	memcpy(to + end - 1, member, n);
	memcpy(to + end - 1 + n, trace_id.ptr, trace_id.len);
	to[end - 1 + n + trace_id.len] = '"';
	memcpy(to + end + n + trace_id.len, line.ptr + end - 1, line.len - end + 1);
}
