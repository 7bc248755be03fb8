#include "cmd/gate.h"

#include <string.h>

int rf_gate_parse(const struct rf_args *args, enum rf_fail_on *out, struct rf_error *err)
{
	static const char *const names[] = { [RF_FAIL_ON_NEW] = "new", [RF_FAIL_ON_ANY] = "any", [RF_FAIL_ON_NEVER] = "never" };
	_Static_assert(sizeof(names) / sizeof(names[0]) == RF_FAIL_ON_COUNT, "one name a gate");
	const char *given = rf_arg(args, "fail-on");
	*out = RF_FAIL_ON_DEFAULT;
	if (!given)
		return 0;
	for (int i = 1; i < RF_FAIL_ON_COUNT; i++) {
		if (strcmp(given, names[i]) == 0) {
			*out = (enum rf_fail_on)i;
			return 0;
		}
	}
	return rf_fail(err, RF_ERR_USAGE, "--fail-on is new, any or never, not %s.", given);
}

int rf_gate_findings(enum rf_fail_on gate, const struct rf_outcome *outcome)
{
	uint32_t count = gate == RF_FAIL_ON_ANY ? outcome->count : gate == RF_FAIL_ON_NEVER ? 0 : outcome->new_count;
	return count ? RF_EXIT_NEW_FINDINGS : RF_EXIT_CLEAN;
}

bool rf_gate_failed(enum rf_fail_on gate, const struct rf_session_counts *c, const struct rf_outcome *outcome, bool failed)
{
	if (gate == RF_FAIL_ON_DEFAULT)
		return failed || outcome->count;
	if (gate == RF_FAIL_ON_ANY || !failed)
		return failed;
	/* Text without -json doesn't tell why a test failed, nor does a build that failed. */
	return c->packages_failed == 0 || c->packages_failed > c->packages_only_raced || c->text_failed;
}
