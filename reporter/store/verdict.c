/* What becomes of a new event: suppressed, known, or what its policy says. */
#include "store/rows.h"

#include "policy/policy.h"

static rf_str time_before(uint64_t now, uint64_t span, char out[RF_TIME_BYTES])
{
	return rf_time_put(now > span ? now - span : 0, out);
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
	struct rf_silence_now found = { .id = silence, .from_ms = now_ns / 1000000u };
	int rc = forget_silence(s, f, err);
	if (rc >= 0)
		rc = rf_db_bind(s, RF_SQL_SILENCE_ALONE, &q, err, "iit", silence, f->id, now);
	if (rc >= 0)
		rc = rf_db_step(s, q, err);
	if (rc > 0) {
		rf_str until = rf_db_peek(q, 0);
		found.until_ms = until.ptr && rf_time_parse(until, &until_ns) ? until_ns / 1000000u : 0;
		sqlite3_reset(q);
	}
	f->silence = found;
	return rc;
}

/* Is the finding silenced at the time of this event? Then f->silence is the silence. */
static int is_silent(struct rf_store *s, const struct rf_event *e, struct rf_finding_state *f, bool *silent, struct rf_error *err)
{
	uint64_t ms = e->time_unix_ns / 1000000u;
	int64_t silence;
	char time[RF_TIME_BYTES];
	*silent = ms >= f->silence.from_ms && ms < f->silence.until_ms;
	if (*silent)
		return 0;
	rf_str now = rf_time_put(e->time_unix_ns, time);
	int rc = rf_db_run(s, RF_SQL_SILENCE_NOW, &silence, err, "it", f->id, now);
	*silent = rc > 0;
	if (rc > 0)
		rc = remember(s, f, silence, e->time_unix_ns, now, err);
	return rc < 0 ? rc : 0;
}

static int decide(struct rf_store *s, const struct rf_event *e, struct rf_finding_state *f, enum rf_policy_decision *decision,
		  struct rf_error *err)
{
	const struct rf_policy *p = e->policy;
	int64_t before = 0;
	bool silent = false;
	char time[RF_TIME_BYTES], other[RF_TIME_BYTES];
	int rc = p->bypass ? 0 : is_silent(s, e, f, &silent, err);
	rf_str now = rf_time_put(e->time_unix_ns, time);
	if (rc == 0 && !p->bypass && !silent)
		rc = rf_db_run(s, RF_SQL_EVENTS_RECENT, &before, err, "itti", f->id,
			       time_before(e->time_unix_ns, p->within_ns, other), now, (int64_t)p->events);
	if (rc >= 0) {
		*decision = rf_policy_decide(p, silent, (uint64_t)before + 1);
		if (*decision == RF_POLICY_HOLD)
			rf_tally_hold(s, f);
		else if (*decision == RF_POLICY_SILENCE && (rc = forget_silence(s, f, err)) >= 0)
			rc = rf_db_run(s, RF_SQL_SILENCE_ADD, NULL, err, "ittt", f->id, p->name, now,
				       rf_time_put(e->time_unix_ns + p->silence_ns, other));
	}
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
