/* Names are made by cmd/compile/internal/ir (closureName) and escaped by cmd/internal/objabi (PathToPrefix). */
#include "finding/canon.h"
#include "finding/finding.h"

#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool all_digits(rf_str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (!is_digit(s.ptr[i]))
			return false;
	}
	return s.len > 0;
}

static bool word_and_number(rf_str s, const char *word)
{
	return rf_str_starts(s, word) && all_digits(rf_str_skip(s, strlen(word)));
}

static bool is_wrapper_part(rf_str part)
{
	return word_and_number(part, "gowrap") || word_and_number(part, "deferwrap");
}

size_t rf_canon_package_bytes(rf_str function)
{
	size_t dot = 0; /* the first behind the last slash */
	if (rf_str_starts(function, "type:") || rf_str_starts(function, "go:"))
		return 0;
	for (size_t i = 0; i < function.len; i++) {
		switch (function.ptr[i]) {
		case '[': case '(': case '{': case '\0':
			return dot ? dot - 1 : 0;
		case '/':
			dot = 0;
			break;
		case '.':
			dot = dot ? dot : i + 1;
			break;
		default:
			break;
		}
	}
	return dot ? dot - 1 : 0;
}

bool rf_canon_is_wrapper(rf_str function)
{
	ptrdiff_t dot = rf_str_find_last(function, '.');
	return dot >= 0 && is_wrapper_part(rf_str_skip(function, (size_t)dot + 1));
}

/* Bytes of "@v1.2.3-0.2020…+incompatible" at the start of s; 0 when it is something else. */
static size_t version_bytes(rf_str s)
{
	size_t i = 2;
	if (s.len < 3 || s.ptr[0] != '@' || s.ptr[1] != 'v' || !is_digit(s.ptr[2]))
		return 0;
	for (; i < s.len; i++) {
		char c = s.ptr[i];
		bool dot_in_version = c == '.' && i + 1 < s.len && is_digit(s.ptr[i + 1]);
		if (!is_digit(c) && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && c != '-' && c != '+' &&
		    !dot_in_version)
			break;
	}
	return i;
}

static rf_str without_versions(rf_str name, rf_arena *arena)
{
	if (rf_str_find(name, '@') < 0)
		return name;
	char *out = rf_arena_alloc(arena, name.len);
	size_t n = 0;
	if (!out)
		return RF_STR("");
	for (size_t i = 0; i < name.len;) {
		size_t version = version_bytes(rf_str_skip(name, i));
		if (version == 0)
			out[n++] = name.ptr[i++];
		i += version;
	}
	return (rf_str){ out, n };
}

/* The name without @version and without what stands before the last vendor directory; *package_bytes is that of the result. */
static rf_str without_version_and_vendor(rf_str name, rf_arena *arena, size_t *package_bytes)
{
	name = without_versions(name, arena);
	rf_str package = rf_str_take(name, rf_canon_package_bytes(name));
	size_t skipped = rf_str_starts(package, "vendor/") ? sizeof("vendor/") - 1 : 0;
	for (ptrdiff_t at; (at = rf_str_find_str(rf_str_skip(package, skipped), RF_STR("/vendor/"))) >= 0;)
		skipped += (size_t)at + sizeof("/vendor/") - 1;
	*package_bytes = package.len - skipped;
	return rf_str_skip(name, skipped);
}

/* The part up to the next dot outside brackets; *rest behind that dot. */
static rf_str next_part(rf_str *rest)
{
	size_t i = 0, depth = 0;
	for (; i < rest->len; i++) {
		char c = rest->ptr[i];
		if (c == '(' || c == '[' || c == '{')
			depth++;
		else if ((c == ')' || c == ']' || c == '}') && depth)
			depth--;
		else if (c == '.' && depth == 0)
			break;
	}
	rf_str part = rf_str_take(*rest, i);
	*rest = rf_str_skip(*rest, i + 1);
	return part;
}

/* Bytes of the bracket that opens at the start of s, with what it holds; all of s when it isn't closed. */
static size_t bracket_bytes(rf_str s)
{
	size_t depth = 0;
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '[')
			depth++;
		else if (s.ptr[i] == ']' && --depth == 0)
			return i + 1;
	}
	return s.len;
}

