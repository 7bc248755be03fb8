#include "export/timeline_layout.h"

#include <stdlib.h>

int rf_timeline_lane_of(const struct rf_timeline *t, uint64_t goid)
{
	for (uint32_t i = 0; goid && i < t->lane_count; i++) {
		if (t->lanes[i].goroutine->goid == goid)
			return (int)i;
	}
	return -1;
}

/* Clocks of two CPUs may differ by a little: nothing is after the report. */
uint64_t rf_timeline_before_ns(const struct rf_report *report, uint64_t time_unix_ns)
{
	return time_unix_ns < report->time_unix_ns ? report->time_unix_ns - time_unix_ns : 0;
}

static void make_lanes(struct rf_timeline *t)
{
	for (uint32_t i = 0; i < t->report->access_count && t->lane_count < RF_TIMELINE_LANES_MAX; i++) {
		const struct rf_goroutine *g = t->report->accesses[i].goroutine;
		if (g->goid && rf_timeline_lane_of(t, g->goid) < 0)
			t->lanes[t->lane_count++].goroutine = g;
	}
}

static bool concerns(const struct rf_timeline *t, const struct rf_switch *w)
{
	return rf_timeline_lane_of(t, w->from_goid) >= 0 || rf_timeline_lane_of(t, w->to_goid) >= 0;
}

/* The rows are full only when a constant above is wrong: it is large enough for all that is added. */
static struct rf_timeline_row *insert_row(struct rf_timeline *t, uint32_t at, struct rf_timeline_row row)
{
	for (uint32_t i = t->row_count++; i > at; i--)
		t->rows[i] = t->rows[i - 1];
	t->rows[at] = row;
	return &t->rows[at];
}

static void add_switch(struct rf_timeline *t, const struct rf_switch *w)
{
	int from = rf_timeline_lane_of(t, w->from_goid), to = rf_timeline_lane_of(t, w->to_goid);
	if (from >= 0)
		t->lanes[from].seen = true;
	if (to >= 0)
		t->lanes[to].seen = true;
	t->others = t->others || (w->to_goid && to < 0) || (w->from_goid && from < 0);
	insert_row(t, t->row_count, (struct rf_timeline_row){
		.kind = RF_TIMELINE_SWITCH, .change = w, .from = from, .to = to, .lane = -1, .parent = -1, .timed = true,
		.before_ns = rf_timeline_before_ns(t->report, w->time_unix_ns) });
}

/* From the first that concerns a lane. When there are too many, those of others are left out, then the oldest. */
static void add_switches(struct rf_timeline *t)
{
	const struct rf_report *r = t->report;
	uint32_t first = 0, ours = 0;
	while (first < r->switch_count && !concerns(t, &r->switches[first]))
		first++;
	for (uint32_t i = first; i < r->switch_count; i++)
		ours += concerns(t, &r->switches[i]);
	bool only_ours = r->switch_count - first > RF_TIMELINE_SWITCHES_MAX;
	t->left_out = only_ours ? r->switch_count - first - (ours < RF_TIMELINE_SWITCHES_MAX ? ours : RF_TIMELINE_SWITCHES_MAX) : 0;
	for (uint32_t i = first, rank = 0; i < r->switch_count; i++) {
		bool is_ours = concerns(t, &r->switches[i]);
		rank += is_ours;
		if (!only_ours || (is_ours && rank + RF_TIMELINE_SWITCHES_MAX > ours))
			add_switch(t, &r->switches[i]);
	}
}

/* --- rows without a time of their own ---------------------------------------------------------------------------- */

/* Before which row a lane's goroutine stopped last; the end, when it didn't since it ran. */
static uint32_t last_stop(const struct rf_timeline *t, int lane)
{
	for (uint32_t i = t->row_count; i-- > 0;) {
		if (t->rows[i].kind != RF_TIMELINE_SWITCH)
			continue;
		if (t->rows[i].to == lane)
			break;
		if (t->rows[i].from == lane)
			return i;
	}
	return t->row_count;
}

static const struct rf_timeline_row none = { .from = -1, .to = -1, .lane = -1, .parent = -1 };

