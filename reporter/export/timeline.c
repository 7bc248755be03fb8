#include <stdio.h>

#include "export/item.h"
#include "export/markup.h"
#include "export/timeline_layout.h"
#include "store/clean_text.h"

/* Columns, in the drawing's own units: a phone shows it at nearly its own size, so the text is as small as text may be. */
#define WIDTH 360
#define AXIS_X 62
#define LANE_X(lane) ((lane) < 0 ? OTHERS_X : 80 + 122 * (lane))
#define OTHERS_X 326
#define TEXT_DX 10
#define LANE_CHARACTERS_MAX 16 /* that fit beside a lane */
#define BAR_HALF 4

const char rf_timeline_css[] =
	".timeline { --lane-0: #0b57d0; --lane-1: #9a5b00; --race: #b3261e; display: block; width: 100%; max-width: 30rem;\n"
	"  height: auto; }\n"
	"@media (prefers-color-scheme: dark) { .timeline { --lane-0: #8ab4f8; --lane-1: #f2c14e; --race: #ff8a80; } }\n"
	".timeline text { fill: currentColor; font: 11px system-ui, sans-serif; paint-order: stroke;\n"
	"  stroke: var(--card, Canvas); stroke-width: 3px; }\n"
	".timeline .time { text-anchor: end; font-size: 10.5px; opacity: .8; } .timeline .head { font-weight: 600; }\n"
	".timeline .off { opacity: .8; } .timeline line, .timeline path { stroke: currentColor; fill: none; }\n"
	".timeline .guide { opacity: .18; } .timeline .life { opacity: .45; stroke-dasharray: 2 4; }\n"
	".timeline .axis { opacity: .45; } .timeline .over { opacity: .6; } .timeline .other { opacity: .45; stroke-width: 3; }\n"
	".timeline .lane-0 { fill: var(--lane-0); } .timeline .lane-1 { fill: var(--lane-1); }\n"
	".timeline .mark { fill: var(--race); stroke: var(--race); stroke-width: 2; } .timeline .mark.older { fill: var(--card, Canvas); }\n"
	".timeline .race { fill: var(--race); font-weight: 600; }\n";

struct drawing {
	struct rf_buf *out;
	const struct rf_timeline *t;
	const char *id;
	rf_arena *scratch;
};

/* --- words --------------------------------------------------------------------------------------------------------- */

static void put_time(struct rf_buf *out, uint64_t ns)
{
	static const struct { uint64_t ns; const char *name; } units[] = {
		{ 1000000000u, "s" }, { 1000000u, "ms" }, { 1000u, "µs" } };
	size_t i = 0;
	if (ns < 1000) {
		rf_buf_printf(out, ns ? "−%llu ns" : "%llu", (unsigned long long)ns);
		return;
	}
	while (ns < units[i].ns)
		i++;
	unsigned long long tenths = ns / (units[i].ns / 10);
	if (tenths < 1000)
		rf_buf_printf(out, "−%llu.%llu %s", tenths / 10, tenths % 10, units[i].name);
	else
		rf_buf_printf(out, "−%llu %s", tenths / 10, units[i].name);
}

/* The first characters, with an ellipsis when there are more. */
static void put_clipped(struct rf_buf *out, rf_str text)
{
	size_t bytes = 0;
	uint32_t count = 0, c;
	while (bytes < text.len && count < LANE_CHARACTERS_MAX) {
		size_t n = rf_text_character(rf_str_skip(text, bytes), &c);
		bytes += n ? n : 1;
		count++;
	}
	rf_markup_put(out, rf_str_take(text, bytes));
	if (bytes < text.len)
		rf_buf_put_cstr(out, "…");
}

static const char *verb(const struct rf_access *a)
{
	static const char *const verbs[RF_ACT_COUNT] = {
		[RF_ACT_NONE] = "", [RF_ACT_CLOSE] = "closes", [RF_ACT_SEND] = "sends",
		[RF_ACT_RECEIVE] = "receives", [RF_ACT_WAIT] = "waits", [RF_ACT_START] = "starts",
		[RF_ACT_FINALIZE] = "finalizes", [RF_ACT_STORE] = "stores", [RF_ACT_DELETE] = "deletes",
		[RF_ACT_ALLOCATE] = "allocates", [RF_ACT_GET] = "gets" };
	if (a->act)
		return verbs[a->act];
	return a->put ? "puts" : a->freed ? "frees" : a->write ? "writes" : "reads";
}

static const char *verb_past(const struct rf_access *a)
{
	return a->act ? rf_act_past(a->act) : a->put ? "put" : a->freed ? "freed" : a->write ? "wrote" : "read";
}

