/* What the server decides as functions of text: queries and forms, addresses and headers, routes, markup. */
#include "unit.h"

#include <arpa/inet.h>

#include "arena_fixture.h"
#include "serve/chart.h"
#include "serve/routes.h"

/* --- queries and forms -------------------------------------------------------------------------------------------- */

static void test_params_are_decoded(void **state)
{
	struct rf_params p;
	(void)state;
	rf_params_parse(RF_STR("q=a+b%2Bc&tag=%3Cscript%3E&empty=&=nobody&flag&q=second&bad=%zz%4"), &arena, &p);
	assert_str(rf_params_get(&p, "q"), "a b+c");
	assert_str(rf_params_get(&p, "tag"), "<script>");
	assert_str(rf_params_get(&p, "empty"), "");
	assert_null(rf_params_text(&p, "empty").ptr);
	assert_str(rf_params_get(&p, "flag"), "");
	assert_str(rf_params_get(&p, "bad"), "%zz%4");
	assert_null(rf_params_get(&p, "absent").ptr);
	assert_int_equal(p.count, 6);
}

static void test_params_are_bounded(void **state)
{
	struct rf_params p;
	struct rf_buf b;
	(void)state;
	rf_buf_init(&b);
	for (int i = 0; i < 1000; i++)
		rf_buf_printf(&b, "p%d=%d&", i, i);
	rf_params_parse(rf_buf_str(&b), &arena, &p);
	assert_int_equal(p.count, RF_PARAMS_MAX);
	assert_null(rf_params_get(&p, "p999").ptr);
	rf_buf_release(&b);
}

static void test_numbers(void **state)
{
	static const struct { const char *text; int64_t number; } cases[] = {
		{ "page=1", 1 }, { "page=100", 100 }, { "page=101", 0 }, { "page=0", 0 }, { "page=-1", 0 }, { "page=1e9", 0 },
		{ "page=99999999999999999999999", 0 }, { "page=", 0 }, { "", 0 }, { "page=%31", 1 } };
	struct rf_params p;
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rf_params_parse(rf_str_from(cases[i].text), &arena, &p);
		assert_int_equal(rf_params_number(&p, "page", 100), cases[i].number);
	}
}

static void test_query_is_made_again(void **state)
{
	struct rf_params p;
	struct rf_buf b;
	(void)state;
	rf_buf_init(&b);
	rf_params_parse(RF_STR("q=a%26b&page=7&tag=x%22y&status=new&empty="), &arena, &p);
	rf_params_put_query(&p, "status", RF_STR("old <b>"), &b);
	assert_str(rf_buf_str(&b), "?q=a%26b&amp;tag=x%22y&amp;status=old%20%3Cb%3E");
	rf_buf_reset(&b);
	rf_params_put_query(&p, "status", RF_STR(""), &b);
	assert_str(rf_buf_str(&b), "?q=a%26b&amp;tag=x%22y");
	rf_buf_reset(&b);
	rf_params_parse(RF_STR(""), &arena, &p);
	rf_params_put_query(&p, "kind", RF_STR("a/b"), &b);
	assert_str(rf_buf_str(&b), "?kind=a%2Fb");
	rf_buf_release(&b);
}

/* --- markup ------------------------------------------------------------------------------------------------------- */

static void test_values_are_escaped(void **state)
{
	struct rf_buf b;
	(void)state;
	rf_buf_init(&b);
	rf_html(&b, "<a href=\"/x?t=%q\" title=\"%t\">%t</a>%d %n%%%s", RF_STR("\"><script>/&"), RF_STR("\"'<>&\n"),
		RF_STR("<script>\xff\x01\xe2\x80\xae"), (int64_t)-5, (int64_t)-1234567, "<br>");
	assert_str(rf_buf_str(&b), "<a href=\"/x?t=%22%3E%3Cscript%3E%2F%26\" title=\"&quot;&#39;&lt;&gt;&amp;&#10;\">"
				   "&lt;script&gt;\xef\xbf\xbd\\x01\\u202e</a>-5 -1&#8239;234&#8239;567%<br>");
	rf_buf_release(&b);
}

