/* The queue of alerts: what comes in, what is tried, what became of it. Reading a batch is in outbox_rows.c. */
#include "store/outbox.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

#include "store/collect.h"
#include "store/outbox_rows.h"
#include "store/process.h"
#include "store/tally.h"

/* --- into the queue --------------------------------------------------------------------------------------------- */

static void read_candidate(sqlite3_stmt *q, rf_arena *arena, void *row)
{
	*(struct rf_outbox_candidate *)row = (struct rf_outbox_candidate){
		.event_id = sqlite3_column_int64(q, 0), .finding_id = sqlite3_column_int64(q, 1), .kind = rf_db_text(q, 2, arena),
		.tag = rf_db_text(q, 3, arena), .severity = rf_db_text(q, 4, arena), .is_new = sqlite3_column_int(q, 5),
		.regressed = sqlite3_column_int(q, 6) };
}

int rf_outbox_candidates(struct rf_store *s, int64_t first, rf_arena *arena, struct rf_outbox_candidate **rows,
			 uint32_t *count, struct rf_error *err)
{
	sqlite3_stmt *q;
	void *array = NULL;
	int rc = rf_tally_flush(s, err); /* what came back is known after that */
	if (rc == 0)
		rc = rf_db_bind(s, RF_SQL_OUTBOX_CANDIDATES, &q, err, "i", first);
	if (rc == 0)
		rc = rf_collect(s, q, sizeof(**rows), read_candidate, arena, &array, count, err);
	*rows = array;
	return rc;
}

int rf_outbox_sink(struct rf_store *s, rf_str name, const char *type, int64_t *sink_id, struct rf_error *err)
{
	int rc = rf_db_run(s, RF_SQL_OUTBOX_SINK, sink_id, err, "tt", name, rf_str_from(type));
	return rc < 0 ? rc : 0;
}

int rf_outbox_open(struct rf_store *s, int64_t sink_id, int64_t *count, struct rf_error *err)
{
	int rc = rf_db_run(s, RF_SQL_OUTBOX_OPEN, count, err, "i", sink_id);
	return rc < 0 ? rc : 0;
}

static uint64_t now_of(struct rf_store *s)
{
	return rf_clock_now(s->clock);
}

static int run_at(struct rf_store *s, enum rf_sql sql, struct rf_error *err, const char *format, int64_t a, rf_str b, uint64_t at)
{
	char time[RF_TIME_BYTES];
	int rc = rf_db_run(s, sql, NULL, err, format, a, b, rf_time_put(at, time));
	return rc < 0 ? rc : 0;
}

int rf_outbox_put(struct rf_store *s, int64_t sink_id, const char *reason, int64_t event_id, int64_t silence_id,
		  struct rf_error *err)
{
	char now[RF_TIME_BYTES];
	int rc = rf_db_run(s, RF_SQL_OUTBOX_PUT, NULL, err, "itrrt", sink_id, rf_str_from(reason), event_id, silence_id,
			   rf_time_put(now_of(s), now));
	return rc < 0 ? rc : 0;
}

int rf_outbox_fold(struct rf_store *s, int64_t sink_id, uint64_t count, struct rf_error *err)
{
	char now[RF_TIME_BYTES];
	if (count == 0)
		return 0;
	int rc = rf_db_run(s, RF_SQL_OUTBOX_FOLD, NULL, err, "iu", sink_id, count);
	if (rc == 0)
		rc = rf_db_run(s, RF_SQL_OUTBOX_FOLD_ADD, NULL, err, "iut", sink_id, count, rf_time_put(now_of(s), now));
	return rc < 0 ? rc : 0;
}

/* --- leases ----------------------------------------------------------------------------------------------------- */

static rf_str random_hex(size_t bytes, rf_arena *arena)
{
	uint8_t raw[32];
	if (bytes > sizeof(raw) || getrandom(raw, bytes, 0) != (ssize_t)bytes)
		return RF_STR("");
	return rf_arena_hex(arena, raw, bytes);
}

rf_str rf_outbox_key(rf_arena *arena)
{
	return random_hex(16, arena);
}

