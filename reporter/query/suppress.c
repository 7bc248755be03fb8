#include "query/suppress.h"

#include "finding/finding.h"
#include "query/finding_list.h"

struct candidate {
	rf_str function; /* raw name */
	struct rf_suppression entry;
	uint32_t others;
};

/* Numbers of closures change with every edit: what stands behind "func" is left open. Go's generic names have […] in them,
 * which is no special character here. */
static rf_str pattern_of(rf_str function, rf_arena *arena)
{
	for (size_t i = 0; i + 5 < function.len; i++) {
		rf_str rest = rf_str_skip(function, i);
		if (rf_str_starts(rest, ".func") && rest.ptr[5] >= '0' && rest.ptr[5] <= '9')
			return rf_arena_printf(arena, "^%.*s.func*", RF_STR_ARG(rf_str_take(function, i)));
	}
	return rf_arena_printf(arena, "^%.*s$", RF_STR_ARG(function));
}

static bool make_candidate(const struct rf_report *report, const struct rf_side *side, rf_str tag, rf_arena *arena,
			   struct candidate *c)
{
	const struct rf_stack *stack = &report->accesses[side->access].stack;
	for (uint32_t k = 0; k < side->name_count && k < stack->count; k++) {
		if (side->roles[k] != RF_FRAME_LEAF || stack->frames[k].function.len == 0)
			continue;
		*c = (struct candidate){ .function = stack->frames[k].function };
		c->entry.type = RF_STR("race");
		c->entry.pattern = pattern_of(c->function, arena);
		c->entry.text = rf_arena_printf(arena, "race:%.*s", RF_STR_ARG(c->entry.pattern));
		return rf_suppression_fits(&c->entry, report, tag);
	}
	return false;
}

/* Findings that have the function somewhere, which the search knows; whether the entry fits, their reports say. */
static int count_others(struct rf_store *s, int64_t id, struct candidate *c, rf_arena *arena, struct rf_error *err)
{
	struct rf_finding_list list = { .search = rf_arena_printf(arena, "\"%.*s\"", RF_STR_ARG(c->function)),
					.limit = RF_SUPPRESS_COMPARED_MAX };
	struct rf_finding_row *rows;
	uint32_t count;
	int rc = rf_query_finding_list(s, &list, arena, &rows, &count, err);
	for (uint32_t i = 0; rc == 0 && i < count; i++) {
		struct rf_event_row event;
		struct rf_report report;
		if (rows[i].id == id)
			continue;
		rc = rf_query_best_event(s, rows[i].id, arena, &event, err);
		if (rc == 0)
			rc = rf_query_report(s, event.id, arena, &report, err);
		if (rc == 0)
			c->others += rf_suppression_fits(&c->entry, &report, rows[i].tag);
		if (rc == RF_ERR_MISSING) /* upkeep has removed its events */
			rc = 0;
	}
	return rc;
}

int rf_suppress_plan(struct rf_store *s, const struct rf_finding_row *row, rf_arena *arena, struct rf_suppress_plan *out,
		     struct rf_error *err)
{
	struct rf_event_row event;
	struct rf_report report;
	struct rf_finding finding = { 0 };
	struct candidate candidates[2];
	uint32_t count = 0;
	int rc = rf_query_best_event(s, row->id, arena, &event, err);
	if (rc == 0)
		rc = rf_query_report(s, event.id, arena, &report, err);
	if (rc < 0)
		return rc;
	rf_finding_make(&report, arena, &finding);
	for (uint32_t i = 0; i < finding.side_count && i < 2; i++)
		count += make_candidate(&report, &finding.sides[i], row->tag, arena, &candidates[count]);
	if (count == 0)
		return rf_fail(err, RF_ERR_INPUT, "Finding %lld has no function of its own on either stack, so no pattern would "
			       "mean it alone; write an entry by hand (docs/noise.md).", (long long)row->id);
	for (uint32_t i = 0; rc == 0 && i < count; i++)
		rc = count_others(s, row->id, &candidates[i], arena, err);
	const struct candidate *best = &candidates[count == 2 && candidates[1].others < candidates[0].others];
	*out = (struct rf_suppress_plan){ .row = *row, .function = best->function, .entry = best->entry, .others = best->others };
	return rc;
}

const struct rf_suppression_use *rf_suppress_use(const struct rf_suppress_list *l, rf_str text)
{
	for (uint32_t i = 0; i < l->use_count; i++) {
		if (rf_str_eq(l->uses[i].text, text))
			return &l->uses[i];
	}
	return NULL;
}

const char *rf_suppress_state(const struct rf_suppress_list *l, const struct rf_suppression *e)
{
	if (rf_suppression_expired(e, l->now_unix_ns))
		return "expired";
	if (!l->uses_known)
		return "valid";
	return rf_suppress_use(l, e->text) ? "used" : "unused";
}

bool rf_suppress_has(const struct rf_suppress_list *l, rf_str text)
{
	for (uint32_t i = 0; i < l->list.count; i++) {
		if (rf_str_eq(l->list.entries[i].text, text))
			return true;
	}
	return false;
}
