/* redflag list */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/command_list.h"
#include "cmd/finding_text.h"
#include "cmd/place.h"
#include "cmd/reporter.h"
#include "store/status.h"

static int check_kind(const char *kind, struct rf_error *err)
{
	if (rf_kind_from_name(rf_str_from(kind)) != RF_KIND_UNKNOWN || strcmp(kind, "unknown") == 0)
		return 0;
	return rf_fail(err, RF_ERR_USAGE, "There is no kind %s; there are " RF_KIND_LIST("and") ".", kind);
}

static int check_class(const char *class, struct rf_error *err)
{
	if (rf_class_from_name(rf_str_from(class)) != RF_CLASS_COUNT)
		return 0;
	return rf_fail(err, RF_ERR_USAGE, "There is no class %s; there are " RF_CLASS_LIST("and") ".", class);
}

static int make_filter(const struct rf_args *args, rf_arena *arena, struct rf_finding_filter *f, struct rf_error *err)
{
	const char *kind = rf_arg(args, "kind"), *status = rf_arg(args, "status"), *since = rf_arg(args, "since");
	const char *class = rf_arg(args, "class");
	int rc = kind ? check_kind(kind, err) : 0;
	if (rc == 0 && class)
		rc = check_class(class, err);
	if (rc == 0)
		rc = rf_status_check(status, err);
	if (rc == 0 && since)
		rc = rf_time_since(rf_str_from(since), rf_clock_now(rf_reporter_clock()), arena, &f->since, err);
	f->kind = rf_str_from(kind);
	f->class = rf_str_from(class);
	f->status = rf_str_from(status);
	f->tag = rf_str_from(rf_arg(args, "tag"));
	f->test = rf_str_from(rf_arg(args, "test"));
	f->search = rf_str_from(rf_arg(args, "search"));
	return rc;
}

static void put_json(struct rf_buf *out, const struct rf_finding_row *rows, uint32_t count)
{
	rf_buf_put_char(out, '[');
	for (uint32_t i = 0; i < count; i++) {
		rf_buf_put_cstr(out, i ? ",\n " : "\n ");
		rf_put_finding_json(out, &rows[i]);
	}
	rf_buf_put_cstr(out, count ? "\n]\n" : "]\n");
}

static bool is_filtered(const struct rf_finding_filter *f)
{
	return f->kind.ptr || f->class.ptr || f->status.ptr || f->since.ptr || f->tag.ptr || f->test.ptr || f->search.ptr;
}

static void put_people(struct rf_buf *out, const struct rf_finding_row *rows, uint32_t count, bool filtered,
		       const char *path, rf_arena *arena)
{
	struct rf_terminal t;
	rf_str option = rf_place_option(path, arena);
	rf_terminal_init(&t, STDOUT_FILENO);
	for (uint32_t i = 0; i < count; i++)
		rf_put_finding(out, &t, &rows[i], arena);
	if (count == 0 && filtered)
		rf_buf_put_cstr(out, "No finding fits; `redflag list` without options shows all.\n");
	else if (count == 0)
		rf_buf_printf(out, "No findings in %s.\n", path);
	else
		rf_buf_printf(out, "\n%u finding%s. Next: `redflag show %lld%.*s`\n", count, count == 1 ? "" : "s",
			      (long long)rows[0].id, RF_STR_ARG(option));
}

int rf_cmd_list(const struct rf_args *args, rf_arena *arena, struct rf_error *err)
{
	struct rf_finding_filter filter = { 0 };
	struct rf_finding_row *rows = NULL;
	struct rf_store *store = NULL;
	struct rf_buf out;
	const char *path;
	uint32_t count = 0;
	if (args->word_count)
		return rf_fail(err, RF_ERR_USAGE, "list takes no words; to see one finding: `redflag show %s`.",
			       args->words[0]);
	int rc = make_filter(args, arena, &filter, err);
	if (rc == 0)
		rc = rf_reporter_open_store(args, arena, &store, &path, err);
	if (rc == 0)
		rc = rf_query_findings(store, &filter, arena, &rows, &count, err);
	if (rc == 0) {
		rf_buf_init(&out);
		if (rf_arg(args, "json"))
			put_json(&out, rows, count);
		else
			put_people(&out, rows, count, is_filtered(&filter), path, arena);
		rf_print(&out);
		rf_buf_release(&out);
	}
	rf_store_close(store);
	return rc;
}
