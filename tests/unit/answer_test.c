/* From a request to a reply, on a small database, without a socket: every page, who may ask, who may write, and what happens when
 * the database isn't what it was.
 */
#include "unit.h"

#include "query/reading.h"
#include "serve/answer.h"
#include "store_sample.h"

#define HOSTILE "<script>alert('x')</script>\"' OR 1=1"

struct site {
	struct sample *s;
	struct rf_site site;
	struct rf_stores stores;
	struct rf_answerer answerer;
	char suppressions[160];
	char cookie[96];
	struct rf_reply reply;
	rf_str body;
};

static int site_setup(void **state)
{
	struct site *t = calloc(1, sizeof(*t));
	struct rf_error err;
	void *sample = NULL;
	int64_t id;
	sample_setup(&sample);
	t->s = sample;
	snprintf(t->suppressions, sizeof(t->suppressions), "%s/list", t->s->directory);
	t->site = (struct rf_site){ .database = t->s->path, .spools = "/nowhere", .suppressions = t->suppressions, .root = "/src",
				    .module_path = "", .version = "1<2", .clock = { sample_now, &t->s->clock } };
	assert_int_equal(rf_secrets_make(&t->site.secrets, &err), 0);
	rf_stores_init(&t->stores, t->s->path, t->site.clock);
	t->answerer = (struct rf_answerer){ .site = &t->site, .stores = &t->stores, .cookie_name = "redflag_1" };
	snprintf(t->cookie, sizeof(t->cookie), "redflag_1=%s", t->site.secrets.session);
	sample_store(t->s, sample_report(t->s, "Add", "Total", 1), HOSTILE, "u1", HOSTILE, &id);
	sample_store(t->s, sample_report(t->s, "(*Cart).Put", "Get", 2), "t2", "u2", "shop:cart", &id);
	sample_store(t->s, sample_report(t->s, "(*Cart).Put", "Get", 2), "t1", "u3", "shop:cart", &id);
	*state = t;
	return 0;
}

static int site_teardown(void **state)
{
	struct site *t = *state;
	void *sample = t->s;
	rf_buf_release(&t->reply.body);
	rf_stores_release(&t->stores);
	sample_teardown(&sample);
	free(t);
	return 0;
}

static unsigned ask(struct site *t, struct rf_request *request)
{
	rf_buf_release(&t->reply.body);
	rf_answer(&t->answerer, request, &t->reply);
	t->body = rf_buf_str(&t->reply.body);
	return t->reply.status;
}

static struct rf_request request_of(const char *uri)
{
	return (struct rf_request){ .uri = rf_str_from(uri), .host = RF_STR("127.0.0.1:1"), .body = RF_STR("") };
}

static unsigned get(struct site *t, const char *uri)
{
	struct rf_request r = request_of(uri);
	return ask(t, &r);
}

static struct rf_request post_of(struct site *t, const char *uri, rf_str body)
{
	struct rf_request r = request_of(uri);
	r.method = RF_METHOD_POST;
	r.cookie = rf_str_from(t->cookie);
	r.content_type = RF_STR("application/x-www-form-urlencoded");
	r.origin = RF_STR("http://127.0.0.1:1");
	r.fetch_site = RF_STR("same-origin");
	r.body = body;
	return r;
}

static bool shows(struct site *t, const char *text)
{
	return rf_str_contains(t->body, text);
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

static void test_every_page_answers_and_escapes(void **state)
{
	static const char *const pages[] = {
		"/", "/?days=90", "/findings", "/findings?q=cart&sort=title", "/findings?tag=%3Cscript%3Ealert%28%27x%27%29%3C%2Fscript%3E",
		"/findings?q=%3Cscript%3Ealert%28%27x%27%29&kind=%22%3E%3Cscript%3E&since=7d&page=3", "/findings/1", "/runs", "/runs/1",
		"/compare?a=t1&b=t2", "/suppressions", "/suppressions?finding=%22%3E%3Cscript%3E", "/health", "/nothing<script>",
		"/findings/%3Cscript%3E", "/runs/%3Cscript%3Ealert%28%27x%27%29", "/compare?a=%3Cscript%3E&b=%22%3E%3Cscript%3E" };
	struct site *t = *state;
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		unsigned status = get(t, pages[i]);
		if (status != 200 && status != 404 && status != 400)
			fail_msg("%s: %u %.*s", pages[i], status, RF_STR_ARG(t->body));
		if (shows(t, "<script") || shows(t, " style=") || shows(t, "javascript:"))
			fail_msg("%s lets markup through", pages[i]);
		assert_true(rf_str_starts(t->body, "<!DOCTYPE html>") && rf_str_ends(t->body, "</html>\n"));
		assert_true(shows(t, "redflag 1&lt;2"));
	}
}

