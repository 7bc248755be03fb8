/* The first page: how it goes, where it burns, what to look at. */
#include "serve/chart.h"

#define DAY_NS 86400000000000u
#define DAYS_DEFAULT 30
#define LOUD_DAYS 7
#define LOUD_MAX 10
#define NEWEST_MAX 8
#define RUNS_MAX 6
#define HEAT_TAGS 14
#define HEAT_PACKAGES 12

/* The day that is so many before today's. */
static rf_str day_before(struct rf_page *p, uint64_t days)
{
	return rf_str_take(rf_time_text(rf_clock_now(p->site->clock) - days * DAY_NS, p->arena), 10);
}

/* --- how it goes --------------------------------------------------------------------------------------------------- */

static void put_tile(struct rf_page *p, enum rf_status status, int64_t findings, const char *class)
{
	rf_html(p->out, "<li><a href=\"/findings?status=%s\"><b class=\"%s\">%n</b> %s</a></li>\n", rf_status_name(status),
		findings ? class : "is-off", findings, rf_status_name(status));
}

static void put_counts(struct rf_page *p, const struct rf_overview *o)
{
	rf_html(p->out, "<ul class=\"tiles\">\n");
	put_tile(p, RF_STATUS_NEW, o->findings[RF_STATUS_NEW], "is-new");
	put_tile(p, RF_STATUS_REGRESSED, o->findings[RF_STATUS_REGRESSED], "is-new");
	put_tile(p, RF_STATUS_RECURRING, o->findings[RF_STATUS_RECURRING], "is-known");
	if (o->findings[RF_STATUS_BASELINE])
		put_tile(p, RF_STATUS_BASELINE, o->findings[RF_STATUS_BASELINE], "is-known");
	put_tile(p, RF_STATUS_RESOLVED, o->findings[RF_STATUS_RESOLVED], "is-good");
	put_tile(p, RF_STATUS_SUPPRESSED, o->findings[RF_STATUS_SUPPRESSED], "is-off");
	if (o->findings[RF_STATUS_DUPLICATE])
		put_tile(p, RF_STATUS_DUPLICATE, o->findings[RF_STATUS_DUPLICATE], "is-off");
	rf_html(p->out, "<li><span><b class=\"is-off\">%n</b> silenced now%s", o->silences, o->silences ? "" : "</span></li>\n");
	if (o->silences)
		rf_html(p->out, ", %n %s held back</span></li>\n", o->held, o->held == 1 ? "event" : "events");
	rf_html(p->out, "</ul>\n");
}

/* A row for every day, with zeros where nothing was stored. */
static struct rf_day_row *fill_days(struct rf_page *p, const struct rf_overview *o, uint32_t count)
{
	struct rf_day_row *days = rf_arena_array(p->arena, count, sizeof(*days));
	uint32_t at = 0;
	for (uint32_t i = 0; days && i < count; i++) {
		rf_str day = day_before(p, count - 1 - i);
		while (at < o->day_count && rf_str_cmp(o->days[at].day, day) < 0)
			at++;
		if (at < o->day_count && rf_str_eq(o->days[at].day, day))
			days[i] = o->days[at];
		else
			days[i].day = day;
	}
	return days;
}

static void put_spans(struct rf_page *p, int64_t days)
{
	static const int64_t spans[] = { 7, 14, 30, 90 };
	rf_html(p->out, "<nav class=\"spans\" aria-label=\"Days shown\">\n");
	for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++)
		rf_html(p->out, "<a href=\"/?days=%d\"%s>%d days</a>\n", spans[i],
			spans[i] == days ? " aria-current=\"true\"" : "", spans[i]);
	rf_html(p->out, "</nav>\n");
}

static void put_trend(struct rf_page *p, const struct rf_overview *o, uint32_t count)
{
	struct rf_day_row *days = fill_days(p, o, count);
	rf_html(p->out, "<section>\n<div class=\"head\"><h2>Findings a day</h2>\n");
	put_spans(p, count);
	rf_html(p->out, "</div>\n");
	if (days)
		rf_chart_put_days(p, days, count);
	rf_html(p->out, "</section>\n");
}

