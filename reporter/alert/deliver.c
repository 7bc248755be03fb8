/* From the outbox to the sinks, within a time. */
#include "alert/alerts.h"

#include <sys/random.h>

#include "alert/document.h"
#include "store/clean_text.h"

#define NS_PER_S 1000000000u
#define LEASE_MARGIN_NS ((uint64_t)30 * NS_PER_S) /* above a sink's time-out: what a busy machine may need around it */
#define SLEEP_NS_MAX ((uint64_t)NS_PER_S / 10)    /* between looks at the clock, and at whoever lost patience */

/* One sink while it is delivered to. */
struct line {
	const struct rf_sink *sink;
	int64_t id;
	bool over, tried;
	bool worth_waiting; /* it worked the last time, or nobody has tried yet */
	uint64_t wake_ns; /* when it may be tried again; 0 now */
};

struct work {
	struct rf_alerts *a;
	struct rf_alerts_delivery *d;
	rf_str owner;
	uint64_t deadline_ns;
	rf_arena scratch;
	struct line lines[RF_SINKS_MAX];
	uint32_t count;
};

static uint64_t now_of(const struct rf_alerts *a)
{
	return rf_clock_now(a->options.clock);
}

static bool stopped(const struct rf_alerts *a)
{
	return a->options.stop && a->options.stop(a->options.context);
}

/* --- one try ---------------------------------------------------------------------------------------------------- */

static const char *path_of(const struct rf_alerts *a, rf_str name, rf_arena *arena)
{
	if (rf_str_starts(name, "/") || !a->options.directory)
		return rf_arena_cstr(arena, name);
	return rf_arena_printf(arena, "%s/%.*s", a->options.directory, RF_STR_ARG(name)).ptr;
}

static bool has_control(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return true;
	}
	return false;
}

static int make_headers(const struct rf_alerts *a, const struct rf_sink *sink, rf_arena *arena, const char ***out,
			struct rf_error *err)
{
	const char **headers = rf_arena_array(arena, sink->header_count + 1, sizeof(*headers)), *value;
	int rc = headers ? 0 : rf_fail(err, RF_ERR_MEMORY, "Out of memory while preparing an alert.");
	for (uint32_t i = 0; i < sink->header_count && rc == 0; i++) {
		const struct rf_sink_header *h = &sink->headers[i];
		rc = rf_alert_expand(h->value, a->options.look_up, arena, &value, err);
		if (rc == 0 && has_control(value)) /* a line end would begin another header */
			rc = rf_fail(err, RF_ERR_INPUT, "The value of the header %.*s has a control character in it.", RF_STR_ARG(h->name));
		if (rc == 0)
			headers[i] = rf_arena_printf(arena, "%.*s: %s", RF_STR_ARG(h->name), value).ptr;
	}
	*out = headers;
	return rc;
}

static void try_webhook(struct rf_alerts *a, const struct rf_sink *sink, rf_str key, rf_str body, rf_arena *arena,
			struct rf_attempt *out)
{
	struct rf_error err = { 0 };
	struct rf_send_webhook hook = { .key = key, .body = body, .timeout_ns = sink->timeout_ns, .stop = a->options.stop,
					.context = a->options.context };
	const char **headers = NULL, *secret = "";
	int rc = rf_alert_expand(sink->url, a->options.look_up, arena, &hook.url, &err);
	if (rc == 0)
		rc = rf_alert_expand(sink->secret, a->options.look_up, arena, &secret, &err);
	if (rc == 0)
		rc = make_headers(a, sink, arena, &headers, &err);
	hook.headers = headers;
	hook.secret = rf_str_from(secret);
	if (rc < 0)
		rf_attempt_fail(out, false, "%s", err.text);
	else
		rf_send_webhook(&hook, out);
}

static void try_command(struct rf_alerts *a, const struct rf_sink *sink, rf_str body, bool keep_errors, rf_arena *arena,
			struct rf_attempt *out)
{
	char **argv = rf_arena_array(arena, sink->argv_count + 1, sizeof(*argv));
	for (uint32_t i = 0; argv && i < sink->argv_count; i++)
		argv[i] = (char *)rf_arena_cstr(arena, sink->argv[i]);
	if (!argv) {
		rf_attempt_fail(out, false, "Out of memory while preparing an alert.");
		return;
	}
	struct rf_send_command c = { .argv = argv, .directory = a->options.directory, .body = body,
				     .timeout_ns = sink->timeout_ns, .keep_errors = keep_errors };
	rf_send_command(&c, out);
}

