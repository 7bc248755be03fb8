#include "policy/suppressions.h"

#include <string.h>

#include "base/files.h"

#define DAY_NS 86400000000000u
#define YEAR_MAX 2200 /* above, nanoseconds leave 64 bits; nobody means it */

static const char *const types[] = { "race_top", "race", "mutex", "thread", "signal", "deadlock", "called_from_lib" };
static const char *const keys[] = { "owner", "expires", "reason", "tag", "kind" };
#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

/* --- matching --------------------------------------------------------------------------------------------------- */

bool rf_suppression_template(rf_str pattern, rf_str name)
{
	bool start = false, any = false;
	if (name.len == 0)
		return false;
	if (pattern.len && pattern.ptr[0] == '^') {
		start = true;
		pattern = rf_str_skip(pattern, 1);
	}
	while (pattern.len) {
		if (pattern.ptr[0] == '*') {
			pattern = rf_str_skip(pattern, 1);
			start = false;
			any = true;
			continue;
		}
		if (pattern.ptr[0] == '$')
			return name.len == 0 || any;
		size_t n = 0;
		while (n < pattern.len && pattern.ptr[n] != '*' && pattern.ptr[n] != '$')
			n++;
		/* The first place counts, without going back: that is how ThreadSanitizer does it. */
		ptrdiff_t at = rf_str_find_str(name, rf_str_take(pattern, n));
		if (name.len == 0 || at < 0 || (start && at != 0))
			return false;
		name = rf_str_skip(name, (size_t)at + n);
		pattern = rf_str_skip(pattern, n);
		start = any = false;
	}
	return true;
}

bool rf_suppression_expired(const struct rf_suppression *entry, uint64_t now_unix_ns)
{
	return entry->expires_unix_ns && now_unix_ns >= entry->expires_unix_ns;
}

static bool of_races(const struct rf_suppression *entry)
{
	return rf_str_starts(entry->type, "race");
}

bool rf_suppression_in_process(const struct rf_suppression *entry)
{
	return of_races(entry) && entry->tag.len == 0 && entry->kind.len == 0;
}

static bool fits_stack(const struct rf_suppression *entry, const struct rf_stack *stack)
{
	uint32_t count = rf_str_eq_cstr(entry->type, "race_top") && stack->count ? 1 : stack->count;
	for (uint32_t i = 0; i < count; i++) {
		if (rf_suppression_template(entry->pattern, stack->frames[i].function) ||
		    rf_suppression_template(entry->pattern, stack->frames[i].file))
			return true;
	}
	return false;
}

bool rf_suppression_fits(const struct rf_suppression *entry, const struct rf_report *report, rf_str tag)
{
	if (!of_races(entry) || (entry->tag.len && !rf_str_glob(entry->tag, tag)) ||
	    (entry->kind.len && !rf_str_eq_cstr(entry->kind, rf_kind_name(report->kind))))
		return false;
	for (uint32_t i = 0; i < report->access_count; i++) {
		if (!rf_access_is_hint(&report->accesses[i]) && fits_stack(entry, &report->accesses[i].stack))
			return true;
	}
	return false;
}

const struct rf_suppression *rf_suppressions_match(const struct rf_suppressions *list, const struct rf_report *report,
						   rf_str tag, uint64_t now_unix_ns)
{
	for (uint32_t i = 0; list && i < list->count; i++) {
		if (!rf_suppression_expired(&list->entries[i], now_unix_ns) &&
		    rf_suppression_fits(&list->entries[i], report, tag))
			return &list->entries[i];
	}
	return NULL;
}

uint32_t rf_suppressions_put_process(const struct rf_suppressions *list, uint64_t now_unix_ns, struct rf_buf *out)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < list->count; i++) {
		if (!rf_suppression_in_process(&list->entries[i]) || rf_suppression_expired(&list->entries[i], now_unix_ns))
			continue;
		rf_buf_put_str(out, list->entries[i].text);
		rf_buf_put_char(out, '\n');
		count++;
	}
	return count;
}

