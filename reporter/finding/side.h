/* One side of a finding: roles of its frames, operation, and the texts that the hashes are made of.
 */
#ifndef RF_FINDING_SIDE_H
#define RF_FINDING_SIDE_H

#include "finding/finding.h"

/* Fills *side for access number `access` of the report; *text has its operation and the frames that count. `brief`: without the
 * names and roles of all frames. Memory of `arena`. */
void rf_side_make(const struct rf_report *report, uint32_t access, bool brief, rf_arena *arena, struct rf_side *side, rf_str *text);
/* The text of the exact hash: operation, all user frames, creation site. */
rf_str rf_side_exact(const struct rf_report *report, const struct rf_side *side, rf_arena *arena);

#endif
