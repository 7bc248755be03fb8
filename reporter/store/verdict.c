/* What becomes of a new event: suppressed, known, or what its policy says. */
#include "store/rows.h"

#include "policy/policy.h"

static rf_str time_before(uint64_t now, uint64_t span, rf_arena *arena)
{
	return rf_time_text(now > span ? now - span : 0, arena);
}

static int decide(struct rf_store *s, const struct rf_event *e, int64_t finding_id, enum rf_policy_decision *decision,
		  struct rf_error *err)
{
	const struct rf_policy *p = e->policy;
	int64_t silence = 0, before = 0;
	rf_arena scratch;
	rf_arena_init(&scratch, 0);
	rf_str now = rf_time_text(e->time_unix_ns, &scratch);
	int rc = p->bypass ? 0 : rf_db_run(s, RF_SQL_SILENCE_NOW, &silence, err, "it", finding_id, now);
	bool silent = rc > 0;
	if (rc == 0 && !p->bypass)
		rc = rf_db_run(s, RF_SQL_EVENTS_RECENT, &before, err, "itti", finding_id,
			       time_before(e->time_unix_ns, p->within_ns, &scratch), now, (int64_t)p->events);
	if (rc >= 0) {
		*decision = rf_policy_decide(p, silent, (uint64_t)before + 1);
		if (*decision == RF_POLICY_HOLD)
			rc = rf_db_run(s, RF_SQL_SILENCE_HOLD, NULL, err, "i", silence);
		else if (*decision == RF_POLICY_SILENCE)
			rc = rf_db_run(s, RF_SQL_SILENCE_ADD, NULL, err, "ittt", finding_id, p->name, now,
				       rf_time_text(e->time_unix_ns + p->silence_ns, &scratch));
	}
	rf_arena_release(&scratch);
	return rc < 0 ? rc : 0;
}

int rf_rows_verdict(struct rf_store *s, const struct rf_event *e, int64_t finding_id, rf_str *verdict, struct rf_error *err)
{
	enum rf_policy_decision decision = RF_POLICY_ALERT;
	int rc = 0;
	*verdict = RF_STR("alert");
	if (e->report->suppressed || e->suppression.ptr) {
		*verdict = RF_STR("suppressed");
	} else if (e->known) {
		*verdict = RF_STR("known");
	} else if (e->policy) {
		rc = decide(s, e, finding_id, &decision, err);
		if (decision == RF_POLICY_BYPASS)
			*verdict = RF_STR("bypassed");
		else if (decision != RF_POLICY_ALERT)
			*verdict = RF_STR("silenced");
	}
	return rc;
}