/* --- reading ---------------------------------------------------------------------------------------------------- */

struct scan {
	const char *path;
	uint32_t line;
	struct rf_suppression next; /* what the comments above say */
	struct rf_suppressions *out;
	struct rf_error *err;
};

/* Days since 1970 of a date, by counting the days of a year that begins in March. */
static uint64_t days_of(uint64_t year, uint64_t month, uint64_t day)
{
	uint64_t y = month <= 2 ? year - 1 : year, m = month <= 2 ? month + 9 : month - 3;
	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

bool rf_suppression_date(rf_str text, uint64_t *end_unix_ns)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	uint64_t year, month, day;
	if (text.len != 10 || text.ptr[4] != '-' || text.ptr[7] != '-' || !rf_str_u64(rf_str_take(text, 4), &year) ||
	    !rf_str_u64(rf_str_take(rf_str_skip(text, 5), 2), &month) || !rf_str_u64(rf_str_skip(text, 8), &day))
		return false;
	if (year < 1970 || year > YEAR_MAX || month < 1 || month > 12 || day < 1)
		return false;
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	if (day > days[month - 1] + (uint64_t)(leap && month == 2))
		return false;
	*end_unix_ns = (days_of(year, month, day) + 1) * DAY_NS;
	return true;
}

static int fail_at(const struct scan *s, const char *sentence, rf_str what)
{
	return rf_fail(s->err, RF_ERR_INPUT, "%s:%u: \"%.*s\" %s", s->path, s->line, RF_STR_ARG(rf_str_take(what, 120)),
		       sentence);
}

/* Index of the key that the text starts with, as name=; KEY_COUNT none. */
static size_t key_at(rf_str text)
{
	for (size_t k = 0; k < KEY_COUNT; k++) {
		size_t n = strlen(keys[k]);
		if (rf_str_starts(text, keys[k]) && text.len > n && text.ptr[n] == '=')
			return k;
	}
	return KEY_COUNT;
}

static bool looks_like_key(rf_str word)
{
	size_t n = 0;
	while (n < word.len && word.ptr[n] >= 'a' && word.ptr[n] <= 'z')
		n++;
	return n && n < word.len && word.ptr[n] == '=';
}

static rf_str unquote(rf_str value)
{
	if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"')
		return (rf_str){ value.ptr + 1, value.len - 2 };
	return value;
}

static int set_key(struct scan *s, size_t key, rf_str value, struct rf_suppression *e)
{
	rf_str *const fields[KEY_COUNT] = { &e->owner, &e->expires, &e->reason, &e->tag, &e->kind };
	value = unquote(rf_str_trim(value));
	if (value.len == 0)
		return fail_at(s, "needs a value behind its =", rf_str_from(keys[key]));
	if (fields[key]->len)
		return fail_at(s, "comes twice for one entry; keep one", rf_str_from(keys[key]));
	*fields[key] = value;
	if (fields[key] == &e->expires && !rf_suppression_date(value, &e->expires_unix_ns))
		return fail_at(s, "is no date; write expires=2027-01-31", value);
	if (fields[key] == &e->kind && rf_kind_from_name(value) == RF_KIND_UNKNOWN)
		return fail_at(s, "is no kind; there are " RF_KIND_LIST("and"), value);
	return 0;
}

/* Where the value ends: before the next name=, or at the end. Quotes hold it together. */
static size_t value_bytes(rf_str text)
{
	bool quoted = false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '"')
			quoted = !quoted;
		if (!quoted && (text.ptr[i] == ' ' || text.ptr[i] == '\t') && key_at(rf_str_skip(text, i + 1)) < KEY_COUNT)
			return i;
	}
	return text.len;
}

