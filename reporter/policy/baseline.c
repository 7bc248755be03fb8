#include "policy/baseline.h"

#include <stdlib.h>
#include <string.h>

#include "finding/finding.h"

#define HEAD "# redflag baseline 1"

/* As the file has it: what would break a line or a column is a blank. */
static rf_str one_line(rf_str text, rf_arena *arena)
{
	rf_str copy = rf_arena_dup(arena, text);
	for (size_t i = 0; i < copy.len; i++) {
		if ((unsigned char)copy.ptr[i] < ' ')
			((char *)copy.ptr)[i] = ' ';
	}
	return copy;
}

static int compare(const void *a, const void *b)
{
	const struct rf_baseline_entry *x = a, *y = b;
	int order = rf_str_cmp(x->fingerprint, y->fingerprint);
	return order ? order : rf_str_cmp(x->tag, y->tag);
}

void rf_baseline_sort(struct rf_baseline *b)
{
	uint32_t kept = 0;
	if (b->count)
		qsort(b->entries, b->count, sizeof(*b->entries), compare);
	for (uint32_t i = 0; i < b->count; i++) {
		if (kept == 0 || compare(&b->entries[kept - 1], &b->entries[i]) != 0)
			b->entries[kept++] = b->entries[i];
	}
	b->count = kept;
}

static bool is_fingerprint(rf_str text)
{
	return text.len == RF_FINGERPRINT_BYTES && rf_str_is_hex(text);
}

static int fail_at(const char *path, uint32_t line, const char *sentence, struct rf_error *err)
{
	return rf_fail(err, RF_ERR_INPUT, "%s:%u: %s; `redflag baseline save` writes the file anew.", path, line, sentence);
}

static int read_line(const char *path, uint32_t number, rf_str line, rf_arena *arena, struct rf_baseline *out,
		     struct rf_error *err)
{
	rf_str fingerprint = rf_str_cut(&line, '\t'), tag = rf_str_cut(&line, '\t');
	rf_str title = rf_str_cut(&line, '\t'), package = rf_str_cut(&line, '\t');
	if (rf_str_starts(fingerprint, "<<<<<<<") || rf_str_starts(fingerprint, "=======") ||
	    rf_str_starts(fingerprint, ">>>>>>>"))
		return fail_at(path, number, "this is a mark of a merge conflict; keep the lines of both sides and remove it", err);
	if (!is_fingerprint(fingerprint))
		return fail_at(path, number, "a line is a fingerprint of 64 hex digits, a tab, the tag, a tab and the title", err);
	out->entries[out->count++] = (struct rf_baseline_entry){ fingerprint, one_line(tag, arena), title, package, line };
	return 0;
}

int rf_baseline_parse(rf_str text, const char *path, rf_arena *arena, struct rf_baseline *out, struct rf_error *err)
{
	uint32_t number = 0;
	size_t lines = rf_str_count(text, '\n') + 1;
	int rc = 0;
	text = rf_arena_dup(arena, text);
	*out = (struct rf_baseline){ .path = rf_arena_dup(arena, rf_str_from(path)),
				     .entries = rf_arena_array(arena, lines, sizeof(*out->entries)) };
	if (!out->entries)
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory while reading %s.", path);
	while (text.len && rc == 0) {
		rf_str line = rf_str_cut(&text, '\n');
		number++;
		if (rf_str_ends(line, "\r"))
			line.len--;
		if (rf_str_starts(line, "# redflag baseline ") && !rf_str_eq_cstr(line, HEAD))
			rc = rf_fail(err, RF_ERR_VERSION, "%s is of a newer redflag; use that one.", path);
		else if (line.len && line.ptr[0] != '#')
			rc = read_line(path, number, line, arena, out, err);
	}
	if (rc < 0)
		*out = (struct rf_baseline){ 0 };
	rf_baseline_sort(out);
	return rc;
}

const struct rf_baseline_entry *rf_baseline_find(const struct rf_baseline *b, rf_str fingerprint, rf_str tag)
{
	char plain[256]; /* a longer tag with control characters in it is not found; nobody has one */
	struct rf_baseline_entry wanted = { .fingerprint = fingerprint,
					    .tag = { plain, tag.len < sizeof(plain) ? tag.len : sizeof(plain) } };
	if (!b->count)
		return NULL;
	for (size_t i = 0; i < wanted.tag.len; i++)
		plain[i] = (unsigned char)tag.ptr[i] < ' ' ? ' ' : tag.ptr[i];
	if (tag.len > sizeof(plain))
		wanted.tag = tag;
	return bsearch(&wanted, b->entries, b->count, sizeof(*b->entries), compare);
}

static void put_place(const struct rf_baseline_entry *e, rf_arena *scratch, struct rf_buf *out)
{
	rf_str package = one_line(e->package, scratch), test = one_line(e->test, scratch);
	if (package.len)
		rf_buf_printf(out, "\t%.*s\t%.*s", RF_STR_ARG(package), RF_STR_ARG(test));
	rf_buf_put_char(out, '\n');
}

void rf_baseline_put(const struct rf_baseline *b, struct rf_buf *out)
{
	rf_arena scratch;
	rf_arena_init(&scratch, 0);
	rf_buf_put_cstr(out, HEAD "\n# fingerprint, tag, title, package, test; written by `redflag baseline save`\n");
	for (uint32_t i = 0; i < b->count; i++) {
		const struct rf_baseline_entry *e = &b->entries[i];
		rf_str tag = one_line(e->tag, &scratch), title = one_line(e->title, &scratch);
		rf_buf_printf(out, "%.*s\t%.*s\t%.*s", RF_STR_ARG(e->fingerprint), RF_STR_ARG(tag), RF_STR_ARG(title));
		put_place(e, &scratch, out);
	}
	if (scratch.failed)
		out->failed = true;
	rf_arena_release(&scratch);
}