static void put_lines(struct rf_buf *out, const struct rf_outbox_alert *alerts, uint32_t count, rf_arena *arena)
{
	for (uint32_t i = 0; i < count; i++)
		rf_alert_put_event(out, &alerts[i], arena);
}

void rf_alerts_try(struct rf_alerts *a, const struct rf_sink *sink, rf_str key, const struct rf_outbox_alert *alerts,
		   uint32_t count, bool keep_errors, rf_arena *scratch, struct rf_attempt *out)
{
	struct rf_buf body;
	rf_buf_init(&body);
	*out = (struct rf_attempt){ .done = true };
	if (sink->type == RF_SINK_JSONL)
		put_lines(&body, alerts, count, scratch);
	else
		rf_alert_put_body(&body, key, alerts, count, scratch);
	if (body.failed || scratch->failed)
		rf_attempt_fail(out, false, "Out of memory while preparing an alert.");
	else if (sink->type == RF_SINK_JSONL)
		rf_send_lines(path_of(a, sink->path, scratch), rf_buf_str(&body), out);
	else if (sink->type == RF_SINK_COMMAND)
		try_command(a, sink, rf_buf_str(&body), keep_errors, scratch, out);
	else if (sink->type == RF_SINK_WEBHOOK)
		try_webhook(a, sink, key, rf_buf_str(&body), scratch, out);
	rf_buf_release(&body);
}

/* --- when ------------------------------------------------------------------------------------------------------- */

/* 1, 2, 4 … seconds, of which up to a half is left to chance, so that those who failed together don't come back together. */
static uint64_t backoff_ns(uint32_t failures)
{
	uint64_t wait = failures < 20 ? (uint64_t)NS_PER_S << failures : RF_ALERTS_BACKOFF_MAX_NS, chance = 0;
	if (wait > RF_ALERTS_BACKOFF_MAX_NS)
		wait = RF_ALERTS_BACKOFF_MAX_NS;
	if (getrandom(&chance, sizeof(chance), 0) != (ssize_t)sizeof(chance))
		chance = 0;
	return wait - chance % (wait / 2);
}

static int end_try(struct work *w, struct line *l, struct rf_outbox_claim *c, const struct rf_attempt *t, struct rf_error *err)
{
	struct rf_store *store = w->a->options.store;
	uint64_t now = now_of(w->a), pause = l->sink->type == RF_SINK_JSONL ? 0 : RF_ALERTS_PAUSE_NS;
	if (t->done) {
		w->d->delivered += c->count;
		l->worth_waiting = true;
		if (w->d->patient)
			w->deadline_ns = now + w->d->time_ns;
		return rf_outbox_delivered(store, l->id, c->key, now + pause, err);
	}
	uint64_t wait = backoff_ns(c->failures);
	if (wait < t->retry_after_ns)
		wait = t->retry_after_ns;
	if (l->sink->type == RF_SINK_JSONL) /* a disk doesn't become empty in seconds */
		l->worth_waiting = false;
	return rf_outbox_failed(store, l->id, c->key, t->permanent, rf_str_from(t->why), now + wait, err);
}

static int step(struct work *w, struct line *l, struct rf_error *err)
{
	struct rf_outbox_claim c = { .owner = w->owner, .lease_ns = l->sink->timeout_ns + LEASE_MARGIN_NS,
				     .at_once = w->d->at_once && !l->tried };
	struct rf_attempt attempt;
	enum rf_outbox_claimed how;
	rf_arena_reset(&w->scratch);
	int rc = rf_outbox_claim(w->a->options.store, l->id, &c, &w->scratch, &how, err);
	if (rc < 0)
		return rc;
	if (how == RF_OUTBOX_LATER) {
		l->wake_ns = c.not_before_unix_ns;
		l->over = l->wake_ns >= w->deadline_ns || !l->worth_waiting;
		return 0;
	}
	l->over = how != RF_OUTBOX_CLAIMED;
	if (l->over)
		return 0;
	l->tried = true;
	l->wake_ns = 0;
	rf_alerts_try(w->a, l->sink, c.key, c.alerts, c.count, false, &w->scratch, &attempt);
	return end_try(w, l, &c, &attempt, err);
}

