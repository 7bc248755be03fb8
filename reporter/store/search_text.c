/* Typed text and names, as the index has them. */
#include <string.h>

#include "finding/canon.h"
#include "store/clean_text.h"
#include "store/search_names.h"

/* Parentheses, and type arguments with their brackets. */
static void put_bare(struct rf_buf *out, rf_str name)
{
	unsigned depth = 0;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		if (c == '[')
			depth++;
		else if (c == ']' && depth)
			depth--;
		else if (depth == 0 && c != '(' && c != ')' && c != '*')
			rf_buf_put_char(out, c);
	}
}

void rf_search_put_name(struct rf_buf *out, rf_str function)
{
	char unescaped[512];
	size_t package = rf_canon_package_bytes(function);
	if (package && package < sizeof(unescaped)) {
		rf_buf_put(out, unescaped, rf_canon_unescape(rf_str_take(function, package), unescaped));
		function = rf_str_skip(function, package);
	}
	put_bare(out, function);
}

void rf_search_put_short(struct rf_buf *out, rf_str function)
{
	size_t package = rf_canon_package_bytes(function);
	rf_str path = rf_str_take(function, package), rest = rf_str_skip(function, package);
	ptrdiff_t close = rf_str_find_str(rest, RF_STR(")."));
	if (!rf_str_starts(rest, ".(") || close < 0)
		return;
	struct rf_buf whole;
	rf_buf_init(&whole);
	rf_buf_put_str(&whole, rf_str_skip(path, (size_t)(rf_str_find_last(path, '/') + 1)));
	rf_buf_put_str(&whole, rf_str_skip(rest, (size_t)close + 1));
	rf_search_put_name(out, rf_buf_str(&whole));
	out->failed |= whole.failed;
	rf_buf_release(&whole);
}

/* --- starts of words ---------------------------------------------------------------------------------------------- */

static bool is_letter(unsigned char c)
{
	return c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_upper(unsigned char c)
{
	return c >= 'A' && c <= 'Z';
}

/* Start of a word: behind anything that is no letter or digit, or a capital behind a small letter. */
static bool starts_word(rf_str text, size_t i)
{
	unsigned char c = (unsigned char)text.ptr[i], before = i ? (unsigned char)text.ptr[i - 1] : ' ';
	return is_letter(c) && (c & 0xc0) != 0x80 && (!is_letter(before) || (is_upper(c) && !is_upper(before)));
}

/* Small letters of the alphabets that have two, as far as they lie in rows: Latin, Greek and Cyrillic. */
static uint32_t small(uint32_t c)
{
	if ((c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7) || (c >= 0x391 && c <= 0x3a9) || (c >= 0x410 && c <= 0x42f))
		return c + 0x20;
	return c >= 0x400 && c <= 0x40f ? c + 0x50 : c;
}

static uint32_t cut_character(rf_str *text)
{
	uint32_t c = 0;
	size_t bytes = text->len ? rf_text_character(*text, &c) : 0;
	*text = rf_str_skip(*text, bytes ? bytes : 1);
	return small(c);
}

bool rf_search_has_start(rf_str name, rf_str start)
{
	rf_str rest = start;
	uint32_t first = cut_character(&rest), second = rest.len ? cut_character(&rest) : 0;
	for (size_t i = 0; i < name.len; i++) {
		/* Most places are told by one byte. */
		if ((first < 0x80 && small((unsigned char)name.ptr[i]) != first) || !starts_word(name, i))
			continue;
		rf_str at = rf_str_skip(name, i);
		if (cut_character(&at) != first)
			continue;
		if (second ? at.len && cut_character(&at) == second : !at.len || !is_letter((unsigned char)at.ptr[0]))
			return true;
	}
	return false;
}

/* --- what is typed ----------------------------------------------------------------------------------------------- */

/* A string of FTS5: nothing in it means anything. */
static void put_string(struct rf_buf *out, rf_str text)
{
	rf_buf_put_char(out, '"');
	rf_buf_put_doubled(out, text, '"');
	rf_buf_put_char(out, '"');
}

static rf_str without_line_number(rf_str word)
{
	size_t end = word.len;
	while (end && word.ptr[end - 1] >= '0' && word.ptr[end - 1] <= '9')
		end--;
	return end > 1 && end < word.len && word.ptr[end - 1] == ':' ? rf_str_take(word, end - 1) : word;
}

/* One or two characters, which no trigram has. Nothing when they are no letters. */
static rf_str short_word(rf_str word, rf_arena *arena)
{
	for (size_t i = 0; i < word.len; i++) {
		if (!is_letter((unsigned char)word.ptr[i]))
			return (rf_str){ NULL, 0 };
	}
	return rf_arena_dup(arena, word);
}

/* As it stands, or as a name is written in the index, or without the line behind a file. Nothing when a word says nothing. */
static struct rf_search_word make_word(rf_str typed, rf_arena *arena)
{
	struct rf_search_word word = { { NULL, 0 }, { NULL, 0 } };
	struct rf_buf name, bare, out;
	rf_buf_init(&name);
	rf_buf_init(&bare);
	rf_buf_init(&out);
	rf_search_put_name(&name, typed);
	rf_search_put_name(&bare, without_line_number(typed));
	rf_str forms[] = { typed, rf_buf_str(&name), rf_buf_str(&bare) };
	for (size_t i = 0; i < 3; i++) {
		if (rf_text_columns(forms[i]) < 3 || (i && rf_str_eq(forms[i], forms[i - 1])))
			continue;
		rf_buf_put_cstr(&out, out.len ? " OR " : "");
		put_string(&out, forms[i]);
	}
	if (out.len)
		word.match = rf_arena_dup(arena, rf_buf_str(&out));
	else if (name.len)
		word.start = short_word(rf_buf_str(&name), arena);
	rf_buf_release(&name);
	rf_buf_release(&bare);
	rf_buf_release(&out);
	return word;
}

static bool is_blank(char c)
{
	return (unsigned char)c <= ' ' || c == 0x7f;
}

/* The next word: between blanks, or between double quotes. A quote that nothing closes is a blank. */
static rf_str cut_word(rf_str *text)
{
	while (text->len && (is_blank(text->ptr[0]) || text->ptr[0] == '"')) {
		rf_str rest = rf_str_skip(*text, 1);
		ptrdiff_t end = text->ptr[0] == '"' ? rf_str_find(rest, '"') : -1;
		*text = rest;
		if (end > 0) {
			*text = rf_str_skip(rest, (size_t)end + 1);
			return rf_str_take(rest, (size_t)end);
		}
	}
	size_t n = 0;
	while (n < text->len && !is_blank(text->ptr[n]) && text->ptr[n] != '"')
		n++;
	rf_str word = rf_str_take(*text, n);
	*text = rf_str_skip(*text, n);
	return word;
}

uint32_t rf_search_words(rf_str typed, rf_arena *arena, struct rf_search_word *words)
{
	struct rf_buf clean;
	uint32_t count = 0;
	rf_buf_init(&clean);
	rf_text_put_clean(&clean, rf_str_take(typed, RF_SEARCH_TEXT_BYTES_MAX));
	rf_str text = rf_buf_str(&clean);
	for (unsigned i = 0; text.len && i < RF_SEARCH_WORDS_MAX; i++) {
		words[count] = make_word(cut_word(&text), arena);
		count += words[count].match.ptr || words[count].start.ptr;
	}
	rf_buf_release(&clean);
	return count;
}