struct name_out {
	char *ptr;
	size_t len;
};

static void put(struct name_out *out, const char *bytes, size_t n)
{
	memcpy(out->ptr + out->len, bytes, n);
	out->len += n;
}

/* Copies one part: type arguments become [·], the number of a local type (T·2) goes, control bytes become '?'. */
static void put_part(struct name_out *out, rf_str part)
{
	for (size_t i = 0; i < part.len;) {
		unsigned char c = (unsigned char)part.ptr[i];
		if (c >= 0x20 && c < 0x7f && c != '[') {
			out->ptr[out->len++] = (char)c;
			i++;
			continue;
		}
		rf_str here = rf_str_skip(part, i);
		size_t digits = 2;
		if (here.ptr[0] == '[') {
			put(out, "[\xc2\xb7]", 4);
			i += bracket_bytes(here);
			continue;
		}
		if (rf_str_starts(here, "\xc2\xb7")) {
			while (digits < here.len && is_digit(here.ptr[digits]))
				digits++;
			put(out, here.ptr, digits > 2 ? 0 : 2);
			i += digits;
			continue;
		}
		put(out, c < 0x20 || c == 0x7f ? "?" : here.ptr, 1);
		i++;
	}
}

/* "Add-fm" to "Add", "Walk-range1" to "Walk": method values and bodies of range-over-func loops. */
static rf_str without_suffix(rf_str part)
{
	while (rf_str_ends(part, "-fm"))
		part.len -= 3;
	ptrdiff_t dash = rf_str_find_last(part, '-');
	if (dash > 0 && word_and_number(rf_str_skip(part, (size_t)dash), "-range"))
		part.len = (size_t)dash;
	return part;
}

/* The parts behind the package. Numbers change with every edit and every decision of the inliner, so a closure is
 * "func", whatever its number and depth; a closure of an inlined closure starts over ("F.func1.F.func1.2"). */
static void put_parts(struct name_out *out, rf_str rest)
{
	size_t start = out->len;
	rf_str first = { 0 };
	bool after_func = false;
	while (rest.len) {
		rf_str part = without_suffix(next_part(&rest));
		bool func = word_and_number(part, "func") || rf_str_eq_cstr(part, "func");
		if (part.len == 0 || all_digits(part) || is_wrapper_part(part) || (func && after_func))
			continue;
		if (after_func && rf_str_eq(part, first))
			out->len = start;
		if (out->len > start || start > 0)
			put(out, ".", 1);
		if (func)
			put(out, "func", 4);
		else
			put_part(out, part);
		if (!first.ptr)
			first = part;
		after_func = func;
	}
}

rf_str rf_canonical_name(rf_str function, rf_arena *arena)
{
	size_t package_bytes;
	rf_str name = without_version_and_vendor(function, arena, &package_bytes);
	/* "[" alone grows to 4 bytes, "" to "." at most */
	struct name_out out = { rf_arena_alloc(arena, name.len * 4 + 1), 0 };
	if (!out.ptr)
		return RF_STR("");
	put_part(&out, rf_str_take(name, package_bytes));
	put_parts(&out, rf_str_skip(name, package_bytes ? package_bytes + 1 : 0));
	return (rf_str){ out.ptr, out.len };
}

size_t rf_canon_unescape(rf_str package, char *out)
{
	size_t n = 0;
	for (size_t i = 0; i < package.len; i++) {
		int high = package.len - i > 2 ? rf_hex_digit(package.ptr[i + 1]) : -1;
		int low = package.len - i > 2 ? rf_hex_digit(package.ptr[i + 2]) : -1;
		bool escape = package.ptr[i] == '%' && high >= 0 && low >= 0;
		out[n++] = (char)(escape ? high << 4 | low : package.ptr[i]);
		i += escape ? 2 : 0;
	}
	return n;
}

rf_str rf_package_of(rf_str function, rf_arena *arena)
{
	size_t package_bytes;
	rf_str name = without_version_and_vendor(function, arena, &package_bytes);
	rf_str package = rf_str_take(name, package_bytes);
	if (rf_str_find(package, '%') < 0)
		return package;
	char *out = rf_arena_alloc(arena, package.len);
	return out ? (rf_str){ out, rf_canon_unescape(package, out) } : RF_STR("");
}
