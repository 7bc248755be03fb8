#include "toolchain/anchors.h"

#include <string.h>

static const char *const place_keys[] = { "open", "after", "before", "replace", "after-first", "before-first" };
_Static_assert(sizeof(place_keys) / sizeof(place_keys[0]) == RF_ANCHOR_PLACE_COUNT, "one key a place");

/* A stanza while it is read. */
struct stanza {
	struct rf_anchor anchor;
	bool has_place, applies;
};

int rf_go_minor(rf_str version)
{
	uint64_t minor;
	size_t digits = 0;
	if (!rf_str_starts(version, "go1."))
		return -1;
	rf_str rest = rf_str_skip(version, 4);
	while (digits < rest.len && rest.ptr[digits] >= '0' && rest.ptr[digits] <= '9')
		digits++;
	if (!rf_str_u64(rf_str_take(rest, digits), &minor) || minor > 10000)
		return -1;
	return (int)minor;
}

/* One of >=1.26 >1.25 <=1.26 <1.27; -1 when it is none of them. */
static int condition_holds(rf_str condition, int minor)
{
	bool less = rf_str_starts(condition, "<"), greater = rf_str_starts(condition, ">");
	rf_str rest = rf_str_skip(condition, 1);
	bool equal = rf_str_starts(rest, "=");
	uint64_t bound;
	rest = rf_str_skip(rest, equal ? 1 : 0);
	if ((!less && !greater) || !rf_str_starts(rest, "1.") || !rf_str_u64(rf_str_skip(rest, 2), &bound) || bound > 10000)
		return -1;
	if (minor == (int)bound)
		return equal;
	return less ? minor < (int)bound : minor > (int)bound;
}

static int read_condition(struct stanza *s, rf_str value, int minor, unsigned line, struct rf_error *err)
{
	while (value.len) {
		rf_str word = rf_str_cut(&value, ' ');
		int holds = word.len ? condition_holds(word, minor) : 1;
		if (holds < 0)
			return rf_fail(err, RF_ERR_INPUT, "line %u of the anchor table: `%.*s` is no condition such as >=1.26", line,
				       RF_STR_ARG(word));
		s->applies = s->applies && holds;
	}
	return 0;
}

static int read_place(struct stanza *s, rf_str key, rf_str value, unsigned line, struct rf_error *err)
{
	for (size_t i = 0; i < RF_ANCHOR_PLACE_COUNT; i++) {
		if (!rf_str_eq_cstr(key, place_keys[i]))
			continue;
		if (s->has_place)
			return rf_fail(err, RF_ERR_INPUT, "line %u of the anchor table: the stanza has two places", line);
		s->anchor.place = (enum rf_anchor_place)i;
		s->anchor.text = value;
		s->has_place = true;
		return 0;
	}
	return rf_fail(err, RF_ERR_INPUT, "line %u of the anchor table: unknown key `%.*s`", line, RF_STR_ARG(key));
}

static int read_line(struct stanza *s, rf_str text, unsigned line, rf_str go_version, rf_str goarch, struct rf_error *err)
{
	if (rf_str_find(text, ':') < 0)
		return rf_fail(err, RF_ERR_INPUT, "line %u of the anchor table is no `key: value`", line);
	rf_str key = rf_str_cut(&text, ':'), value = rf_str_trim(text);
	if (value.len == 0)
		return rf_fail(err, RF_ERR_INPUT, "line %u of the anchor table: `%.*s:` has no value", line, RF_STR_ARG(key));
	if (s->anchor.line == 0)
		s->anchor.line = line;
	if (rf_str_eq_cstr(key, "file"))
		s->anchor.file = value;
	else if (rf_str_eq_cstr(key, "within"))
		s->anchor.within = value;
	else if (rf_str_eq_cstr(key, "insert"))
		s->anchor.insert = value;
	else if (rf_str_eq_cstr(key, "arch"))
		s->applies = s->applies && rf_str_eq(value, goarch);
	else if (rf_str_eq_cstr(key, "go"))
		return read_condition(s, value, rf_go_minor(go_version), line, err);
	else
		return read_place(s, key, value, line, err);
	return 0;
}

