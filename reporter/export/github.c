/* Annotations of GitHub Actions: workflow commands on standard output. GitHub shows ten errors and ten warnings of a step and
 * drops the rest without a word, so the ten to show are chosen here and the rest is counted. */
#include "export/markdown.h"
#include "export/markup.h"

#define ANNOTATIONS_MAX 10

static void put_annotation(struct rf_export *x, const struct rf_item *item, struct rf_buf *out)
{
	const struct rf_item_side *first = rf_item_first_place(item);
	rf_arena *scratch = &x->scratch;
	rf_buf_printf(out, "::%s ", item->is_new ? "error" : "warning");
	if (first && first->place.relative) {
		rf_buf_put_cstr(out, "file=");
		rf_markup_put_property(out, first->place.file);
		if (first->place.line)
			rf_buf_printf(out, ",line=%u", first->place.line);
		rf_buf_put_char(out, ',');
	}
	rf_buf_put_cstr(out, "title=");
	rf_markup_put_property(out, rf_arena_printf(scratch, "%s: %.*s", item->is_new ? "new" : "known",
						    RF_STR_ARG(item->row->title)));
	rf_buf_put_cstr(out, "::");
	for (uint32_t i = 0; i < item->side_count; i++)
		rf_markup_put_message(out, rf_arena_printf(scratch, "%.*s\n", RF_STR_ARG(rf_words_side(&item->sides[i], scratch))));
	rf_markup_put_message(out, rf_arena_printf(scratch, "Finding %lld, trace %.*s", (long long)item->row->id,
						   RF_STR_ARG(item->event.trace_id)));
	rf_buf_put_char(out, '\n');
}

int rf_export_github(struct rf_export *x, struct rf_buf *out, struct rf_error *err)
{
	struct rf_item item;
	uint32_t shown = 0, more = 0;
	for (uint32_t i = 0; i < x->count; i++) { /* in the order of novelty already */
		if (rf_str_eq_cstr(x->rows[i].status, "suppressed"))
			continue;
		if (shown == ANNOTATIONS_MAX) {
			more++;
			continue;
		}
		int rc = rf_item_load(x, i, &item, err);
		if (rc < 0)
			return rc;
		put_annotation(x, &item, out);
		shown++;
	}
	if (more)
		rf_buf_printf(out, "::notice title=redflag::and %u more; the summary of the step lists them\n", more);
	return 0;
}

int rf_export_write_step_summary(struct rf_export *x, struct rf_buf *out, struct rf_error *err)
{
	return rf_export_check(x, rf_markdown_put(x, &rf_markdown_step, out, err), out, err);
}
