#include "export/export.h"

#include <stdlib.h>
#include <string.h>

#include "export/item.h"
#include "export/profile.h"

#define SCRATCH_BYTES_MAX ((size_t)256 << 20) /* of one finding; its report is at most megabytes */

static const struct {
	const char *name;
	int (*write)(struct rf_export *x, struct rf_buf *out, struct rf_error *err);
} writers[] = {
	{ "json", rf_export_json },
	{ "sarif", rf_export_sarif },
	{ "junit", rf_export_junit },
	{ "github", rf_export_github },
	{ "markdown", rf_export_markdown },
	{ "html", rf_export_html },
	{ "ctrf", rf_export_ctrf },
	{ "otlp", rf_export_otlp },
	{ "pprof", rf_export_pprof },
	{ "folded", rf_export_folded },
};

const struct rf_export_format rf_export_formats[] = {
	{ "json", false, false },
	{ "sarif", false, false },
	{ "junit", true, false },
	{ "github", true, false },
	{ "markdown", true, false },
	{ "html", false, false },
	{ "ctrf", true, false },
	{ "otlp", true, false },
	{ "pprof", true, true },
	{ "folded", true, true },
	{ NULL, false, false },
};
_Static_assert(sizeof(writers) / sizeof(writers[0]) + 1 == sizeof(rf_export_formats) / sizeof(rf_export_formats[0]),
	       "one writer a format");

const struct rf_export_format *rf_export_format_find(const char *name)
{
	for (const struct rf_export_format *f = rf_export_formats; f->name; f++) {
		if (strcmp(f->name, name) == 0)
			return f;
	}
	return NULL;
}

/* --- order ----------------------------------------------------------------------------------------------------- */

struct keyed {
	int rank;
	struct rf_finding_row row;
};

static int compare(const void *left, const void *right)
{
	const struct keyed *a = left, *b = right;
	if (a->rank != b->rank)
		return a->rank - b->rank;
	int later = rf_str_cmp(b->row.first_seen, a->row.first_seen);
	return later ? later : (a->row.id < b->row.id) - (a->row.id > b->row.id);
}

static int sort_rows(struct rf_export *x, struct rf_error *err)
{
	struct keyed *keyed = rf_arena_array(&x->arena, x->count + 1, sizeof(*keyed));
	if (!keyed)
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory while sorting %u findings.", x->count);
	for (uint32_t i = 0; i < x->count; i++) {
		keyed[i].row = x->rows[i];
		keyed[i].rank = rf_str_eq_cstr(x->rows[i].status, "suppressed") ? 2 : !rf_item_is_new_row(x, &x->rows[i]);
	}
	qsort(keyed, x->count, sizeof(*keyed), compare);
	for (uint32_t i = 0; i < x->count; i++)
		x->rows[i] = keyed[i].row;
	return 0;
}

/* --- life cycle ------------------------------------------------------------------------------------------------ */

static int load(struct rf_export *x, struct rf_error *err)
{
	struct rf_finding_filter filter = { .status = x->options.status };
	int rc = 0;
	x->has_run = x->options.last_run || x->options.trace_id.ptr;
	if (x->options.last_run)
		rc = rf_query_last_run(x->store, &x->arena, &x->run, err);
	else if (x->has_run)
		rc = rf_query_run(x->store, x->options.trace_id, &x->arena, &x->run, err);
	filter.run_id = x->run.id;
	if (rc == 0)
		rc = rf_query_findings(x->store, &filter, &x->arena, &x->rows, &x->count, err);
	return rc < 0 ? rc : sort_rows(x, err);
}

int rf_export_open(struct rf_export **out, struct rf_store *store, const struct rf_export_options *options,
		   struct rf_error *err)
{
	struct rf_export *x = calloc(1, sizeof(*x));
	*out = NULL;
	if (!x)
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory.");
	x->options = *options;
	x->store = store;
	rf_arena_init(&x->arena, 0);
	rf_arena_init(&x->scratch, SCRATCH_BYTES_MAX);
	int rc = load(x, err);
	if (rc < 0)
		rf_export_close(x);
	else
		*out = x;
	return rc;
}

void rf_export_close(struct rf_export *x)
{
	if (!x)
		return;
	rf_arena_release(&x->arena);
	rf_arena_release(&x->scratch);
	free(x);
}

void rf_export_end_text(struct rf_export *x, struct rf_buf *text)
{
	x->lacking |= text->failed;
	rf_buf_release(text);
}

void rf_export_end_scratch(struct rf_export *x)
{
	x->lacking |= x->scratch.failed;
	rf_arena_reset(&x->scratch);
}

int rf_export_check(struct rf_export *x, int rc, const struct rf_buf *out, struct rf_error *err)
{
	if (rc == 0 && (out->failed || x->lacking || x->arena.failed || x->scratch.failed))
		rc = rf_fail(err, RF_ERR_MEMORY, "Out of memory while writing %u findings; ask for fewer with --run or "
			     "--status.", x->count);
	return rc;
}

int rf_export_write(struct rf_export *x, const struct rf_export_format *format, struct rf_buf *out, struct rf_error *err)
{
	return rf_export_check(x, writers[format - rf_export_formats].write(x, out, err), out, err);
}
