/* A session's side towards the database: batches, and what was seen in them. */
#include <stdlib.h>

#include "policy/policy.h"
#include "store/query.h"
#include "store/search_document.h"
#include "store/session_state.h"

void rf_session_saw(struct rf_session *s, int64_t event_id, const struct rf_source *source, enum rf_stored how)
{
	s->counts.events_stored += how == RF_STORED_NEW;
	s->counts.events_known += how == RF_STORED_KNOWN;
	s->counts.events_joined += how == RF_STORED_JOINED;
	s->counts.events_upgraded += how == RF_STORED_UPGRADED;
	if (event_id == 0) /* gc has removed it since */
		return;
	if (how == RF_STORED_NEW && s->event_first_new == 0)
		s->event_first_new = event_id;
	if (s->event_count == s->event_cap) {
		size_t cap = s->event_cap ? s->event_cap * 2 : 256;
		struct rf_event_seen *bigger = realloc(s->events, cap * sizeof(*bigger));
		if (!bigger)
			return;
		s->events = bigger;
		s->event_cap = cap;
	}
	s->events[s->event_count++] = (struct rf_event_seen){ event_id, source };
}

int rf_session_put(struct rf_session *s, struct rf_event *event, struct rf_known_report *known, const struct rf_source *source,
		   rf_str process_tag, rf_arena *scratch, struct rf_error *err)
{
	const struct rf_finding *finding;
	struct rf_known_report *stacks = known;
	struct rf_tag_sources tags = s->options.tags;
	int64_t id;
	enum rf_stored how;
	if (process_tag.len)
		tags.process = process_tag;
	int rc = rf_store_finding(s->options.store, event->report, scratch, &finding, &stacks, err);
	if (rc < 0)
		return rc;
	event->finding = finding;
	event->stacks = stacks;
	event->tag = rf_tag_choose(event->report, finding, &tags);
	/* By the event's own time, so that a log read later gets the verdict that it had. */
	const struct rf_suppression *fit = rf_store_suppression(s->options.store, event->report, stacks, event->tag,
								event->time_unix_ns ? event->time_unix_ns : rf_session_now(s));
	event->suppression = fit ? fit->text : (rf_str){ NULL, 0 };
	event->known = s->options.baseline &&
		       rf_baseline_find(s->options.baseline, rf_str_from(finding->fingerprint), event->tag);
	event->policy = rf_policy_choose(tags.config, event->tag, finding->kind);
	if (scratch->failed)
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory while storing a report.");
	rc = rf_store_event(s->options.store, event, &id, &how, err);
	event->finding = NULL;
	s->counts.suppressed += rc == 0 && (how == RF_STORED_NEW || how == RF_STORED_UPGRADED) && (event->report->suppressed || fit);
	if (rc == 0)
		rf_session_saw(s, id, source, how);
	return rc;
}

int rf_session_put_run(struct rf_session *s, rf_str trace_id, int64_t *run_id, struct rf_error *err)
{
	struct rf_run run = { .trace_id = trace_id, .command = s->options.command, .directory = s->options.directory,
			      .host = s->options.host };
	return rf_store_run(s->options.store, &run, run_id, err);
}

int rf_session_begin_storing(struct rf_session *s, struct rf_error *err)
{
	s->event_first_new = 0;
	return rf_store_begin(s->options.store, err);
}

int rf_session_commit(struct rf_session *s, struct rf_error *err)
{
	const struct rf_session_options *o = &s->options;
	int rc = o->before_commit && s->event_first_new ? o->before_commit(o->commit_context, o->store, s->event_first_new, err) : 0;
	return rc < 0 ? rc : rf_store_commit(o->store, err);
}

static int put_batch(struct rf_session *s, const struct rf_batch *b, rf_arena *scratch, struct rf_error *err)
{
	int rc = 0;
	rf_str trace = { NULL, 0 };
	for (struct rf_waiting *w = b->reports; w && rc == 0; w = w->next) {
		if (!rf_str_eq(trace, w->trace_id) || !trace.ptr)
			rc = rf_session_put_run(s, trace = w->trace_id, &s->run_id, err);
		struct rf_event event = { .report = &w->report, .run_id = s->run_id, .uid = w->uid,
					  .cut_uid = w->cut_uid, .package = w->package,
					  .test = w->test, .time_unix_ns = w->time_unix_ns, .keep_text = w->keep_text };
		if (rc == 0)
			rc = rf_session_put(s, &event, &w->known, w->source, RF_STR(""), scratch, err);
		rf_arena_reset(scratch);
	}
	for (struct rf_waiting_result *r = b->results; r && rc == 0; r = r->next) {
		if (!rf_str_eq(trace, r->trace_id) || !trace.ptr)
			rc = rf_session_put_run(s, trace = r->trace_id, &s->run_id, err);
		if (rc == 0)
			rc = rf_store_result(s->options.store, s->run_id, &r->result, err);
	}
	return rc;
}

