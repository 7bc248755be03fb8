/* How the packages and tests of the exported run ended, as cases: one each time that a test ran. Internal to export/.
 *
 * A package has a case of its own, "(package)", when it failed and no test tells why: its build failed, it panicked or raced outside
 * of tests, or the stream ended before it did.
 */
#ifndef RF_EXPORT_RESULTS_H
#define RF_EXPORT_RESULTS_H

#include "export/item.h"
#include "query/execution_query.h"

enum rf_outcome { RF_PASSED, RF_FAILED, RF_ERROR, RF_SKIPPED, RF_OUTCOME_COUNT };

struct rf_case {
	rf_str package, test; /* test "": the package */
	enum rf_outcome outcome; /* an error: it couldn't end, or couldn't begin */
	const char *type;     /* of an error: "unfinished", "cut", "build" */
	rf_str message;       /* why, in one line; "" nothing is known */
	rf_str output;
	int64_t elapsed_ms, start_ms; /* start 0: unknown */
	uint64_t started;     /* in nanoseconds; 0: unknown, or a package */
};

struct rf_result_counts {
	int64_t tests, failures, errors, skipped;
	int64_t passed_unlisted; /* tests that passed, of which an older redflag stored the number alone */
};

struct rf_suite { /* a package */
	rf_str package;
	int64_t elapsed_ms, start_ms; /* start 0: unknown */
	struct rf_case *cases;
	uint32_t count;
	rf_str output;         /* of the package, when it isn't that of its case */
	rf_str coverage;       /* "87.5"; "" not measured */
	struct rf_result_counts counts;
};

struct rf_results {
	struct rf_suite *suites; /* by package */
	uint32_t count;
	struct rf_result_counts counts; /* of all of them, and of the findings */
};

/* Of the exported run; none without one. */
int rf_results_load(struct rf_export *x, struct rf_results *out, struct rf_error *err);
/* Of the findings, of which each is a test that failed or, when it is suppressed, was skipped. */
struct rf_result_counts rf_results_count_findings(const struct rf_export *x);

#endif