static void test_small_pieces(void **state)
{
	struct rf_buf b;
	(void)state;
	rf_buf_init(&b);
	rf_html_time(&b, RF_STR("2026-01-31T12:00:05.250Z"));
	assert_true(rf_str_contains(rf_buf_str(&b), ">2026-01-31 12:00</time>"));
	rf_buf_reset(&b);
	rf_html_time(&b, RF_STR(""));
	assert_str(rf_buf_str(&b), "never");
	rf_buf_reset(&b);
	rf_html_status(&b, RF_STR("<new>"));
	assert_str(rf_buf_str(&b), "<span class=\"badge is-off\">&lt;new&gt;</span>");
	rf_buf_reset(&b);
	rf_html_bytes(&b, 1536);
	rf_html_bytes(&b, 12);
	assert_str(rf_buf_str(&b), "1.5&#8239;kB12&#8239;B");
	rf_buf_reset(&b);
	rf_html_term(&b, "name", RF_STR(""));
	rf_html_term(&b, "name", RF_STR("a<b"));
	rf_html_term_number(&b, "n", 7);
	rf_html_term_bytes(&b, "size", 2000000);
	rf_html_term_time(&b, "then", RF_STR(""));
	assert_str(rf_buf_str(&b), "<dt>name</dt><dd>a&lt;b</dd>\n<dt>n</dt><dd>7</dd>\n<dt>size</dt><dd>2.0&#8239;MB</dd>\n"
				   "<dt>then</dt><dd>never</dd>\n");
	rf_buf_release(&b);
}

static void test_axis(void **state)
{
	static const int64_t cases[][2] = { { 0, 4 }, { 4, 4 }, { 5, 6 }, { 7, 10 }, { 11, 20 }, { 20, 20 }, { 21, 40 }, { 61, 100 },
					    { 1000, 1000 }, { 1001, 2000 } };
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(rf_chart_axis(cases[i][0]), cases[i][1]);
	assert_true(rf_chart_axis(INT64_MAX / 4) > 0);
}

/* --- addresses and headers ---------------------------------------------------------------------------------------- */

static void test_only_loopback_is_served(void **state)
{
	static const struct { const char *text; int family, port; } good[] = {
		{ "127.0.0.1:7878", AF_INET, 7878 }, { "127.1.2.3:1", AF_INET, 1 }, { "localhost:0", AF_INET, 0 }, { "8080", AF_INET, 8080 },
		{ "[::1]:9", AF_INET6, 9 }, { "127.0.0.1", AF_INET, 7878 } };
	static const char *const bad[] = { "0.0.0.0:80", "192.168.0.1:80", "[::]:80", "[::ffff:10.0.0.1]:80", "example.com:80", "",
					   "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:x", "127.0.0.1:80:80", "[::1]80", "[::1", ":80",
					   "127.0.0.1.evil.com:80", "127.1:80", "0x7f000001:80", "localhost.:80", "99999" };
	struct sockaddr_storage a;
	socklen_t bytes;
	struct rf_error err = { 0 };
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(rf_guard_address(good[i].text, &a, &bytes, &err), 0);
		assert_int_equal(a.ss_family, good[i].family);
		in_port_t port = a.ss_family == AF_INET ? ((struct sockaddr_in *)&a)->sin_port : ((struct sockaddr_in6 *)&a)->sin6_port;
		assert_int_equal(ntohs(port), good[i].port);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err.text[0] = '\0';
		if (rf_guard_address(bad[i], &a, &bytes, &err) != RF_ERR_USAGE)
			fail_msg("%s was taken", bad[i]);
		assert_true(err.text[0] != '\0');
	}
}