/* --- where it burns, what to look at ------------------------------------------------------------------------------- */

static void put_heat(struct rf_page *p, const struct rf_overview *o)
{
	rf_html(p->out, "<section>\n<h2>Open findings by tag and package</h2>\n");
	if (o->heat_count)
		rf_chart_put_heat(p, o->heat, o->heat_count);
	else
		rf_html(p->out, "<p class=\"empty\">None is open.</p>\n");
	rf_html(p->out, "</section>\n");
}

static void put_newest(struct rf_page *p, const struct rf_overview *o)
{
	rf_html(p->out, "<section>\n<div class=\"head\"><h2>Newest findings</h2>\n"
			"<a href=\"/findings?status=new&amp;sort=first\">All new</a></div>\n%s",
		o->newest_count ? "<ul class=\"briefs\">\n" : "<p class=\"empty\">None is new.</p>\n");
	for (uint32_t i = 0; i < o->newest_count; i++) {
		const struct rf_finding_row *row = &o->newest[i];
		rf_html(p->out, "<li><a href=\"/findings/%d\">%t</a><span class=\"meta\"><span>%t</span><span>", row->id, row->title, row->tag);
		rf_html_time(p->out, row->first_seen);
		rf_html(p->out, "</span></span></li>\n");
	}
	rf_html(p->out, "%s</section>\n", o->newest_count ? "</ul>\n" : "");
}

static int put_loudest(struct rf_page *p, struct rf_error *err)
{
	struct rf_finding_table table = { .caption = "The findings with the most events of the last seven days" };
	struct rf_finding_row *rows;
	uint32_t count;
	int rc = rf_overview_loudest(p->store, day_before(p, LOUD_DAYS - 1), LOUD_MAX, p->arena, &rows, &count, err);
	if (rc < 0)
		return rc;
	rf_html(p->out, "<section>\n<h2>Most events in seven days</h2>\n");
	if (count)
		rf_page_put_findings(p, &table, rows, count);
	else
		rf_html(p->out, "<p class=\"empty\">Nothing was seen in the last seven days. <a href=\"/findings\">All findings</a></p>\n");
	rf_html(p->out, "</section>\n");
	return 0;
}

static int put_runs(struct rf_page *p, struct rf_error *err)
{
	struct rf_run_summary *rows;
	uint32_t count;
	int rc = rf_query_runs(p->store, RUNS_MAX + 1, 0, p->arena, &rows, &count, err);
	if (rc < 0)
		return rc;
	rf_html(p->out, "<section>\n<div class=\"head\"><h2>Last runs</h2>\n<a href=\"/runs\">All runs</a></div>\n");
	if (count)
		rf_page_put_runs(p, rows, count > RUNS_MAX ? RUNS_MAX : count, count);
	else
		rf_html(p->out, "<p class=\"empty\">There is no run yet. <code>redflag test ./...</code> makes one.</p>\n");
	rf_html(p->out, "</section>\n");
	return 0;
}

int rf_page_overview(struct rf_page *p, struct rf_error *err)
{
	int64_t given = rf_params_number(&p->query, "days", RF_CHART_DAYS_MAX), days = given > 1 ? given : DAYS_DEFAULT;
	struct rf_overview_options options = { .from = day_before(p, (uint64_t)days - 1),
					       .now_unix_ns = rf_clock_now(p->site->clock), .tags = HEAT_TAGS,
					       .packages = HEAT_PACKAGES, .newest = NEWEST_MAX };
	struct rf_overview o;
	p->title = RF_STR("Overview");
	p->nav = RF_NAV_OVERVIEW;
	rf_html(p->out, "<h1>Overview</h1>\n");
	int rc = rf_overview_read(p->store, &options, p->arena, &o, err);
	if (rc < 0)
		return rc;
	put_counts(p, &o);
	put_trend(p, &o, (uint32_t)days);
	rf_html(p->out, "<div class=\"pair\">\n");
	put_heat(p, &o);
	put_newest(p, &o);
	rf_html(p->out, "</div>\n");
	rc = put_loudest(p, err);
	return rc == 0 ? put_runs(p, err) : rc;
}