static void test_findings_are_filtered(void **state)
{
	struct site *t = *state;
	assert_int_equal(get(t, "/findings?tag=shop%3Acart"), 200);
	assert_true(shows(t, "/findings/2\"") && !shows(t, "/findings/1\""));
	assert_int_equal(get(t, "/findings?status=new"), 200);
	assert_true(shows(t, "/findings/1\"") && !shows(t, "/findings/2\""));
	assert_int_equal(get(t, "/findings?q=Cart.Put"), 200);
	assert_true(shows(t, "/findings/2\"") && !shows(t, "/findings/1\""));
	assert_int_equal(get(t, "/findings?q=nothing-has-this"), 200);
	assert_true(shows(t, "No finding fits"));
	/* Text that would be SQL, or an operator of the search, is text. */
	assert_int_equal(get(t, "/findings?tag=%27%20OR%201%3D1%20--&q=%22%20OR%20NEAR%28*"), 200);
	assert_true(shows(t, "No finding fits"));
	assert_int_equal(get(t, "/findings?since=yesterday"), 400);
	assert_int_equal(get(t, "/findings?page=99999"), 200);
}

static void test_runs_by_number_and_trace_id(void **state)
{
	struct site *t = *state;
	assert_int_equal(get(t, "/runs/2"), 200);
	assert_true(shows(t, "<h1>Run 2</h1>") && shows(t, "t2"));
	assert_int_equal(get(t, "/runs/t1"), 200);
	assert_true(shows(t, "<h1>Run 3</h1>"));
	assert_int_equal(get(t, "/runs/99"), 404);
	assert_int_equal(get(t, "/runs/99999999999999999999"), 404);
	assert_int_equal(get(t, "/runs/..%2f..%2fetc%2fpasswd"), 404);
}

static void test_health_in_json(void **state)
{
	struct site *t = *state;
	assert_int_equal(get(t, "/health.json"), 200);
	assert_string_equal(t->reply.content_type, "application/json");
	assert_true(shows(t, "\"status\": \"ok\"") && shows(t, "\"findings\": 2") && shows(t, "\"events\": 3"));
	unlink(t->s->path);
	assert_int_equal(get(t, "/health.json"), 503);
	assert_true(shows(t, "\"status\": \"error\"") && shows(t, "There is no database"));
}

/* --- who may ask -------------------------------------------------------------------------------------------------- */

static void test_another_host_is_refused(void **state)
{
	struct site *t = *state;
	struct rf_request r = request_of("/findings");
	r.host = RF_STR("evil.example:1");
	assert_int_equal(ask(t, &r), 403);
	assert_false(shows(t, "Cart"));
	r.host = (rf_str){ NULL, 0 };
	assert_int_equal(ask(t, &r), 400);
}

static void test_methods(void **state)
{
	struct site *t = *state;
	struct rf_request r = request_of("/findings");
	r.method = RF_METHOD_OTHER;
	assert_int_equal(ask(t, &r), 405);
	assert_string_equal(t->reply.allow, "GET, HEAD");
	r = request_of("/suppressions/add");
	assert_int_equal(ask(t, &r), 405);
	assert_string_equal(t->reply.allow, "POST");
}

static void test_sign_in(void **state)
{
	struct site *t = *state;
	assert_int_equal(get(t, "/?token=wrong"), 403);
	assert_string_equal(t->reply.set_cookie, "");
	rf_str uri = rf_arena_printf(&t->s->arena, "/?token=%s", t->site.secrets.token);
	assert_int_equal(get(t, uri.ptr), 303);
	assert_string_equal(t->reply.location, "/");
	assert_non_null(strstr(t->reply.set_cookie, t->site.secrets.session));
	assert_non_null(strstr(t->reply.set_cookie, "HttpOnly; SameSite=Strict"));
	struct rf_request r = post_of(t, "/sign-in", rf_arena_printf(&t->s->arena, "token=%s", t->site.secrets.token));
	r.cookie = (rf_str){ NULL, 0 };
	assert_int_equal(ask(t, &r), 303);
	assert_non_null(strstr(t->reply.set_cookie, t->site.secrets.session));
	r.origin = RF_STR("http://evil.example");
	assert_int_equal(ask(t, &r), 403);
	assert_string_equal(t->reply.set_cookie, "");
}

