/* Events that lack their other half: of a report that an instrumented run tells twice, as text and as a record, what came of the one
 * while the other hasn't come. Found by run and rf_report_match_key, the oldest first. Internal to store/; inside a transaction.
 *
 * They are kept in memory, because a match key is random: an index of them would cost a page for each event of the database, and in
 * nearly all runs nobody ever asks. So the first question of a run reads its events once, and from then on events are noted as they
 * are stored. What is found here is looked at in the database before it is given out, so it does no harm that an event is still here
 * which has been joined by other means. It does harm when one is missing: whoever gives an event another key, or writes behind the
 * store's back, has everything forgotten (rf_halves_forget; rf_tally_forget_all does).
 */
#ifndef RF_STORE_HALVES_H
#define RF_STORE_HALVES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct rf_store;

/* 4 MiB. What a run has beyond them is looked for among its events, each time. */
#define RF_HALVES_MAX 131072u
#define RF_HALVES_RUNS 16 /* at a time; one more and all are forgotten */

enum rf_half { RF_HALF_TEXT, RF_HALF_RECORD, RF_HALF_COUNT };

enum rf_halves_state {
	RF_HALVES_UNKNOWN,
	RF_HALVES_NONE,   /* the run has no event of this kind */
	RF_HALVES_SOME,   /* it has, but they weren't read */
	RF_HALVES_READ,
};

struct rf_halves_run {
	int64_t run_id;
	struct {
		enum rf_halves_state state;
		int64_t last; /* read: events with higher ids are not here */
	} kinds[RF_HALF_COUNT];
};

struct rf_half_entry;
struct rf_halves {
	struct rf_halves_run runs[RF_HALVES_RUNS];
	uint32_t run_count;
	struct rf_half_entry *entries; /* from 1 on */
	uint32_t entry_count, entry_cap, unused; /* unused: a list of those that were given out */
	uint32_t *buckets;             /* NULL: no entry yet */
	uint32_t room; /* tests: how many at most; 0 RF_HALVES_MAX */
};

void rf_halves_release(struct rf_halves *h);
void rf_halves_forget(struct rf_halves *h);
/* 1: the run may have such events; 0: it has none. */
int rf_halves_any(struct rf_store *s, int64_t run_id, enum rf_half kind, struct rf_error *err);
/* 1: *id is the oldest one with this key, which is to be joined now; 0: there is none. */
int rf_halves_take(struct rf_store *s, int64_t run_id, enum rf_half kind, int64_t key, int64_t *id, struct rf_error *err);
/* Event `id` was stored, the newest one of all. */
void rf_halves_add(struct rf_store *s, int64_t run_id, enum rf_half kind, int64_t key, int64_t id);

#endif
