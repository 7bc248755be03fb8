#include "export/markdown.h"

#include "export/markup.h"

/* GitHub takes 65,536 characters of a comment and 1 MiB of a step's summary; the rest is for the last lines. */
const struct rf_markdown_limits rf_markdown_comment = { 60000, 50 }, rf_markdown_step = { 1000000, 1000 };

struct writer {
	struct rf_export *x;
	const struct rf_markdown_limits *limits;
	struct rf_buf *out;
	struct rf_buf part; /* made first, taken if it fits */
};

enum group { NEW, KNOWN, SUPPRESSED, GROUP_COUNT };

static enum group group_of(const struct rf_export *x, uint32_t i)
{
	if (rf_str_eq_cstr(x->rows[i].status, "suppressed"))
		return SUPPRESSED;
	return rf_item_is_new_row(x, &x->rows[i]) ? NEW : KNOWN;
}

static bool take_part(struct writer *w)
{
	bool fits = w->out->len + w->part.len <= w->limits->bytes_max;
	if (fits)
		rf_buf_put_str(w->out, rf_buf_str(&w->part));
	w->x->lacking |= w->part.failed;
	rf_buf_reset(&w->part);
	return fits;
}

static void put_code(struct rf_buf *out, rf_str text)
{
	rf_buf_put_cstr(out, "<code>");
	rf_markup_put_markdown(out, text);
	rf_buf_put_cstr(out, "</code>");
}

static void put_row(struct writer *w, const struct rf_item *item)
{
	struct rf_buf *b = &w->part;
	const struct rf_finding_row *row = item->row;
	rf_arena *scratch = &w->x->scratch;
	rf_str owners = rf_words_owners(row->test_a, row->test_b, scratch);
	rf_buf_printf(b, "| %lld | ", (long long)row->id);
	rf_markup_put_markdown(b, row->title);
	rf_buf_put_cstr(b, " | ");
	for (uint32_t i = 0, shown = 0; i < item->side_count; i++) {
		const struct rf_item_side *s = &item->sides[i];
		if (!s->has_place || (i && item->sides[0].has_place && rf_str_eq(s->place.file, item->sides[0].place.file) &&
				      s->place.line == item->sides[0].place.line))
			continue;
		rf_buf_put_cstr(b, shown++ ? "<br>" : "");
		put_code(b, rf_words_place(s->place, scratch));
	}
	rf_buf_put_cstr(b, " | ");
	rf_markup_put_markdown(b, owners);
	rf_buf_put_cstr(b, " | ");
	if (!rf_str_eq(row->tag, row->package))
		rf_markup_put_markdown(b, row->tag);
	rf_buf_put_cstr(b, " |\n");
}

static void put_more(struct writer *w, uint32_t count)
{
	if (count)
		rf_buf_printf(w->out, "\nand %u more\n", count);
}

static int put_table(struct writer *w, enum group group, uint32_t count, struct rf_error *err)
{
	struct rf_item item;
	uint32_t shown = 0;
	int rc = 0;
	rf_buf_put_cstr(w->out, "\n| | Finding | Where | Tests | Tag |\n|--:|---|---|---|---|\n");
	for (uint32_t i = 0; i < w->x->count && shown < w->limits->rows_max; i++) {
		if (group_of(w->x, i) != group)
			continue;
		rc = rf_item_load(w->x, i, &item, err);
		if (rc < 0)
			return rc;
		put_row(w, &item);
		if (!take_part(w))
			break;
		shown++;
	}
	put_more(w, count - shown);
	return 0;
}

/* <pre> begins an HTML block that only </pre> ends: what is escaped in it is shown as it is, blank lines too. */
static void put_details(struct writer *w, const struct rf_item *item)
{
	struct rf_buf *b = &w->part, stacks;
	rf_buf_init(&stacks);
	rf_words_put_stacks(&stacks, w->x, item);
	rf_buf_printf(b, "\n<details><summary>%lld: ", (long long)item->row->id);
	rf_markup_put_markdown(b, item->row->title);
	rf_buf_printf(b, "</summary>\n\nSeen %lld time%s, last %.*s in trace ", (long long)item->row->events,
		      item->row->events == 1 ? "" : "s", RF_STR_ARG(item->row->last_seen));
	put_code(b, item->event.trace_id);
	rf_buf_put_cstr(b, ". Fingerprint ");
	put_code(b, rf_str_take(item->row->fingerprint, 16));
	rf_buf_put_cstr(b, ".\n\n<pre>\n");
	rf_markup_put(b, rf_buf_str(&stacks));
	rf_buf_put_cstr(b, "</pre>\n\n</details>\n");
	rf_export_end_text(w->x, &stacks);
}

static int put_all_details(struct writer *w, uint32_t count, struct rf_error *err)
{
	struct rf_item item;
	uint32_t shown = 0;
	for (uint32_t i = 0; i < w->x->count; i++) {
		if (group_of(w->x, i) != NEW)
			continue;
		int rc = rf_item_load(w->x, i, &item, err);
		if (rc < 0)
			return rc;
		put_details(w, &item);
		if (!take_part(w))
			break;
		shown++;
	}
	if (shown < count)
		rf_buf_printf(w->out, "\nDetails of %u more findings don't fit here; `redflag show` has them.\n", count - shown);
	return 0;
}

static const char *plural(uint32_t count)
{
	return count == 1 ? "" : "s";
}

static void put_head(struct writer *w, const uint32_t *counts)
{
	rf_buf_put_cstr(w->out, "<!-- redflag -->\n");
	if (counts[NEW])
		rf_buf_printf(w->out, "### redflag: %u new finding%s\n", counts[NEW], plural(counts[NEW]));
	else
		rf_buf_put_cstr(w->out, "### redflag: no new findings\n");
	if (counts[KNOWN] || counts[SUPPRESSED])
		rf_buf_printf(w->out, "\n%u known, %u suppressed.\n", counts[KNOWN], counts[SUPPRESSED]);
	if (w->x->has_run) {
		rf_buf_put_cstr(w->out, "\nTrace ");
		put_code(w->out, w->x->run.trace_id);
		rf_buf_put_cstr(w->out, "\n");
	}
}

static int put_document(struct writer *w, struct rf_error *err)
{
	uint32_t counts[GROUP_COUNT] = { 0 };
	int rc = 0;
	for (uint32_t i = 0; i < w->x->count; i++)
		counts[group_of(w->x, i)]++;
	put_head(w, counts);
	if (counts[NEW])
		rc = put_table(w, NEW, counts[NEW], err);
	if (rc == 0 && counts[NEW])
		rc = put_all_details(w, counts[NEW], err);
	if (rc < 0 || counts[KNOWN] == 0)
		return rc;
	rf_buf_printf(w->out, "\n<details><summary>%u known finding%s</summary>\n", counts[KNOWN], plural(counts[KNOWN]));
	rc = put_table(w, KNOWN, counts[KNOWN], err);
	rf_buf_put_cstr(w->out, "\n</details>\n");
	return rc;
}

int rf_markdown_put(struct rf_export *x, const struct rf_markdown_limits *limits, struct rf_buf *out, struct rf_error *err)
{
	struct writer w = { .x = x, .limits = limits, .out = out };
	rf_buf_init(&w.part);
	int rc = put_document(&w, err);
	if (rc == 0 && w.part.failed)
		out->failed = true;
	rf_buf_release(&w.part);
	return rc;
}

int rf_export_markdown(struct rf_export *x, struct rf_buf *out, struct rf_error *err)
{
	return rf_markdown_put(x, &rf_markdown_comment, out, err);
}
