#include "cmd/summary.h"

#include "cmd/place.h"

#include <string.h>

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

void rf_summary_put_sighting(struct rf_buf *out, const struct rf_terminal *t, const struct rf_finding_row *row,
			     bool is_new, rf_arena *arena)
{
	rf_str owners = rf_owners_text(row, arena);
	struct rf_buf line;
	rf_buf_init(&line);
	rf_put_raw(out, t, is_new ? RF_STYLE_RED : RF_STYLE_YELLOW, is_new ? RF_STR(">> new   ") : RF_STR(">> known "));
	rf_buf_printf(&line, "%lld  %.*s", (long long)row->id, RF_STR_ARG(row->title));
	if (owners.len)
		rf_buf_printf(&line, " (%.*s)", RF_STR_ARG(owners));
	rf_put_wrapped(out, t, RF_STYLE_PLAIN, rf_buf_str(&line), 9);
	rf_buf_release(&line);
}

static void put_findings(struct rf_buf *out, const struct rf_summary *s, bool fresh, rf_arena *arena)
{
	const struct rf_outcome *o = s->outcome;
	uint32_t total = fresh ? o->new_count : o->count - o->new_count, shown = 0;
	if (total == 0)
		return;
	rf_put_raw(out, s->terminal, RF_STYLE_BOLD,
		   rf_arena_printf(arena, "%u %s finding%s\n", total, fresh ? "new" : "known", plural(total)));
	for (uint32_t i = 0; i < o->count; i++) {
		if (o->is_new[i] == fresh && shown++ < RF_SUMMARY_FINDINGS_MAX)
			rf_put_finding(out, s->terminal, &o->rows[i], arena);
	}
	if (total > RF_SUMMARY_FINDINGS_MAX)
		rf_buf_printf(out, "      and %u more; `redflag list` shows all\n", total - RF_SUMMARY_FINDINGS_MAX);
	rf_buf_put_char(out, '\n');
}

static void put_count(struct rf_buf *out, uint64_t n, const char *what, bool *first)
{
	if (n == 0)
		return;
	rf_buf_printf(out, "%s%llu %s", *first ? "" : ", ", (unsigned long long)n, what);
	*first = false;
}

static void put_tests(struct rf_buf *out, const struct rf_reporter *r)
{
	uint64_t passed = 0, failed = 0, skipped = 0, ran = 0, unbuilt = 0, cached = 0;
	const struct rf_package *p;
	bool first = true;
	for (uint32_t i = 0; (p = rf_session_package(r->session, i)); i++) {
		passed += p->passed;
		failed += p->failed;
		skipped += p->skipped;
		ran += p->built && !p->no_tests_files;
		unbuilt += !p->built;
		cached += p->cached;
	}
	rf_buf_put_cstr(out, "Tests     ");
	put_count(out, passed, "passed", &first);
	put_count(out, failed, "failed", &first);
	put_count(out, skipped, "skipped", &first);
	if (first)
		rf_buf_put_cstr(out, "none");
	rf_buf_printf(out, " in %llu package%s", (unsigned long long)ran, plural(ran));
	if (cached)
		rf_buf_printf(out, " (%llu cached)", (unsigned long long)cached);
	if (unbuilt)
		rf_buf_printf(out, "; %llu did not build", (unsigned long long)unbuilt);
	rf_buf_put_char(out, '\n');
}

/* Relative to where we are, if it is below: that is what people type. */
static rf_str short_path(const char *path)
{
	rf_str full = rf_str_from(path);
	const char *home = strstr(path, "/.redflag/");
	return home ? rf_str_skip(full, (size_t)(home - path) + 1) : full;
}

static void put_suppressed(struct rf_buf *out, const struct rf_session_counts *c)
{
	if (c->suppressed)
		rf_buf_printf(out, "Silent    %llu report%s suppressed; `redflag suppressions stats` says by what\n",
			      (unsigned long long)c->suppressed, c->suppressed == 1 ? " was" : "s were");
}

static void put_next(struct rf_buf *out, const struct rf_summary *s, rf_arena *arena)
{
	const struct rf_outcome *o = s->outcome;
	rf_str option = rf_place_option(s->reporter->database, arena);
	if (o->count)
		rf_buf_printf(out, "Next      redflag show %lld%.*s    the accesses, goroutines and what happened before\n"
			      "          redflag explain %lld%.*s why this is one finding\n",
			      (long long)o->rows[0].id, RF_STR_ARG(option), (long long)o->rows[0].id, RF_STR_ARG(option));
}

void rf_summary_put(struct rf_buf *out, const struct rf_summary *s, rf_arena *arena)
{
	rf_buf_put_char(out, '\n');
	put_findings(out, s, true, arena);
	put_findings(out, s, false, arena);
	if (s->outcome->count == 0)
		rf_put_raw(out, s->terminal, rf_session_counts(s->reporter->session)->packages_failed ? RF_STYLE_PLAIN
												     : RF_STYLE_GREEN,
			   RF_STR("No findings\n"));
	if (s->with_tests)
		put_tests(out, s->reporter);
	put_suppressed(out, rf_session_counts(s->reporter->session));
	rf_buf_printf(out, "Trace     %.*s\n", RF_STR_ARG(s->reporter->trace_id));
	rf_buf_printf(out, "Database  %.*s\n", RF_STR_ARG(short_path(s->reporter->database)));
	put_next(out, s, arena);
}
