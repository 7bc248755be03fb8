/* Baselines: the findings that are known, as a file that can be committed.
 *
 *	# redflag baseline 1
 *	FINGERPRINT <tab> TAG <tab> TITLE [<tab> PACKAGE <tab> TEST]
 *
 * One line a finding, sorted by bytes, so that two branches merge. The title is for people. Package and test are where it was seen, for
 * databases that have never seen it: whether a run looked there. Control characters are written as blanks.
 */
#ifndef RF_POLICY_BASELINE_H
#define RF_POLICY_BASELINE_H

#include "base/arena.h"
#include "base/error.h"

#define RF_BASELINE_FILE ".redflag.baseline"
#define RF_BASELINE_BYTES_MAX ((size_t)64 << 20)

struct rf_baseline_entry {
	rf_str fingerprint, tag, title;
	rf_str package, test; /* "": unknown */
};

struct rf_baseline {
	rf_str path; /* "" none */
	struct rf_baseline_entry *entries; /* sorted by fingerprint and tag, each once */
	uint32_t count;
};

/* A malformed line is RF_ERR_INPUT with file and line. Lines in any order, as a merge may leave them. */
int rf_baseline_parse(rf_str text, const char *path, rf_arena *arena, struct rf_baseline *out, struct rf_error *err);
/* NULL when it isn't there. */
const struct rf_baseline_entry *rf_baseline_find(const struct rf_baseline *b, rf_str fingerprint, rf_str tag);
/* Sorts the entries and drops doubled ones. */
void rf_baseline_sort(struct rf_baseline *b);
void rf_baseline_put(const struct rf_baseline *b, struct rf_buf *out);

#endif