/* A comment that begins with a name= of ours is read; any other is for people. */
static int read_comment(struct scan *s, rf_str text, struct rf_suppression *e)
{
	size_t key;
	text = rf_str_trim(text);
	while ((key = key_at(text)) < KEY_COUNT) {
		rf_str rest = rf_str_skip(text, strlen(keys[key]) + 1), value = rf_str_take(rest, value_bytes(rest));
		rf_str words = value;
		bool free_text = value.ptr && (value.len && value.ptr[0] == '"');
		rf_str_cut(&words, ' ');
		/* Only a reason has blanks; a word behind anything else is a name that we don't know, or a slip. */
		if (strcmp(keys[key], "reason") != 0 && !free_text && rf_str_trim(words).len)
			return fail_at(s, looks_like_key(rf_str_trim(words))
						  ? "is not known here; there are owner, expires, reason, tag and kind"
						  : "stands behind a value without blanks; put it in quotes, or behind reason=",
				       rf_str_trim(words));
		int rc = set_key(s, key, value, e);
		if (rc < 0)
			return rc;
		text = rf_str_trim(rf_str_skip(rest, value.len));
	}
	return 0;
}

static bool read_type(struct rf_suppression *e)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		size_t n = strlen(types[i]);
		if (rf_str_starts(e->text, types[i]) && e->text.len > n && e->text.ptr[n] == ':') {
			e->type = rf_str_take(e->text, n);
			e->pattern = rf_str_skip(e->text, n + 1);
			return true;
		}
	}
	return false;
}

/* The # of a comment behind an entry: after a blank; function names have neither. */
static ptrdiff_t trailing_at(rf_str line)
{
	for (size_t i = 1; i < line.len; i++) {
		if (line.ptr[i] == '#' && (line.ptr[i - 1] == ' ' || line.ptr[i - 1] == '\t'))
			return (ptrdiff_t)i;
	}
	return -1;
}

static int read_entry(struct scan *s, rf_str line)
{
	struct rf_suppression e = s->next;
	ptrdiff_t hash = trailing_at(line);
	int rc = 0;
	e.line = s->line;
	e.trailing_comment = hash >= 0;
	e.text = rf_str_trim(hash >= 0 ? rf_str_take(line, (size_t)hash) : line);
	if (!read_type(&e))
		return fail_at(s, "is no suppression; write race:PATTERN or race_top:PATTERN, and # before a comment", line);
	if (rf_str_trim(e.pattern).len == 0 || rf_str_eq_cstr(e.pattern, "^"))
		return fail_at(s, "has no pattern and would suppress everything; name a function or file", line);
	if (hash >= 0)
		rc = read_comment(s, rf_str_skip(line, (size_t)hash + 1), &e);
	if (rc == 0)
		s->out->entries[s->out->count++] = e;
	s->next = (struct rf_suppression){ 0 };
	return rc;
}

int rf_suppressions_parse(rf_str text, const char *path, rf_arena *arena, struct rf_suppressions *out,
			  struct rf_error *err)
{
	struct scan s = { .path = path, .out = out, .err = err };
	size_t lines = rf_str_count(text, '\n') + 1;
	int rc = 0;
	text = rf_arena_dup(arena, text);
	*out = (struct rf_suppressions){ .path = rf_arena_dup(arena, rf_str_from(path)), .source = text,
					 .entries = rf_arena_array(arena, lines, sizeof(*out->entries)) };
	if (!out->entries)
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory while reading %s.", path);
	while (text.len && rc == 0) {
		rf_str line = rf_str_trim(rf_str_cut(&text, '\n'));
		s.line++;
		if (line.len == 0)
			s.next = (struct rf_suppression){ 0 };
		else
			rc = line.ptr[0] == '#' ? read_comment(&s, rf_str_skip(line, 1), &s.next) : read_entry(&s, line);
	}
	if (rc < 0)
		*out = (struct rf_suppressions){ 0 };
	return rc;
}

int rf_suppressions_load(const char *path, rf_arena *arena, struct rf_suppressions *out, struct rf_error *err)
{
	rf_str text = { 0 };
	*out = (struct rf_suppressions){ 0 };
	int rc = rf_file_read(path, RF_SUPPRESSIONS_BYTES_MAX, arena, &text, err);
	if (rc < 0)
		return rf_fail_again(err, "The suppression list");
	return rf_suppressions_parse(text, path, arena, out, err);
}
