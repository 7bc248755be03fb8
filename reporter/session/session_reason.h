/* Why tests failed: for a race alone, or for something else? Internal to session*.c.
 *
 * A test's output tells it: "race detected during execution of test" is the race; another line with a place in a test file may
 * be t.Error or only t.Log, which look the same, so it counts as another reason. That errs on the safe side: a failure is
 * never taken for a race that it isn't. A test whose subtests failed needs no reason of its own.
 */
#ifndef RF_SESSION_SESSION_REASON_H
#define RF_SESSION_SESSION_REASON_H

#include "base/arena.h"
#include "read/test2json.h"

struct rf_reason {
	struct rf_reason *next;
	rf_str test;
	bool raced, other, failed;
};

struct rf_reasons { /* of one package; zeroed at first */
	struct rf_reason *tests; /* that failed, or still run and said something; the latest first */
	bool raced, other;       /* of the package itself */
};

void rf_reasons_output(struct rf_reasons *r, const struct rf_test_event *event, rf_arena *arena);
void rf_reasons_test_end(struct rf_reasons *r, const struct rf_test_event *event, rf_arena *arena);
/* For a package that failed. */
bool rf_reasons_only_races(const struct rf_reasons *r);

#endif
