/* What becomes an alert, for which sink. */
#include "alert/alerts.h"

#include "alert/document.h"
#include "query/noise.h"
#include "store/query.h"

void rf_alerts_init(struct rf_alerts *a, const struct rf_alerts_options *options)
{
	*a = (struct rf_alerts){ .options = *options };
	rf_arena_init(&a->arena, 0);
	rf_buf_init(&a->ended);
}

void rf_alerts_release(struct rf_alerts *a)
{
	rf_buf_release(&a->ended);
	rf_arena_release(&a->arena);
}

bool rf_alerts_wanted(const struct rf_alerts *a)
{
	return a->options.config->sink_count != 0;
}

static const char *reason_of(const struct rf_outbox_candidate *c)
{
	return c->regressed ? "regressed" : c->is_new ? "new" : "seen";
}

static bool wants(const struct rf_sink *sink, const struct rf_outbox_candidate *c)
{
	return (sink->all || c->is_new || c->regressed) && rf_sink_wants(sink, c->kind, c->tag, rf_severity_from_name(c->severity));
}

/* Lines of a transaction that was undone come again, under ids that begin where they did. */
static void forget_undone(struct rf_alerts *a, int64_t first_event)
{
	while (a->line_count && a->lines[a->line_count - 1].event_id >= first_event)
		a->line_count--;
}

static void add_lines(struct rf_alerts *a, const struct rf_sink *sink, const struct rf_outbox_candidate *rows, uint32_t count)
{
	if (!a->lines)
		a->lines = rf_arena_array(&a->arena, RF_ALERTS_LINES_MAX, sizeof(*a->lines));
	for (uint32_t i = 0; a->lines && i < count; i++) {
		if (!wants(sink, &rows[i]))
			continue;
		if (a->line_count == RF_ALERTS_LINES_MAX)
			a->lines_more++;
		else
			a->lines[a->line_count++] = (struct rf_alerts_line){ rows[i].event_id, rows[i].finding_id, reason_of(&rows[i]) };
	}
}

static int queue_for(struct rf_alerts *a, struct rf_store *store, const struct rf_sink *sink,
		     const struct rf_outbox_candidate *rows, uint32_t count, struct rf_error *err)
{
	int64_t sink_id = 0, open = 0;
	uint64_t folded = 0;
	int rc = 0;
	for (uint32_t i = 0; i < count && rc == 0; i++) {
		if (!wants(sink, &rows[i]))
			continue;
		if (!sink_id)
			rc = rf_outbox_sink(store, sink->name, rf_sink_type_name(sink->type), &sink_id, err);
		if (rc == 0 && open == 0)
			rc = rf_outbox_open(store, sink_id, &open, err);
		if (open >= RF_OUTBOX_OPEN_MAX)
			folded++;
		else if (rc == 0)
			rc = rf_outbox_put(store, sink_id, reason_of(&rows[i]), rows[i].event_id, 0, err);
		open++;
		a->queued++;
	}
	return rc < 0 ? rc : rf_outbox_fold(store, sink_id, folded, err);
}

int rf_alerts_queue(void *context, struct rf_store *store, int64_t first_event, struct rf_error *err)
{
	struct rf_alerts *a = context;
	struct rf_outbox_candidate *rows;
	uint32_t count = 0;
	rf_arena scratch;
	rf_arena_init(&scratch, 0);
	forget_undone(a, first_event);
	int rc = rf_outbox_candidates(store, first_event, &scratch, &rows, &count, err);
	for (uint32_t i = 0; rc == 0 && count && i < a->options.config->sink_count; i++) {
		const struct rf_sink *sink = &a->options.config->sinks[i];
		if (sink->type == RF_SINK_STDERR)
			add_lines(a, sink, rows, count);
		else
			rc = queue_for(a, store, sink, rows, count, err);
	}
	rf_arena_release(&scratch);
	return rc;
}

/* --- silences that are over ------------------------------------------------------------------------------------- */

