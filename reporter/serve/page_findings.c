/* All findings: search, facets, sorting, paging. Everything is in the address, so that a view can be kept and passed on. */
#include "query/finding_list.h"
#include "serve/page.h"
#include "store/search.h"

static const struct { const char *value, *name; } spans[] = {
	{ "", "any time" }, { "24h", "the last day" }, { "7d", "the last week" }, { "30d", "the last 30 days" },
};
static const struct { enum rf_sort sort; const char *name; } orders[] = {
	{ RF_SORT_LAST_SEEN, "last seen" }, { RF_SORT_FIRST_SEEN, "first seen" }, { RF_SORT_EVENTS, "most events" },
	{ RF_SORT_TITLE, "title" },
};
static const char *const facet_heads[] = { "Status", "Kind", "Class", "Tag", "Package", "Test" };

static int read_list(struct rf_page *p, struct rf_finding_list *list, struct rf_error *err)
{
	rf_str since = rf_params_text(&p->query, "since");
	*list = (struct rf_finding_list){ .search = rf_params_text(&p->query, "q"), .limit = RF_PAGE_ROWS + 1 };
	list->sort = rf_sort_from_name(rf_params_get(&p->query, "sort"));
	if (list->sort == RF_SORT_COUNT)
		list->sort = RF_SORT_LAST_SEEN;
	list->offset = (uint32_t)(rf_page_number(p) - 1) * RF_PAGE_ROWS;
	for (int i = 0; i < RF_FACET_COUNT; i++)
		list->values[i] = rf_params_text(&p->query, rf_facet_name((enum rf_facet)i));
	return since.ptr ? rf_time_since(since, rf_clock_now(p->site->clock), p->arena, &list->since, err)
			 : 0;
}

/* --- the form ---------------------------------------------------------------------------------------------------- */

/* Facets are links, not fields; the form carries them along. */
static void put_form(struct rf_page *p, const struct rf_finding_list *list)
{
	rf_str since = rf_params_get(&p->query, "since");
	rf_html(p->out, "<form class=\"bar\" action=\"/findings\">\n<label>Search <input type=\"search\" name=\"q\" value=\"%t\" "
			"placeholder=\"function, file, tag, test\"></label>\n<label>Seen <select name=\"since\">",
		rf_params_get(&p->query, "q"));
	bool known = false;
	for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
		bool chosen = rf_str_eq_cstr(since, spans[i].value);
		known |= chosen;
		rf_html(p->out, "<option value=\"%s\"%s>%s</option>", spans[i].value, chosen ? " selected" : "", spans[i].name);
	}
	if (!known)
		rf_html(p->out, "<option value=\"%t\" selected>since %t</option>", since, since);
	rf_html(p->out, "</select></label>\n<label>Sort by <select name=\"sort\">");
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
		rf_html(p->out, "<option value=\"%s\"%s>%s</option>", rf_sort_name(orders[i].sort),
			list->sort == orders[i].sort ? " selected" : "", orders[i].name);
	rf_html(p->out, "</select></label>\n");
	for (int i = 0; i < RF_FACET_COUNT; i++) {
		if (list->values[i].ptr)
			rf_html(p->out, "<input type=\"hidden\" name=\"%s\" value=\"%t\">", rf_facet_name((enum rf_facet)i),
				list->values[i]);
	}
	rf_html(p->out, "<button>Show</button>\n</form>\n");
}

/* What is asked for, each with a way out. */
static void put_chosen(struct rf_page *p, const struct rf_finding_list *list)
{
	bool any = false;
	for (int i = 0; i < RF_FACET_COUNT; i++) {
		const char *name = rf_facet_name((enum rf_facet)i);
		if (!list->values[i].ptr)
			continue;
		rf_html(p->out, "%s<li><a class=\"chip\" href=\"/findings", any ? "" : "<ul class=\"chips\" aria-label=\"Filters\">\n");
		rf_params_put_query(&p->query, name, RF_STR(""), p->out);
		rf_html(p->out, "\">%s <b>%t</b> <span aria-hidden=\"true\">×</span><span class=\"unseen\">remove</span></a></li>\n", name,
			list->values[i]);
		any = true;
	}
	rf_html(p->out, "%s", any ? "</ul>\n" : "");
}

