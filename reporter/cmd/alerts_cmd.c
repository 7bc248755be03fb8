/* redflag alerts: what waits for which sink and why; deliver it now; try the sinks. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "alert/document.h"
#include "cmd/command_list.h"
#include "cmd/place.h"
#include "cmd/reporter.h"
#include "cmd/terminal.h"

#define FLUSH_NS ((uint64_t)10 * 1000000000u) /* without anything that arrives */

struct alerts_work {
	rf_arena *arena;
	struct rf_store *store; /* NULL for test */
	struct rf_config config;
	struct rf_alerts alerts;
};

static int open_config(struct alerts_work *w, struct rf_error *err)
{
	return rf_config_load(rf_place_module(w->arena), w->arena, &w->config, err);
}

static int fail_no_sinks(const struct alerts_work *w, struct rf_error *err)
{
	if (w->config.path.len == 0)
		return rf_fail(err, RF_ERR_MISSING, "There is no .redflag.yml, and so no sink; docs/alerts.md shows what to write.");
	return rf_fail(err, RF_ERR_MISSING, "%.*s has no sink below \"alerts:\"; docs/alerts.md shows what to write.",
		       RF_STR_ARG(w->config.path));
}

/* --- list ------------------------------------------------------------------------------------------------------- */

static const struct rf_sink *configured(const struct alerts_work *w, rf_str name)
{
	for (uint32_t i = 0; i < w->config.sink_count; i++) {
		if (rf_str_eq(w->config.sinks[i].name, name))
			return &w->config.sinks[i];
	}
	return NULL;
}

static void put_row(struct rf_buf *out, const struct rf_terminal *t, const struct alerts_work *w, const struct rf_outbox_sink_row *row)
{
	rf_buf_printf(out, "%9lld %8lld %10lld  ", (long long)row->waiting, (long long)row->failed, (long long)row->delivered);
	rf_put_clipped(out, t, RF_STYLE_BOLD, row->name, t->columns > 40 ? t->columns - 31 : 10, false);
	rf_buf_put_char(out, '\n');
	if (row->error.len) {
		rf_buf_printf(out, "%31s", "");
		rf_put_wrapped(out, t, RF_STYLE_RED, row->error, 31);
	}
	if (row->waiting && row->not_before.len && row->failures) {
		rf_buf_printf(out, "%31safter %lld tr%s not before ", "", (long long)row->failures, row->failures == 1 ? "y" : "ies");
		rf_put_time(out, row->not_before);
		rf_buf_put_char(out, '\n');
	}
	if (row->folded)
		rf_buf_printf(out, "%31sone of them stands for %lld more\n", "", (long long)row->folded);
	if (!configured(w, row->name)) {
		rf_buf_printf(out, "%31s", "");
		rf_put_wrapped(out, t, RF_STYLE_YELLOW, row->waiting + row->failed
			       ? RF_STR("no sink of .redflag.yml has this name now; `redflag alerts drop NAME` forgets it")
			       : RF_STR("no sink of .redflag.yml has this name now"), 31);
	}
}

static bool is_known(const struct rf_outbox_sink_row *rows, uint32_t count, rf_str name)
{
	for (uint32_t i = 0; i < count; i++) {
		if (rf_str_eq(rows[i].name, name))
			return true;
	}
	return false;
}

static int list(struct alerts_work *w, struct rf_error *err)
{
	struct rf_outbox_sink_row *rows;
	struct rf_terminal t;
	struct rf_buf out;
	uint32_t count;
	int rc = rf_outbox_sinks(w->store, w->arena, &rows, &count, err);
	if (rc < 0)
		return rc;
	rf_terminal_init(&t, STDOUT_FILENO);
	rf_buf_init(&out);
	if (count + w->config.sink_count == 0)
		rf_buf_put_cstr(&out, "No sinks: without \"alerts:\" in .redflag.yml the ends of silences go to stderr.\n");
	else
		rf_buf_put_cstr(&out, "  waiting   failed  delivered  sink\n");
	for (uint32_t i = 0; i < count; i++)
		put_row(&out, &t, w, &rows[i]);
	for (uint32_t i = 0; i < w->config.sink_count; i++) {
		const struct rf_sink *sink = &w->config.sinks[i];
		if (is_known(rows, count, sink->name))
			continue;
		struct rf_outbox_sink_row none = { .name = sink->name };
		put_row(&out, &t, w, &none);
	}
	rf_print(&out);
	rf_buf_release(&out);
	return RF_EXIT_CLEAN;
}

/* --- flush ------------------------------------------------------------------------------------------------------ */