/* A host's name has no blanks, and if it had, its processes would only never be known as over. */
rf_str rf_outbox_owner(struct rf_store *s, rf_str host, rf_arena *arena)
{
	rf_str key = random_hex(8, arena);
	return rf_arena_printf(arena, "%.*s %d %" PRIu64 " %.*s", RF_STR_ARG(host), (int)getpid(), now_of(s), RF_STR_ARG(key));
}

/* Is the owner of this lease a process of our host that is over? The time in a lease is when the owner had started already. */
static bool owner_is_over(rf_str lease, rf_str us)
{
	rf_str host = rf_str_cut(&lease, ' '), pid = rf_str_cut(&lease, ' '), time = rf_str_cut(&lease, ' ');
	uint64_t number, started;
	return rf_str_eq(host, rf_str_cut(&us, ' ')) && rf_str_u64(pid, &number) && number <= UINT32_MAX &&
	       rf_str_u64(time, &started) && rf_process_over((uint32_t)number, started);
}

struct sink_state {
	rf_str lease, lease_until, not_before;
	int64_t failures;
};

static int read_state(struct rf_store *s, int64_t sink_id, rf_arena *arena, struct sink_state *out, struct rf_error *err)
{
	sqlite3_stmt *q;
	int rc = rf_db_bind(s, RF_SQL_OUTBOX_STATE, &q, err, "i", sink_id);
	if (rc == 0)
		rc = rf_db_step(s, q, err);
	if (rc == 1)
		*out = (struct sink_state){ rf_db_text(q, 0, arena), rf_db_text(q, 1, arena), rf_db_text(q, 2, arena),
					    sqlite3_column_int64(q, 3) };
	sqlite3_reset(q);
	return rc == 0 ? rf_fail(err, RF_ERR_MISSING, "The sink of these alerts was dropped meanwhile.") : rc < 0 ? rc : 0;
}

/* The oldest batch that was tried before, else a new one of the oldest alerts. */
static int choose_batch(struct rf_store *s, int64_t sink_id, rf_arena *arena, rf_str *key, struct rf_error *err)
{
	sqlite3_stmt *q;
	int rc = rf_db_bind(s, RF_SQL_OUTBOX_BATCH, &q, err, "i", sink_id);
	if (rc == 0)
		rc = rf_db_step(s, q, err);
	if (rc == 1)
		*key = rf_db_text(q, 0, arena);
	sqlite3_reset(q);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	*key = rf_outbox_key(arena);
	if (key->len == 0)
		return rf_fail(err, RF_ERR_IO, "The system gave no random bytes: errno %d.", errno);
	return rf_db_run(s, RF_SQL_OUTBOX_BATCH_MAKE, NULL, err, "iti", sink_id, *key, (int64_t)RF_OUTBOX_BATCH_MAX);
}

/* What stands in the way of a try now; RF_OUTBOX_CLAIMED nothing. */
static int look(struct rf_store *s, int64_t sink_id, struct rf_outbox_claim *c, const struct sink_state *state, uint64_t now,
		enum rf_outbox_claimed *how, struct rf_error *err)
{
	uint64_t until = 0;
	*how = RF_OUTBOX_CLAIMED;
	c->not_before_unix_ns = 0;
	if (state->lease.ptr && !rf_str_eq(state->lease, c->owner) && rf_time_parse(state->lease_until, &until) && until > now &&
	    !owner_is_over(state->lease, c->owner)) {
		*how = RF_OUTBOX_BUSY;
		return 0;
	}
	int rc = rf_db_run(s, RF_SQL_OUTBOX_WAITING, NULL, err, "i", sink_id);
	if (rc == 0)
		*how = RF_OUTBOX_NOTHING;
	else if (rc > 0 && !c->at_once && rf_time_parse(state->not_before, &c->not_before_unix_ns) && c->not_before_unix_ns > now)
		*how = RF_OUTBOX_LATER;
	return rc < 0 ? rc : 0;
}

