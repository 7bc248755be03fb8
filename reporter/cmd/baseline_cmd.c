/* redflag baseline: the findings that are known, in a file that can be committed. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/command_list.h"
#include "cmd/finding_text.h"
#include "cmd/noise.h"
#include "cmd/place.h"
#include "cmd/reporter.h"
#include "query/run_query.h"
#include "store/status.h"
#include "base/files.h"

struct baseline_work {
	rf_arena *arena;
	struct rf_store *store;
	const char *path;
	struct rf_finding_row *rows;
	uint32_t count;
};

/* All findings, or those of one run. */
static int load_findings(const struct rf_args *args, struct baseline_work *w, struct rf_error *err)
{
	const char *database, *run = rf_arg(args, "run");
	struct rf_finding_filter filter = { 0 };
	struct rf_run_row row = { 0 };
	int rc = rf_reporter_open_store(args, w->arena, &w->store, &database, err);
	if (rc == 0 && run && strcmp(run, "last") == 0)
		rc = rf_query_last_run(w->store, w->arena, &row, err);
	else if (rc == 0 && run)
		rc = rf_query_run(w->store, rf_str_from(run), w->arena, &row, err);
	filter.run_id = row.id;
	return rc < 0 ? rc : rf_query_findings(w->store, &filter, w->arena, &w->rows, &w->count, err);
}

static bool is_suppressed(const struct rf_finding_row *row)
{
	return rf_status_from_name(row->status) == RF_STATUS_SUPPRESSED;
}

static int save(const struct rf_args *args, struct baseline_work *w, struct rf_error *err)
{
	struct rf_baseline b = { 0 };
	struct rf_buf out;
	int rc = load_findings(args, w, err);
	if (rc < 0)
		return rc;
	b.entries = rf_arena_array(w->arena, w->count + 1, sizeof(*b.entries));
	for (uint32_t i = 0; b.entries && i < w->count; i++) {
		if (!is_suppressed(&w->rows[i]))
			b.entries[b.count++] = (struct rf_baseline_entry){ w->rows[i].fingerprint, w->rows[i].tag, w->rows[i].title };
	}
	rf_baseline_sort(&b);
	rf_buf_init(&out);
	rf_baseline_put(&b, &out);
	if (out.failed || !b.entries)
		rc = rf_fail(err, RF_ERR_MEMORY, "Out of memory while writing the baseline.");
	else
		rc = rf_file_replace(w->path, rf_buf_str(&out), 0666, err);
	rf_buf_release(&out);
	if (rc == 0)
		printf("%s: %u finding%s. Commit it; from now on they are known.\n", w->path, b.count, b.count == 1 ? "" : "s");
	return rc;
}

/* In the baseline, or the duplicate of one that is. */
static bool is_known(const struct baseline_work *w, const struct rf_baseline *b, const struct rf_finding_row *row)
{
	struct rf_finding_row original;
	struct rf_error gone;
	if (rf_baseline_find(b, row->fingerprint, row->tag))
		return true;
	return row->duplicate_of && rf_query_finding_by_id(w->store, row->duplicate_of, w->arena, &original, &gone) == 0 &&
	       rf_baseline_find(b, original.fingerprint, original.tag);
}

static void put_rows(struct rf_buf *out, const struct rf_terminal *t, struct baseline_work *w, const struct rf_baseline *b,
		     bool known, uint32_t total)
{
	rf_buf_printf(out, "%s%u %s\n", known ? "\n" : "", total, known ? "unresolved" : "new");
	for (uint32_t i = 0; i < w->count; i++) {
		const struct rf_finding_row *row = &w->rows[i];
		if (!is_suppressed(row) && is_known(w, b, row) == known)
			rf_put_finding(out, t, row, w->arena);
	}
}

static bool is_there(const struct baseline_work *w, const struct rf_baseline_entry *e)
{
	for (uint32_t i = 0; i < w->count; i++) {
		if (rf_str_eq(w->rows[i].fingerprint, e->fingerprint) && rf_str_eq(w->rows[i].tag, e->tag) &&
		    !is_suppressed(&w->rows[i]))
			return true;
	}
	return false;
}

static void put_resolved(struct rf_buf *out, const struct baseline_work *w, const struct rf_baseline *b)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < b->count; i++)
		count += !is_there(w, &b->entries[i]);
	rf_buf_printf(out, "\n%u resolved\n", count);
	for (uint32_t i = 0; i < b->count; i++) {
		if (!is_there(w, &b->entries[i]))
			rf_buf_printf(out, "      %.12s  %.*s\n", b->entries[i].fingerprint.ptr, RF_STR_ARG(b->entries[i].title));
	}
}

static int diff(const struct rf_args *args, struct baseline_work *w, struct rf_error *err)
{
	struct rf_baseline b;
	struct rf_terminal t;
	struct rf_buf out;
	uint32_t fresh = 0, known = 0;
	int rc = rf_noise_baseline_file(w->path, w->arena, &b, err);
	if (rc == 0)
		rc = load_findings(args, w, err);
	if (rc < 0)
		return rc;
	for (uint32_t i = 0; i < w->count; i++) {
		bool there = is_known(w, &b, &w->rows[i]);
		known += there && !is_suppressed(&w->rows[i]);
		fresh += !there && !is_suppressed(&w->rows[i]);
	}
	rf_terminal_init(&t, STDOUT_FILENO);
	rf_buf_init(&out);
	put_rows(&out, &t, w, &b, false, fresh);
	put_rows(&out, &t, w, &b, true, known);
	put_resolved(&out, w, &b);
	rf_print(&out);
	rf_buf_release(&out);
	return fresh ? RF_EXIT_NEW_FINDINGS : RF_EXIT_CLEAN;
}

int rf_cmd_baseline(const struct rf_args *args, rf_arena *arena, struct rf_error *err)
{
	struct baseline_work w = { .arena = arena };
	struct rf_config config;
	bool saves = args->word_count && strcmp(args->words[0], "save") == 0;
	if (args->word_count < 1 || args->word_count > 2 || (!saves && strcmp(args->words[0], "diff") != 0))
		return rf_fail(err, RF_ERR_USAGE, "baseline takes save or diff, and a file if it isn't " RF_BASELINE_FILE ".");
	int rc = rf_config_load(rf_place_module(arena), arena, &config, err);
	if (rc < 0)
		return rc;
	w.path = args->word_count == 2 ? args->words[1] : rf_noise_path(&config, RF_STR(RF_BASELINE_FILE), arena);
	rc = saves ? save(args, &w, err) : diff(args, &w, err);
	rf_store_close(w.store);
	return rc;
}
