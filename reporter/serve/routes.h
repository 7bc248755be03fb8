/* Which page answers which path. */
#ifndef RF_SERVE_ROUTES_H
#define RF_SERVE_ROUTES_H

#include "serve/page.h"

enum rf_method { RF_METHOD_GET, RF_METHOD_POST, RF_METHOD_OTHER }; /* HEAD is GET */

struct rf_route {
	const char *path;  /* one that ends in / takes what stands behind it as the page's id */
	enum rf_method method;
	bool store;        /* the page reads the database */
	bool keep;         /* the browser may keep it for a while */
	bool slow;         /* its queries may take RF_PAGE_SLOW_MS_MAX */
	bool json;         /* failures are told in JSON, too */
	bool sign_in;      /* no page: takes the token from a form */
	rf_page_function *page;
};
/* NULL: *status is 404 or 405. `id` is what stands behind the slash, as it came. */
const struct rf_route *rf_route_find(rf_str path, enum rf_method method, rf_str *id, unsigned *status);

#endif