/* --- facets ------------------------------------------------------------------------------------------------------ */

static void put_value(struct rf_page *p, const struct rf_finding_list *list, const struct rf_facet_row *row)
{
	const char *name = rf_facet_name(row->facet);
	bool chosen = rf_str_eq(list->values[row->facet], row->value);
	rf_html(p->out, "<li><a href=\"/findings");
	rf_params_put_query(&p->query, name, chosen ? RF_STR("") : row->value, p->out);
	rf_html(p->out, "\"%s>%t</a> <span class=\"count\">%n</span></li>\n", chosen ? " aria-current=\"true\"" : "",
		row->value, row->findings);
}

static void put_facets(struct rf_page *p, const struct rf_finding_list *list, const struct rf_facet_row *rows, uint32_t count)
{
	rf_html(p->out, "<aside id=\"filters\" aria-label=\"Filters\">\n");
	for (int facet = 0; facet < RF_FACET_COUNT; facet++) {
		uint32_t values = 0;
		for (uint32_t i = 0; i < count; i++) {
			if ((int)rows[i].facet != facet || rows[i].value.len == 0)
				continue;
			if (values++ == 0)
				rf_html(p->out, "<section>\n<h2>%s</h2>\n<ul>\n", facet_heads[facet]);
			put_value(p, list, &rows[i]);
		}
		if (values == 0)
			continue;
		rf_html(p->out, "</ul>\n%s</section>\n",
			values == RF_FACET_VALUES_MAX ? "<p class=\"dim\">and others; search finds them</p>\n" : "");
	}
	rf_html(p->out, "</aside>\n");
}

static int64_t total_of(const struct rf_facet_row *rows, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (rows[i].facet == RF_FACET_COUNT)
			return rows[i].findings;
	}
	return 0;
}

static void put_list(struct rf_page *p, const struct rf_finding_list *list, const struct rf_finding_row *rows, uint32_t count)
{
	struct rf_finding_table table = { .caption = "Findings", .sorted = rf_sort_name(list->sort) };
	bool more = count > RF_PAGE_ROWS;
	if (count == 0) {
		rf_html(p->out, "<p class=\"empty\">No finding fits. <a href=\"/findings\">Show all</a></p>\n");
		return;
	}
	rf_page_put_findings(p, &table, rows, more ? RF_PAGE_ROWS : count);
	rf_page_put_pager(p, rf_page_number(p), more);
}

int rf_page_findings(struct rf_page *p, struct rf_error *err)
{
	struct rf_finding_list list;
	struct rf_finding_row *rows;
	struct rf_facet_row *facets;
	uint32_t count, facet_count;
	p->title = RF_STR("Findings");
	p->nav = RF_NAV_FINDINGS;
	int rc = read_list(p, &list, err);
	if (rc == 0 && list.search.ptr)
		rc = rf_search_hits(p->store, list.search, p->arena, &list.hits, err);
	if (rc == 0)
		rc = rf_query_finding_list(p->store, &list, p->arena, &rows, &count, err);
	if (rc == 0)
		rc = rf_query_facets(p->store, &list, p->arena, &facets, &facet_count, err);
	if (rc < 0)
		return rc;
	int64_t total = total_of(facets, facet_count);
	rf_html(p->out, "<h1>Findings</h1>\n<p>%n %s <a class=\"narrow\" href=\"#filters\">Filters</a></p>\n", total,
		total == 1 ? "finding" : "findings");
	put_form(p, &list);
	put_chosen(p, &list);
	rf_html(p->out, "<div class=\"with-aside\">\n<div>\n");
	put_list(p, &list, rows, count);
	rf_html(p->out, "</div>\n");
	put_facets(p, &list, facets, facet_count);
	rf_html(p->out, "</div>\n");
	return 0;
}
