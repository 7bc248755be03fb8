/* Findings as a table, on every page that lists some. */
#include "export/item.h"
#include "serve/page.h"

static void put_head(struct rf_page *p, const struct rf_finding_table *t, const char *sort, const char *name, const char *class)
{
	if (!t->sorted) {
		rf_html(p->out, "<th scope=\"col\"%s>%s</th>", class, name);
		return;
	}
	bool current = rf_str_eq_cstr(rf_str_from(t->sorted), sort);
	rf_html(p->out, "<th scope=\"col\"%s%s><a href=\"/findings", class,
		!current ? "" : rf_str_eq_cstr(rf_str_from(sort), "title") ? " aria-sort=\"ascending\"" : " aria-sort=\"descending\"");
	rf_params_put_query(&p->query, "sort", rf_str_from(sort), p->out);
	rf_html(p->out, "\">%s</a></th>", name);
}

static void put_row(struct rf_page *p, const struct rf_finding_table *t, const struct rf_finding_row *row)
{
	rf_str owners = rf_words_owners(row->test_a, row->test_b, p->arena);
	rf_html(p->out, "<tr><td class=\"status\">");
	rf_html_status(p->out, row->status);
	rf_html(p->out, "</td><th scope=\"row\" class=\"what\"><a href=\"/findings/%d\">%t</a>", row->id, row->title);
	if (t->run_id && row->first_run_id == t->run_id && !row->in_baseline && !rf_str_eq_cstr(row->status, "new"))
		rf_html(p->out, " <span class=\"badge is-new\">first here</span>");
	rf_html(p->out, "<span class=\"meta\"><span>%t</span>", row->tag);
	if (!rf_str_eq(row->tag, row->package) && row->package.len)
		rf_html(p->out, "<span>%t</span>", row->package);
	if (owners.len)
		rf_html(p->out, "<span>%t</span>", owners);
	if (row->retried)
		rf_html(p->out, "<span>passed when run again</span>");
	rf_html(p->out, "</span></th><td class=\"number\" data-name=\"events\">%n</td><td class=\"when\">", row->events);
	rf_html_time(p->out, row->first_seen);
	rf_html(p->out, "</td><td class=\"when last\">");
	rf_html_time(p->out, row->last_seen);
	rf_html(p->out, "</td></tr>\n");
}

void rf_page_put_findings(struct rf_page *p, const struct rf_finding_table *t, const struct rf_finding_row *rows,
			  uint32_t count)
{
	rf_html(p->out, "<table class=\"list findings\">\n<caption class=\"unseen\">%s</caption>\n<thead><tr>"
			"<th scope=\"col\">Status</th>", t->caption);
	put_head(p, t, "title", "Finding", "");
	put_head(p, t, "events", "Events", " class=\"number\"");
	put_head(p, t, "first", "First seen", "");
	put_head(p, t, "last", "Last seen", "");
	rf_html(p->out, "</tr></thead>\n<tbody>\n");
	for (uint32_t i = 0; i < count; i++)
		put_row(p, t, &rows[i]);
	rf_html(p->out, "</tbody></table>\n");
}
