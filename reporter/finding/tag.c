#include "finding/tag.h"

#include "finding/canon.h"

/* The label "tag" of the goroutines that took part; of several the one that sorts first. */
static rf_str from_labels(const struct rf_report *report)
{
	rf_str best = { 0 };
	for (uint32_t i = 0; i < report->access_count; i++) {
		const struct rf_goroutine *g = report->accesses[i].goroutine;
		if (rf_access_is_hint(&report->accesses[i]))
			continue;
		for (uint32_t k = 0; k < g->label_count; k++) {
			rf_str value = g->labels[k].value;
			if (rf_str_eq_cstr(g->labels[k].key, "tag") && value.len &&
			    (!best.len || rf_str_cmp(value, best) < 0))
				best = value;
		}
	}
	return best;
}

/* Does the import path of the canonical name match? A path longer than the buffer is matched by its start. */
static bool package_matches(rf_str pattern, rf_str canonical)
{
	char path[1024];
	rf_str raw = rf_str_take(rf_str_take(canonical, rf_canon_package_bytes(canonical)), sizeof(path));
	return raw.len && rf_str_glob(pattern, (rf_str){ path, rf_canon_unescape(raw, path) });
}

static bool side_matches(const struct rf_report *report, const struct rf_side *side, const struct rf_tag_rule *rule)
{
	const struct rf_stack *stack = &report->accesses[side->access].stack;
	for (uint32_t i = 0; i < side->name_count; i++) {
		if (!rf_side_is_user(side, i))
			continue;
		if (!rule->on_function && package_matches(rule->pattern, side->names[i]))
			return true;
		if (rule->on_function && (rf_str_glob(rule->pattern, side->names[i]) ||
					  rf_str_glob(rule->pattern, stack->frames[i].function)))
			return true;
	}
	return false;
}

static rf_str from_rules(const struct rf_report *report, const struct rf_finding *finding,
			 const struct rf_config *config)
{
	for (uint32_t i = 0; config && i < config->tag_rule_count; i++) {
		for (uint32_t k = 0; k < finding->side_count; k++) {
			if (side_matches(report, &finding->sides[k], &config->tag_rules[i]))
				return config->tag_rules[i].tag;
		}
		if (!config->tag_rules[i].on_function && finding->package.len &&
		    rf_str_glob(config->tag_rules[i].pattern, finding->package))
			return config->tag_rules[i].tag;
	}
	return RF_STR("");
}

rf_str rf_tag_choose(const struct rf_report *report, const struct rf_finding *finding,
		     const struct rf_tag_sources *sources)
{
	rf_str rule, label = from_labels(report);
	if (label.len)
		return label;
	if (sources->option.len)
		return sources->option;
	if (sources->process.len)
		return sources->process;
	if (sources->environment.len)
		return sources->environment;
	rule = from_rules(report, finding, sources->config);
	return rule.len ? rule : finding->package;
}
