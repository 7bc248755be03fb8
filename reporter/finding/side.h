/* One side of a finding: roles of its frames, operation, and the texts that the hashes are made of.
 */
#ifndef RF_FINDING_SIDE_H
#define RF_FINDING_SIDE_H

#include "finding/finding.h"

struct rf_side_text {
	rf_str normal; /* operation and the frames that count */
	rf_str exact;  /* operation, all user frames, creation site */
};

/* Fills *side for access number `access` of the report. Memory of `arena`. */
void rf_side_make(const struct rf_report *report, uint32_t access, rf_arena *arena, struct rf_side *side,
		  struct rf_side_text *text);

#endif
