/* Typed text and names, as the index has them. */
#include <string.h>

#include "finding/canon.h"
#include "store/clean_text.h"
#include "store/search_document.h"

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
	return is_letter(c) && (!is_letter(before) || (is_upper(c) && !is_upper(before)));
}

void rf_search_put_starts(struct rf_buf *out, rf_str text)
{
	if (out->len == 0)
		rf_buf_put_char(out, ' ');
	for (size_t i = 0; i < text.len; i++) {
		char start[16] = " ";
		size_t n = 1;
		if (!starts_word(text, i))
			continue;
		for (size_t at = i, characters = 0; at < text.len && characters < 2 && is_letter((unsigned char)text.ptr[at]);
		     characters++) {
			uint32_t ignored;
			size_t bytes = rf_text_character(rf_str_skip(text, at), &ignored);
			for (size_t k = 0; k < bytes; k++)
				start[n++] = (char)(text.ptr[at + k] | (is_upper((unsigned char)text.ptr[at + k]) ? 0x20 : 0));
			if (bytes == 0)
				break;
			at += bytes;
		}
		start[n++] = ' ';
		if (n > 2 && rf_str_find_str(rf_buf_str(out), (rf_str){ start, n }) < 0)
			rf_buf_put(out, start + 1, n - 1);
	}
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

/* One or two characters, which no trigram has: the start of a word, or a word of one letter. */
static void put_short(struct rf_buf *out, rf_str word, size_t characters)
{
	for (size_t i = 0; i < word.len; i++) {
		if (!is_letter((unsigned char)word.ptr[i]))
			return;
	}
	rf_buf_put_cstr(out, "starts : \" ");
	rf_buf_put_str(out, word);
	rf_buf_put_cstr(out, characters == 1 ? " \"" : "\"");
}

/* As it stands, or as a name is written in the index, or without the line behind a file. Nothing when a word says nothing. */
static void put_word(struct rf_buf *out, rf_str word)
{
	struct rf_buf name, bare;
	rf_buf_init(&name);
	rf_buf_init(&bare);
	rf_search_put_name(&name, word);
	rf_search_put_name(&bare, without_line_number(word));
	rf_str forms[] = { word, rf_buf_str(&name), rf_buf_str(&bare) };
	size_t start = out->len, written = 0;
	for (size_t i = 0; i < 3; i++) {
		if (rf_text_columns(forms[i]) < 3 || (i && rf_str_eq(forms[i], forms[i - 1])))
			continue;
		rf_buf_put_cstr(out, written++ ? " OR " : "(");
		put_string(out, forms[i]);
	}
	if (out->len > start)
		rf_buf_put_char(out, ')');
	else if (name.len)
		put_short(out, rf_buf_str(&name), rf_text_columns(rf_buf_str(&name)));
	rf_buf_release(&name);
	rf_buf_release(&bare);
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

rf_str rf_search_match(rf_str typed, rf_arena *arena)
{
	struct rf_buf clean, out, word;
	rf_buf_init(&clean);
	rf_buf_init(&out);
	rf_buf_init(&word);
	rf_text_put_clean(&clean, rf_str_take(typed, RF_SEARCH_TEXT_BYTES_MAX));
	rf_str text = rf_buf_str(&clean);
	for (unsigned words = 0; text.len && words < RF_SEARCH_WORDS_MAX; words++) {
		rf_buf_reset(&word);
		put_word(&word, cut_word(&text));
		if (word.len && out.len)
			rf_buf_put_cstr(&out, " AND ");
		rf_buf_put_str(&out, rf_buf_str(&word));
	}
	rf_str match = out.len ? rf_arena_dup(arena, rf_buf_str(&out)) : (rf_str){ NULL, 0 };
	rf_buf_release(&clean);
	rf_buf_release(&out);
	rf_buf_release(&word);
	return match;
}
