#include "cmd/show_run.h"

#include "cmd/finding_text.h"
#include "cmd/show_parts.h"
#include "export/growth_text.h"

#define FINDINGS_SHOWN_MAX 50
#define PROCESSES_MAX 1000
#define NAME_COLUMNS 18 /* of a metric */

static int put_packages(struct rf_buf *out, const struct rf_terminal *t, struct rf_store *store, int64_t run_id,
			rf_arena *arena, struct rf_error *err)
{
	struct rf_result_row *rows;
	uint32_t count;
	int64_t packages = 0, failed = 0, tests = 0;
	int rc = rf_query_results(store, run_id, arena, &rows, &count, err);
	for (uint32_t i = 0; i < count && rc == 0; i++) {
		bool package = rows[i].test.len == 0;
		packages += package;
		failed += package && rf_str_eq_cstr(rows[i].result, "fail");
		tests += rows[i].failed;
	}
	if (packages)
		rf_show_field(out, t, "packages", rf_arena_printf(arena, "%lld, %lld of them failed; %lld test%s failed", (long long)packages,
							      (long long)failed, (long long)tests, tests == 1 ? "" : "s"));
	return rc;
}

static int put_processes(struct rf_buf *out, const struct rf_terminal *t, struct rf_store *store, int64_t run_id,
			 rf_arena *arena, struct rf_error *err)
{
	struct rf_process_row *rows;
	uint32_t count, open = 0;
	int rc = rf_query_run_processes(store, run_id, PROCESSES_MAX, arena, &rows, &count, err);
	if (rc < 0)
		return rc;
	for (uint32_t i = 0; i < count; i++)
		open += !rows[i].finished;
	rf_str text = rf_arena_printf(arena, "%s%u instrumented", count == PROCESSES_MAX ? "at least " : "", count);
	if (open)
		text = rf_arena_printf(arena, "%.*s, %u of them killed or still running", RF_STR_ARG(text), open);
	rf_show_field(out, t, "processes", text);
	return 0;
}

static int put_head(struct rf_buf *out, const struct rf_terminal *t, struct rf_store *store, const struct rf_run_row *run,
		    rf_arena *arena, struct rf_error *err)
{
	struct rf_buf when;
	rf_buf_init(&when);
	rf_put_raw(out, t, RF_STYLE_BOLD, RF_STR("Run "));
	rf_put_wrapped(out, t, RF_STYLE_BOLD, run->trace_id, 4);
	rf_show_field(out, t, "command", run->command);
	rf_show_field(out, t, "directory", run->directory);
	rf_show_field(out, t, "host", run->host);
	rf_put_time(&when, run->started_at);
	rf_buf_put_cstr(&when, ", last stored ");
	rf_put_time(&when, run->last_at);
	rf_show_field(out, t, "began", rf_buf_str(&when));
	rf_buf_release(&when);
	int rc = put_packages(out, t, store, run->id, arena, err);
	return rc < 0 ? rc : put_processes(out, t, store, run->id, arena, err);
}

static int put_findings(struct rf_buf *out, const struct rf_terminal *t, struct rf_store *store, int64_t run_id,
			rf_arena *arena, struct rf_error *err)
{
	struct rf_finding_filter filter = { .run_id = run_id };
	struct rf_finding_row *rows;
	uint32_t count;
	int rc = rf_query_findings(store, &filter, arena, &rows, &count, err);
	if (rc < 0)
		return rc;
	rf_show_heading(out, t, "Findings");
	if (count == 0)
		rf_buf_put_cstr(out, "  It found nothing.\n");
	for (uint32_t i = 0; i < count && i < FINDINGS_SHOWN_MAX; i++)
		rf_put_finding(out, t, &rows[i], arena);
	if (count > FINDINGS_SHOWN_MAX)
		rf_buf_printf(out, "  and %u more\n", count - FINDINGS_SHOWN_MAX);
	return 0;
}

/* --- growth ------------------------------------------------------------------------------------------------------- */

static int put_growth(struct rf_buf *out, const struct rf_terminal *t, struct rf_store *store, int64_t run_id,
		      rf_arena *arena, struct rf_error *err)
{
	struct rf_growth_words words;
	int rc = rf_growth_words(store, run_id, PROCESSES_MAX, arena, &words, err);
	if (rc < 0)
		return rc;
	rf_show_heading(out, t, "Growth");
	for (uint32_t i = 0; i < words.part_count; i++) {
		const struct rf_growth_part *part = &words.parts[i];
		rf_buf_put_cstr(out, "  ");
		rf_put_wrapped(out, t, RF_STYLE_PLAIN, part->title, 4);
		for (uint32_t k = 0; k < part->line_count; k++) {
			rf_buf_printf(out, "    %-*.*s", NAME_COLUMNS, RF_STR_ARG(part->lines[k].name));
			rf_put_wrapped(out, t, RF_STYLE_PLAIN, part->lines[k].text, 4 + NAME_COLUMNS);
		}
	}
	for (int i = 0; i < 2 && words.rest[i].len; i++)
		rf_buf_printf(out, "  %.*s\n", RF_STR_ARG(words.rest[i]));
	return 0;
}

int rf_show_run(struct rf_buf *out, const struct rf_terminal *t, struct rf_store *store, const struct rf_run_row *run,
		rf_arena *arena, struct rf_error *err)
{
	int rc = put_head(out, t, store, run, arena, err);
	if (rc == 0)
		rc = put_findings(out, t, store, run->id, arena, err);
	return rc < 0 ? rc : put_growth(out, t, store, run->id, arena, err);
}
