/* redflag show */
#include <stdio.h>
#include <unistd.h>

#include "cmd/command_list.h"
#include "cmd/finding_text.h"
#include "cmd/place.h"
#include "cmd/reporter.h"
#include "cmd/show_parts.h"
#include "store/duplicates.h"

#define BESIDE_COLUMNS_MIN 100 /* narrower, half a line is too short for a function's name */
#define EVENTS_SHOWN_MAX 8

static void put_heading(struct rf_buf *out, const struct rf_terminal *t, const char *text)
{
	rf_buf_put_char(out, '\n');
	rf_put_raw(out, t, RF_STYLE_BOLD, rf_str_from(text));
	rf_buf_put_char(out, '\n');
}

static void put_field(struct rf_buf *out, const struct rf_terminal *t, const char *name, rf_str value)
{
	if (value.len == 0)
		return;
	rf_buf_printf(out, "  %-12s", name);
	rf_put_wrapped(out, t, RF_STYLE_PLAIN, value, 14);
}

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
	put_field(out, t, "status", rf_buf_str(&b));
	if (row->duplicate_of)
		put_field(out, t, "duplicate", rf_arena_printf(arena, "of finding %lld%s%.*s", (long long)row->duplicate_of,
							       row->duplicate_reason.len ? ": " : "", RF_STR_ARG(row->duplicate_reason)));
	put_field(out, t, "tests", rf_owners_text(row, arena));
	put_field(out, t, "tag", row->tag);
	if (!rf_str_eq(row->tag, row->package))
		put_field(out, t, "package", row->package);
	put_field(out, t, "fingerprint", row->fingerprint);
	if (row->wildcard)
		put_field(out, t, "", RF_STR("One side's stack is missing; it joins the full finding with the other side as soon "
					     "as that is seen."));
	rf_buf_release(&b);
}

static void put_sides(struct rf_buf *out, const struct rf_show *s)
{
	struct rf_block sides[2];
	for (uint32_t i = 0; i < s->finding.side_count; i++) {
		rf_block_init(&sides[i], s->arena);
		rf_show_side(s, i, &sides[i]);
	}
	rf_buf_put_char(out, '\n');
	if (s->finding.side_count == 2 && s->terminal->columns >= BESIDE_COLUMNS_MIN) {
		rf_block_put_beside(out, s->terminal, &sides[0], &sides[1]);
		return;
	}
	for (uint32_t i = 0; i < s->finding.side_count; i++) {
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
	put_heading(out, s->terminal, heading);
	rf_block_put(out, s->terminal, &b);
}

static void put_text_of_part(struct rf_buf *out, const struct rf_show *s)
{
	if (!s->report.text.len)
		return;
	put_heading(out, s->terminal, "As it was printed (it could only be read in part)");
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
	put_heading(out, t, "Occurrences");
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
	put_heading(out, t, "Related: the same two functions, reached another way");
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
	put_heading(out, t, "Duplicates of it");
	for (uint32_t i = 0; i < count; i++)
		rf_put_finding(out, t, &rows[i], arena);
	return 0;
}

static void put_drop(struct rf_buf *out, uint64_t n, const char *what)
{
	if (n)
		rf_buf_printf(out, "  dropped     %llu %s\n", (unsigned long long)n, what);
}

static int put_process(struct rf_buf *out, const struct rf_show *s, struct rf_store *store, struct rf_error *err)
{
	struct rf_process_row p;
	const struct rf_process_counters *c = &p.counters;
	if (s->event.process_id == 0) {
		put_heading(out, s->terminal, "Process");
		rf_buf_put_cstr(out, "  ");
		rf_put_wrapped(out, s->terminal, RF_STYLE_PLAIN,
			       RF_STR("Known from text only. `redflag test` also records who owns the goroutines, their "
				      "labels, the memory and what ran before."), 2);
		return 0;
	}
	int rc = rf_query_process(store, s->event.process_id, s->arena, &p, err);
	if (rc < 0)
		return rc;
	put_heading(out, s->terminal, "Process");
	put_field(out, s->terminal, "command", p.arguments);
	put_field(out, s->terminal, "ran on",
		  rf_arena_printf(s->arena, "%.*s, pid %lld, %.*s, GOMAXPROCS %lld%s", RF_STR_ARG(p.host),
				  (long long)p.pid, RF_STR_ARG(p.go_version), (long long)p.gomaxprocs,
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
	put_sides(out, s);
	put_part(out, s, "Goroutines", rf_show_goroutines);
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

int rf_cmd_show(const struct rf_args *args, rf_arena *arena, struct rf_error *err)
{
	struct rf_terminal t;
	struct rf_show s = { .arena = arena, .terminal = &t, .directory = rf_str_from(rf_place_module(arena)) };
	struct rf_store *store = NULL;
	struct rf_finding_row row;
	struct rf_buf out;
	const char *path;
	if (args->word_count != 1)
		return rf_fail(err, RF_ERR_USAGE, "show wants one finding: its number, or the start of its fingerprint; "
			       "`redflag list` shows them.");
	int rc = rf_reporter_open_store(args, arena, &store, &path, err);
	if (rc == 0)
		rc = rf_query_finding(store, rf_str_from(args->words[0]), arena, &row, err);
	rf_terminal_init(&t, STDOUT_FILENO);
	rf_buf_init(&out);
	if (rc == 0)
		rc = put_all(&out, &s, store, &row, err);
	if (rc == 0 && arena->failed)
		rc = rf_fail(err, RF_ERR_MEMORY, "Out of memory while showing the finding.");
	if (rc == 0)
		rf_print(&out);
	rf_buf_release(&out);
	rf_store_close(store);
	return rc;
}
