/* What becomes of a new event: suppressed, known, or what its policy says. */
#include "store/rows.h"

#include "policy/policy.h"

#define NS_PER_MS 1000000u

static uint64_t span_before(uint64_t now, uint64_t span)
{
	return now > span ? now - span : 0;
}

/* What was held back is written; another silence may answer from now on. */
static int forget_silence(struct rf_store *s, struct rf_finding_state *f, struct rf_error *err)
{
	struct rf_silence_now old = f->silence;
	f->silence = (struct rf_silence_now){ 0 };
	return old.held ? rf_db_run(s, RF_SQL_SILENCE_HOLD, NULL, err, "ii", old.id, old.held) : 0;
}

/* Remembers a silence that was found, where it answers for a while. */
static int remember(struct rf_store *s, struct rf_finding_state *f, int64_t silence, uint64_t now_ns, rf_str now,
		    struct rf_error *err)
{
	sqlite3_stmt *q;
	uint64_t until_ns;
	struct rf_silence_now found = { .id = silence, .from_ms = now_ns / NS_PER_MS };
	int rc = forget_silence(s, f, err);
	if (rc >= 0)
		rc = rf_db_bind(s, RF_SQL_SILENCE_ALONE, &q, err, "iit", silence, f->id, now);
	if (rc >= 0)
		rc = rf_db_step(s, q, err);
	if (rc > 0) {
		rf_str until = rf_db_peek(q, 0);
		found.until_ms = until.ptr && rf_time_parse(until, &until_ns) ? until_ns / NS_PER_MS : 0;
		sqlite3_reset(q);
	}
	f->silence = found;
	return rc;
}

/* Is the finding silenced at the time of this event? Then f->silence is the silence. */
static int is_silent(struct rf_store *s, const struct rf_event *e, struct rf_finding_state *f, bool *silent, struct rf_error *err)
{
	uint64_t ms = e->time_unix_ns / NS_PER_MS;
	int64_t silence;
	char time[RF_TIME_BYTES];
	*silent = ms >= f->silence.from_ms && ms < f->silence.until_ms;
	if (*silent || ms >= f->silent_ms)
		return 0;
	rf_str now = rf_time_put(e->time_unix_ns, time);
	int rc = rf_db_run(s, RF_SQL_SILENCE_NOW, &silence, err, "it", f->id, now);
	*silent = rc > 0;
	if (rc > 0)
		rc = remember(s, f, silence, e->time_unix_ns, now, err);
	return rc < 0 ? rc : 0;
}

/* How many events of the finding there were in the time before this one that its policy looks at, up to as many as it asks for. */
static int count_recent(struct rf_store *s, const struct rf_event *e, const struct rf_finding_state *f, int64_t *count,
			struct rf_error *err)
{
	char since[RF_TIME_BYTES], now[RF_TIME_BYTES];
	uint64_t since_ns = span_before(e->time_unix_ns, e->policy->within_ns);
	*count = 0;
	if (rf_tally_newest_ms(f) <= since_ns / NS_PER_MS ||
	    rf_tally_recent(f, since_ns / NS_PER_MS, e->time_unix_ns / NS_PER_MS, e->policy->events, count))
		return 0;
	return rf_db_run(s, RF_SQL_EVENTS_RECENT, count, err, "issi", f->id, rf_time_put(since_ns, since),
			 rf_time_put(e->time_unix_ns, now), (int64_t)e->policy->events);
}

static int add_silence(struct rf_store *s, const struct rf_event *e, struct rf_finding_state *f, struct rf_error *err)
{
	uint64_t until_ns = e->time_unix_ns + e->policy->silence_ns;
	char since[RF_TIME_BYTES], until[RF_TIME_BYTES];
	int rc = forget_silence(s, f, err);
	if (rc < 0)
		return rc;
	if (until_ns / NS_PER_MS > f->silent_ms)
		f->silent_ms = until_ns / NS_PER_MS;
	return rf_db_run(s, RF_SQL_SILENCE_ADD, NULL, err, "itss", f->id, e->policy->name, rf_time_put(e->time_unix_ns, since),
			 rf_time_put(until_ns, until));
}

static int decide(struct rf_store *s, const struct rf_event *e, struct rf_finding_state *f, enum rf_policy_decision *decision,
		  struct rf_error *err)
{
	const struct rf_policy *p = e->policy;
	int64_t before = 0;
	bool silent = false;
	int rc = p->bypass ? 0 : is_silent(s, e, f, &silent, err);
	if (rc == 0 && !p->bypass && !silent)
		rc = count_recent(s, e, f, &before, err);
	if (rc < 0)
		return rc;
	*decision = rf_policy_decide(p, silent, (uint64_t)before + 1);
	if (*decision == RF_POLICY_HOLD)
		rf_tally_hold(s, f);
	else if (*decision == RF_POLICY_SILENCE)
		rc = add_silence(s, e, f, err);
	return rc < 0 ? rc : 0;
}

int rf_rows_verdict(struct rf_store *s, const struct rf_event *e, struct rf_finding_state *finding, rf_str *verdict,
		    struct rf_error *err)
{
	enum rf_policy_decision decision = RF_POLICY_ALERT;
	int rc = 0;
	*verdict = RF_STR("alert");
	if (e->decided.ptr) {
		*verdict = e->decided;
	} else if (e->report->suppressed || e->suppression.ptr) {
		*verdict = RF_STR("suppressed");
	} else if (e->known) {
		*verdict = RF_STR("known");
	} else if (e->policy) {
		rc = decide(s, e, finding, &decision, err);
		if (decision == RF_POLICY_BYPASS)
			*verdict = RF_STR("bypassed");
		else if (decision != RF_POLICY_ALERT)
			*verdict = RF_STR("silenced");
	}
	return rc;
}
