/* redflag show */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/command_list.h"
#include "cmd/finding_text.h"
#include "cmd/place.h"
#include "cmd/reporter.h"
#include "cmd/show_parts.h"
#include "cmd/show_run.h"
#include "store/duplicates.h"

#define BESIDE_COLUMNS_MIN 100 /* narrower, half a line is too short for a function's name */
#define EVENTS_SHOWN_MAX 8

static void put_head(struct rf_buf *out, const struct rf_terminal *t, const struct rf_finding_row *row, rf_arena *arena)
{
	struct rf_buf b;
	rf_buf_init(&b);
	rf_put_raw(out, t, RF_STYLE_BOLD, rf_arena_printf(arena, "Finding %lld  ", (long long)row->id));
	rf_put_wrapped(out, t, RF_STYLE_BOLD, row->title, 11);
	rf_buf_printf(&b, "%.*s; %lld event%s, first ", RF_STR_ARG(row->status), (long long)row->events,
		      row->events == 1 ? "" : "s");
	rf_put_time(&b, row->first_seen);
	rf_buf_put_cstr(&b, ", last ");
	rf_put_time(&b, row->last_seen);
	rf_show_field(out, t, "status", rf_buf_str(&b));
	if (row->duplicate_of)
		rf_show_field(out, t, "duplicate", rf_arena_printf(arena, "of finding %lld%s%.*s", (long long)row->duplicate_of,
							       row->duplicate_reason.len ? ": " : "", RF_STR_ARG(row->duplicate_reason)));
	rf_show_field(out, t, "tests", rf_owners_text(row, arena));
	rf_show_field(out, t, "tag", row->tag);
	if (!rf_str_eq(row->tag, row->package))
		rf_show_field(out, t, "package", row->package);
	rf_show_field(out, t, "fingerprint", row->fingerprint);
	if (row->wildcard)
		rf_show_field(out, t, "", RF_STR("One side's stack is missing; it joins the full finding with the other side as soon "
					     "as that is seen."));
	rf_buf_release(&b);
}

static void put_sides(struct rf_buf *out, const struct rf_show *s)
{
	struct rf_block sides[RF_REPORT_ACCESSES_MAX];
	struct rf_side more[RF_FINDING_MORE_MAX];
	uint32_t two = s->finding.side_count, count = two + rf_finding_more(&s->report, s->arena, more), shown = 0;
	for (uint32_t i = 0; i < count; i++) {
		rf_block_init(&sides[i], s->arena);
		rf_show_side(s, i < two ? &s->finding.sides[i] : &more[i - two], &sides[i]);
	}
	rf_buf_put_char(out, '\n');
	if (two == 2 && s->terminal->columns >= BESIDE_COLUMNS_MIN) {
		rf_block_put_beside(out, s->terminal, &sides[0], &sides[1]);
		shown = 2;
	}
	for (uint32_t i = shown; i < count; i++) {
		if (i)
			rf_buf_put_char(out, '\n');
		rf_block_put(out, s->terminal, &sides[i]);
	}
}

static void put_part(struct rf_buf *out, const struct rf_show *s, const char *heading,
		     void (*make)(const struct rf_show *, struct rf_block *))
{
	struct rf_block b;
	rf_block_init(&b, s->arena);
	make(s, &b);
	if (b.count == 0)
		return;
	rf_show_heading(out, s->terminal, heading);
	rf_block_put(out, s->terminal, &b);
}

static void put_text_of_part(struct rf_buf *out, const struct rf_show *s)
{
	if (!s->report.text.len)
		return;
	rf_show_heading(out, s->terminal, "As it was printed (it could only be read in part)");
	for (rf_str rest = s->report.text; rest.len;) {
		rf_buf_put_cstr(out, "  ");
		rf_put_text(out, s->terminal, RF_STYLE_DIM, rf_str_cut(&rest, '\n'));
		rf_buf_put_char(out, '\n');
	}
}

/* --- occurrences ----------------------------------------------------------------------------------------------- */

static void put_event(struct rf_buf *out, const struct rf_terminal *t, const struct rf_event_row *e)
{
	struct rf_buf b;
	rf_buf_init(&b);
	rf_put_time(&b, e->time);
	rf_buf_printf(&b, "  trace %.*s, %.*s", RF_STR_ARG(e->trace_id),
		      RF_STR_ARG(rf_str_eq_cstr(e->source, "spool") ? RF_STR("spool") : RF_STR("text only")));
	if (!rf_str_eq_cstr(e->verdict, "alert"))
		rf_buf_printf(&b, ", %.*s", RF_STR_ARG(e->verdict));
	if (e->seed.len)
		rf_buf_printf(&b, ", seed %.*s", RF_STR_ARG(e->seed));
	/* Where the text stood tells something only when nobody knows the owner. */
	if (!e->test_a.ptr && !e->test_b.ptr && e->test.len)
		rf_buf_printf(&b, ", while %.*s ran", RF_STR_ARG(e->test));
	rf_buf_put_cstr(out, "  ");
	rf_put_wrapped(out, t, RF_STYLE_PLAIN, rf_buf_str(&b), 4);
	rf_buf_release(&b);
}