static void test_host_header(void **state)
{
	static const char *const good[] = { "127.0.0.1", "127.0.0.1:7878", "localhost", "localhost:1", "[::1]:80", "[::1]" };
	static const char *const bad[] = { "", "evil.com", "evil.com:7878", "127.0.0.1.evil.com", "localhost.evil.com", "localhost:",
					   "localhost:x", "127.0.0.1@evil.com", "::1", "[::1].evil.com", "127.0.0.1:80:80", "10.0.0.1",
					   "0.0.0.0", "127.0.0.1 ", "localhost:99999" };
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(rf_guard_host(rf_str_from(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (rf_guard_host(rf_str_from(bad[i])))
			fail_msg("%s was taken", bad[i]);
	}
	assert_false(rf_guard_host((rf_str){ NULL, 0 }));
}

static void test_origin_of_a_form(void **state)
{
	const rf_str host = RF_STR("127.0.0.1:7878"), none = { NULL, 0 };
	(void)state;
	assert_true(rf_guard_origin(none, none, host));
	assert_true(rf_guard_origin(RF_STR("http://127.0.0.1:7878"), none, host));
	assert_true(rf_guard_origin(RF_STR("http://127.0.0.1:7878"), RF_STR("same-origin"), host));
	assert_false(rf_guard_origin(RF_STR("http://127.0.0.1:7879"), none, host));
	assert_false(rf_guard_origin(RF_STR("https://127.0.0.1:7878"), none, host));
	assert_false(rf_guard_origin(RF_STR("http://evil.com"), none, host));
	assert_false(rf_guard_origin(RF_STR("null"), none, host));
	assert_false(rf_guard_origin(RF_STR(""), none, host));
	assert_false(rf_guard_origin(none, RF_STR("cross-site"), host));
	assert_false(rf_guard_origin(none, RF_STR("same-site"), host)); /* another port of this machine */
	assert_false(rf_guard_origin(RF_STR("http://127.0.0.1:7878"), RF_STR("cross-site"), host));
}

static void test_cookies(void **state)
{
	const rf_str header = RF_STR("a=1; redflag_78=x; redflag_7878=abc; b=2");
	(void)state;
	assert_str(rf_guard_cookie(header, "redflag_7878"), "abc");
	assert_str(rf_guard_cookie(header, "redflag_78"), "x");
	assert_null(rf_guard_cookie(header, "redflag").ptr);
	assert_null(rf_guard_cookie((rf_str){ NULL, 0 }, "a").ptr);
}

static void test_secrets(void **state)
{
	struct rf_secrets a, b;
	struct rf_error err;
	(void)state;
	assert_int_equal(rf_secrets_make(&a, &err), 0);
	assert_int_equal(rf_secrets_make(&b, &err), 0);
	assert_int_equal(strlen(a.token), RF_SECRET_DIGITS);
	assert_true(strcmp(a.token, b.token) != 0 && strcmp(a.token, a.session) != 0 && strcmp(a.session, a.form) != 0);
	assert_true(rf_secret_eq(rf_str_from(a.token), a.token));
	assert_false(rf_secret_eq(rf_str_from(b.token), a.token));
	assert_false(rf_secret_eq(rf_str_take(rf_str_from(a.token), RF_SECRET_DIGITS - 1), a.token));
	assert_false(rf_secret_eq((rf_str){ NULL, 0 }, a.token));
}

/* --- routes ------------------------------------------------------------------------------------------------------- */

static unsigned status_of(const char *path, enum rf_method method)
{
	rf_str id;
	unsigned status;
	rf_route_find(rf_str_from(path), method, &id, &status);
	return status;
}

static void test_routes(void **state)
{
	rf_str id;
	unsigned status;
	(void)state;
	const struct rf_route *r = rf_route_find(RF_STR("/findings/12"), RF_METHOD_GET, &id, &status);
	assert_true(r && r->page == rf_page_finding && r->store);
	assert_str(id, "12");
	static const char *const there[] = { "/", "/findings", "/runs", "/runs/7", "/compare", "/suppressions", "/health",
					     "/health.json", "/style.css", "/favicon.svg" };
	static const char *const nowhere[] = { "", "//", "/findings/", "/findings/1/2", "/findings//", "/runs/../health", "/style.css/",
					       "/STYLE.CSS", "/health.json/x", "/suppressions/add/", "/etc/passwd", "*",
					       "http://127.0.0.1/" };
	for (size_t i = 0; i < sizeof(there) / sizeof(there[0]); i++) {
		assert_int_equal(status_of(there[i], RF_METHOD_GET), 200);
		assert_int_equal(status_of(there[i], RF_METHOD_POST), 405);
		assert_int_equal(status_of(there[i], RF_METHOD_OTHER), 405);
	}
	for (size_t i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++)
		assert_int_equal(status_of(nowhere[i], RF_METHOD_GET), 404);
	assert_int_equal(status_of("/suppressions/add", RF_METHOD_GET), 405);
	assert_int_equal(status_of("/suppressions/add", RF_METHOD_POST), 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_params_are_decoded),
		cmocka_unit_test(test_params_are_bounded),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_query_is_made_again),
		cmocka_unit_test(test_values_are_escaped),
		cmocka_unit_test(test_small_pieces),
		cmocka_unit_test(test_axis),
		cmocka_unit_test(test_only_loopback_is_served),
		cmocka_unit_test(test_host_header),
		cmocka_unit_test(test_origin_of_a_form),
		cmocka_unit_test(test_cookies),
		cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_routes),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