static void test_forms_are_for_who_signed_in(void **state)
{
	struct site *t = *state;
	struct rf_request r = request_of("/suppressions");
	assert_int_equal(ask(t, &r), 200);
	assert_false(shows(t, t->site.secrets.form));
	r.cookie = rf_str_from(t->cookie);
	assert_int_equal(ask(t, &r), 200);
	assert_true(shows(t, t->site.secrets.form));
	assert_false(shows(t, t->site.secrets.token) || shows(t, t->site.secrets.session));
}

static void test_writing_is_refused(void **state)
{
	struct site *t = *state;
	rf_str body = rf_arena_printf(&t->s->arena, "form=%s&finding=2&reason=known", t->site.secrets.form);
	const struct rf_request good = post_of(t, "/suppressions/add", body);
	struct rf_request bad[8];
	for (size_t i = 0; i < 8; i++)
		bad[i] = good;
	bad[0].cookie = (rf_str){ NULL, 0 };
	bad[1].cookie = RF_STR("redflag_1=00000000000000000000000000000000");
	bad[2].origin = RF_STR("http://evil.example");
	bad[3].fetch_site = RF_STR("cross-site");
	bad[4].body = RF_STR("finding=2&reason=known");
	bad[5].body = rf_arena_printf(&t->s->arena, "form=%s&finding=2&reason=known", t->site.secrets.token);
	bad[6].host = RF_STR("evil.example");
	bad[7].content_type = RF_STR("text/plain");
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(ask(t, &bad[i]), i == 7 ? 400 : 403);
	bad[0] = good;
	bad[0].body_too_long = true;
	assert_int_equal(ask(t, &bad[0]), 413);
	assert_int_equal(access(t->suppressions, F_OK), -1);
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

static rf_str list_of(struct site *t)
{
	char text[4096];
	FILE *f = fopen(t->suppressions, "r");
	size_t n = f ? fread(text, 1, sizeof(text), f) : 0;
	if (f)
		fclose(f);
	return rf_arena_dup(&t->s->arena, (rf_str){ text, n });
}

static unsigned post(struct site *t, const char *uri, const char *fields)
{
	struct rf_request r = post_of(t, uri, rf_arena_printf(&t->s->arena, "form=%s&%s", t->site.secrets.form, fields));
	return ask(t, &r);
}

static void test_adding_and_ending(void **state)
{
	struct site *t = *state;
	assert_int_equal(post(t, "/suppressions/add", "finding=2&reason=known%0Arace%3Aeverything"), 400);
	assert_int_equal(post(t, "/suppressions/add", "finding=2"), 400);
	assert_int_equal(post(t, "/suppressions/add", "finding=2&reason=x&expires=soon"), 400);
	assert_int_equal(post(t, "/suppressions/add", "finding=77&reason=x"), 404);
	assert_int_equal(access(t->suppressions, F_OK), -1);
	assert_int_equal(post(t, "/suppressions/add", "finding=2&reason=it%27s+known&expires=2026-02-01&owner=shop"), 303);
	assert_true(rf_str_contains(list_of(t), "# owner=\"shop\" expires=2026-02-01 reason=\"it's known\"\nrace:^example.com/shop."));
	assert_int_equal(post(t, "/suppressions/add", "finding=2&reason=again"), 400);
	assert_true(shows(t, "already"));
	assert_int_equal(get(t, "/suppressions"), 200);
	assert_true(shows(t, "it&#39;s known") && shows(t, ">unused<"));
	assert_int_equal(post(t, "/suppressions/expire", "line=4&text=race%3Aanother"), 400);
	rf_str text = list_of(t);
	text = rf_str_skip(text, (size_t)rf_str_find_str(text, RF_STR("race:^")));
	text = rf_str_cut(&text, '\n');
	rf_str fields = rf_arena_printf(&t->s->arena, "line=4&text=%.*s", RF_STR_ARG(text));
	assert_int_equal(post(t, "/suppressions/expire", fields.ptr), 303);
	assert_true(rf_str_contains(list_of(t), "expires=2025-12-31"));
	assert_int_equal(post(t, "/suppressions/expire", fields.ptr), 400);
	assert_int_equal(get(t, "/suppressions"), 200);
	assert_true(shows(t, ">expired<"));
}

static void test_a_broken_list_is_told(void **state)
{
	struct site *t = *state;
	FILE *f = fopen(t->suppressions, "w");
	fputs("race:a\nrase:<b>\n", f);
	fclose(f);
	assert_int_equal(get(t, "/suppressions"), 200);
	assert_true(shows(t, "list:2: &quot;rase:&lt;b&gt;&quot; is no suppression"));
	assert_int_equal(post(t, "/suppressions/add", "finding=2&reason=x"), 503);
	assert_str(list_of(t), "race:a\nrase:<b>\n");
}

/* --- when the database isn't what it was -------------------------------------------------------------------------- */

static void test_database_goes_and_comes_back(void **state)
{
	struct site *t = *state;
	char aside[160];
	snprintf(aside, sizeof(aside), "%s.aside", t->s->path);
	/* All in the one file: what is in the log beside it would be found whatever the file is. */
	assert_int_equal(sqlite3_exec(t->s->store->handle, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(get(t, "/findings"), 200);
	assert_int_equal(rename(t->s->path, aside), 0);
	assert_int_equal(get(t, "/findings"), 503);
	assert_true(shows(t, "There is no database"));
	FILE *f = fopen(t->s->path, "w");
	fputs("this is no database, and long enough to be looked at as one\n", f);
	fclose(f);
	assert_int_equal(get(t, "/findings"), 503);
	assert_true(shows(t, "is no SQLite database"));
	assert_int_equal(rename(aside, t->s->path), 0);
	assert_int_equal(get(t, "/findings"), 200);
	assert_true(shows(t, "/findings/2\""));
}

static void test_newer_schema_is_told(void **state)
{
	struct site *t = *state;
	assert_int_equal(get(t, "/"), 200);
	assert_int_equal(sqlite3_exec(t->s->store->handle, "PRAGMA user_version = 9999", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(get(t, "/"), 503);
	assert_true(shows(t, "use the newer redflag"));
}

static void test_pages_never_write(void **state)
{
	struct site *t = *state;
	struct rf_store *store;
	struct rf_error err = { 0 };
	char *said = NULL;
	assert_int_equal(rf_stores_take(&t->stores, 1000, &store, &err), 0);
	assert_int_not_equal(sqlite3_exec(store->handle, "DELETE FROM events", NULL, NULL, &said), SQLITE_OK);
	sqlite3_free(said);
	assert_int_not_equal(sqlite3_exec(store->handle, "PRAGMA query_only = OFF; DELETE FROM events", NULL, NULL, &said), SQLITE_OK);
	sqlite3_free(said);
	rf_stores_give_back(&t->stores, store);
}

static void test_a_query_that_takes_too_long_is_stopped(void **state)
{
	struct site *t = *state;
	struct rf_store *store;
	struct rf_error err = { 0 };
	sqlite3_stmt *q;
	assert_int_equal(rf_stores_take(&t->stores, 1, &store, &err), 0);
	assert_int_equal(sqlite3_prepare_v2(store->handle, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
					    " SELECT count(*) FROM n", -1, &q, NULL), SQLITE_OK);
	assert_int_equal(rf_db_step(store, q, &err), RF_ERR_DATABASE);
	assert_says(err, "took too long");
	sqlite3_finalize(q);
	rf_stores_give_back(&t->stores, store);
	assert_int_equal(get(t, "/findings"), 200); /* the connection works on */
}

#define WITH_SITE(test) cmocka_unit_test_setup_teardown(test, site_setup, site_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SITE(test_every_page_answers_and_escapes),
		WITH_SITE(test_findings_are_filtered),
		WITH_SITE(test_runs_by_number_and_trace_id),
		WITH_SITE(test_health_in_json),
		WITH_SITE(test_another_host_is_refused),
		WITH_SITE(test_methods),
		WITH_SITE(test_sign_in),
		WITH_SITE(test_forms_are_for_who_signed_in),
		WITH_SITE(test_writing_is_refused),
		WITH_SITE(test_adding_and_ending),
		WITH_SITE(test_a_broken_list_is_told),
		WITH_SITE(test_database_goes_and_comes_back),
		WITH_SITE(test_newer_schema_is_told),
		WITH_SITE(test_pages_never_write),
		WITH_SITE(test_a_query_that_takes_too_long_is_stopped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