static int claim(struct rf_store *s, int64_t sink_id, struct rf_outbox_claim *c, rf_arena *arena, enum rf_outbox_claimed *how,
		 struct rf_error *err)
{
	struct sink_state state = { 0 };
	uint64_t now = now_of(s);
	int rc = read_state(s, sink_id, arena, &state, err);
	if (rc == 0)
		rc = look(s, sink_id, c, &state, now, how, err);
	if (rc < 0 || *how == RF_OUTBOX_BUSY)
		return rc;
	if (*how != RF_OUTBOX_CLAIMED)
		return rf_outbox_release(s, sink_id, c->owner, err);
	c->failures = (uint32_t)state.failures;
	rc = choose_batch(s, sink_id, arena, &c->key, err);
	if (rc >= 0)
		rc = run_at(s, RF_SQL_OUTBOX_LEASE, err, "itt", sink_id, c->owner, now + c->lease_ns);
	if (rc >= 0)
		rc = rf_outbox_rows_load(s, sink_id, c->key, arena, &c->alerts, &c->count, err);
	return rc < 0 ? rc : 0;
}

int rf_outbox_claim(struct rf_store *s, int64_t sink_id, struct rf_outbox_claim *c, rf_arena *arena,
		    enum rf_outbox_claimed *how, struct rf_error *err)
{
	int rc = rf_store_begin(s, err);
	return rc < 0 ? rc : rf_store_end(s, claim(s, sink_id, c, arena, how, err), err);
}

int rf_outbox_release(struct rf_store *s, int64_t sink_id, rf_str owner, struct rf_error *err)
{
	int rc = rf_db_run(s, RF_SQL_OUTBOX_RELEASE, NULL, err, "it", sink_id, owner);
	return rc < 0 ? rc : 0;
}

/* --- out of the queue ------------------------------------------------------------------------------------------- */

int rf_outbox_delivered(struct rf_store *s, int64_t sink_id, rf_str key, uint64_t not_before_unix_ns, struct rf_error *err)
{
	char text[RF_TIME_BYTES], before[RF_TIME_BYTES];
	rf_str now = rf_time_put(now_of(s), text);
	int rc = rf_store_begin(s, err);
	if (rc < 0)
		return rc;
	rc = rf_db_run(s, RF_SQL_OUTBOX_SINK_DONE, NULL, err, "ittt", sink_id, key, rf_time_put(not_before_unix_ns, before), now);
	if (rc >= 0)
		rc = rf_db_run(s, RF_SQL_OUTBOX_DONE, NULL, err, "itt", sink_id, key, now);
	return rf_store_end(s, rc, err);
}

int rf_outbox_failed(struct rf_store *s, int64_t sink_id, rf_str key, bool permanent, rf_str why, uint64_t not_before_unix_ns,
		     struct rf_error *err)
{
	int rc = rf_store_begin(s, err);
	if (rc < 0)
		return rc;
	rc = run_at(s, RF_SQL_OUTBOX_SINK_FAILED, err, "itt", sink_id, why, not_before_unix_ns);
	if (rc >= 0 && permanent)
		rc = rf_db_run(s, RF_SQL_OUTBOX_FAILED, NULL, err, "it", sink_id, key);
	return rf_store_end(s, rc, err);
}

int rf_outbox_retry(struct rf_store *s, int64_t sink_id, struct rf_error *err)
{
	int rc = rf_store_begin(s, err);
	if (rc < 0)
		return rc;
	rc = rf_db_run(s, RF_SQL_OUTBOX_RETRY, NULL, err, "i", sink_id);
	if (rc >= 0)
		rc = rf_db_run(s, RF_SQL_OUTBOX_RETRY_SINK, NULL, err, "i", sink_id);
	return rf_store_end(s, rc, err);
}

int rf_outbox_drop(struct rf_store *s, rf_str name, int64_t *alerts, struct rf_error *err)
{
	int64_t sink_id = 0;
	int rc = rf_store_begin(s, err);
	if (rc < 0)
		return rc;
	rc = rf_db_run(s, RF_SQL_OUTBOX_NAMED, &sink_id, err, "t", name);
	if (rc == 0)
		rc = rf_fail(err, RF_ERR_MISSING, "No sink %.*s has ever had an alert; `redflag alerts list` shows which have.",
			     RF_STR_ARG(name));
	if (rc >= 0)
		rc = rf_outbox_open(s, sink_id, alerts, err);
	if (rc >= 0)
		rc = rf_db_run(s, RF_SQL_OUTBOX_DROP, NULL, err, "i", sink_id);
	if (rc >= 0)
		rc = rf_db_run(s, RF_SQL_OUTBOX_DROP_SINK, NULL, err, "i", sink_id);
	return rf_store_end(s, rc, err);
}
