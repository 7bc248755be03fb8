#include "toolchain/glue.h"

#include <string.h>

#define FILES_MAX 256

struct glue {
	const struct rf_embedded_file *table;
	bool done[FILES_MAX];
	struct rf_buf *out;
	struct rf_error *err;
};

/* The name between the quotes of an #include line, or empty. */
static rf_str quoted_include(rf_str line)
{
	line = rf_str_trim(line);
	if (!rf_str_starts(line, "#"))
		return RF_STR("");
	line = rf_str_trim(rf_str_skip(line, 1));
	if (!rf_str_starts(line, "include"))
		return RF_STR("");
	line = rf_str_trim(rf_str_skip(line, 7));
	if (!rf_str_starts(line, "\""))
		return RF_STR("");
	line = rf_str_skip(line, 1);
	ptrdiff_t end = rf_str_find(line, '"');
	return end < 0 ? RF_STR("") : rf_str_take(line, (size_t)end);
}

/* An include is written from the top of the repository ("tsan-glue/spool.h") or from its own directory ("spool.h"). */
static ptrdiff_t find_file(const struct glue *g, rf_str name)
{
	for (size_t i = 0; g->table[i].name && i < FILES_MAX; i++) {
		rf_str file = rf_str_from(g->table[i].name);
		if (!rf_str_starts(file, RF_GLUE_DIRECTORY))
			continue;
		if (rf_str_eq(file, name) || rf_str_eq(rf_str_skip(file, strlen(RF_GLUE_DIRECTORY)), name))
			return (ptrdiff_t)i;
	}
	return -1;
}

static int put_file(struct glue *g, size_t index);

/* Recursion ends: every file is put once. */
static int put_include(struct glue *g, size_t from, rf_str name, unsigned line)
{
	ptrdiff_t index = find_file(g, name);
	if (rf_str_eq_cstr(name, RF_GLUE_LAYOUT_HEADER)) {
		rf_buf_put_char(g->out, '\n');
		return 0;
	}
	if (index < 0)
		return rf_fail(g->err, RF_ERR_INPUT, "%s:%u includes \"%.*s\", which isn't among EMBEDDED_FILES in reporter/sources.mk",
			       g->table[from].name, line, RF_STR_ARG(name));
	int rc = g->done[index] ? 0 : put_file(g, (size_t)index);
	rf_buf_printf(g->out, "#line %u \"%s\"\n", line + 1, g->table[from].name);
	return rc;
}

static int put_file(struct glue *g, size_t index)
{
	rf_str text = { g->table[index].bytes, g->table[index].len };
	g->done[index] = true;
	rf_buf_printf(g->out, "#line 1 \"%s\"\n", g->table[index].name);
	for (unsigned line = 1; text.len; line++) {
		rf_str this = rf_str_cut(&text, '\n'), name = quoted_include(this);
		if (name.len) {
			int rc = put_include(g, index, name, line);
			if (rc)
				return rc;
		} else {
			rf_buf_put_str(g->out, this);
			rf_buf_put_char(g->out, '\n');
		}
	}
	return 0;
}

int rf_glue_put(const struct rf_embedded_file *table, rf_str head, rf_str layout, struct rf_buf *out, struct rf_error *err)
{
	struct glue g = { .table = table, .out = out, .err = err };
	rf_buf_put_str(out, head);
	rf_buf_put_cstr(out, "#ifndef _GNU_SOURCE\n#define _GNU_SOURCE 1\n#endif\n");
	rf_buf_put_str(out, layout);
	for (size_t i = 0; table[i].name; i++) {
		rf_str name = rf_str_from(table[i].name);
		if (i >= FILES_MAX)
			return rf_fail(err, RF_ERR_MEMORY, "more than %d embedded files; raise FILES_MAX in glue.c", FILES_MAX);
		if (!rf_str_starts(name, RF_GLUE_DIRECTORY) || !rf_str_ends(name, ".c") || rf_str_eq_cstr(name, RF_GLUE_PROBE) ||
		    g.done[i])
			continue;
		int rc = put_file(&g, i);
		if (rc)
			return rc;
	}
	return out->failed ? rf_fail(err, RF_ERR_MEMORY, "not enough memory for the glue") : 0;
}