/* --- the worker's part ------------------------------------------------------------------------------------------- */

/* The counts of what was stored, which are the worker's while it works; the others are the stream's. */
static void copy_stored(struct rf_session_counts *to, const struct rf_session_counts *from)
{
	to->events_stored = from->events_stored;
	to->events_known = from->events_known;
	to->events_joined = from->events_joined;
	to->events_upgraded = from->events_upgraded;
	to->suppressed = from->suppressed;
}

/* `storing` in one transaction. It is empty afterwards if that worked. */
static int store_batch(struct rf_session *s, struct rf_error *err)
{
	struct rf_session_counts before;
	size_t seen_before = s->event_count;
	rf_arena scratch;
	copy_stored(&before, &s->counts);
	rf_arena_init(&scratch, 0);
	int rc = rf_session_begin_storing(s, err);
	if (rc == 0)
		rc = put_batch(s, &s->storing, &scratch, err);
	if (rc == 0)
		rc = rf_session_commit(s, err);
	rf_arena_release(&scratch);
	if (rc == 0) {
		rf_batch_forget(&s->storing);
		return 0;
	}
	rf_store_rollback(s->options.store);
	copy_stored(&s->counts, &before);
	s->event_count = seen_before;
	return rc;
}

static bool is_worth_storing(const struct rf_session *s)
{
	return s->store_now || !rf_batch_is_empty(&s->handed) || s->storing.report_count >= RF_SESSION_BATCH ||
	       s->storing.arena.used_total >= RF_SESSION_BATCH_BYTES || rf_store_remembers_enough(s->options.store);
}

/* The worker's job. The larger a transaction is, the less is written: a page of an index is the place of many reports. */
static void work(void *context)
{
	struct rf_session *s = context;
	struct rf_error err = { 0 };
	int rc = 0;
	bool more = true;
	while (rc == 0 && more) {
		rf_store_hold(s->options.store, !rf_batch_is_empty(&s->storing));
		rf_store_hold(s->options.store, true);
		rf_batch_take_small(&s->storing, &s->handed, s->options.store);
		if (rf_batch_is_empty(&s->storing) && !rf_batch_is_empty(&s->handed))
			rc = rf_fail(&err, RF_ERR_MEMORY, "Out of memory while storing a report.");
		else if (is_worth_storing(s) && !rf_batch_is_empty(&s->storing))
			rc = store_batch(s, &err);
		else if (s->failure.code)
			err = s->failure; /* still not stored */
		more = !rf_batch_is_empty(&s->handed);
	}
	rf_store_hold(s->options.store, !rf_batch_is_empty(&s->storing));
	s->failure = err;
}

/* --- the stream's part ------------------------------------------------------------------------------------------- */

/* What waits is what the worker takes on next; `handed` is empty. */
static void hand_on(struct rf_session *s)
{
	struct rf_batch empty = s->handed;
	s->handed = s->waiting;
	s->waiting = empty;
	rf_batch_forget(&s->waiting);
	s->behind += s->handed.report_count;
	if (s->handed_since_ns == 0)
		s->handed_since_ns = s->waiting_since_ns;
	s->waiting_since_ns = 0;
	s->try_at_bytes = RF_SESSION_HAND_BYTES;
}

/* The worker is done, or there was none. */
static void take_outcome(struct rf_session *s)
{
	bool stored = rf_batch_is_empty(&s->handed) && rf_batch_is_empty(&s->storing);
	s->at_work = false;
	s->behind = s->handed.report_count + s->storing.report_count;
	s->failing = !stored && s->failure.code;
	if (s->failing) /* again after a while */
		s->handed_since_ns = rf_session_now(s);
	else if (stored)
		s->handed_since_ns = 0;
}

void rf_session_settle(struct rf_session *s)
{
	if (!s->at_work)
		return;
	rf_worker_wait(&s->worker);
	take_outcome(s);
}

static bool is_settled(const struct rf_session *s)
{
	return rf_batch_is_empty(&s->waiting) && rf_batch_is_empty(&s->handed) && rf_batch_is_empty(&s->storing);
}

void rf_session_flush(struct rf_session *s)
{
	rf_session_settle(s);
	if (!s->options.store)
		return;
	s->store_now = true;
	while (!is_settled(s)) {
		if (rf_batch_is_empty(&s->handed))
			hand_on(s);
		work(s);
		take_outcome(s);
		if (s->failing)
			return;
	}
}

static bool is_full(const struct rf_session *s)
{
	return s->waiting.report_count >= RF_SESSION_HAND || s->waiting.arena.used_total >= RF_SESSION_HAND_BYTES;
}

static bool is_room(const struct rf_session *s)
{
	return s->waiting.report_count + s->behind < RF_SESSION_PENDING_MAX &&
	       s->waiting.arena.used_total < RF_SESSION_READ_BYTES_MAX && !s->waiting.arena.failed;
}

