#include "cmd/progress.h"

#include <stdio.h>
#include <stdlib.h>

#include "cmd/summary.h"

#define NS_PER_S 1000000000u
#define DRAW_NS (NS_PER_S / 10)

static uint64_t now_ns(void)
{
	return rf_clock_now(rf_reporter_clock());
}

void rf_progress_init(struct rf_progress *p, int fd, bool quiet, const struct rf_terminal *terminal, rf_arena *arena)
{
	*p = (struct rf_progress){ .terminal = terminal, .arena = arena, .start_ns = now_ns() };
	rf_terminal_init(&p->status, fd);
	/* A dumb terminal can't take a line back. */
	const char *term = getenv("TERM");
	p->enabled = !quiet && p->status.is_terminal && term && !rf_str_eq_cstr(rf_str_from(term), "dumb");
}

void rf_progress_release(struct rf_progress *p)
{
	free(p->told);
	p->told = NULL;
}

void rf_progress_clear(struct rf_progress *p)
{
	if (p->drawn)
		fputs("\r\x1b[K", stderr);
	p->drawn = false;
}

uint64_t rf_progress_draw(struct rf_progress *p, const struct rf_gotest *g)
{
	uint64_t now = now_ns();
	if (!p->enabled)
		return 0;
	if (p->drawn && now - p->drawn_ns < DRAW_NS)
		return DRAW_NS - (now - p->drawn_ns);
	struct rf_buf line, shown;
	rf_buf_init(&line);
	rf_buf_init(&shown);
	rf_str running = rf_gotest_running(g);
	rf_buf_printf(&line, "%us  %u package%s done", (unsigned)((now - p->start_ns) / NS_PER_S), g->done,
		      g->done == 1 ? "" : "s");
	if (g->failed)
		rf_buf_printf(&line, ", %u failed", g->failed);
	rf_buf_printf(&line, ", %u finding%s", p->told_count, p->told_count == 1 ? "" : "s");
	if (running.len)
		rf_buf_printf(&line, "; running %.*s", RF_STR_ARG(running));
	if (g->running > 1)
		rf_buf_printf(&line, " and %u more", g->running - 1);
	rf_put_clipped(&shown, &p->status, RF_STYLE_DIM, rf_buf_str(&line), p->status.columns - 1, false);
	fprintf(stderr, "\r\x1b[K%.*s", (int)shown.len, shown.ptr);
	rf_buf_release(&line);
	rf_buf_release(&shown);
	p->drawn = true;
	p->drawn_ns = now;
	return NS_PER_S;
}

static bool was_told(const struct rf_progress *p, int64_t id)
{
	for (uint32_t i = 0; i < p->told_count; i++) {
		if (p->told[i] == id)
			return true;
	}
	return false;
}

static bool remember(struct rf_progress *p, int64_t id)
{
	if (p->told_count == p->told_cap) {
		uint32_t cap = p->told_cap ? p->told_cap * 2 : 64;
		int64_t *bigger = realloc(p->told, cap * sizeof(*bigger));
		if (!bigger)
			return false;
		p->told = bigger;
		p->told_cap = cap;
	}
	p->told[p->told_count++] = id;
	return true;
}

void rf_progress_put_sightings(struct rf_progress *p, struct rf_reporter *r, struct rf_buf *out)
{
	const struct rf_session_counts *c = rf_session_counts(r->session);
	uint64_t seen = c->events_stored + c->events_known + c->events_joined + c->events_upgraded;
	struct rf_outcome all, outcome;
	struct rf_error ignored = { 0 }; /* what is wrong with the database is said at the end */
	rf_arena scratch;
	if (seen == p->events_seen)
		return;
	rf_arena_init(&scratch, 0);
	if (rf_reporter_outcome(r, false, &scratch, &all, &ignored) == 0 &&
	    rf_reporter_outcome(r, true, &scratch, &outcome, &ignored) == 0) {
		for (uint32_t i = 0; i < outcome.count; i++) {
			if (!was_told(p, outcome.rows[i].id) && remember(p, outcome.rows[i].id))
				rf_summary_put_sighting(out, p->terminal, &outcome.rows[i], outcome.is_new[i], &scratch);
		}
		if (outcome.count == all.count) /* else some wait for the end of their package */
			p->events_seen = seen;
	}
	rf_arena_release(&scratch);
}
