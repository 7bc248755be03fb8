#include "store/clean_text.h"
#include "policy/policy.h"
#include "store/classes.h"
#include "store/rows.h"
#include "store/search_names.h"

static rf_str switches_json(const struct rf_report *report, struct rf_buf *b)
{
	if (report->switch_count == 0)
		return (rf_str){ NULL, 0 };
	rf_buf_put_char(b, '[');
	for (uint32_t i = 0; i < report->switch_count; i++) {
		const struct rf_switch *w = &report->switches[i];
		/* Relative to the report: the event's own time is kept in milliseconds only. */
		rf_buf_printf(b, "%s{\"before_ns\":%lld,\"p\":%u,\"m\":%u,\"from\":%llu,\"to\":%llu,\"reason\":",
			      i ? "," : "", (long long)(report->time_unix_ns - w->time_unix_ns), w->p, w->m,
			      (unsigned long long)w->from_goid, (unsigned long long)w->to_goid);
		rf_text_put_json(b, w->reason);
		rf_buf_put_char(b, '}');
	}
	rf_buf_put_char(b, ']');
	return rf_buf_str(b);
}

/* Owner of one side, in the order of the fingerprint. */
static rf_str owner_of_side(const struct rf_event *event, uint32_t side)
{
	const struct rf_finding *f = event->finding;
	if (side >= f->side_count || f->sides[side].access >= event->report->access_count)
		return (rf_str){ NULL, 0 };
	return rf_rows_owner(&event->report->accesses[f->sides[side].access]);
}

static bool owners_known(const struct rf_report *report)
{
	for (uint32_t i = 0; i < report->goroutine_count; i++) {
		if (report->goroutines[i]->test_known)
			return true;
	}
	return false;
}

/* What the event's row is made of besides the event itself. */
struct parts {
	struct rf_finding_state *finding;
	int64_t allocated_stack_id;
	rf_str verdict;
};

/* Writes the row: a new one, or in place of event `id`. `keep_uid`: the old uid was a text's and is remembered. */
static int put_row(struct rf_store *s, const struct rf_event *e, struct parts *p, int64_t id, bool is_new, bool keep_uid,
		   struct rf_error *err)
{
	const struct rf_report *r = e->report;
	char time[RF_TIME_BYTES], classes[RF_CLASSES_BYTES];
	rf_str none = { NULL, 0 }, by = r->suppressed ? RF_STR("process") : e->suppression.ptr ? RF_STR("reporter") : none;
	rf_buf_reset(&s->json);
	int rc = rf_queue_add(s, is_new ? RF_QUEUE_EVENTS : RF_QUEUE_UPGRADES, err,
			   is_new ? "tiirsssntinnsiitrinnttnnnnttti" : "tiirsssntinnsiitrinnttnnnntttii", e->uid, p->finding->id,
			   e->run_id, e->process_id, r->from_spool ? RF_STR("spool") : RF_STR("text"), rf_time_put(e->time_unix_ns, time),
			   p->verdict, e->seed, e->tag,
			   (int64_t)e->stacks->match_key, owner_of_side(e, 0),
			   owner_of_side(e, 1), rf_str_from(rf_memory_name(r->memory)), r->memory_start,
			   r->memory_bytes, r->memory_name, p->allocated_stack_id, r->allocated_goid,
			   switches_json(r, &s->json), e->keep_text ? r->text : (rf_str){ NULL, 0 }, e->package,
			   e->test, by, e->suppression, e->policy ? e->policy->name : none,
			   e->policy && e->policy->severity.len ? e->policy->severity : none, r->memory_type,
			   rf_classes_put(e->finding->classes, classes), r->detail, id, (int64_t)keep_uid);
	return rc < 0 || is_new ? rc : rf_queue_flush(s, RF_QUEUE_BIT(RF_QUEUE_UPGRADES), err);
}

/* An event in place of another has been counted by triggers. */
static int count_event(struct rf_store *s, const struct rf_event *e, struct parts *p, bool is_new, struct rf_error *err)
{
	int rc = is_new ? rf_tally_event(s, p->finding, e, p->verdict.ptr, err) : rf_tally_reload(s, p->finding, err);
	return rc < 0 ? rc : rf_tally_owners(s, p->finding, owner_of_side(e, 0), owner_of_side(e, 1), owners_known(e->report),
					     err);
}