static rf_str reason(const struct rf_switch *w)
{
	return w->reason.len ? w->reason : RF_STR("stops");
}

static void put_title(struct drawing *d, rf_str text)
{
	rf_buf_put_cstr(d->out, "<title>");
	rf_markup_put(d->out, text);
	rf_buf_put_cstr(d->out, "</title>");
}

/* --- lanes --------------------------------------------------------------------------------------------------------- */

static uint32_t bottom(const struct drawing *d)
{
	return d->t->rows[d->t->row_count - 1].y;
}

static void put_head(struct drawing *d, int lane)
{
	const struct rf_goroutine *g = d->t->lanes[lane].goroutine;
	rf_str owner = rf_words_owner(g), who = rf_words_goroutine(g, d->scratch);
	rf_buf_printf(d->out, "<g>");
	put_title(d, rf_arena_printf(d->scratch, "%.*s%s%.*s%s%.*s", RF_STR_ARG(who), g->entry.len ? ", " : "",
				     RF_STR_ARG(rf_words_function(g->entry)), owner.len ? ", owned by " : "", RF_STR_ARG(owner)));
	rf_buf_printf(d->out, "<text class=\"head\" x=\"%d\" y=\"16\">", LANE_X(lane) - BAR_HALF);
	put_clipped(d->out, g->is_main ? RF_STR("main goroutine") : who);
	rf_buf_printf(d->out, "</text><text class=\"off\" x=\"%d\" y=\"31\">", LANE_X(lane) - BAR_HALF);
	put_clipped(d->out, owner.len ? owner : rf_words_function(g->entry));
	rf_buf_put_cstr(d->out, "</text></g>\n");
}

static void put_bar(struct drawing *d, int lane, uint32_t from, uint32_t to)
{
	rf_buf_printf(d->out, "<rect class=\"lane-%d\" x=\"%d\" y=\"%u\" width=\"%d\" height=\"%u\" rx=\"2\"/>\n", lane,
		      LANE_X(lane) - BAR_HALF, from, 2 * BAR_HALF, to > from ? to - from : 1);
}

/* Where the goroutine ran. A lane that begins by stopping ran before, and one that is seen in the report runs at its end. */
static void put_bars(struct drawing *d, int lane)
{
	const struct rf_timeline *t = d->t;
	const struct rf_timeline_row *end = &t->rows[t->row_count - 1];
	uint32_t since = RF_TIMELINE_TOP - 14;
	bool runs = false, known = false;
	for (uint32_t i = 0; i < t->row_count; i++) {
		const struct rf_timeline_row *row = &t->rows[i];
		if (row->kind != RF_TIMELINE_SWITCH || (row->from != lane && row->to != lane))
			continue;
		if (row->from == lane && (runs || !known))
			put_bar(d, lane, since, row->y);
		if (row->to == lane && !runs)
			since = row->y;
		runs = row->to == lane;
		known = true;
	}
	if (runs)
		put_bar(d, lane, since, end->y);
	else if (end->lane == lane)
		put_bar(d, lane, end->y - RF_TIMELINE_ROW_MIN / 2, end->y);
}

/* From where it is started, if that is in the drawing. */
static void put_life(struct drawing *d, int lane)
{
	uint32_t from = RF_TIMELINE_TOP - 14;
	for (uint32_t i = 0; i < d->t->row_count; i++) {
		if (d->t->rows[i].kind == RF_TIMELINE_CREATE && d->t->rows[i].lane == lane)
			from = d->t->rows[i].y;
	}
	rf_buf_printf(d->out, "<line class=\"life\" x1=\"%d\" y1=\"%u\" x2=\"%d\" y2=\"%u\"/>\n", LANE_X(lane), from, LANE_X(lane),
		      bottom(d));
}

/* Other goroutines: from the row in which one runs to the row in which it stops. */
static void put_others(struct drawing *d)
{
	const struct rf_timeline *t = d->t;
	rf_buf_printf(d->out, "<text class=\"off\" x=\"%d\" y=\"16\">others</text>\n", OTHERS_X - BAR_HALF);
	for (uint32_t i = 0; i < t->row_count; i++) {
		const struct rf_switch *w = t->rows[i].change;
		uint32_t end = i + 1;
		if (t->rows[i].kind != RF_TIMELINE_SWITCH || w->to_goid == 0 || t->rows[i].to >= 0)
			continue;
		while (end + 1 < t->row_count && !(t->rows[end].change && t->rows[end].change->from_goid == w->to_goid))
			end++;
		rf_buf_printf(d->out, "<line class=\"other\" x1=\"%d\" y1=\"%u\" x2=\"%d\" y2=\"%u\"/>"
				      "<text class=\"off\" x=\"%d\" y=\"%u\">%llu</text>\n",
			      OTHERS_X, t->rows[i].y, OTHERS_X, t->rows[end].y, OTHERS_X + 6, t->rows[i].y + 4,
			      (unsigned long long)w->to_goid % 100000000u);
	}
}

