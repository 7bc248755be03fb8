/* A session's side towards the database: batches, and what was seen in them. */
#include <stdlib.h>

#include "policy/policy.h"
#include "session/session_state.h"
#include "store/database.h"

#define BATCHES_A_COPY 3 /* pages that each batch writes anew are copied each time */

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
		if (!bigger) {
			s->forgetful = true;
			return;
		}
		s->events = bigger;
		s->event_cap = cap;
	}
	s->events[s->event_count++] = (struct rf_event_seen){ event_id, source };
}

/* --- what a report is, as far as no database is needed ---------------------------------------------------------------- */

static void classify(struct rf_session *s, struct rf_event *e, rf_str process_tag)
{
	struct rf_tag_sources tags = s->options.tags;
	if (process_tag.len)
		tags.process = process_tag;
	e->tag = rf_tag_choose(e->report, e->finding, &tags);
	e->known = s->options.baseline && rf_baseline_find(s->options.baseline, rf_str_from(e->finding->fingerprint), e->tag);
	e->policy = rf_policy_choose(tags.config, e->tag, e->finding->kind);
}

/* By the event's own time, so that a log read later gets the verdict that it had. */
static uint64_t time_of(struct rf_session *s, const struct rf_event *e)
{
	return e->time_unix_ns ? e->time_unix_ns : rf_session_now(s);
}

static void suppress(struct rf_event *e, const struct rf_suppression *fit)
{
	e->suppression = fit ? fit->text : (rf_str){ NULL, 0 };
}

/* --- storing it ------------------------------------------------------------------------------------------------------- */

static int put_event(struct rf_session *s, const struct rf_event *e, const struct rf_source *source, struct rf_error *err)
{
	int64_t id;
	enum rf_stored how;
	int rc = rf_store_event(s->options.store, e, &id, &how, err);
	if (rc < 0)
		return rc;
	rf_session_saw(s, id, source, how);
	return 0;
}

int rf_session_put(struct rf_session *s, struct rf_event *event, rf_str process_tag, rf_arena *scratch, struct rf_error *err)
{
	struct rf_known_report *stacks;
	int rc = rf_store_finding(s->options.store, event->report, scratch, &event->finding, &stacks, err);
	if (rc < 0)
		return rc;
	event->stacks = stacks;
	classify(s, event, process_tag);
	suppress(event, rf_store_suppression(s->options.store, event->report, stacks, event->tag, time_of(s, event)));
	return put_event(s, event, NULL, err);
}

static int put_waiting(struct rf_session *s, struct rf_waiting *w, struct rf_error *err)
{
	struct rf_known_report stacks;
	struct rf_event event = w->event;
	int rc = rf_store_stacks(s->options.store, &w->report, &w->known, &stacks, err);
	event.run_id = s->run_id;
	event.stacks = &stacks;
	return rc < 0 ? rc : put_event(s, &event, w->source, err);
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
	int rc = rf_queue_flush(o->store, RF_QUEUE_ALL, err);
	if (rc == 0 && o->before_commit && s->event_first_new)
		rc = o->before_commit(o->commit_context, o->store, s->event_first_new, err);
	return rc < 0 ? rc : rf_store_commit(o->store, err);
}

static int put_batch(struct rf_session *s, const struct rf_batch *b, struct rf_error *err)
{
	int rc = 0;
	rf_str trace = { NULL, 0 };
	for (struct rf_waiting *w = b->reports; w && rc == 0; w = w->next) {
		if (!rf_str_eq(trace, w->trace_id) || !trace.ptr)
			rc = rf_session_put_run(s, trace = w->trace_id, &s->run_id, err);
		if (rc == 0)
			rc = put_waiting(s, w, err);
	}
	for (struct rf_waiting_result *r = b->results; r && rc == 0; r = r->next) {
		if (!rf_str_eq(trace, r->trace_id) || !trace.ptr)
			rc = rf_session_put_run(s, trace = r->trace_id, &s->run_id, err);
		if (rc == 0)
			rc = rf_store_result(s->options.store, s->run_id, &r->result, err);
	}
	return rc;
}

/* --- batches --------------------------------------------------------------------------------------------------- */