/* `at_once`: everything, as long as something arrives; else what is due, as at the end of a run. */
static int deliver(struct alerts_work *w, bool at_once, struct rf_error *err)
{
	struct rf_alerts_delivery d = { .time_ns = at_once ? FLUSH_NS : RF_ALERTS_END_NS, .patient = at_once, .at_once = at_once };
	if (!rf_alerts_wanted(&w->alerts))
		return fail_no_sinks(w, err);
	int rc = rf_alerts_silences(&w->alerts, err);
	if (rc == 0)
		rc = rf_alerts_deliver(&w->alerts, &d, err);
	if (rc == 0) {
		rf_reporter_print_lines("redflag alerts", rf_buf_str(&d.notes));
		printf("%llu alert%s delivered, %llu left.\n", (unsigned long long)d.delivered, d.delivered == 1 ? "" : "s",
		       (unsigned long long)d.left);
		rc = d.left ? RF_EXIT_OWN_FAILURE : RF_EXIT_CLEAN;
	}
	rf_buf_release(&d.notes);
	return rc;
}

/* --- test ------------------------------------------------------------------------------------------------------- */

static bool test_one(struct alerts_work *w, const struct rf_sink *sink)
{
	struct rf_outbox_alert sample;
	struct rf_attempt attempt = { .done = true };
	struct rf_buf line;
	rf_alert_sample(&sample, rf_time_text(rf_clock_now(w->alerts.options.clock), w->arena), w->alerts.options.host);
	rf_buf_init(&line);
	if (sink->type == RF_SINK_STDERR) {
		rf_alert_put_line(&line, &sample);
		fprintf(stderr, "redflag: %.*s\n", (int)line.len, line.ptr);
	} else {
		rf_alerts_try(&w->alerts, sink, rf_outbox_key(w->arena), &sample, 1, true, w->arena, &attempt);
	}
	rf_buf_reset(&line);
	rf_buf_put_cstr(&line, attempt.done ? "ok      " : "failed  ");
	struct rf_terminal plain = { .columns = RF_TERMINAL_COLUMNS };
	rf_put_text(&line, &plain, RF_STYLE_PLAIN, sink->name);
	if (!attempt.done) {
		rf_buf_put_cstr(&line, ": ");
		rf_put_text(&line, &plain, RF_STYLE_PLAIN, rf_str_from(attempt.why));
	}
	rf_buf_put_char(&line, '\n');
	rf_print(&line);
	rf_buf_release(&line);
	fflush(stdout);
	return attempt.done;
}

static int test(struct alerts_work *w, struct rf_error *err)
{
	uint32_t failed = 0;
	if (!rf_alerts_wanted(&w->alerts))
		return fail_no_sinks(w, err);
	for (uint32_t i = 0; i < w->config.sink_count; i++)
		failed += !test_one(w, &w->config.sinks[i]);
	return failed ? RF_EXIT_OWN_FAILURE : RF_EXIT_CLEAN;
}

static int drop(struct alerts_work *w, const char *name, struct rf_error *err)
{
	int64_t alerts = 0;
	int rc = rf_outbox_drop(w->store, rf_str_from(name), &alerts, err);
	if (rc == 0)
		printf("%lld undelivered alert%s forgotten.\n", (long long)alerts, alerts == 1 ? "" : "s");
	return rc;
}

/* --- the command ------------------------------------------------------------------------------------------------ */

static int check_words(const struct rf_args *args, const char **what, struct rf_error *err)
{
	static const char *const words[] = { "list", "flush", "deliver", "test", "drop" };
	*what = args->word_count ? args->words[0] : "list";
	int wanted = strcmp(*what, "drop") == 0 ? 2 : 1;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(*what, words[i]) == 0 && (args->word_count == 0 || args->word_count == wanted))
			return 0;
	}
	return rf_fail(err, RF_ERR_USAGE, "alerts wants list, flush, deliver, test, or drop with the name of a sink.");
}

int rf_cmd_alerts(const struct rf_args *args, rf_arena *arena, struct rf_error *err)
{
	struct alerts_work w = { .arena = arena };
	const char *what, *path;
	int rc = check_words(args, &what, err);
	if (rc == 0)
		rc = open_config(&w, err);
	if (rc == 0 && strcmp(what, "test") != 0)
		rc = rf_reporter_open_store(args, arena, &w.store, &path, err);
	if (rc == 0) {
		rf_reporter_alerts(&w.alerts, w.store, &w.config, arena);
		w.alerts.options.stop = NULL; /* signals are not blocked here: they end us, and a lease ends with its owner */
		rc = strcmp(what, "flush") == 0	 ? deliver(&w, true, err)
		     : strcmp(what, "deliver") == 0 ? deliver(&w, false, err)
		     : strcmp(what, "test") == 0 ? test(&w, err)
		     : strcmp(what, "drop") == 0 ? drop(&w, args->words[1], err)
						 : list(&w, err);
		rf_alerts_release(&w.alerts);
	}
	rf_store_close(w.store);
	return rc;
}
