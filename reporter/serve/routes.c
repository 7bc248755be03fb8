#include "serve/routes.h"

static const struct rf_route routes[] = {
	{ .path = "/", .page = rf_page_overview, .store = true },
	{ .path = "/findings", .page = rf_page_findings, .store = true },
	{ .path = "/findings/", .page = rf_page_finding, .store = true },
	{ .path = "/compare", .page = rf_page_compare, .store = true },
	{ .path = "/runs", .page = rf_page_runs, .store = true },
	{ .path = "/runs/", .page = rf_page_run, .store = true },
	{ .path = "/profiles/", .page = rf_page_profiles, .store = true },
	{ .path = "/suppressions", .page = rf_page_suppressions, .store = true },
	{ .path = "/suppressions/add", .method = RF_METHOD_POST, .page = rf_page_suppress_add, .store = true },
	{ .path = "/suppressions/expire", .method = RF_METHOD_POST, .page = rf_page_suppress_expire },
	{ .path = "/health", .page = rf_page_health, .store = true },
	{ .path = "/health.json", .page = rf_page_health_json, .store = true, .json = true },
	{ .path = "/health/check", .method = RF_METHOD_POST, .page = rf_page_health_check, .store = true, .slow = true },
	{ .path = "/sign-in", .method = RF_METHOD_POST, .sign_in = true },
	{ .path = "/style.css", .page = rf_page_style, .keep = true },
	{ .path = "/favicon.svg", .page = rf_page_icon, .keep = true },
};

static bool matches(const struct rf_route *r, rf_str path, rf_str *id)
{
	rf_str route = rf_str_from(r->path);
	*id = RF_STR("");
	if (route.len > 1 && rf_str_ends(route, "/")) {
		*id = rf_str_skip(path, route.len);
		return rf_str_starts(path, r->path) && id->len && rf_str_find(*id, '/') < 0;
	}
	return rf_str_eq(route, path);
}

const struct rf_route *rf_route_find(rf_str path, enum rf_method method, rf_str *id, unsigned *status)
{
	*status = 404;
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (!matches(&routes[i], path, id))
			continue;
		if (routes[i].method == method) {
			*status = 200;
			return &routes[i];
		}
		*status = 405;
	}
	return NULL;
}