static int put_event(struct rf_store *s, const struct rf_event *e, int64_t reuse, int64_t *id, bool keep_uid,
		     struct rf_error *err)
{
	struct parts p = { 0 };
	bool is_new = *id == 0;
	int rc = rf_rows_finding(s, e, reuse, &p.finding, err);
	if (rc >= 0)
		rc = rf_rows_classes(s, e, p.finding, err);
	if (rc >= 0)
		rc = rf_rows_stack(s, e->stacks->allocated, &p.allocated_stack_id, err);
	if (rc >= 0 && p.allocated_stack_id) /* which the event's row refers to */
		rc = rf_queue_flush(s, RF_QUEUE_BIT(RF_QUEUE_STACKS), err);
	/* A record in place of its text is no second event: what was decided stays, but for a suppression, and for the baseline,
	 * which goes by the tag, and the text didn't know that. */
	p.verdict = e->report->suppressed || e->suppression.ptr ? RF_STR("suppressed")
		    : e->known					? RF_STR("known")
								: RF_STR("alert");
	if (e->decided.ptr)
		p.verdict = e->decided;
	if (rc >= 0 && is_new)
		rc = rf_rows_verdict(s, e, p.finding, &p.verdict, err);
	if (rc >= 0 && is_new)
		rc = rf_queue_id(s, RF_QUEUE_EVENTS, id, err);
	if (rc >= 0)
		rc = put_row(s, e, &p, *id, is_new, keep_uid, err);
	/* A text that was cut for want of memory must not stay: the transaction ends with this. */
	if (rc >= 0 && s->json.failed)
		rc = rf_fail(err, RF_ERR_MEMORY, "Out of memory while storing a report.");
	if (rc >= 0)
		rc = rf_rows_details(s, *id, is_new, e, &s->json, err);
	if (rc >= 0)
		rc = count_event(s, e, &p, is_new, err);
	if (rc >= 0)
		rc = rf_search_note(s, p.finding->id, e, err);
	return rc < 0 ? rc : 0;
}

/* A fuller record of the same report takes the place of event `id`. */
static int upgrade(struct rf_store *s, const struct rf_event *e, int64_t id, bool keep_uid, struct rf_error *err)
{
	int64_t old_finding, old_events;
	int rc = rf_tally_flush(s, err);
	if (rc == 0)
		rc = rf_db_run(s, RF_SQL_EVENT_FINDING, &old_finding, err, "i", id);
	if (rc > 0)
		rc = rf_db_run(s, RF_SQL_FINDING_EVENT_COUNT, &old_events, err, "i", old_finding);
	if (rc >= 0)
		rc = put_event(s, e, old_events == 1 ? old_finding : 0, &id, keep_uid, err);
	if (rc >= 0)
		rc = rf_db_run(s, RF_SQL_FINDING_DROP_EMPTY, NULL, err, "i", old_finding);
	if (rc >= 0)
		rc = rf_tally_reload_id(s, old_finding, err);
	return rc < 0 ? rc : 0;
}

static uint64_t address_of(const struct rf_report *report)
{
	return report->access_count ? report->accesses[0].address : 0;
}

/* 0 when no event has it, as its own or its text's. */
static int find_uid(struct rf_store *s, rf_str uid, int64_t *id, struct rf_error *err)
{
	int rc = rf_uids_is_new(s, uid, err);
	return rc < 0 ? rc : rc ? 0 : rf_db_run(s, RF_SQL_EVENT_BY_UID, id, err, "t", uid);
}

