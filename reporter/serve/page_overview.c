/* The first page: how it goes, where it burns, what to look at. */
#include "serve/page.h"

#define TOP_MAX 15

static void put_finding(struct rf_page *p, const struct rf_finding_row *row)
{
	rf_html(p->out, "<tr><td>");
	rf_html_status(p->out, row->status);
	rf_html(p->out, "</td><th scope=\"row\"><a href=\"/findings/%d\">%t</a></th><td>%t</td><td class=\"number\">%n</td><td>",
		row->id, row->title, row->tag, row->events);
	rf_html_time(p->out, row->last_seen);
	rf_html(p->out, "</td></tr>\n");
}

int rf_page_overview(struct rf_page *p, struct rf_error *err)
{
	struct rf_finding_filter all = { 0 };
	struct rf_finding_row *rows;
	uint32_t count;
	p->title = RF_STR("Overview");
	p->nav = RF_NAV_OVERVIEW;
	int rc = rf_query_findings(p->store, &all, p->arena, &rows, &count, err);
	if (rc < 0)
		return rc;
	rf_html(p->out, "<h1>Overview</h1>\n<p>%n findings</p>\n<h2>Seen last</h2>\n<div class=\"scroll\"><table class=\"list\">\n<thead><tr>"
			"<th scope=\"col\">Status</th><th scope=\"col\">Finding</th><th scope=\"col\">Tag</th>"
			"<th scope=\"col\" class=\"number\">Events</th><th scope=\"col\">Last seen</th></tr></thead>\n<tbody>\n",
		(int64_t)count);
	for (uint32_t i = 0; i < count && i < TOP_MAX; i++)
		put_finding(p, &rows[i]);
	rf_html(p->out, "</tbody></table></div>\n");
	return 0;
}
