/* How the packages and tests of the exported run ended, as far as the database knows. Internal to export/. */
#ifndef RF_EXPORT_RESULTS_H
#define RF_EXPORT_RESULTS_H

#include "export/item.h"

struct rf_results {
	struct rf_result_row *rows; /* by package, the package itself first */
	uint32_t count;
};
struct rf_result_counts {
	int64_t tests, failures, skipped;
	int64_t passed_unlisted; /* tests that passed are known by their number alone */
};

/* Of the exported run; none without one. */
int rf_results_load(struct rf_export *x, struct rf_results *out, struct rf_error *err);
bool rf_result_is_failed(const struct rf_result_row *r);
bool rf_result_is_skipped(const struct rf_result_row *r);
/* Behind the rows of the package that begins at `first`. */
uint32_t rf_results_end(const struct rf_results *r, uint32_t first);
/* The package failed and no test of it did: a build that failed, a panic, a race after the last test. */
bool rf_results_failed_alone(const struct rf_results *r, uint32_t first, uint32_t end);
/* Of one package; one that failed alone counts as a test. */
struct rf_result_counts rf_results_count(const struct rf_results *r, uint32_t first, uint32_t end);
/* Of all packages and of the findings, of which each is a test that failed or, when it is suppressed, was skipped. */
struct rf_result_counts rf_results_count_findings(const struct rf_export *x);
struct rf_result_counts rf_results_count_all(const struct rf_results *r, const struct rf_export *x);

#endif