/* --- rows ---------------------------------------------------------------------------------------------------------- */

static void put_label(struct drawing *d, int lane, uint32_t y, const char *class, rf_str text)
{
	rf_buf_printf(d->out, "<g>");
	put_title(d, text);
	rf_buf_printf(d->out, "<text class=\"%s\" x=\"%d\" y=\"%u\">", class, LANE_X(lane) + TEXT_DX, y + 4);
	put_clipped(d->out, text);
	rf_buf_put_cstr(d->out, "</text></g>\n");
}

static void put_switch(struct drawing *d, const struct rf_timeline_row *row)
{
	const struct rf_switch *w = row->change;
	if (w->from_goid && w->to_goid)
		rf_buf_printf(d->out, "<line class=\"over\" x1=\"%d\" y1=\"%u\" x2=\"%d\" y2=\"%u\"/>\n", LANE_X(row->from), row->y,
			      LANE_X(row->to), row->y);
	if (row->from >= 0 && row->from == row->to) { /* it runs on, maybe elsewhere: one label for both */
		put_label(d, row->to, row->y, "off", rf_arena_printf(d->scratch, "P%u, %.*s", w->p, RF_STR_ARG(reason(w))));
		return;
	}
	if (row->from >= 0)
		put_label(d, row->from, row->y - 1, "off", reason(w));
	if (row->to >= 0)
		put_label(d, row->to, row->y + 5, "off", rf_arena_printf(d->scratch, "runs on P%u", w->p));
}

static void put_create(struct drawing *d, const struct rf_timeline_row *row)
{
	rf_buf_printf(d->out, "<line class=\"over\" x1=\"%d\" y1=\"%u\" x2=\"%d\" y2=\"%u\"/>"
			      "<circle class=\"lane-%d\" cx=\"%d\" cy=\"%u\" r=\"3\"/>\n",
		      LANE_X(row->parent), row->y, LANE_X(row->lane), row->y, row->lane, LANE_X(row->lane), row->y);
	put_label(d, row->parent, row->y, "off",
		  rf_arena_printf(d->scratch, "starts %llu", (unsigned long long)d->t->lanes[row->lane].goroutine->goid));
}

static void put_access(struct drawing *d, const struct rf_timeline_row *row)
{
	bool older = row->kind == RF_TIMELINE_ACCESS;
	if (row->lane < 0 || !row->access)
		return;
	rf_buf_printf(d->out, "<circle class=\"mark%s\" cx=\"%d\" cy=\"%u\" r=\"5\"/>\n", older ? " older" : "", LANE_X(row->lane),
		      row->y);
	put_label(d, row->lane, row->y, "race",
		  older ? rf_arena_printf(d->scratch, "%s by then", verb_past(row->access)) : rf_str_from(verb(row->access)));
}

static void put_row(struct drawing *d, uint32_t i)
{
	const struct rf_timeline_row *row = &d->t->rows[i];
	bool said = i > 0 && d->t->rows[i - 1].timed && d->t->rows[i - 1].before_ns == row->before_ns;
	if (row->after_break)
		rf_buf_printf(d->out, "<path class=\"break\" d=\"M%d %ul10 4l-10 4l10 4\"><title>the axis is cut here</title></path>\n",
			      AXIS_X - 5, row->y - RF_TIMELINE_ROW_MIN + 4);
	if (row->timed)
		rf_buf_printf(d->out, "<line class=\"guide\" x1=\"%d\" y1=\"%u\" x2=\"%d\" y2=\"%u\"/>\n", AXIS_X, row->y, WIDTH - 6,
			      row->y);
	if (row->timed && !said) {
		rf_buf_printf(d->out, "<text class=\"time\" x=\"%d\" y=\"%u\">", AXIS_X - 6, row->y + 4);
		put_time(d->out, row->before_ns);
		rf_buf_put_cstr(d->out, "</text>\n");
	}
	if (row->kind == RF_TIMELINE_SWITCH)
		put_switch(d, row);
	else if (row->kind == RF_TIMELINE_CREATE)
		put_create(d, row);
	else
		put_access(d, row);
}

/* --- the whole ----------------------------------------------------------------------------------------------------- */

bool rf_timeline_is_known(const struct rf_report *report)
{
	struct rf_timeline t;
	return rf_timeline_make(report, &t);
}