static int put_events(struct rf_buf *out, const struct rf_terminal *t, struct rf_store *store,
		      const struct rf_finding_row *row, rf_arena *arena, struct rf_error *err)
{
	struct rf_event_row *events;
	uint32_t count;
	int rc = rf_query_events(store, row->id, EVENTS_SHOWN_MAX, arena, &events, &count, err);
	if (rc < 0)
		return rc;
	rf_show_heading(out, t, "Occurrences");
	for (uint32_t i = 0; i < count; i++)
		put_event(out, t, &events[i]);
	if (row->events > count)
		rf_buf_printf(out, "  and %lld before\n", (long long)row->events - count);
	return 0;
}

static int put_related(struct rf_buf *out, const struct rf_terminal *t, struct rf_store *store,
		       const struct rf_finding_row *row, rf_arena *arena, struct rf_error *err)
{
	struct rf_finding_row *rows;
	uint32_t count;
	int rc = rf_query_related(store, row, arena, &rows, &count, err);
	if (rc < 0 || count == 0)
		return rc;
	rf_show_heading(out, t, "Related: the same two functions, reached another way");
	for (uint32_t i = 0; i < count; i++)
		rf_put_finding(out, t, &rows[i], arena);
	if (!row->duplicate_of && rows[0].duplicate_of != row->id)
		rf_buf_printf(out, "  If they are one bug: `redflag duplicate %lld --of %lld`\n",
			      (long long)(row->id > rows[0].id ? row->id : rows[0].id),
			      (long long)(row->id > rows[0].id ? rows[0].id : row->id));
	return 0;
}

static int put_duplicates(struct rf_buf *out, const struct rf_terminal *t, struct rf_store *store,
			  const struct rf_finding_row *row, rf_arena *arena, struct rf_error *err)
{
	struct rf_finding_row *rows;
	uint32_t count;
	int rc = rf_duplicates_of(store, row->id, arena, &rows, &count, err);
	if (rc < 0 || count == 0)
		return rc;
	rf_show_heading(out, t, "Duplicates of it");
	for (uint32_t i = 0; i < count; i++)
		rf_put_finding(out, t, &rows[i], arena);
	return 0;
}

static void put_drop(struct rf_buf *out, uint64_t n, const char *what)
{
	if (n)
		rf_buf_printf(out, "  dropped     %llu %s\n", (unsigned long long)n, what);
}

/* Nothing of a program without Go. */
static const char *go_of(const struct rf_process_row *p, rf_arena *arena)
{
	if (p->go_version.len == 0)
		return "";
	return rf_arena_printf(arena, ", %.*s, GOMAXPROCS %lld", RF_STR_ARG(p->go_version), (long long)p->gomaxprocs).ptr;
}

static int put_process(struct rf_buf *out, const struct rf_show *s, struct rf_store *store, struct rf_error *err)
{
	struct rf_process_row p;
	const struct rf_process_counters *c = &p.counters;
	if (s->event.process_id == 0) {
		rf_show_heading(out, s->terminal, "Process");
		rf_buf_put_cstr(out, "  ");
		rf_put_wrapped(out, s->terminal, RF_STYLE_PLAIN,
			       RF_STR("Known from text only. `redflag test` also records who owns the goroutines, their "
				      "labels, the memory and what ran before."), 2);
		return 0;
	}
	int rc = rf_query_process(store, s->event.process_id, s->arena, &p, err);
	if (rc < 0)
		return rc;
	rf_show_heading(out, s->terminal, "Process");
	rf_show_field(out, s->terminal, "command", p.arguments);
	rf_show_field(out, s->terminal, "ran on",
		  rf_arena_printf(s->arena, "%.*s, pid %lld%s%s", RF_STR_ARG(p.host), (long long)p.pid, go_of(&p, s->arena),
				  p.finished ? "" : ", did not end in good order"));
	put_drop(out, c->reports_dropped, "reports (spool full or not writable)");
	put_drop(out, c->symbols_dropped, "names of code addresses (spool full)");
	put_drop(out, c->labels_cut, "goroutines' labels, in part");
	put_drop(out, c->tests_dropped, "tests as owners (table full)");
	put_drop(out, c->goroutines_unregistered, "goroutines (table full)");
	return 0;
}

