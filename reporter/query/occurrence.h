/* Occurrences of one finding, for a page about it: each question takes a time that doesn't grow with their number.
 *
 * Everything is copied into the arena that the caller gives.
 */
#ifndef RF_QUERY_OCCURRENCE_H
#define RF_QUERY_OCCURRENCE_H

#include "store/query.h"

#define RF_OCCURRENCE_BEST_OF 200 /* the latest, among which the one that says most is looked for */

struct rf_occurrence {
	struct rf_event_row event;
	rf_str suppression, policy, severity; /* what its verdict goes back to; "" nothing */
};
/* The one of this number; with 0 the one that says most (see rf_query_best_event) among the latest. RF_ERR_MISSING when the finding
 * has none, or none of that number. */
int rf_occurrence_find(struct rf_store *s, int64_t finding_id, int64_t event_id, rf_arena *arena, struct rf_occurrence *out,
		       struct rf_error *err);
/* The latest, or with before_id those before that one, latest first. */
int rf_occurrence_list(struct rf_store *s, int64_t finding_id, int64_t before_id, uint32_t limit, rf_arena *arena,
		       struct rf_occurrence **rows, uint32_t *count, struct rf_error *err);

struct rf_occurrence_day {
	rf_str day; /* 2026-01-31 */
	int64_t events;
};
/* Days with occurrences, oldest first, of the `days` days that end with the one of the latest. */
int rf_occurrence_days(struct rf_store *s, int64_t finding_id, uint32_t days, rf_arena *arena, struct rf_occurrence_day **rows,
		       uint32_t *count, struct rf_error *err);

/* Until when the finding is or was silenced last, and how many were held back; until "" when it never was. */
struct rf_occurrence_silence {
	rf_str until, policy;
	int64_t held;
};
int rf_occurrence_silence(struct rf_store *s, int64_t finding_id, rf_arena *arena, struct rf_occurrence_silence *out,
			  struct rf_error *err);

#endif
