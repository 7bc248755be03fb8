#include "cmd/finding_text.h"

#include "store/clean_text.h"

enum rf_style rf_status_style(rf_str status)
{
	if (rf_str_eq_cstr(status, "new") || rf_str_eq_cstr(status, "regressed"))
		return RF_STYLE_RED;
	return rf_str_eq_cstr(status, "recurring") || rf_str_eq_cstr(status, "baseline") ? RF_STYLE_YELLOW : RF_STYLE_DIM;
}

static rf_str owner_text(rf_str test)
{
	return test.len ? test : RF_STR("no test");
}

rf_str rf_owners_text(const struct rf_finding_row *row, rf_arena *arena)
{
	rf_str a = row->test_a, b = row->test_b;
	if (!a.ptr && !b.ptr)
		return RF_STR("");
	if (!a.ptr || !b.ptr)
		return owner_text(a.ptr ? a : b);
	if (rf_str_eq(a, b))
		return owner_text(a);
	/* A test that is named comes first; beside it, "no test" is the surprise. */
	if (a.len == 0)
		return rf_arena_printf(arena, "%.*s and no test", RF_STR_ARG(b));
	return rf_arena_printf(arena, "%.*s and %.*s", RF_STR_ARG(a), RF_STR_ARG(owner_text(b)));
}

rf_str rf_tag_text(const struct rf_finding_row *row)
{
	return rf_str_eq(row->tag, row->package) ? RF_STR("") : row->tag;
}

#define STATUS_COLUMNS 11
#define TEXT_COLUMN (6 + STATUS_COLUMNS)

static void put_indent(struct rf_buf *out, int columns)
{
	rf_buf_printf(out, "%*s", columns, "");
}

void rf_put_finding(struct rf_buf *out, const struct rf_terminal *t, const struct rf_finding_row *row, rf_arena *arena)
{
	rf_str owners = rf_owners_text(row, arena), tag = rf_tag_text(row);
	rf_buf_printf(out, "%4lld  ", (long long)row->id);
	rf_put_clipped(out, t, rf_status_style(row->status), row->status, STATUS_COLUMNS, true);
	rf_put_wrapped(out, t, RF_STYLE_BOLD, row->title, TEXT_COLUMN);
	put_indent(out, TEXT_COLUMN);
	struct rf_buf line;
	rf_buf_init(&line);
	rf_buf_printf(&line, "%lld event%s, last ", (long long)row->events, row->events == 1 ? "" : "s");
	rf_put_time(&line, row->last_seen);
	if (owners.len)
		rf_buf_printf(&line, " in %.*s", RF_STR_ARG(owners));
	if (tag.len)
		rf_buf_printf(&line, ", tag %.*s", RF_STR_ARG(tag));
	if (row->retried)
		rf_buf_put_cstr(&line, "; its test passed when it was run again, which doesn't mend it");
	if (row->duplicate_of)
		rf_buf_printf(&line, "; a duplicate of %lld", (long long)row->duplicate_of);
	rf_put_wrapped(out, t, RF_STYLE_DIM, rf_buf_str(&line), TEXT_COLUMN);
	rf_buf_release(&line);
}

static void put_member(struct rf_buf *out, const char *name, rf_str value)
{
	rf_buf_printf(out, ",\"%s\":", name);
	if (value.ptr)
		rf_text_put_json(out, value);
	else
		rf_buf_put_cstr(out, "null");
}

void rf_put_finding_json(struct rf_buf *out, const struct rf_finding_row *row)
{
	rf_buf_printf(out, "{\"id\":%lld", (long long)row->id);
	put_member(out, "fingerprint", row->fingerprint);
	put_member(out, "kind", row->kind);
	put_member(out, "class", row->class);
	put_member(out, "title", row->title);
	put_member(out, "tag", row->tag);
	put_member(out, "status", row->status);
	put_member(out, "package", row->package);
	put_member(out, "test_a", row->test_a);
	put_member(out, "test_b", row->test_b);
	rf_buf_printf(out, ",\"events\":%lld", (long long)row->events);
	put_member(out, "first_seen", row->first_seen);
	put_member(out, "last_seen", row->last_seen);
	put_member(out, "last_trace_id", row->last_trace_id);
	if (row->duplicate_of)
		rf_buf_printf(out, ",\"duplicate_of\":%lld", (long long)row->duplicate_of);
	else
		rf_buf_put_cstr(out, ",\"duplicate_of\":null");
	rf_buf_put_char(out, '}');
}
