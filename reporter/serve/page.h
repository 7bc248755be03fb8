/* A page: a function from a request to HTML. The contract between the server (server.c) and the pages (page_*.c).
 *
 * A page function writes what stands inside <main> to p->out, sets p->title, and returns 0. Head, navigation, footer and headers
 * are put around it (layout.c). When it fails, what it wrote is thrown away and its sentence is shown on an error page:
 * RF_ERR_MISSING as 404, RF_ERR_USAGE as 400, everything else (a query that took too long, the database, memory) as 503. So a page
 * function just passes errors up.
 *
 * Memory is p->arena's, bounded by RF_PAGE_ARENA_BYTES_MAX; strings of the store live in it, too. The store is open for reading
 * alone and one request has it at a time; the time of all queries of a page together is bounded (RF_PAGE_QUERY_MS_MAX).
 * Everything from a request or the database goes through rf_html (html.h), which escapes. No scripts, no style attributes: the
 * Content-Security-Policy forbids both; what needs a style gets a class in style.c.
 *
 * A new page: a function here, a row in routes.c.
 */
#ifndef RF_SERVE_PAGE_H
#define RF_SERVE_PAGE_H

#include "policy/suppressions.h"
#include "query/run_query.h"
#include "serve/guard.h"
#include "serve/html.h"
#include "serve/request.h"

#define RF_PAGE_ARENA_BYTES_MAX ((size_t)32 << 20)
#define RF_PAGE_BYTES_MAX ((size_t)16 << 20)
#define RF_PAGE_QUERY_MS_MAX 3000
#define RF_PAGE_SLOW_MS_MAX 25000 /* of what reads the whole file, which wants the token */
#define RF_PAGE_ROWS 50 /* of a list, before the next page */

/* What all pages know; the same for the life of the server. */
struct rf_site {
	const char *database;     /* path */
	const char *spools;       /* directory of spools that wait */
	const char *suppressions; /* path of the list; need not be there */
	const char *root;         /* the module: paths below it are shown relative to it */
	const char *module_path;  /* its import path; "" unknown */
	const char *version;
	struct rf_clock clock;
	struct rf_secrets secrets;
	/* Texts about kinds, for people; NULL: there is none. */
	struct { const char *meaning, *cure; } kinds[RF_KIND_COUNT];
};

enum rf_nav { RF_NAV_NONE, RF_NAV_OVERVIEW, RF_NAV_FINDINGS, RF_NAV_RUNS, RF_NAV_SUPPRESSIONS, RF_NAV_HEALTH };

struct rf_page {
	const struct rf_site *site;
	struct rf_store *store;  /* NULL for routes that need none */
	rf_arena *arena;
	struct rf_params query;  /* of the URL */
	struct rf_params form;   /* of a POST's body; it was checked that the writer may write */
	rf_str id;               /* of /findings/ID and its like: what stands behind the slash, decoded */
	bool may_write;          /* this browser has the token's cookie: show forms, with rf_page_form_secret in each */
	/* out */
	struct rf_buf *out;
	rf_str title;
	enum rf_nav nav;
	bool wide;               /* use the window's width */
	rf_str redirect;         /* "" none; a path of ours, and the status is 303 */
	const char *content_type; /* NULL: HTML within the layout; else out is sent as it is */
};
typedef int rf_page_function(struct rf_page *p, struct rf_error *err);

/* The hidden field that each form must have. */
void rf_page_form_secret(struct rf_page *p);
/* A table of findings. `caption` names it for those who don't see it. With `sorted` (else NULL) the heads are links that sort. Of a
 * run (`run_id`, else 0) the findings that it has seen first are marked. */
struct rf_finding_table {
	const char *caption;
	const char *sorted; /* name of the order that it has: rf_sort_name */
	int64_t run_id;
};
void rf_page_put_findings(struct rf_page *p, const struct rf_finding_table *table, const struct rf_finding_row *rows,
			  uint32_t count);
/* Runs as a table; of `count` rows the first `shown`, each with a link that compares it with the one behind it. */
void rf_page_put_runs(struct rf_page *p, const struct rf_run_summary *rows, uint32_t shown, uint32_t count);
/* What processes had to drop, and what was damaged in their spools; a sentence when it is nothing. */
void rf_page_put_drops(struct rf_page *p, const struct rf_process_counters *counters, const struct rf_spool_drops *drops);
/* "Earlier" and "later" below a list: `page` from 1, and whether there is more. Links keep the query. */
void rf_page_put_pager(struct rf_page *p, int64_t page, bool more);
/* A number in the query that a page is about, such as ?page=; 1 without. */
int64_t rf_page_number(const struct rf_page *p);

rf_page_function rf_page_overview, rf_page_findings, rf_page_finding, rf_page_runs, rf_page_run, rf_page_profiles, rf_page_compare,
	rf_page_suppressions, rf_page_suppress_add, rf_page_suppress_expire, rf_page_health, rf_page_health_json,
	rf_page_health_check, rf_page_style, rf_page_icon;

#endif