/* `now`: what waits is stored even if it is little. */
static void start_work(struct rf_session *s, bool now)
{
	/* A database that is only slow is waited for, else reports of a fast stream would be lost. One that fails isn't, until they
	 * would be. */
	if (s->at_work && (rf_worker_done(&s->worker) || (is_full(s) && !s->failing) || !is_room(s)))
		rf_session_settle(s);
	if (s->at_work || !s->options.store || (s->failing && rf_session_now(s) - s->handed_since_ns < RF_SESSION_WAIT_NS))
		return;
	if (rf_batch_is_empty(&s->handed))
		hand_on(s);
	if (rf_batch_is_empty(&s->handed) && rf_batch_is_empty(&s->storing))
		return;
	s->store_now = now || s->failing;
	s->at_work = true;
	rf_worker_start(&s->worker, work, s);
	if (!s->options.threaded)
		take_outcome(s);
}

void rf_session_store_soon(struct rf_session *s)
{
	start_work(s, true);
}

void rf_session_store_full(struct rf_session *s)
{
	bool many = s->waiting.report_count && s->waiting.report_count % RF_SESSION_HAND == 0;
	if (!many && s->waiting.arena.used_total < s->try_at_bytes)
		return;
	s->try_at_bytes = s->waiting.arena.used_total + RF_SESSION_HAND_BYTES;
	start_work(s, false);
}

rf_arena *rf_session_room(struct rf_session *s)
{
	if (s->options.store && !is_room(s))
		start_work(s, false);
	if (s->options.store && is_room(s))
		return &s->waiting.arena;
	rf_arena_reset(&s->refused);
	return &s->refused;
}

uint64_t rf_session_tick(struct rf_session *s)
{
	if (s->at_work && rf_worker_done(&s->worker))
		rf_session_settle(s);
	uint64_t since = s->handed_since_ns ? s->handed_since_ns : s->waiting_since_ns;
	if (since == 0 || s->at_work)
		return s->at_work ? RF_SESSION_WAIT_NS : 0;
	uint64_t waited = rf_session_now(s) - since;
	if (waited < RF_SESSION_WAIT_NS)
		return RF_SESSION_WAIT_NS - waited;
	rf_session_store_soon(s);
	return s->waiting_since_ns || s->handed_since_ns || s->at_work ? RF_SESSION_WAIT_NS : 0;
}

int rf_session_finish(struct rf_session *s, struct rf_error *err)
{
	rf_session_flush(s);
	uint64_t lost = s->counts.lost + s->waiting.report_count + s->behind;
	if (s->failure.code == 0 && lost == 0) {
		if (s->options.store)
			rf_search_settle(s->options.store);
		return 0;
	}
	*err = s->failure;
	if (err->code == 0)
		rf_fail(err, RF_ERR_MEMORY, "More reports waited than fit into memory.");
	return rf_fail_again(err, "%llu report%s could not be stored", (unsigned long long)lost,
			     lost == 1 ? "" : "s");
}

static int compare_ids(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

/* Ids with "new" in the lowest bit, which so goes through a sort. */
static int collect_findings(struct rf_session *s, bool settled, int64_t *out, size_t *count, struct rf_error *err)
{
	struct rf_event_verdict v;
	uint64_t incomplete = 0;
	*count = 0;
	for (size_t i = 0; i < s->event_count; i++) {
		const struct rf_event_seen *e = &s->events[i];
		if (settled && e->source && !e->source->over)
			continue;
		int rc = rf_query_event_verdict(s->options.store, e->id, &v, err);
		if (rc < 0)
			return rc;
		incomplete += v.partial;
		if (v.alert)
			out[(*count)++] = v.finding_id * 2 + v.is_new;
	}
	s->counts.incomplete = incomplete; /* less than were read, where a spool had them whole */
	return 0;
}

int rf_session_findings(struct rf_session *s, bool settled, rf_arena *arena, int64_t **ids, bool **is_new,
			uint32_t *count, struct rf_error *err)
{
	size_t n;
	rf_session_settle(s);
	int64_t *all = rf_arena_array(arena, s->event_count + 1, sizeof(*all));
	*is_new = rf_arena_array(arena, s->event_count + 1, sizeof(**is_new));
	*ids = all;
	*count = 0;
	if (!all || !*is_new)
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory while adding up the findings.");
	int rc = collect_findings(s, settled, all, &n, err);
	if (rc < 0)
		return rc;
	qsort(all, n, sizeof(*all), compare_ids);
	for (size_t i = 0; i < n; i++) {
		int64_t id = all[i] / 2;
		bool fresh = all[i] & 1;
		if (*count == 0 || all[*count - 1] != id)
			all[(*count)++] = id;
		(*is_new)[*count - 1] |= fresh;
	}
	return 0;
}
