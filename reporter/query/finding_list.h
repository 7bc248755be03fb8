/* Findings as a page lists them: filtered, sorted, a page at a time, with counts for each filter. */
#ifndef RF_QUERY_FINDING_LIST_H
#define RF_QUERY_FINDING_LIST_H

#include "store/query.h"

enum rf_sort { RF_SORT_LAST_SEEN, RF_SORT_FIRST_SEEN, RF_SORT_EVENTS, RF_SORT_TITLE, RF_SORT_COUNT };
const char *rf_sort_name(enum rf_sort sort);            /* "last", "first", "events", "title" */
enum rf_sort rf_sort_from_name(rf_str name);            /* RF_SORT_COUNT: there is none */

enum rf_facet { RF_FACET_STATUS, RF_FACET_KIND, RF_FACET_CLASS, RF_FACET_TAG, RF_FACET_PACKAGE, RF_FACET_TEST, RF_FACET_COUNT };
const char *rf_facet_name(enum rf_facet facet);         /* "status", "kind", … */
#define RF_FACET_VALUES_MAX 12 /* of each, those with the most findings */

struct rf_finding_list {  /* ptr NULL: everything */
	rf_str search;    /* as it was typed (search.h) */
	rf_str hits;      /* what rf_search_hits says to it, for who asks more than once; ptr NULL: not asked yet */
	rf_str since;     /* seen at or after */
	rf_str values[RF_FACET_COUNT]; /* as they are, without *; all classes of a finding */
	enum rf_sort sort; /* the greatest first, titles from A on; then by id */
	uint32_t limit, offset;
};
int rf_query_finding_list(struct rf_store *s, const struct rf_finding_list *list, rf_arena *arena,
			  struct rf_finding_row **rows, uint32_t *count, struct rf_error *err);

struct rf_facet_row {
	enum rf_facet facet; /* RF_FACET_COUNT: the whole list */
	rf_str value;
	int64_t findings;
};
/* How many findings the list has, and how many it would have with each value of a facet in place of the one that is asked for. A
 * value that is asked for is there even with no finding. */
int rf_query_facets(struct rf_store *s, const struct rf_finding_list *list, rf_arena *arena, struct rf_facet_row **rows,
		    uint32_t *count, struct rf_error *err);

#endif