static int store_text(struct rf_store *s, const struct rf_event *e, int64_t key, int64_t *id, enum rf_stored *how,
		      struct rf_error *err)
{
	int rc = e->cut_uid.len ? find_uid(s, e->cut_uid, id, err) : 0;
	if (rc > 0) {
		*how = RF_STORED_UPGRADED;
		rf_halves_forget(&s->halves); /* it gets another key */
		return upgrade(s, e, *id, false, err);
	}
	if (rc == 0)
		rc = rf_halves_any(s, e->run_id, RF_HALF_RECORD, err);
	if (rc <= 0)
		return rc;
	rc = rf_halves_take(s, e->run_id, RF_HALF_RECORD, key, id, err);
	if (rc == 0 && e->keep_text && address_of(e->report))
		rc = rf_db_run(s, RF_SQL_EVENT_SPOOL_NEAR, id, err, "itu", e->run_id, e->package, address_of(e->report));
	if (rc <= 0)
		return rc;
	*how = RF_STORED_JOINED;
	return rf_db_run(s, RF_SQL_EVENT_JOIN_TEXT, NULL, err, "ittt", *id, e->uid, e->package, e->test);
}

static int store_spool(struct rf_store *s, const struct rf_event *e, int64_t key, int64_t *id, enum rf_stored *how,
		       struct rf_error *err)
{
	int rc;
	if (e->report->suppressed) /* stock printed nothing: there is no text of it */
		return 0;
	/* Which text is its own, if it is known, is known better than by what both tell. */
	if (e->text_uid.len) {
		rc = rf_db_run(s, RF_SQL_EVENT_TEXT_BY_UID, id, err, "t", e->text_uid);
	} else {
		rc = rf_halves_any(s, e->run_id, RF_HALF_TEXT, err);
		if (rc > 0) {
			rc = rf_halves_take(s, e->run_id, RF_HALF_TEXT, key, id, err);
			if (rc == 0 && address_of(e->report))
				rc = rf_db_run(s, RF_SQL_EVENT_TEXT_NEAR, id, err, "iiu", e->run_id, e->process_id,
					       address_of(e->report));
		}
	}
	if (rc <= 0)
		return rc;
	*how = RF_STORED_UPGRADED;
	return upgrade(s, e, *id, true, err);
}

/* gc has removed this run's events of that time, and counted them. But a finding that nobody knows is worth its event, however
 * late. */
static int is_gone(struct rf_store *s, const struct rf_event *e, struct rf_error *err)
{
	int64_t finding;
	if (e->run_id != s->gone_run_id || e->time_unix_ns >= s->gone_before_ns)
		return 0;
	return rf_db_run(s, RF_SQL_FINDING_GET, &finding, err, "tt", rf_str_from(e->finding->fingerprint), e->tag);
}

/* `e->stacks` is filled. */
static int store_event(struct rf_store *s, const struct rf_event *e, int64_t *event_id, enum rf_stored *how,
		       struct rf_error *err)
{
	int64_t key = (int64_t)e->stacks->match_key, id = 0;
	*how = RF_STORED_KNOWN;
	int rc = find_uid(s, e->uid, &id, err);
	if (rc == 0) {
		*how = RF_STORED_NEW;
		rc = e->report->from_spool ? store_spool(s, e, key, &id, how, err)
					   : store_text(s, e, key, &id, how, err);
	}
	if (rc >= 0 && *how == RF_STORED_NEW) {
		id = 0;
		rc = is_gone(s, e, err);
		if (rc > 0)
			*how = RF_STORED_KNOWN;
		else if (rc == 0)
			rc = put_event(s, e, 0, &id, false, err);
		if (rc >= 0 && id && !(e->report->from_spool && e->report->suppressed))
			rf_halves_add(s, e->run_id, e->report->from_spool ? RF_HALF_RECORD : RF_HALF_TEXT, key, id);
	}
	if (rc >= 0 && *how != RF_STORED_KNOWN)
		rf_uids_note(s, e->uid);
	*event_id = id;
	return rc < 0 ? rc : 0;
}

int rf_store_event(struct rf_store *s, const struct rf_event *event, int64_t *event_id, enum rf_stored *how,
		   struct rf_error *err)
{
	struct rf_event e = *event;
	struct rf_known_report known = { 0 };
	if (e.stacks)
		known = *e.stacks;
	else if (!rf_intern_report(&s->intern, e.report, &known))
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory while storing a report.");
	known.match_key = rf_intern_match_key(e.report, &known);
	e.stacks = &known;
	struct rf_finding classed;
	rf_classes_find(s, &e, &classed);
	return store_event(s, &e, event_id, how, err);
}
