#include "serve/layout.h"

static const struct { enum rf_nav nav; const char *path, *name; } places[] = {
	{ RF_NAV_OVERVIEW, "/", "Overview" },
	{ RF_NAV_FINDINGS, "/findings", "Findings" },
	{ RF_NAV_RUNS, "/runs", "Runs" },
	{ RF_NAV_SUPPRESSIONS, "/suppressions", "Suppressions" },
	{ RF_NAV_HEALTH, "/health", "Health" },
};

static void put_nav(const struct rf_page *p, struct rf_buf *out)
{
	rf_html(out, "<header class=\"site\">\n<a class=\"brand\" href=\"/\"><svg viewBox=\"0 0 16 16\" width=\"18\" height=\"18\" "
		     "aria-hidden=\"true\"><path class=\"pole\" d=\"M3 1v14\"/><path class=\"flag\" d=\"M4 2h9l-2.5 3L13 8H4z\"/></svg>"
		     "redflag</a>\n<nav aria-label=\"Pages\"><ul>\n");
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		rf_html(out, "<li><a href=\"%s\"%s>%s</a></li>\n", places[i].path,
			places[i].nav == p->nav ? " aria-current=\"page\"" : "", places[i].name);
	rf_html(out, "</ul></nav>\n<form class=\"find\" action=\"/findings\" role=\"search\"><label><span class=\"unseen\">"
		     "Search findings</span><input type=\"search\" name=\"q\" placeholder=\"Search functions, files, tags\" "
		     "value=\"%t\"></label><button>Search</button></form>\n</header>\n", rf_params_get(&p->query, "q"));
}

void rf_layout_put(const struct rf_page *p, struct rf_buf *document)
{
	rf_html(document, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
			  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
			  "<meta name=\"color-scheme\" content=\"light dark\">\n<title>%t%sredflag</title>\n"
			  "<link rel=\"stylesheet\" href=\"/style.css\">\n<link rel=\"icon\" href=\"/favicon.svg\" "
			  "type=\"image/svg+xml\">\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">Skip to the content</a>\n",
		p->title, p->title.len ? " · " : "");
	put_nav(p, document);
	rf_html(document, "<main id=\"main\" tabindex=\"-1\"%s>\n", p->wide ? " class=\"wide\"" : "");
	rf_buf_put_str(document, rf_buf_str(p->out));
	rf_html(document, "</main>\n<footer class=\"site\"><p>redflag %t · <code>%t</code></p></footer>\n</body>\n</html>\n",
		rf_str_from(p->site->version), rf_str_from(p->site->database));
	document->failed |= p->out->failed;
}

static const char *heading(unsigned status)
{
	switch (status) {
	case 400:
		return "This request can't be understood";
	case 403:
		return "Not allowed";
	case 404:
		return "There is no such page";
	case 405:
		return "Not a way to ask for this page";
	case 413:
		return "Too much was sent";
	default:
		return "This page can't be made right now";
	}
}

void rf_layout_error(struct rf_page *p, unsigned status, rf_str sentence)
{
	rf_buf_reset(p->out);
	p->content_type = NULL;
	p->redirect = RF_STR("");
	p->title = rf_str_from(heading(status));
	rf_html(p->out, "<h1>%s</h1>\n<p>%t</p>\n<p><a href=\"/\">Back to the overview</a></p>\n", heading(status), sentence);
}

/* --- pieces that pages share ------------------------------------------------------------------------------------- */

void rf_page_form_secret(struct rf_page *p)
{
	rf_html(p->out, "<input type=\"hidden\" name=\"form\" value=\"%s\">", p->site->secrets.form);
}

#define PAGE_MAX 100000

int64_t rf_page_number(const struct rf_page *p)
{
	int64_t page = rf_params_number(&p->query, "page", PAGE_MAX);
	return page ? page : 1;
}

static void put_page_link(struct rf_page *p, int64_t page, const char *rel, const char *name)
{
	rf_str number = rf_arena_printf(p->arena, "%lld", (long long)page);
	rf_html(p->out, "<a rel=\"%s\" href=\"", rel);
	rf_params_put_query(&p->query, "page", number, p->out);
	rf_html(p->out, "\">%s</a>\n", name);
}

void rf_page_put_pager(struct rf_page *p, int64_t page, bool more)
{
	if (page == 1 && !more)
		return;
	rf_html(p->out, "<nav class=\"pager\" aria-label=\"Pages of the list\">\n");
	if (page > 1)
		put_page_link(p, page - 1, "prev", "Previous");
	rf_html(p->out, "<span>Page %d</span>\n", page);
	if (more)
		put_page_link(p, page + 1, "next", "Next");
	rf_html(p->out, "</nav>\n");
}

void rf_page_put_drops(struct rf_page *p, const struct rf_process_counters *c, const struct rf_spool_drops *d)
{
	const struct { uint64_t count; const char *what; } rows[] = {
		{ c->reports_dropped, "reports (spool full or not writable)" },
		{ c->symbols_dropped, "names of code addresses (spool full)" },
		{ c->labels_cut, "parts of goroutines' labels" },
		{ c->tests_dropped, "tests that could not be tracked as owners" },
		{ c->goroutines_unregistered, "goroutines that could not be registered (table full)" },
		{ d->records_bad, "damaged places in spools" },
		{ d->records_unknown, "spool records of types that this redflag doesn't know" },
		{ d->bytes_torn, "bytes at the end of spools whose process was killed while it wrote" },
	};
	bool any = false;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].count)
			rf_html(p->out, "%s<li><b>%n</b> %s</li>\n", any ? "" : "<ul>\n", (int64_t)rows[i].count, rows[i].what);
		any |= rows[i].count > 0;
	}
	rf_html(p->out, "%s", any ? "</ul>\n" : "<p class=\"dim\">Nothing was dropped.</p>\n");
}
