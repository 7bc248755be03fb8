#include "export/item.h"

bool rf_item_is_new_row(const struct rf_export *x, const struct rf_finding_row *row)
{
	if (row->duplicate_of)
		return false;
	return !row->in_baseline && (x->has_run ? row->first_run_id == x->run.id : rf_str_eq_cstr(row->status, "new"));
}

/* --- places ---------------------------------------------------------------------------------------------------- */

/* Where the run of the best occurrence happened. Kept from one finding to the next: mostly it is the same run. */
static int load_directory(struct rf_export *x, int64_t run_id, struct rf_error *err)
{
	struct rf_run_row run;
	if (x->directory_run_id == run_id)
		return 0;
	int rc = rf_query_run_by_id(x->store, run_id, &x->arena, &run, err);
	if (rc == 0) {
		x->directory = run.directory;
		x->directory_run_id = run_id;
	}
	return rc;
}

static struct rf_paths paths_of(const struct rf_export *x)
{
	return (struct rf_paths){ .root = x->options.root, .module = x->options.module, .module_path = x->options.module_path,
				  .directory = x->directory };
}

struct rf_place rf_item_place(struct rf_export *x, const struct rf_frame *frame)
{
	struct rf_paths paths = paths_of(x);
	return rf_paths_place(&paths, frame, &x->scratch);
}

struct rf_place rf_item_no_place(struct rf_export *x)
{
	struct rf_paths paths = paths_of(x);
	return (struct rf_place){ .file = rf_paths_in_module(&paths, RF_STR("go.mod"), &x->scratch), .line = 1,
				  .relative = true };
}

/* The frame to look at: the innermost of the user's below the root, else of the user's, else where the goroutine was started,
 * else any with a file. */
static const struct rf_frame *frame_to_show(struct rf_export *x, const struct rf_item_side *s)
{
	const struct rf_stack *stack = &s->access->stack;
	const struct rf_frame *user = NULL, *any = NULL;
	for (uint32_t i = 0; i < stack->count; i++) {
		const struct rf_frame *f = &stack->frames[i];
		if (!any && f->file.len)
			any = f;
		if (!rf_side_is_user(s->side, i))
			continue;
		if (rf_item_place(x, f).relative)
			return f;
		if (!user)
			user = f;
	}
	if (user)
		return user;
	return s->goroutine->created.count ? &s->goroutine->created.frames[0] : any;
}

const struct rf_item_side *rf_item_first_place(const struct rf_item *item)
{
	const struct rf_item_side *first = NULL;
	for (uint32_t i = 0; i < item->side_count; i++) {
		const struct rf_item_side *s = &item->sides[i];
		if (s->has_place && s->place.relative)
			return s;
		if (s->has_place && !first)
			first = s;
	}
	return first;
}

bool rf_item_is_again(const struct rf_item *item, uint32_t i)
{
	for (uint32_t k = 0; k < i; k++) {
		if (item->sides[k].goroutine == item->sides[i].goroutine)
			return true;
	}
	return false;
}

/* --- loading --------------------------------------------------------------------------------------------------- */

static void load_side(struct rf_export *x, struct rf_item *item, const struct rf_side *side, struct rf_item_side *out)
{
	const struct rf_access *access = &item->report.accesses[side->access];
	*out = (struct rf_item_side){ .side = side, .access = access, .goroutine = access->goroutine };
	while (out->goroutine_index < item->report.goroutine_count &&
	       item->report.goroutines[out->goroutine_index] != access->goroutine)
		out->goroutine_index++;
	const struct rf_frame *frame = frame_to_show(x, out);
	if (frame) {
		out->place = rf_item_place(x, frame);
		/* Of a lost stack only the user's `go` statement says something. */
		out->has_place = out->place.file.len > 0 && (!side->missing || out->place.relative);
	}
}

static void load_sides(struct rf_export *x, struct rf_item *item)
{
	for (uint32_t i = 0; i < item->finding.side_count; i++)
		load_side(x, item, &item->finding.sides[i], &item->sides[item->side_count++]);
	if (item->side_count == 2 && item->sides[0].access->freed && !item->sides[1].access->freed) {
		struct rf_item_side freed = item->sides[0];
		item->sides[0] = item->sides[1];
		item->sides[1] = freed;
	}
	uint32_t more = rf_finding_more(&item->report, &x->scratch, item->more);
	for (uint32_t i = 0; i < more; i++)
		load_side(x, item, &item->more[i], &item->sides[item->side_count++]);
}

int rf_item_load(struct rf_export *x, uint32_t i, struct rf_item *item, struct rf_error *err)
{
	int64_t id = x->rows[i].id, run_id = x->has_run ? x->run.id : 0;
	rf_export_end_scratch(x);
	*item = (struct rf_item){ .row = &x->rows[i], .is_new = rf_item_is_new_row(x, &x->rows[i]),
				  .suppressed = rf_str_eq_cstr(x->rows[i].status, "suppressed") };
	int rc = rf_query_run_best_event(x->store, id, run_id, &x->scratch, &item->event, err);
	if (rc == 0)
		rc = load_directory(x, item->event.run_id, err);
	if (rc == 0)
		rc = rf_query_report(x->store, item->event.id, &x->scratch, &item->report, err);
	if (rc == 0)
		rc = rf_query_run_events(x->store, id, run_id, RF_EXPORT_EVENTS_MAX, &x->scratch, &item->events,
					 &item->event_count, err);
	if (rc == 0)
		rc = rf_item_load_suppressions(x, item, err);
	if (rc < 0)
		return rc;
	rf_finding_make(&item->report, &x->scratch, &item->finding);
	load_sides(x, item);
	if (x->scratch.failed || x->arena.failed)
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory while exporting finding %lld.", (long long)id);
	return 0;
}
