#include "policy/policy.h"

#define MINUTE_NS 60000000000u

static const struct rf_policy canary = { .name = { "canary", 6 }, .bypass = true };
static const struct rf_policy standard = { .name = { "default", 7 }, .events = 3, .within_ns = 5 * MINUTE_NS,
					   .silence_ns = 15 * MINUTE_NS };

const struct rf_policy *rf_policy_choose(const struct rf_config *config, rf_str tag, enum rf_kind kind)
{
	if (rf_str_contains(tag, "canary:true"))
		return &canary;
	for (uint32_t i = 0; config && i < config->policy_count; i++) {
		const struct rf_policy *p = &config->policies[i];
		if ((p->tag.len == 0 || rf_str_glob(p->tag, tag)) &&
		    (p->kind.len == 0 || rf_str_eq_cstr(p->kind, rf_kind_name(kind))))
			return p;
	}
	return &standard;
}

enum rf_policy_decision rf_policy_decide(const struct rf_policy *policy, bool silent, uint64_t recent)
{
	if (policy->bypass)
		return RF_POLICY_BYPASS;
	if (silent)
		return RF_POLICY_HOLD;
	return recent >= policy->events ? RF_POLICY_SILENCE : RF_POLICY_ALERT;
}
