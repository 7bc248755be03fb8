#include "serve/answer.h"

#include <stdio.h>
#include <string.h>

#include "serve/layout.h"
#include "store/json.h"

struct work {
	const struct rf_answerer *a;
	const struct rf_request *request;
	struct rf_reply *reply;
	struct rf_page page;
	struct rf_buf out;
};

static void fail(struct work *w, unsigned status, const char *sentence)
{
	w->reply->status = status;
	rf_layout_error(&w->page, status, rf_str_from(sentence));
}

static unsigned status_of(int code)
{
	switch (code) {
	case RF_ERR_MISSING:
		return 404;
	case RF_ERR_USAGE:
		return 400;
	default:
		return 503;
	}
}

/* --- who may write ------------------------------------------------------------------------------------------------ */

static void sign_in(struct work *w, rf_str token)
{
	if (!rf_secret_eq(token, w->a->site->secrets.token)) {
		fail(w, 403, "This token is not the one that redflag serve printed when it was started.");
		return;
	}
	snprintf(w->reply->set_cookie, sizeof(w->reply->set_cookie), "%s=%s; Path=/; HttpOnly; SameSite=Strict",
		 w->a->cookie_name, w->a->site->secrets.session);
	w->page.redirect = w->request->method == RF_METHOD_POST ? RF_STR("/suppressions") : RF_STR("/");
}

static bool may_post(struct work *w, const struct rf_route *route)
{
	const struct rf_request *r = w->request;
	if (!rf_guard_origin(r->origin, r->fetch_site, r->host)) {
		fail(w, 403, "This form was sent by a page of another site, so nothing was changed.");
		return false;
	}
	if (!r->content_type.ptr || !rf_str_starts(r->content_type, "application/x-www-form-urlencoded")) {
		fail(w, 400, "A form must be sent as application/x-www-form-urlencoded.");
		return false;
	}
	if (route->sign_in)
		return true;
	if (!w->page.may_write) {
		fail(w, 403, "Writing needs the token: open the address with ?token= that redflag serve printed when it was started.");
		return false;
	}
	if (!rf_secret_eq(rf_params_get(&w->page.form, "form"), w->a->site->secrets.form)) {
		fail(w, 403, "This form is from an earlier start of redflag serve; load its page again and send it once more.");
		return false;
	}
	return true;
}

static void tell_in_json(struct work *w, const char *sentence)
{
	struct rf_json j;
	rf_buf_reset(&w->out);
	w->page.content_type = "application/json";
	rf_json_init(&j, &w->out);
	rf_json_object(&j, NULL);
	rf_json_cstr(&j, "status", "error");
	rf_json_cstr(&j, "error", sentence);
	rf_json_end(&j);
	rf_json_finish(&j);
}

/* --- pages -------------------------------------------------------------------------------------------------------- */

static void run_page(struct work *w, const struct rf_route *route)
{
	struct rf_error err = { 0 };
	struct rf_page *p = &w->page;
	int rc = 0;
	if (route->store)
		rc = rf_stores_take(w->a->stores, route->slow ? RF_PAGE_SLOW_MS_MAX : RF_PAGE_QUERY_MS_MAX, &p->store, &err);
	if (rc < 0 && err.code == RF_ERR_MISSING)
		rc = err.code = RF_ERR_DATABASE; /* the database, not the page */
	if (rc == 0)
		rc = route->page(p, &err);
	rf_stores_give_back(w->a->stores, p->store);
	if (rc == 0 && (p->arena->failed || w->out.failed))
		rc = rf_fail(&err, RF_ERR_MEMORY, "This page needs more memory than a page may take; narrow it.");
	if (rc < 0)
		fail(w, status_of(rc), err.text);
	if (rc < 0 && route->json)
		tell_in_json(w, err.text);
	w->reply->keep = rc == 0 && route->keep;
}

static void decode_request(struct work *w, rf_str *path)
{
	struct rf_page *p = &w->page;
	rf_str query = w->request->uri;
	*path = rf_str_cut(&query, '?');
	rf_params_parse(query, p->arena, &p->query);
	if (w->request->method == RF_METHOD_POST)
		rf_params_parse(w->request->body, p->arena, &p->form);
	p->may_write = rf_secret_eq(rf_guard_cookie(w->request->cookie, w->a->cookie_name), w->a->site->secrets.session);
}

static void choose(struct work *w)
{
	const struct rf_request *r = w->request;
	rf_str path, id;
	unsigned status;
	if (!rf_guard_host(r->host)) {
		fail(w, r->host.len ? 403 : 400, "This server answers on 127.0.0.1, [::1] and localhost only, and the Host header names "
						 "something else.");
		return;
	}
	decode_request(w, &path);
	const struct rf_route *route = rf_route_find(path, r->method, &id, &status);
	if (!route) {
		unsigned readable;
		if (status == 405)
			w->reply->allow = rf_route_find(path, RF_METHOD_GET, &id, &readable) ? "GET, HEAD" : "POST";
		fail(w, status, status == 405 ? "This address exists, but not for this method." : "Nothing is at this address.");
		return;
	}
	w->page.id = rf_param_decode(id, w->page.arena);
	rf_str token = rf_params_get(&w->page.query, "token");
	if (r->body_too_long)
		fail(w, 413, "A form may have 64 KiB.");
	else if (r->method == RF_METHOD_POST && !may_post(w, route))
		return;
	else if (route->sign_in)
		sign_in(w, rf_params_get(&w->page.form, "token"));
	else if (token.ptr && rf_str_eq_cstr(path, "/"))
		sign_in(w, token);
	else
		run_page(w, route);
}

void rf_answer(const struct rf_answerer *a, const struct rf_request *request, struct rf_reply *reply)
{
	rf_arena arena;
	struct work w = { .a = a, .request = request, .reply = reply };
	*reply = (struct rf_reply){ .status = 200 };
	rf_buf_init(&reply->body);
	rf_buf_init(&w.out);
	rf_arena_init(&arena, RF_PAGE_ARENA_BYTES_MAX);
	w.page = (struct rf_page){ .site = a->site, .arena = &arena, .out = &w.out };
	w.out.cap_max = reply->body.cap_max = RF_PAGE_BYTES_MAX;
	choose(&w);
	if (w.page.redirect.len && w.page.redirect.len < sizeof(reply->location)) {
		memcpy(reply->location, w.page.redirect.ptr, w.page.redirect.len);
		reply->status = 303;
		rf_buf_reset(&w.out);
	}
	reply->content_type = w.page.content_type ? w.page.content_type : "text/html; charset=utf-8";
	if (w.page.content_type)
		rf_buf_put_str(&reply->body, rf_buf_str(&w.out));
	else
		rf_layout_put(&w.page, &reply->body);
	rf_buf_release(&w.out);
	rf_arena_release(&arena);
}
