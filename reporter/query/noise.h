/* Reading what noise control has done: uses of suppressions, times of silence, past events. */
#ifndef RF_QUERY_NOISE_H
#define RF_QUERY_NOISE_H

#include "store/store.h"

#define RF_NOISE_SUPPRESSIONS_MAX 8

struct rf_suppression_use {
	rf_str text; /* TYPE:PATTERN */
	int64_t events, findings;
	rf_str last_used;
};
/* One a suppression that ever matched, the most used first. */
int rf_noise_uses(struct rf_store *s, rf_arena *arena, struct rf_suppression_use **uses, uint32_t *count,
		  struct rf_error *err);

/* Texts of the suppressions that its events matched, the one that matched most first; RF_NOISE_SUPPRESSIONS_MAX at most. */
int rf_noise_suppressions_of(struct rf_store *s, int64_t finding_id, rf_arena *arena, rf_str **texts, uint32_t *count,
			     struct rf_error *err);

struct rf_silence {
	int64_t id, finding_id, held;
	rf_str title, policy, since, until, kind, tag;
	rf_str severity; /* of the latest event; ptr NULL: its policy has none */
};
/* Times of silence that are over by `now` and that nobody has told of; they count as told then, for every process that shares
 * the database. Inside a transaction. */
int rf_noise_silences_end(struct rf_store *s, uint64_t now_unix_ns, rf_arena *arena, struct rf_silence **rows,
			   uint32_t *count, struct rf_error *err);

struct rf_past_event { /* valid until the callback returns */
	int64_t finding_id;
	rf_str title, tag, kind;
	uint64_t time_unix_ns;
};
/* Every event that is neither suppressed nor known, finding by finding, the oldest first. */
int rf_noise_past_events(struct rf_store *s, void (*each)(void *context, const struct rf_past_event *event), void *context,
			 struct rf_error *err);

#endif