static void put_ended(struct rf_alerts *a, const struct rf_silence *silence)
{
	if (a->ended_count++ >= RF_ALERTS_ENDED_MAX) {
		a->ended_more_held += (uint64_t)silence->held;
		return;
	}
	struct rf_outbox_alert alert = { .reason = RF_STR("silence"), .finding_id = silence->finding_id, .title = silence->title,
					 .since = silence->since, .until = silence->until, .held = silence->held,
					 .silence_policy = silence->policy };
	rf_alert_put_line(&a->ended, &alert);
	rf_buf_put_char(&a->ended, '\n');
}

static int queue_ended(struct rf_alerts *a, const struct rf_silence *silence, struct rf_error *err)
{
	const struct rf_config *config = a->options.config;
	int rc = 0;
	for (uint32_t i = 0; i < config->sink_count && rc == 0; i++) {
		const struct rf_sink *sink = &config->sinks[i];
		int64_t sink_id = 0, open = 0;
		if (!rf_sink_wants(sink, silence->kind, silence->tag, rf_severity_from_name(silence->severity)))
			continue;
		if (sink->type == RF_SINK_STDERR) {
			put_ended(a, silence);
			continue;
		}
		rc = rf_outbox_sink(a->options.store, sink->name, rf_sink_type_name(sink->type), &sink_id, err);
		if (rc == 0)
			rc = rf_outbox_open(a->options.store, sink_id, &open, err);
		if (rc == 0)
			rc = open >= RF_OUTBOX_OPEN_MAX ? rf_outbox_fold(a->options.store, sink_id, 1, err)
							: rf_outbox_put(a->options.store, sink_id, "silence", 0, silence->id, err);
	}
	if (!config->has_alerts)
		put_ended(a, silence);
	return rc;
}

static int end_silences(struct rf_alerts *a, rf_arena *scratch, struct rf_error *err)
{
	struct rf_silence *rows;
	uint32_t count;
	int rc = rf_noise_silences_end(a->options.store, rf_clock_now(a->options.clock), scratch, &rows, &count, err);
	for (uint32_t i = 0; rc == 0 && i < count; i++)
		rc = queue_ended(a, &rows[i], err);
	return rc;
}

int rf_alerts_silences(struct rf_alerts *a, struct rf_error *err)
{
	rf_arena scratch;
	size_t before = a->ended.len;
	uint64_t count_before = a->ended_count, held_before = a->ended_more_held;
	if (!a->options.store)
		return 0;
	int rc = rf_store_begin(a->options.store, err);
	if (rc < 0)
		return rc;
	rf_arena_init(&scratch, 0);
	rc = rf_store_end(a->options.store, end_silences(a, &scratch, err), err);
	if (rc < 0) {
		a->ended.len = before; /* the next reporter tells them */
		a->ended_count = count_before;
		a->ended_more_held = held_before;
	}
	rf_arena_release(&scratch);
	return rc;
}

/* --- stderr ----------------------------------------------------------------------------------------------------- */

static void put_line(struct rf_alerts *a, const struct rf_alerts_line *line, struct rf_buf *out)
{
	struct rf_finding_row row;
	struct rf_error gone;
	struct rf_outbox_alert alert = { .reason = rf_str_from(line->reason), .finding_id = line->finding_id };
	if (rf_query_finding_by_id(a->options.store, line->finding_id, &a->arena, &row, &gone) != 0)
		return; /* a wildcard that has joined its full finding since */
	alert.title = row.title;
	alert.tag = row.tag;
	alert.test_a = row.test_a;
	alert.test_b = row.test_b;
	rf_alert_put_line(out, &alert);
	rf_buf_put_char(out, '\n');
}

void rf_alerts_put_lines(struct rf_alerts *a, struct rf_buf *out)
{
	for (uint32_t i = 0; i < a->line_count; i++)
		put_line(a, &a->lines[i], out);
	if (a->lines_more)
		rf_buf_printf(out, "%llu more alerts; `redflag list` shows the findings.\n", (unsigned long long)a->lines_more);
	rf_buf_put_str(out, rf_buf_str(&a->ended));
	if (a->ended_count > RF_ALERTS_ENDED_MAX)
		rf_buf_printf(out, "%llu more silences have ended, with %llu reports held back; "
			      "`redflag sql 'SELECT * FROM v_silences'` lists them.\n",
			      (unsigned long long)(a->ended_count - RF_ALERTS_ENDED_MAX), (unsigned long long)a->ended_more_held);
}
