/* What new events add to the summary of their findings: gathered while a transaction lasts, written once a finding when it
 * ends. And what is known of findings meanwhile, so that it isn't asked for at every event: their ids, and the silence that
 * they are in. Internal to store/.
 *
 *	rf_store_begin -> (find or learn -> event)* -> rf_store_commit, which flushes
 *
 * What is written is what an update at every event would have come to; in between a finding's columns and its rows in
 * finding_days and finding_runs lag behind. Who reads or moves them inside a transaction flushes first (rf_tally_flush) and then
 * forgets the findings that it changed (rf_tally_forget). Everything is forgotten by itself when a transaction is rolled back,
 * when another connection wrote in between, and when this one wrote outside a transaction of the store.
 */
#ifndef RF_STORE_TALLY_H
#define RF_STORE_TALLY_H

#include <sqlite3.h>

#include "base/arena.h"
#include "base/error.h"
#include "finding/finding.h"

struct rf_store;
struct rf_event;

#define RF_TALLY_BUCKETS 16384
#define RF_TALLY_BYTES_MAX ((size_t)8 << 20) /* forgotten and begun anew above that */
#define RF_TALLY_RECENT 6 /* times that are kept of a finding; a policy that counts more of them asks the database */
#define RF_TALLY_DAYS 256 /* of a transaction, whose rows in day_totals are known to be gone; one more costs a look-up each time */

struct rf_tally_part { /* events of a finding on one day with one verdict, or in one run */
	struct rf_tally_part *next;
	uint64_t key;      /* day since 1970, or run */
	const char *verdict;
	int64_t events;
};

struct rf_silence_now { /* the one that answers for each time from `from` to `until` (milliseconds) */
	int64_t id, held;  /* held: not written yet */
	uint64_t from_ms, until_ms;
};

struct rf_finding_state {
	struct rf_finding_state *next_of_bucket, *next_dirty;
	int64_t id;
	bool gone;             /* forgotten: found by nobody */
	bool dirty;
	unsigned classes;      /* as written */
	uint64_t first_ms, last_ms; /* first_seen (0 also: no first run) and last_seen as written; 0 never seen */
	struct rf_silence_now silence;
	uint64_t silent_ms;    /* no silence of the finding lasts longer; 0 it has none */
	/* Of events that policies count (neither suppressed nor known) the latest to come since the row was read, in a ring; all others are
	 * not after others_ms. */
	uint64_t recent_ms[RF_TALLY_RECENT], recent_count, others_ms;
	/* not written yet */
	int64_t events, events_alert, first_run_id, last_run_id;
	bool several_runs, in_baseline;
	uint64_t oldest_ms, newest_ms;
	struct rf_tally_part *days, *runs;
	/* owners: `known` replaces what is there, else only what is NULL is filled */
	bool owners, owners_known;
	rf_str test[2];
	bool written_known;    /* what is in the database is `written`, else it is at least not NULL where written isn't */
	rf_str written[2];
};

struct rf_tally_key {
	struct rf_tally_key *next_of_bucket;
	char fingerprint[RF_FINGERPRINT_BYTES];
	rf_str tag;
	struct rf_finding_state *state;
	uint64_t epoch;        /* of a wildcard's answer: a new finding may be a better one; 0 holds always */
};

struct rf_tally {
	rf_arena arena;
	rf_arena pending;      /* parts and owners that are not written yet */
	struct rf_tally_key *keys[RF_TALLY_BUCKETS];
	struct rf_finding_state *states[RF_TALLY_BUCKETS];
	struct rf_finding_state *dirty;
	uint64_t epoch;
	uint64_t days_dropped[RF_TALLY_DAYS]; /* day since 1970 and 1, in this transaction (day_totals.h); direct-mapped, 0 none */
	int64_t data_version;  /* PRAGMA data_version and sqlite3_total_changes when the last transaction ended */
	int64_t changes;
};

void rf_tally_init(struct rf_tally *t);
void rf_tally_release(struct rf_tally *t);
/* A transaction has begun: forgets everything when somebody else wrote. */
int rf_tally_begin(struct rf_store *s, struct rf_error *err);
/* A transaction was committed. */
void rf_tally_end(struct rf_store *s);

/* NULL: not known. */
struct rf_finding_state *rf_tally_find(struct rf_store *s, const struct rf_finding *finding, rf_str tag);
/* Finding and tag come to row `id`; `by_side`: for want of one with this fingerprint, which may change. */
int rf_tally_learn(struct rf_store *s, const struct rf_finding *finding, rf_str tag, int64_t id, bool by_side,
		   struct rf_finding_state **out, struct rf_error *err);
/* No event of the finding, written or not, is later; 0 it has none. */
uint64_t rf_tally_newest_ms(const struct rf_finding_state *state);
/* How many events of the finding that policies count have times after `since_ms` and up to `now_ms`; at
 * most `most`. False: the database has to be asked. */
bool rf_tally_recent(const struct rf_finding_state *state, uint64_t since_ms, uint64_t now_ms, uint64_t most, int64_t *count);
/* A new event was stored. */
int rf_tally_event(struct rf_store *s, struct rf_finding_state *state, const struct rf_event *event, const char *verdict,
		   struct rf_error *err);
void rf_tally_hold(struct rf_store *s, struct rf_finding_state *state); /* by state->silence, one more */
/* Owners as an event tells them; ptr NULL unknown. */
int rf_tally_owners(struct rf_store *s, struct rf_finding_state *state, rf_str test_a, rf_str test_b, bool known,
		    struct rf_error *err);
int rf_tally_flush(struct rf_store *s, struct rf_error *err);
/* Triggers have changed the finding's row. A row that is gone is forgotten. */
int rf_tally_reload(struct rf_store *s, struct rf_finding_state *state, struct rf_error *err);
int rf_tally_reload_id(struct rf_store *s, int64_t id, struct rf_error *err);
void rf_tally_forget(struct rf_store *s, int64_t id); /* flush first */
void rf_tally_forget_all(struct rf_store *s);
/* Findings were added or renamed: what wildcards belong to may have changed. */
void rf_tally_new_findings(struct rf_store *s);

#endif