static void add_accesses(struct rf_timeline *t)
{
	const struct rf_report *r = t->report;
	for (uint32_t i = 0; i < r->access_count; i++) {
		struct rf_timeline_row row = none;
		row.access = &r->accesses[i];
		row.lane = rf_timeline_lane_of(t, row.access->goroutine->goid);
		row.kind = RF_TIMELINE_ACCESS;
		if (row.lane >= 0 && row.access->previous)
			insert_row(t, last_stop(t, row.lane), row);
	}
	for (uint32_t i = 0; i < r->access_count; i++) {
		struct rf_timeline_row row = none;
		row.access = &r->accesses[i];
		row.lane = rf_timeline_lane_of(t, row.access->goroutine->goid);
		row.kind = RF_TIMELINE_REPORT;
		row.timed = true;
		if (!row.access->previous) {
			insert_row(t, t->row_count, row);
			return;
		}
	}
	struct rf_timeline_row end = none;
	end.kind = RF_TIMELINE_REPORT;
	end.timed = true;
	insert_row(t, t->row_count, end);
}

/* The time of a start comes from a clock that ticks every few milliseconds and is never ahead (tsan-glue/goroutines.c), so its
 * place is found by who ran: the parent did, and the child ran for the first time only after that. Whether its first run that
 * is known is its first one is sure when the start is, by that clock, within the time that is known, or when that is the whole
 * life of the process. */
#define SWITCHES_KEPT 64 /* RF_SWITCHES_MAX of tsan-glue/switches.h */

static bool first_run_is_known(const struct rf_timeline *t, const struct rf_goroutine *g)
{
	return t->report->switch_count < SWITCHES_KEPT ||
	       (g->created_unix_ns && rf_timeline_before_ns(t->report, g->created_unix_ns) <= t->rows[0].before_ns);
}

static void add_creation(struct rf_timeline *t, int lane)
{
	const struct rf_goroutine *g = t->lanes[lane].goroutine;
	struct rf_timeline_row row = none;
	uint32_t run = 0, at;
	row.kind = RF_TIMELINE_CREATE;
	row.lane = lane;
	row.parent = rf_timeline_lane_of(t, g->parent_goid);
	if (row.parent < 0 || row.parent == lane || !first_run_is_known(t, g))
		return;
	while (run < t->row_count && t->rows[run].from != lane && t->rows[run].to != lane)
		run++;
	if (run == t->row_count || t->rows[run].to != lane)
		return; /* it ran before all that is known */
	for (at = run; at > 0 && t->rows[at].from != row.parent && t->rows[at - 1].to != row.parent; at--)
		;
	if (at > 0 || t->rows[0].from == row.parent)
		insert_row(t, at, row);
}

/* --- where rows stand ---------------------------------------------------------------------------------------------- */

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

/* The usual time between two rows; 0 when they all are at once. */
static uint64_t median_ns(const struct rf_timeline *t)
{
	uint64_t times[RF_TIMELINE_ROWS_MAX], last = 0;
	uint32_t count = 0;
	bool first = true;
	for (uint32_t i = 0; i < t->row_count; i++) {
		const struct rf_timeline_row *row = &t->rows[i];
		if (!row->timed)
			continue;
		if (!first && last > row->before_ns)
			times[count++] = last - row->before_ns;
		last = row->before_ns;
		first = false;
	}
	if (count == 0)
		return 0;
	qsort(times, count, sizeof(*times), compare_u64);
	return times[(count - 1) / 2];
}

static void place_rows(struct rf_timeline *t)
{
	uint64_t usual = median_ns(t), last = t->row_count ? t->rows[0].before_ns : 0;
	uint32_t y = RF_TIMELINE_TOP, since = 0; /* pixels since the last row with a time */
	for (uint32_t i = 0; i < t->row_count; i++) {
		struct rf_timeline_row *row = &t->rows[i];
		uint32_t step = i ? RF_TIMELINE_ROW_MIN : 0;
		uint64_t ns = row->timed && last > row->before_ns ? last - row->before_ns : 0, wanted = 0;
		if (usual)
			wanted = ns / usual >= 1000 ? 1000 * RF_TIMELINE_ROW_MIN : ns * RF_TIMELINE_ROW_MIN / usual;
		row->after_break = wanted > 4 * RF_TIMELINE_ROW_MAX;
		if (wanted > RF_TIMELINE_ROW_MAX)
			wanted = RF_TIMELINE_ROW_MAX;
		if (wanted > since + step)
			step = (uint32_t)wanted - since;
		y += step;
		row->y = y;
		since = row->timed ? 0 : since + step;
		last = row->timed ? row->before_ns : last;
	}
}

bool rf_timeline_make(const struct rf_report *report, struct rf_timeline *t)
{
	*t = (struct rf_timeline){ .report = report };
	make_lanes(t);
	add_switches(t);
	if (t->row_count == 0)
		return false;
	for (uint32_t lane = 0; lane < t->lane_count; lane++)
		add_creation(t, (int)lane);
	add_accesses(t);
	place_rows(t);
	return true;
}