/* What waits is what is stored next; `storing` is empty. */
static void move_waiting(struct rf_session *s)
{
	struct rf_batch *empty = s->storing;
	s->storing = s->waiting;
	s->waiting = empty;
	s->storing_count = s->storing->report_count;
	s->waiting_since_ns = 0;
}

/* The counts of what was stored, which are the worker's while it works; the others are the stream's. */
static void copy_stored(struct rf_session_counts *to, const struct rf_session_counts *from)
{
	to->events_stored = from->events_stored;
	to->events_known = from->events_known;
	to->events_joined = from->events_joined;
	to->events_upgraded = from->events_upgraded;
}

/* The worker's job: `storing` in one transaction. It is empty afterwards if that worked. */
static void store_batch(void *context)
{
	struct rf_session *s = context;
	struct rf_error err = { 0 };
	struct rf_session_counts before;
	size_t seen_before = s->event_count;
	copy_stored(&before, &s->counts);
	int rc = rf_session_begin_storing(s, &err);
	if (rc == 0)
		rc = put_batch(s, s->storing, &err);
	if (rc == 0)
		rc = rf_session_commit(s, &err);
	if (rc == 0) {
		rf_batch_forget(s->storing);
	} else {
		rf_store_rollback(s->options.store);
		copy_stored(&s->counts, &before);
		s->event_count = seen_before;
		s->failed_ns = rf_session_now(s);
	}
	s->failure = err;
}

/* The worker is done, or there was none. */
static void take_outcome(struct rf_session *s)
{
	s->at_work = false;
	s->failing = !rf_batch_is_empty(s->storing);
	if (s->failing)
		return;
	s->storing_count = 0;
	s->pressed = false;
}

void rf_session_settle(struct rf_session *s)
{
	if (!s->at_work)
		return;
	rf_worker_wait(&s->worker);
	take_outcome(s);
}

/* The same, and what is in the log by then is copied, if this stream is long enough to have a copier. */
static void settle_copying(struct rf_session *s)
{
	if (s->at_work && s->copier.handle && !rf_worker_done(&s->worker))
		rf_log_copy(&s->copier, s->options.store->path);
	rf_session_settle(s);
}

static void store_now(struct rf_session *s)
{
	if (!s->copier.handle) {
		store_batch(s);
		take_outcome(s);
		return;
	}
	s->at_work = true;
	rf_worker_start(&s->worker, store_batch, s);
	settle_copying(s);
}

void rf_session_flush(struct rf_session *s)
{
	settle_copying(s);
	if (!s->options.store)
		return;
	do {
		if (rf_batch_is_empty(s->storing))
			move_waiting(s);
		if (rf_batch_is_empty(s->storing))
			return;
		store_now(s);
	} while (!s->failing && !rf_batch_is_empty(s->waiting));
}

static bool is_room(const struct rf_session *s)
{
	return s->waiting->report_count + s->storing_count < RF_SESSION_PENDING_MAX &&
	       rf_batch_bytes(s->waiting) < RF_SESSION_PENDING_BYTES_MAX && !rf_batch_failed(s->waiting);
}

/* What failed is tried again after a while, and what waits with it; and once at once before reports are lost, since a fast stream would
 * lose many in that while. */
static bool is_time_to_try(struct rf_session *s)
{
	if (!s->failing || rf_session_now(s) - s->failed_ns >= RF_SESSION_WAIT_NS)
		return true;
	bool presses = !s->pressed && !is_room(s);
	s->pressed |= presses;
	return presses;
}

/* The first one soon, so that the worker needn't wait for a whole one. */
static bool is_full(const struct rf_session *s)
{
	size_t bytes = s->at_work || s->event_count ? RF_SESSION_BATCH_BYTES : RF_SESSION_BATCH_BYTES_FIRST;
	return s->waiting->report_count >= RF_SESSION_BATCH || rf_batch_bytes(s->waiting) >= bytes;
}

/* The stream is about to wait for the worker: time to look after the log, which the worker would have to do. */
static void copy_meanwhile(struct rf_session *s)
{
	const char *path = s->options.store->path;
	if (s->batches_to_copy < BATCHES_A_COPY) {
		rf_log_send(&s->copier, path);
		return;
	}
	s->batches_to_copy = 0;
	rf_log_copy(&s->copier, path);
}