static void put_description(struct drawing *d)
{
	const struct rf_timeline *t = d->t;
	rf_buf_printf(d->out, "<title id=\"%s-title\">What ran before the race</title>\n<desc id=\"%s-desc\">", d->id, d->id);
	for (uint32_t i = 0; i < t->report->access_count; i++) {
		const struct rf_access *a = &t->report->accesses[i];
		rf_str who = rf_words_goroutine(a->goroutine, d->scratch);
		rf_markup_put(d->out, who);
		rf_buf_printf(d->out, " %s%s. ", a->previous ? verb_past(a) : verb(a), a->previous ? " before" : " at time 0");
	}
	rf_buf_put_cstr(d->out, "Time goes down; a bar is where a goroutine ran. The table has the same in words.");
	if (t->left_out)
		rf_buf_printf(d->out, " %u switches are only there.", t->left_out);
	rf_buf_put_cstr(d->out, "</desc>\n");
}

void rf_timeline_put_svg(struct rf_buf *out, const struct rf_report *report, const char *id, rf_arena *scratch)
{
	struct rf_timeline t;
	struct drawing d = { .out = out, .t = &t, .id = id, .scratch = scratch };
	if (!rf_timeline_make(report, &t))
		return;
	rf_buf_printf(out, "<svg class=\"timeline\" viewBox=\"0 0 %d %u\" role=\"img\" aria-labelledby=\"%s-title %s-desc\">\n", WIDTH,
		      bottom(&d) + 14, id, id);
	put_description(&d);
	rf_buf_printf(out, "<line class=\"axis\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%u\"/>\n", AXIS_X, RF_TIMELINE_TOP - 14, AXIS_X,
		      bottom(&d));
	for (int lane = 0; lane < (int)t.lane_count; lane++) {
		put_head(&d, lane);
		put_life(&d, lane);
	}
	if (t.others)
		put_others(&d);
	for (int lane = 0; lane < (int)t.lane_count; lane++)
		put_bars(&d, lane);
	for (uint32_t i = 0; i < t.row_count; i++)
		put_row(&d, i);
	rf_buf_put_cstr(out, "</svg>\n");
}

/* --- the table ----------------------------------------------------------------------------------------------------- */

static void put_goid(struct rf_buf *out, const struct rf_timeline *t, uint64_t goid)
{
	bool ours = rf_timeline_lane_of(t, goid) >= 0;
	if (goid)
		rf_buf_printf(out, "<td>%s%llu%s</td>", ours ? "<strong>" : "", (unsigned long long)goid, ours ? "</strong>" : "");
	else
		rf_buf_put_cstr(out, "<td>none</td>");
}

static void put_end_row(struct rf_buf *out, const struct rf_access *a, rf_arena *scratch)
{
	rf_buf_put_cstr(out, "<tr><td>0</td><td></td><td></td><td colspan=\"3\">");
	rf_markup_put(out, rf_words_goroutine(a->goroutine, scratch));
	rf_buf_printf(out, " %s: the race is seen</td></tr>\n", verb(a));
}

void rf_timeline_put_table(struct rf_buf *out, const struct rf_report *report, rf_arena *scratch)
{
	struct rf_timeline t = { 0 };
	if (report->switch_count == 0)
		return;
	rf_timeline_make(report, &t);
	rf_buf_put_cstr(out, "<table class=\"switches\">\n<thead><tr><th scope=\"col\">when</th><th scope=\"col\">P</th>"
			     "<th scope=\"col\">M</th><th scope=\"col\">stops</th><th scope=\"col\">because</th>"
			     "<th scope=\"col\">runs</th></tr></thead>\n<tbody>\n");
	for (uint32_t i = 0; i < report->switch_count; i++) {
		const struct rf_switch *w = &report->switches[i];
		rf_buf_put_cstr(out, "<tr><td>");
		put_time(out, rf_timeline_before_ns(report, w->time_unix_ns));
		rf_buf_printf(out, "</td><td>%u</td><td>%u</td>", w->p, w->m);
		put_goid(out, &t, w->from_goid);
		rf_buf_put_cstr(out, "<td>");
		rf_markup_put(out, w->reason);
		rf_buf_put_cstr(out, "</td>");
		put_goid(out, &t, w->to_goid);
		rf_buf_put_cstr(out, "</tr>\n");
	}
	for (uint32_t i = 0; i < report->access_count; i++) {
		if (!report->accesses[i].previous)
			put_end_row(out, &report->accesses[i], scratch);
	}
	rf_buf_put_cstr(out, "</tbody></table>\n");
}
