/* Who is to blame for a failed test: go test charges a race to the test whose output it stands in. Internal to export/. */
#ifndef RF_EXPORT_BLAME_H
#define RF_EXPORT_BLAME_H

#include "export/results.h"

struct rf_blames {
	struct rf_blame_row *rows;
	uint32_t count;
};
/* Of the exported run; none without one. */
int rf_blames_load(struct rf_export *x, struct rf_blames *out, struct rf_error *err);
/* True when both owners are known and neither is this test, a subtest of it or a parent of it. */
bool rf_blame_is_wrong(const struct rf_blame_row *blame, rf_str test);
/* Sentences, one a line, about the findings whose text stood in what this case's test said (a package: anywhere in it) and wasn't
 * suppressed. Returns the first that is blamed wrongly, when all are; else NULL. */
const struct rf_blame_row *rf_blames_put(const struct rf_blames *b, const struct rf_case *c, rf_arena *arena, struct rf_buf *out);

#endif