static int put_all(struct rf_buf *out, struct rf_show *s, struct rf_store *store, const struct rf_finding_row *row,
		   struct rf_error *err)
{
	int rc = rf_query_best_event(store, row->id, s->arena, &s->event, err);
	if (rc == 0)
		rc = rf_query_report(store, s->event.id, s->arena, &s->report, err);
	if (rc < 0)
		return rc;
	rf_finding_make(&s->report, s->arena, &s->finding);
	put_head(out, s->terminal, row, s->arena);
	if (s->report.detail.len)
		rf_show_field(out, s->terminal, "detail", s->report.detail);
	put_sides(out, s);
	bool threads = s->report.goroutine_count && s->report.goroutines[0]->is_thread;
	put_part(out, s, threads ? "Threads" : "Goroutines", rf_show_goroutines);
	put_part(out, s, "Memory", rf_show_memory);
	put_part(out, s, "Before the race", rf_show_interleaving);
	put_text_of_part(out, s);
	rc = put_process(out, s, store, err);
	if (rc == 0)
		rc = put_events(out, s->terminal, store, row, s->arena, err);
	if (rc == 0)
		rc = put_duplicates(out, s->terminal, store, row, s->arena, err);
	return rc < 0 ? rc : put_related(out, s->terminal, store, row, s->arena, err);
}

static int show_finding(struct rf_buf *out, const struct rf_terminal *t, struct rf_store *store, const struct rf_finding_row *row,
			rf_arena *arena, struct rf_error *err)
{
	struct rf_show s = { .arena = arena, .terminal = t, .directory = rf_str_from(rf_place_module(arena)) };
	return put_all(out, &s, store, row, err);
}

/* What a word names: a run by its whole trace ID, else a finding. A trace ID is what people make it, a number, too. */
static int show_word(struct rf_buf *out, const struct rf_terminal *t, struct rf_store *store, const char *word, rf_arena *arena,
		     struct rf_error *err)
{
	struct rf_run_row run;
	struct rf_finding_row row;
	struct rf_error no_run, no_finding = { 0 };
	bool is_run = rf_query_run(store, rf_str_from(word), arena, &run, &no_run) == 0;
	if (!is_run && word[strspn(word, "0123456789abcdefABCDEF")])
		return rf_fail(err, RF_ERR_USAGE, "%s is no finding, and no run's trace ID; give a finding's number, %d or more digits "
			       "of its fingerprint, or the whole trace ID of a run.", word, RF_QUERY_PREFIX_DIGITS_MIN);
	int rc = rf_query_finding(store, rf_str_from(word), arena, &row, &no_finding);
	if (rc == 0 && is_run)
		return rf_fail(err, RF_ERR_USAGE, "%s is a finding and the trace ID of a run; `redflag show --run %s` shows the run, "
			       "`redflag show %.12s` the finding.", word, word, row.fingerprint.ptr);
	if (is_run)
		return rf_show_run(out, t, store, &run, arena, err);
	if (rc < 0)
		*err = no_finding;
	return rc < 0 ? rc : show_finding(out, t, store, &row, arena, err);
}

static int show_run(struct rf_buf *out, const struct rf_terminal *t, struct rf_store *store, const char *name, rf_arena *arena,
		    struct rf_error *err)
{
	struct rf_run_row run;
	int rc = strcmp(name, "last") == 0 ? rf_query_last_run(store, arena, &run, err)
					   : rf_query_run(store, rf_str_from(name), arena, &run, err);
	return rc < 0 ? rc : rf_show_run(out, t, store, &run, arena, err);
}

int rf_cmd_show(const struct rf_args *args, rf_arena *arena, struct rf_error *err)
{
	struct rf_terminal t;
	struct rf_store *store = NULL;
	struct rf_buf out;
	const char *path, *run = rf_arg(args, "run");
	if (args->word_count + (run != NULL) != 1)
		return rf_fail(err, RF_ERR_USAGE, "show wants one finding or one run: a finding's number, the start of its fingerprint, "
			       "or the trace ID of a run; `redflag list` shows findings, `redflag show --run last` the last run.");
	int rc = rf_reporter_open_store(args, arena, &store, &path, err);
	rf_terminal_init(&t, STDOUT_FILENO);
	rf_buf_init(&out);
	if (rc == 0)
		rc = run ? show_run(&out, &t, store, run, arena, err) : show_word(&out, &t, store, args->words[0], arena, err);
	if (rc == 0 && (arena->failed || out.failed))
		rc = rf_fail(err, RF_ERR_MEMORY, "Out of memory while showing it.");
	if (rc == 0)
		rf_print(&out);
	rf_buf_release(&out);
	rf_store_close(store);
	return rc;
}
