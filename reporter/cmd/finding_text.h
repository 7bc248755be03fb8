/* A finding in words, the same wherever it is printed. */
#ifndef RF_CMD_FINDING_TEXT_H
#define RF_CMD_FINDING_TEXT_H

#include "cmd/terminal.h"
#include "store/query.h"

enum rf_style rf_status_style(rf_str status);
/* "TestA and TestB", "TestA", "TestA and no test"; "" when no owner is known. */
rf_str rf_owners_text(const struct rf_finding_row *row, rf_arena *arena);
/* The tag, where it says more than the package; else "". */
rf_str rf_tag_text(const struct rf_finding_row *row);
/* "   2  new        title …" and a line or two below, for lists and summaries. */
void rf_put_finding(struct rf_buf *out, const struct rf_terminal *t, const struct rf_finding_row *row, rf_arena *arena);
/* One JSON object with the columns of v_findings. */
void rf_put_finding_json(struct rf_buf *out, const struct rf_finding_row *row);

#endif