static int finish_stanza(struct stanza *s, struct rf_anchors *out, struct rf_error *err)
{
	struct rf_anchor *a = &s->anchor;
	bool first = a->place == RF_ANCHOR_AFTER_FIRST || a->place == RF_ANCHOR_BEFORE_FIRST;
	if (a->line == 0)
		return 0;
	if (!a->file.len || !a->insert.len || !s->has_place)
		return rf_fail(err, RF_ERR_INPUT, "line %u of the anchor table: a stanza needs file, insert and a place", a->line);
	if (first && !a->within.len)
		return rf_fail(err, RF_ERR_INPUT, "line %u of the anchor table: %s needs within", a->line, place_keys[a->place]);
	if (s->applies)
		out->items[out->count++] = *a;
	return 0;
}

int rf_anchors_parse(rf_str table, rf_str go_version, rf_str goarch, rf_arena *arena, struct rf_anchors *out,
		     struct rf_error *err)
{
	struct stanza s = { .applies = true };
	unsigned line = 0;
	size_t stanzas = rf_str_count(table, '\n') + 1;
	*out = (struct rf_anchors){ .items = rf_arena_array(arena, stanzas, sizeof(struct rf_anchor)) };
	if (!out->items)
		return rf_fail(err, RF_ERR_MEMORY, "not enough memory for the anchor table");
	while (table.len) {
		rf_str text = rf_str_trim(rf_str_cut(&table, '\n'));
		int rc = 0;
		line++;
		if (text.len == 0) {
			rc = finish_stanza(&s, out, err);
			s = (struct stanza){ .applies = true };
		} else if (text.ptr[0] != '#') {
			rc = read_line(&s, text, line, go_version, goarch, err);
		}
		if (rc)
			return rc;
	}
	return finish_stanza(&s, out, err);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Length of the match of `anchor` at the start of `line`, 0 if there is none; runs of blanks match each other. */
static size_t match_here(rf_str line, rf_str anchor)
{
	size_t l = 0, a = 0;
	while (a < anchor.len) {
		if (is_blank(anchor.ptr[a])) {
			if (l >= line.len || !is_blank(line.ptr[l]))
				return 0;
			while (a < anchor.len && is_blank(anchor.ptr[a]))
				a++;
			while (l < line.len && is_blank(line.ptr[l]))
				l++;
		} else if (l < line.len && line.ptr[l] == anchor.ptr[a]) {
			l++;
			a++;
		} else {
			return 0;
		}
	}
	return l;
}

/* Place of the anchor in the line (and the length of the match), or -1. */
static ptrdiff_t match_line(rf_str line, rf_str anchor, size_t *length)
{
	bool at_start = rf_str_starts(anchor, "func ") || rf_str_starts(anchor, "TEXT ");
	for (size_t i = 0; i < line.len && (i == 0 || !at_start); i++) {
		*length = match_here(rf_str_skip(line, i), anchor);
		if (*length)
			return (ptrdiff_t)i;
	}
	return -1;
}

/* Where the code of a line ends: before a trailing // comment and the blanks in front of it. */
static size_t code_end(rf_str line)
{
	char quote = 0;
	size_t end = line.len;
	for (size_t i = 0; i < line.len; i++) {
		char c = line.ptr[i];
		if (quote) {
			if (c == '\\' && quote != '`')
				i++;
			else if (c == quote)
				quote = 0;
		} else if (c == '"' || c == '\'' || c == '`') {
			quote = c;
		} else if (c == '/' && i + 1 < line.len && line.ptr[i + 1] == '/') {
			end = i;
			break;
		}
	}
	while (end > 0 && is_blank(line.ptr[end - 1]))
		end--;
	return end;
}

/* The file while it is changed: lines as they were, for finding, and as they are, for inserting. */
struct patch {
	rf_str *original, *current;
	size_t line_count;
	const struct rf_anchor *anchor;
	rf_str go_version;
	rf_arena *arena;
	struct rf_error *err;
};

static int fail_anchor(const struct patch *p, rf_str text, const char *what)
{
	return rf_fail(p->err, RF_ERR_VERSION,
		       "%.*s of %.*s: the anchor `%.*s` %s (line %u of anchors.txt); this redflag doesn't know this Go, "
		       "use another version of either",
		       RF_STR_ARG(p->anchor->file), RF_STR_ARG(p->go_version), RF_STR_ARG(text), what, p->anchor->line);
}

static bool is_end(rf_str line, bool assembly)
{
	return assembly ? rf_str_starts(line, "TEXT") && line.len > 4 && is_blank(line.ptr[4]) : rf_str_starts(line, "}");
}

/* Lines [from, to) of the function that `within` names; the whole file without it. */
static int find_region(const struct patch *p, size_t *from, size_t *to)
{
	size_t found = 0;
	bool assembly = rf_str_ends(p->anchor->file, ".s");
	*from = 0;
	*to = p->line_count;
	if (!p->anchor->within.len)
		return 0;
	for (size_t i = 0; i < p->line_count; i++) {
		if (match_here(p->original[i], p->anchor->within)) {
			*from = i;
			found++;
		}
	}
	if (found != 1)
		return fail_anchor(p, p->anchor->within, found ? "begins more than one line" : "begins no line");
	rf_str head = rf_str_take(p->original[*from], code_end(p->original[*from]));
	if (rf_str_ends(head, "}"))
		*to = *from + 1;
	for (size_t i = *from + 1; i < *to; i++) {
		if (is_end(p->original[i], assembly)) {
			*to = i;
			break;
		}
	}
	return 0;
}

static int find_line(const struct patch *p, size_t *line)
{
	bool first = p->anchor->place == RF_ANCHOR_AFTER_FIRST || p->anchor->place == RF_ANCHOR_BEFORE_FIRST;
	size_t from, to, length, found = 0;
	int rc = find_region(p, &from, &to);
	if (rc)
		return rc;
	for (size_t i = from; i < to && !(first && found); i++) {
		rf_str code = rf_str_take(p->original[i], code_end(p->original[i]));
		if (match_line(code, p->anchor->text, &length) >= 0) {
			*line = i;
			found++;
		}
	}
	if (found != 1)
		return fail_anchor(p, p->anchor->text, found ? "is found more than once" : "isn't found");
	return 0;
}

static void set_line(const struct patch *p, size_t line, rf_str head, const char *before, rf_str insert, const char *after,
		     rf_str tail)
{
	p->current[line] = rf_arena_printf(p->arena, "%.*s%s%.*s%s%.*s", RF_STR_ARG(head), before, RF_STR_ARG(insert), after,
					   RF_STR_ARG(tail));
}

/* The brace that opens a body on this line: the last byte of the code, or the first brace of a one-line function that
 * stands outside of parentheses and isn't part of a type. */
static ptrdiff_t body_brace(rf_str code)
{
	int depth = 0;
	if (code.len && code.ptr[code.len - 1] == '{')
		return (ptrdiff_t)code.len - 1;
	for (size_t i = 0; i < code.len; i++) {
		char c = code.ptr[i];
		rf_str before = rf_str_take(code, i);
		depth += (c == '(' || c == '[') - (c == ')' || c == ']');
		if (c == '{' && depth == 0 && !rf_str_ends(before, "interface") && !rf_str_ends(before, "struct"))
			return (ptrdiff_t)i;
	}
	return -1;
}

static int insert_open(const struct patch *p, size_t line)
{
	for (size_t i = line; i < p->line_count; i++) {
		rf_str now = p->current[i], original = p->original[i];
		ptrdiff_t brace = body_brace(rf_str_take(original, code_end(original)));
		if (rf_str_starts(original, "}") || (i > line && original.len == 0))
			break;
		if (brace < 0)
			continue;
		/* Earlier insertions stand behind the brace; this one goes behind them. */
		size_t done = now.len - (original.len - (size_t)brace - 1);
		rf_str tail = rf_str_skip(now, done);
		bool code_follows = code_end(tail) > 0;
		bool separated = now.ptr[done - 1] == '{' || now.ptr[done - 1] == ';';
		set_line(p, i, rf_str_take(now, done), separated ? " " : "; ", p->anchor->insert,
			 code_follows ? ";" : "", tail);
		return 0;
	}
	return fail_anchor(p, p->anchor->text, "has no body");
}

static int insert_after(const struct patch *p, size_t line)
{
	rf_str now = p->current[line];
	size_t end = code_end(now);
	char last = end ? now.ptr[end - 1] : 0;
	if (last == ',' || last == '(' || last == '[')
		return fail_anchor(p, p->anchor->text, "is no whole statement");
	set_line(p, line, rf_str_take(now, end), last == '{' || last == ':' ? " " : "; ", p->anchor->insert, "",
		 rf_str_skip(now, end));
	return 0;
}

/* What an earlier `before` put there stays first: this one goes in front of the line's own first token. */
static void insert_before(const struct patch *p, size_t line)
{
	rf_str now = p->current[line], original = p->original[line];
	size_t blank = 0, length;
	while (blank < original.len && is_blank(original.ptr[blank]))
		blank++;
	rf_str own = rf_str_take(rf_str_skip(original, blank), code_end(original) - blank);
	ptrdiff_t at = own.len ? match_line(now, own, &length) : (ptrdiff_t)blank;
	/* An insertion inside of the line (replace, open) hides its text; the indentation is then the place. */
	size_t place = at < 0 ? blank : (size_t)at;
	set_line(p, line, rf_str_take(now, place), "", p->anchor->insert, "; ", rf_str_skip(now, place));
}

static int insert_replace(const struct patch *p, size_t line)
{
	size_t length;
	ptrdiff_t at = match_line(p->current[line], p->anchor->text, &length);
	if (at < 0)
		return fail_anchor(p, p->anchor->text, "was replaced by an earlier stanza");
	set_line(p, line, rf_str_take(p->current[line], (size_t)at), "", p->anchor->insert, "",
		 rf_str_skip(p->current[line], (size_t)at + length));
	return 0;
}

static int apply_one(const struct patch *p)
{
	size_t line = 0;
	int rc = find_line(p, &line);
	if (rc)
		return rc;
	switch (p->anchor->place) {
	case RF_ANCHOR_OPEN:
		return insert_open(p, line);
	case RF_ANCHOR_AFTER:
	case RF_ANCHOR_AFTER_FIRST:
		return insert_after(p, line);
	case RF_ANCHOR_REPLACE:
		return insert_replace(p, line);
	default:
		insert_before(p, line);
		return 0;
	}
}

static bool split_lines(struct patch *p, rf_str source)
{
	size_t count = rf_str_count(source, '\n') + 1;
	p->original = rf_arena_array(p->arena, count, sizeof(rf_str));
	p->current = rf_arena_array(p->arena, count, sizeof(rf_str));
	if (!p->original || !p->current)
		return false;
	for (; source.len; p->line_count++)
		p->current[p->line_count] = p->original[p->line_count] = rf_str_cut(&source, '\n');
	return true;
}

static rf_str join_lines(const struct patch *p, rf_arena *arena)
{
	size_t bytes = 0, at = 0;
	for (size_t i = 0; i < p->line_count; i++)
		bytes += p->current[i].len + 1;
	char *text = rf_arena_alloc(arena, bytes);
	for (size_t i = 0; i < p->line_count && text; i++) {
		if (p->current[i].len)
			memcpy(text + at, p->current[i].ptr, p->current[i].len);
		at += p->current[i].len;
		text[at++] = '\n';
	}
	return (rf_str){ text, at };
}

int rf_anchors_apply(const struct rf_anchors *anchors, rf_str file, rf_str source, rf_str go_version, rf_arena *arena,
		     rf_str *out, struct rf_error *err)
{
	struct patch p = { .go_version = go_version, .arena = arena, .err = err };
	if (!split_lines(&p, source))
		return rf_fail(err, RF_ERR_MEMORY, "not enough memory for %.*s", RF_STR_ARG(file));
	/* Bodies are opened first: the place behind a brace is counted from the end of the original line. */
	for (size_t i = 0; i < anchors->count * 2; i++) {
		p.anchor = &anchors->items[i % anchors->count];
		bool now = (p.anchor->place == RF_ANCHOR_OPEN) == (i < anchors->count);
		int rc = now && rf_str_eq(p.anchor->file, file) ? apply_one(&p) : 0;
		if (rc)
			return rc;
	}
	*out = join_lines(&p, arena);
	return arena->failed ? rf_fail(err, RF_ERR_MEMORY, "not enough memory for %.*s", RF_STR_ARG(file)) : 0;
}