static void copy_rest(void *context)
{
	struct rf_session *s = context;
	rf_log_copy(&s->copier, s->options.store->path);
}

/* Not `at_work`: the store is free meanwhile. Whoever starts the worker next waits for it. */
void rf_session_copy_rest(struct rf_session *s)
{
	if (s->copier.handle)
		rf_worker_start(&s->worker, copy_rest, s);
}

static void store_soon(struct rf_session *s)
{
	/* A database that is only slow is waited for, else reports of a fast stream would be lost. */
	if (s->at_work && (rf_worker_done(&s->worker) || (is_full(s) && !s->failing))) {
		if (!rf_worker_done(&s->worker))
			copy_meanwhile(s);
		rf_session_settle(s);
	}
	if (s->at_work || !s->options.store || !is_time_to_try(s))
		return;
	if (!s->options.threaded) {
		rf_session_flush(s);
		return;
	}
	if (rf_batch_is_empty(s->storing))
		move_waiting(s);
	if (rf_batch_is_empty(s->storing))
		return;
	s->at_work = true;
	s->batches_to_copy++;
	rf_worker_start(&s->worker, store_batch, s);
}

void rf_session_store_full(struct rf_session *s)
{
	if (is_full(s) || !is_room(s))
		store_soon(s);
	if (!is_room(s)) { /* one that fails is waited for when they would be lost */
		rf_session_settle(s);
		store_soon(s);
	}
	if (!is_room(s)) /* it had failed, which wasn't known before, and is tried again */
		rf_session_settle(s);
}

bool rf_session_wait(struct rf_session *s, const struct rf_report *report, const struct rf_event *event,
		     const struct rf_source *source)
{
	rf_session_store_full(s); /* a file comes faster than any clock ticks */
	struct rf_batch *b = s->waiting;
	struct rf_waiting *w = s->options.store && is_room(s) ? rf_batch_add_report(b, report, event) : NULL;
	if (!w)
		return false;
	struct rf_event *e = &w->event;
	w->source = source;
	w->trace_id = rf_session_trace(s);
	classify(s, e, RF_STR(""));
	suppress(e, rf_intern_suppression(&b->stacks, e->report, &w->known, e->tag, time_of(s, e)));
	rf_session_wait_starts(s);
	return true;
}

bool rf_session_text_is_due(struct rf_session *s)
{
	return s->waiting->report_count && s->waiting_since_ns && s->event_count < RF_SESSION_LIVE_EVENTS_MAX &&
	       rf_session_now(s) - s->waiting_since_ns >= RF_SESSION_WAIT_NS;
}

uint64_t rf_session_tick(struct rf_session *s)
{
	if (s->at_work && rf_worker_done(&s->worker))
		rf_session_settle(s);
	if (s->waiting_since_ns == 0 && !s->failing)
		return s->at_work ? RF_SESSION_WAIT_NS : 0;
	uint64_t waited = rf_session_now(s) - (s->failing ? s->failed_ns : s->waiting_since_ns);
	if (waited < RF_SESSION_WAIT_NS)
		return RF_SESSION_WAIT_NS - waited;
	store_soon(s);
	return s->waiting_since_ns || s->failing || s->at_work ? RF_SESSION_WAIT_NS : 0;
}

int rf_session_finish(struct rf_session *s, struct rf_error *err)
{
	rf_session_flush(s);
	uint64_t lost = s->counts.lost + s->waiting->report_count + s->storing_count;
	if (s->failure.code == 0 && lost == 0 && (s->starved || s->forgetful))
		return rf_fail(err, RF_ERR_MEMORY, "Memory ran out while reading, so reports may be missing; the same input given again "
			       "adds them.");
	if (s->failure.code == 0 && lost == 0)
		return 0;
	*err = s->failure;
	if (err->code == 0)
		rf_fail(err, RF_ERR_MEMORY, "More reports waited than fit into memory.");
	return rf_fail_again(err, "%llu report%s could not be stored", (unsigned long long)lost,
			     lost == 1 ? "" : "s");
}
