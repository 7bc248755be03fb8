/* Open findings by tag and package, counted while somebody goes through the findings: in SQL each of the sums would sort them once
 * more. Internal to store/.
 *
 *	{ .arena } -> rf_heat_add* -> rf_heat_rows
 */
#ifndef RF_STORE_HEAT_H
#define RF_STORE_HEAT_H

#include "store/overview.h"

struct rf_heat_cell {
	int64_t tag_id;
	rf_str tag, package; /* package.ptr NULL: a free slot */
	int64_t findings;
	int64_t of_tag, of_package; /* all of the tag's, all of the package's */
	bool left_out;
};

struct rf_heat {
	rf_arena *arena;
	struct rf_heat_cell *cells; /* hashed; cap is a power of two, at most half full */
	uint32_t cap, used;
};

/* False: out of memory. */
bool rf_heat_add(struct rf_heat *h, int64_t tag_id, rf_str package);
/* Rows of the greatest tags and packages, as struct rf_overview wants them. */
int rf_heat_rows(struct rf_heat *h, struct rf_store *s, uint32_t tags, uint32_t packages, struct rf_heat_row **rows, uint32_t *count,
		 struct rf_error *err);

#endif
