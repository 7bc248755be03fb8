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
#include "query/tested.h"
#include "store/status.h"
#include "base/files.h"

struct baseline_work {
	rf_arena *arena;
	struct rf_store *store;
	const char *path;
	int64_t run_id; /* 0: all */
	struct rf_finding_row *rows, *originals;
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
	filter.run_id = w->run_id = row.id;
	return rc < 0 ? rc : rf_query_findings(w->store, &filter, w->arena, &w->rows, &w->count, err);
}

static bool is_suppressed(const struct rf_finding_row *row)
{
	return rf_status_from_name(row->status) == RF_STATUS_SUPPRESSED;
}

static int make_entry(struct baseline_work *w, const struct rf_finding_row *row, struct rf_baseline_entry *e, struct rf_error *err)
{
	struct rf_tested_place place;
	int rc = rf_query_tested_place(w->store, row->fingerprint, row->tag, w->arena, &place, err);
	*e = (struct rf_baseline_entry){ row->fingerprint, row->tag, row->title, place.package, place.test };
	return rc < 0 ? rc : 0;
}

static int save(const struct rf_args *args, struct baseline_work *w, struct rf_error *err)
{
	struct rf_baseline b = { 0 };
	struct rf_buf out;
	int rc = load_findings(args, w, err);
	if (rc < 0)
		return rc;
	b.entries = rf_arena_array(w->arena, w->count + 1, sizeof(*b.entries));
	for (uint32_t i = 0; rc == 0 && b.entries && i < w->count; i++) {
		if (!is_suppressed(&w->rows[i]))
			rc = make_entry(w, &w->rows[i], &b.entries[b.count++], err);
	}
	if (rc < 0)
		return rc;
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

/* Findings that these are duplicates of, row by row; an empty one where it is none. */
static int load_originals(struct baseline_work *w, struct rf_error *err)
{
	struct rf_error gone;
	w->originals = rf_arena_array(w->arena, w->count + 1, sizeof(*w->originals));
	if (!w->originals)
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory while comparing with %s.", w->path);
	for (uint32_t i = 0; i < w->count; i++) {
		if (!w->rows[i].duplicate_of ||
		    rf_query_finding_by_id(w->store, w->rows[i].duplicate_of, w->arena, &w->originals[i], &gone) < 0)
			w->originals[i] = (struct rf_finding_row){ 0 };
	}
	return 0;
}

/* In the baseline, or the duplicate of one that is. */
static bool is_known(const struct baseline_work *w, const struct rf_baseline *b, uint32_t row)
{
	const struct rf_finding_row *f = &w->rows[row], *original = &w->originals[row];
	return rf_baseline_find(b, f->fingerprint, f->tag) ||
	       (original->id && rf_baseline_find(b, original->fingerprint, original->tag));
}

static void put_rows(struct rf_buf *out, const struct rf_terminal *t, struct baseline_work *w, const struct rf_baseline *b,
		     bool known, uint32_t total)
{
	rf_buf_printf(out, "%s%u %s\n", known ? "\n" : "", total, known ? "unresolved" : "new");
	for (uint32_t i = 0; i < w->count; i++) {
		if (!is_suppressed(&w->rows[i]) && is_known(w, b, i) == known)
			rf_put_finding(out, t, &w->rows[i], w->arena);
	}
}

static bool is_entry(const struct rf_finding_row *row, const struct rf_baseline_entry *e)
{
	return rf_str_eq(row->fingerprint, e->fingerprint) && rf_str_eq(row->tag, e->tag);
}

/* --- entries that weren't seen ------------------------------------------------------------------------------------ */

enum absence { ABSENT_NOT, ABSENT_SUPPRESSED, ABSENT_RESOLVED, ABSENT_UNTESTED, ABSENT_UNKNOWN, ABSENT_COUNT };

static const char *const absence_words[ABSENT_COUNT] = {
	[ABSENT_SUPPRESSED] = "suppressed",
	[ABSENT_RESOLVED] = "resolved",
	[ABSENT_UNTESTED] = "not tested: their packages, or tests, were not run",
	[ABSENT_UNKNOWN] = "not seen, maybe not tested: their packages, or those that were run, are not known",
};

/* Only a run that went where a finding was seen can tell that it is gone. */
static int find_absence(struct baseline_work *w, const struct rf_baseline_entry *e, enum absence *absence, struct rf_error *err)
{
	struct rf_tested_place place;
	enum rf_tested tested = RF_TESTED_UNKNOWN;
	for (uint32_t i = 0; i < w->count; i++) {
		if (is_entry(&w->rows[i], e) || (w->originals[i].id && is_entry(&w->originals[i], e))) {
			*absence = is_suppressed(&w->rows[i]) ? ABSENT_SUPPRESSED : ABSENT_NOT;
			return 0;
		}
	}
	int rc = rf_query_tested_place(w->store, e->fingerprint, e->tag, w->arena, &place, err);
	if (rc < 0)
		return rc;
	if (rc == 0)
		place = (struct rf_tested_place){ e->package, e->test };
	*absence = ABSENT_UNKNOWN;
	if (!place.package.len)
		return 0;
	rc = rf_query_was_tested(w->store, w->run_id, &place, &tested, err);
	*absence = tested == RF_TESTED_YES ? ABSENT_RESOLVED : tested == RF_TESTED_NO ? ABSENT_UNTESTED : ABSENT_UNKNOWN;
	return rc;
}

static void put_absent(struct rf_buf *out, const struct rf_baseline *b, const enum absence *absences, enum absence absence)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < b->count; i++)
		count += absences[i] == absence;
	if (!count && absence != ABSENT_RESOLVED)
		return;
	rf_buf_printf(out, "\n%u %s\n", count, absence_words[absence]);
	for (uint32_t i = 0; i < b->count; i++) {
		if (absences[i] == absence)
			rf_buf_printf(out, "      %.12s  %.*s\n", b->entries[i].fingerprint.ptr, RF_STR_ARG(b->entries[i].title));
	}
}

static int put_all_absent(struct rf_buf *out, struct baseline_work *w, const struct rf_baseline *b, struct rf_error *err)
{
	enum absence *absences = rf_arena_array(w->arena, b->count + 1, sizeof(*absences));
	if (!absences)
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory while comparing with %s.", w->path);
	for (uint32_t i = 0; i < b->count; i++) {
		int rc = find_absence(w, &b->entries[i], &absences[i], err);
		if (rc < 0)
			return rc;
	}
	for (int absence = ABSENT_SUPPRESSED; absence < ABSENT_COUNT; absence++)
		put_absent(out, b, absences, absence);
	return 0;
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
	if (rc == 0)
		rc = load_originals(w, err);
	if (rc < 0)
		return rc;
	for (uint32_t i = 0; i < w->count; i++) {
		bool there = is_known(w, &b, i);
		known += there && !is_suppressed(&w->rows[i]);
		fresh += !there && !is_suppressed(&w->rows[i]);
	}
	rf_terminal_init(&t, STDOUT_FILENO);
	rf_buf_init(&out);
	put_rows(&out, &t, w, &b, false, fresh);
	put_rows(&out, &t, w, &b, true, known);
	rc = put_all_absent(&out, w, &b, err);
	if (rc == 0)
		rf_print(&out);
	rf_buf_release(&out);
	return rc < 0 ? rc : fresh ? RF_EXIT_NEW_FINDINGS : RF_EXIT_CLEAN;
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