/* Sleeps until the first sink may be tried again. False when the time is over before that, or all sinks are. */
static bool wait_for_next(struct work *w)
{
	uint64_t wake = UINT64_MAX, now;
	for (uint32_t i = 0; i < w->count; i++) {
		if (!w->lines[i].over && w->lines[i].wake_ns < wake)
			wake = w->lines[i].wake_ns;
	}
	for (now = now_of(w->a); now < wake && wake < w->deadline_ns && !stopped(w->a); now = now_of(w->a))
		w->a->options.sleep(wake - now < SLEEP_NS_MAX ? wake - now : SLEEP_NS_MAX);
	return wake < w->deadline_ns && now < w->deadline_ns && !stopped(w->a);
}

/* In turns, so that a sink that is slow doesn't take the time of the others. */
static int work_through(struct work *w, struct rf_error *err)
{
	int rc = 0;
	while (rc == 0 && wait_for_next(w)) {
		for (uint32_t i = 0; i < w->count && rc == 0; i++) {
			uint64_t now = now_of(w->a);
			if (now >= w->deadline_ns || stopped(w->a))
				break;
			if (!w->lines[i].over && w->lines[i].wake_ns <= now)
				rc = step(w, &w->lines[i], err);
		}
	}
	return rc;
}

/* --- all sinks -------------------------------------------------------------------------------------------------- */

/* Ours, of those that ever had an alert. */
static int find_lines(struct work *w, struct rf_error *err)
{
	const struct rf_config *config = w->a->options.config;
	struct rf_outbox_sink_row *rows;
	uint32_t count;
	int rc = rf_outbox_sinks(w->a->options.store, &w->scratch, &rows, &count, err);
	for (uint32_t i = 0; rc == 0 && i < config->sink_count; i++) {
		for (uint32_t k = 0; k < count && rc == 0; k++) {
			if (!rf_str_eq(rows[k].name, config->sinks[i].name) || rows[k].waiting + rows[k].failed == 0)
				continue;
			w->lines[w->count++] = (struct line){ .sink = &config->sinks[i], .id = rows[k].id,
							      .worth_waiting = w->d->at_once || rows[k].failures == 0 };
			if (w->d->at_once)
				rc = rf_outbox_retry(w->a->options.store, rows[k].id, err);
		}
	}
	return rc;
}

static void put_note(struct work *w, const struct line *l, const struct rf_outbox_sink_row *row)
{
	struct rf_buf *out = &w->d->notes;
	int64_t left = row->waiting + row->failed;
	rf_buf_printf(out, "%lld alert%s for \"", (long long)left, left == 1 ? "" : "s");
	rf_text_put_visible(out, l->sink->name);
	rf_buf_printf(out, "\" wait%s", left == 1 ? "s" : "");
	if (row->failed)
		rf_buf_printf(out, ", %lld of them until you say `redflag alerts flush`", (long long)row->failed);
	if (row->error.len) {
		rf_buf_put_cstr(out, ": ");
		rf_text_put_visible(out, row->error);
		rf_buf_put_char(out, '\n');
	} else {
		rf_buf_put_cstr(out, ".\n");
	}
}

static int sum_up(struct work *w, struct rf_error *err)
{
	struct rf_outbox_sink_row *rows;
	uint32_t count;
	rf_arena_reset(&w->scratch);
	int rc = rf_outbox_sinks(w->a->options.store, &w->scratch, &rows, &count, err);
	for (uint32_t i = 0; rc == 0 && i < w->count; i++) {
		for (uint32_t k = 0; k < count; k++) {
			if (rows[k].id != w->lines[i].id || rows[k].waiting + rows[k].failed == 0)
				continue;
			w->d->left += (uint64_t)(rows[k].waiting + rows[k].failed);
			if (!rows[k].leased || rows[k].error.len) /* else somebody is at it */
				put_note(w, &w->lines[i], &rows[k]);
		}
	}
	return rc;
}

int rf_alerts_deliver(struct rf_alerts *a, struct rf_alerts_delivery *d, struct rf_error *err)
{
	struct work w = { .a = a, .d = d };
	struct rf_error ignored;
	d->delivered = d->left = 0;
	rf_buf_init(&d->notes);
	if (!a->options.store || !rf_alerts_wanted(a))
		return 0;
	rf_arena_init(&w.scratch, 0);
	w.owner = rf_outbox_owner(a->options.store, a->options.host, &a->arena);
	w.deadline_ns = now_of(a) + d->time_ns;
	int rc = find_lines(&w, err);
	if (rc == 0)
		rc = work_through(&w, err);
	for (uint32_t i = 0; i < w.count; i++)
		rf_outbox_release(a->options.store, w.lines[i].id, w.owner, rc < 0 ? &ignored : err);
	if (rc == 0)
		rc = sum_up(&w, err);
	rf_arena_release(&w.scratch);
	return rc;
}
