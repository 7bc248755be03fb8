/* The suppression list beside what the database knows of it: which entry would suppress a finding, and what entries have done. For
 * the commands and the page that show and change the list. */
#ifndef RF_QUERY_SUPPRESS_H
#define RF_QUERY_SUPPRESS_H

#include "policy/suppressions.h"
#include "query/noise.h"
#include "store/query.h"

struct rf_suppress_plan {
	struct rf_finding_row row;
	rf_str function;             /* of the two that met, the one that fewer other findings have */
	struct rf_suppression entry; /* for it: type, pattern, text */
	uint32_t others;             /* findings besides this one that the entry fits, of at most RF_SUPPRESS_COMPARED_MAX */
};
#define RF_SUPPRESS_COMPARED_MAX 200
/* What is to be written for the finding that `row` says. RF_ERR_INPUT when no pattern would mean it alone. */
int rf_suppress_plan(struct rf_store *s, const struct rf_finding_row *row, rf_arena *arena, struct rf_suppress_plan *out,
		     struct rf_error *err);

struct rf_suppress_list {
	struct rf_suppressions list;
	struct rf_suppression_use *uses; /* also of entries that aren't in the list any more */
	uint32_t use_count;
	bool uses_known; /* there is a database */
	uint64_t now_unix_ns;
};
/* NULL: it never matched. */
const struct rf_suppression_use *rf_suppress_use(const struct rf_suppress_list *l, rf_str text);
/* "expired", "used", "unused"; "valid" when uses aren't known. */
const char *rf_suppress_state(const struct rf_suppress_list *l, const struct rf_suppression *entry);
bool rf_suppress_has(const struct rf_suppress_list *l, rf_str text);

#endif
