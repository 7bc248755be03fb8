/* Full-text search: what a person types finds the finding, nothing that is typed is an error, and documents follow their findings. */
#include "unit.h"

#include "store/schema.h"
#include "store/search_document.h"
#include "store_sample.h"

/* "1 2": the findings that fit, by number. */
static rf_str found(struct sample *s, const char *typed)
{
	struct rf_finding_row *rows;
	uint32_t count;
	int64_t total;
	if (rf_search_findings(s->store, rf_str_from(typed), 100, 0, &s->arena, &rows, &count, &total, &s->err) != 0)
		fail_msg("%s: %s", typed, s->err.text);
	assert_int_equal(total, count);
	rf_str ids = RF_STR("");
	for (int64_t id = 1; id < 20; id++) {
		for (uint32_t i = 0; i < count; i++) {
			if (rows[i].id == id)
				ids = rf_arena_printf(&s->arena, "%.*s%s%lld", RF_STR_ARG(ids), ids.len ? " " : "", (long long)id);
		}
	}
	return ids;
}

static rf_str match(struct sample *s, const char *typed)
{
	return rf_search_match(rf_str_from(typed), &s->arena);
}

static void test_expressions(void **state)
{
	struct sample *s = *state;
	assert_null(match(s, "").ptr);
	assert_null(match(s, " \t ").ptr);
	assert_null(match(s, "\" . - ()").ptr);
	assert_str(match(s, "cart.Add"), "(\"cart.Add\")");
	assert_str(match(s, "cart.(*Cart).Add()"), "(\"cart.(*Cart).Add()\" OR \"cart.Cart.Add\")");
	assert_str(match(s, "Cart  OR Add"), "(\"Cart\") AND starts : \" OR\" AND (\"Add\")");
	assert_str(match(s, "\"data race\" x"), "(\"data race\") AND starts : \" x \"");
	assert_str(match(s, "\"open"), "(\"open\")");
	assert_str(match(s, "cart.go:17"), "(\"cart.go:17\" OR \"cart.go\")");
	assert_str(match(s, "Map[go.shape.int].Get"), "(\"Map[go.shape.int].Get\" OR \"Map.Get\")");
}

/* One word more than the bound, and text that is longer than its bound. */
static void test_bounds(void **state)
{
	struct sample *s = *state;
	rf_str many = match(s, "aaa bbb ccc ddd eee fff ggg hhh iii jjj kkk lll mmm nnn ooo ppp qqq");
	assert_true(rf_str_ends(many, "(\"ppp\")"));
	char longer[RF_SEARCH_TEXT_BYTES_MAX + 100];
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(match(s, longer).len, RF_SEARCH_TEXT_BYTES_MAX + 4);
}

static void test_names(void **state)
{
	static const struct {
		const char *function, *name;
	} names[] = {
		{ "example.com/shop/cart.(*Cart).Add", "example.com/shop/cart.Cart.Add" },
		{ "example.com/shop/cart.(*Cart).Add.func1", "example.com/shop/cart.Cart.Add.func1" },
		{ "gopkg.in/yaml%2ev3.(*Node).Set", "gopkg.in/yaml.v3.Node.Set" },
		{ "main.(*List[go.shape.int]).Push", "main.List.Push" },
		{ "main.Keys[go.shape.map[string]int]", "main.Keys" },
		{ "cfunction", "cfunction" },
		{ "", "" },
	};
	struct rf_buf b;
	(void)state;
	rf_buf_init(&b);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		rf_buf_reset(&b);
		rf_search_put_name(&b, rf_str_from(names[i].function));
		assert_str(rf_buf_str(&b), names[i].name);
	}
	rf_buf_reset(&b);
	rf_search_put_starts(&b, RF_STR("shop/cart.(*Cart).AddAll x \xc3\xa4\xc3\xb6\xc3\xbc GO"));
	assert_str(rf_buf_str(&b), " sh ca ad al x \xc3\xa4\xc3\xb6 go ");
	rf_buf_release(&b);
}

static void store_one(struct sample *s, const char *a, const char *b, const char *uid, const char *tag, unsigned address)
{
	int64_t id;
	sample_store(s, sample_report(s, a, b, address), "r1", uid, tag, &id);
}

static void test_typed(void **state)
{
	struct sample *s = *state;
	store_one(s, "(*Cart).Add", "(*Cart).Total", "u1", "order-service:payment-timeout", 1);
	store_one(s, "(*Session).KeepFresh", "expire", "u2", "auth", 2);
	static const struct {
		const char *typed, *ids;
	} cases[] = {
		{ "cart.Add", "1" }, { "cart.go", "" },
		{ "shop.Add", "1" }, { "Cart.Add", "1" }, { "cart add", "1" }, { "add CART", "1" }, { "(*Cart).Add", "1" },
		{ "example.com/shop.(*Cart).Add()", "1" }, { "shop.go", "1 2" }, { "/src/shop.go:10", "1 2" },
		{ "payment-timeout", "1" }, { "service:pay", "1" }, { "keepfresh", "2" }, { "eepfre", "2" }, { "TestOne", "1 2" },
		{ "auth", "2" }, { "fr", "2" }, { "ad to", "1" }, { "data race", "1 2" }, { "example.com/shop", "1 2" },
		{ "cart auth", "" }, { "\"Cart Add\"", "" }, { "z", "" }, { "nothing.like.it", "" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rf_str ids = found(s, cases[i].typed);
		if (!rf_str_eq_cstr(ids, cases[i].ids))
			fail_msg("%s finds \"%.*s\", not \"%s\"", cases[i].typed, RF_STR_ARG(ids), cases[i].ids);
	}
}

/* Whatever is typed, SQLite takes it. */
static void test_never_an_error(void **state)
{
	struct sample *s = *state;
	static const char *const odd[] = {
		"\"", "\"\"", "\"\"\"", "'", "*", "^", "a*", "AND", "NOT x", "NEAR(a b)", "title:x", "{title}: x", "-x", "+", "(", ")", "a\\",
		"%", "_", "\xff\xfe\xfd", "\xc3\xa4", "a\nb", "; DROP TABLE findings", "starts : x", "\"a\"\"b\"", "[", "]]", "x[[[",
		"example%00.com/a.b", "foo%22bar.baz", "\xf0\x9f\x8f\xb4\xf0\x9f\x8f\xb4", ":1", "::::1", "abc:99999999999999999999999",
	};
	uint32_t random = 1;
	store_one(s, "Add", "Total", "u1", NULL, 1);
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		found(s, odd[i]);
	for (unsigned round = 0; round < 2000; round++) {
		char text[24];
		for (size_t i = 0; i + 1 < sizeof(text); i++) {
			random = random * 1664525u + 1013904223u;
			text[i] = (char)(random >> 24 ? random >> 24 : 1);
		}
		text[sizeof(text) - 1] = '\0';
		found(s, text);
	}
}

/* An event of a known finding that comes by another way, in another test, adds what is new; a repeat writes nothing. */
static void test_documents_grow(void **state)
{
	struct sample *s = *state;
	struct rf_report *r = sample_report(s, "Add", "Total", 1);
	int64_t id;
	sample_store(s, r, "r1", "u1", NULL, &id);
	assert_str(found(s, "Checkout"), "");
	int writes = sqlite3_total_changes(s->store->handle);
	sample_store(s, sample_report(s, "Add", "Total", 1), "r1", "u2", NULL, &id);
	int repeat = sqlite3_total_changes(s->store->handle) - writes;
	r = sample_report(s, "Add", "Total", 1);
	r->goroutines[0]->created.frames[0].function = RF_STR("example.com/shop.Checkout");
	sample_store(s, r, "r1", "u3", NULL, &id);
	assert_str(found(s, "Checkout"), "1");
	assert_str(found(s, "Total"), "1");
	assert_true(sqlite3_total_changes(s->store->handle) - writes > 2 * repeat);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM findings_fts"), 1);
}

static void store_through(struct sample *s, const char *function, const char *uid)
{
	int64_t id;
	struct rf_report *r = sample_report(s, "Add", "Total", 1);
	r->goroutines[0]->created.frames[0].function = rf_str_from(function);
	sample_store(s, r, "r1", uid, NULL, &id);
}

/* While a session stores, documents wait for two seconds, or for its end, or for whoever comes after it was killed. */
static void test_lazily(void **state)
{
	struct sample *s = *state;
	rf_search_lazily(s->store, true);
	store_through(s, "example.com/shop.First", "u1");
	assert_str(found(s, "First"), "1"); /* nothing was brought up to date before */
	store_through(s, "example.com/shop.Second", "u2");
	assert_str(found(s, "Second"), "");
	assert_int_equal(sample_count(s, "SELECT count(*) FROM search_news"), 1);
	s->clock.now += (uint64_t)2 * 1000000000u;
	store_through(s, "example.com/shop.Third", "u3");
	assert_str(found(s, "Second"), "1");
	assert_str(found(s, "Third"), "1");
	assert_int_equal(sample_count(s, "SELECT count(*) FROM search_news"), 0);
	store_through(s, "example.com/shop.Fourth", "u4");
	assert_str(found(s, "Fourth"), "");
	rf_store_close(s->store);
	struct rf_store_options options = sample_options(s);
	assert_int_equal(rf_store_open(&s->store, &options, &s->err), 0);
	assert_str(found(s, "Fourth"), "");
	rf_search_settle(s->store);
	assert_str(found(s, "Fourth"), "1");
	assert_str(found(s, "First"), "1");
	assert_int_equal(sample_count(s, "SELECT count(*) FROM search_news"), 0);
}

/* News of a finding that is gone go with it. */
static void test_news_follow(void **state)
{
	struct sample *s = *state;
	int64_t id;
	rf_search_lazily(s->store, true);
	store_through(s, "example.com/shop.First", "u0");
	sample_store(s, sample_report(s, "Sub", NULL, 1), "r1", "u1", NULL, &id);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM search_news"), 1);
	sample_store(s, sample_report(s, "Sub", "Sum", 1), "r1", "u2", NULL, &id);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM search_news WHERE finding_id NOT IN (SELECT id FROM findings)"), 0);
	rf_search_settle(s->store);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM findings_fts"), 2);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM findings_fts x JOIN findings f ON f.id = x.rowid"), 2);
	assert_false(rf_str_eq_cstr(found(s, "Sum"), ""));
}

static void test_documents_follow(void **state)
{
	struct sample *s = *state;
	int64_t id;
	/* a wildcard joins the full finding: its document goes, its names stay */
	sample_store(s, sample_report(s, "Add", NULL, 1), "r1", "u1", NULL, &id);
	assert_str(found(s, "shop.Add"), "1");
	sample_store(s, sample_report(s, "Add", "Total", 1), "r1", "u2", NULL, &id);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM findings"), 1);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM findings_fts"), 1);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM findings_fts x JOIN findings f ON f.id = x.rowid"), 1);
	assert_int_equal(sample_count(s, "SELECT x.title = f.title FROM findings_fts x JOIN findings f ON f.id = x.rowid"), 1);
}

/* The id of a finding that is gone may come back for another one with the same stacks. */
static void test_an_id_comes_back(void **state)
{
	struct sample *s = *state;
	store_one(s, "Add", "Total", "u1", "first", 1);
	assert_int_equal(sqlite3_exec(s->store->handle, "DELETE FROM events; DELETE FROM findings", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM findings_fts"), 0);
	store_one(s, "Add", "Total", "u2", "second", 1);
	assert_str(found(s, "second"), "1");
	assert_str(found(s, "first"), "");
}

/* What was rolled back is not believed to be there. */
static void test_rollback(void **state)
{
	struct sample *s = *state;
	struct rf_finding finding;
	struct rf_report *r = sample_report(s, "Add", "Total", 1);
	struct rf_run run = { .trace_id = RF_STR("r1"), .command = RF_STR("test"), .directory = RF_STR("/"), .host = RF_STR("h") };
	struct rf_event event = { .report = r, .finding = &finding, .uid = RF_STR("u1"), .tag = RF_STR("shop"),
				  .package = RF_STR("example.com/shop"), .test = RF_STR("TestOne"), .time_unix_ns = SAMPLE_NOW };
	enum rf_stored how;
	int64_t id;
	rf_finding_make(r, &s->arena, &finding);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(rf_store_begin(s->store, &s->err), 0);
		assert_int_equal(rf_store_run(s->store, &run, &event.run_id, &s->err), 0);
		assert_int_equal(rf_store_event(s->store, &event, &id, &how, &s->err), 0);
		if (round == 0)
			rf_store_rollback(s->store);
		else
			assert_int_equal(rf_store_commit(s->store, &s->err), 0);
	}
	assert_str(found(s, "shop.Add"), "1");
}

static rf_str document(struct sample *s)
{
	return sample_text(s, "SELECT group_concat(title || '|' || tag || '|' || package || '|' || tests || '|' || functions || '|' ||"
			      " files || '|' || starts) FROM findings_fts");
}

/* Made anew from the rows, a document has the same names. */
static void test_fill(void **state)
{
	struct sample *s = *state;
	store_one(s, "(*Cart).Add", "Total", "u1", "orders", 1);
	rf_str typed[] = { found(s, "cart.add"), found(s, "TestOne"), found(s, "orders"), found(s, "shop.go") };
	size_t bytes = document(s).len;
	assert_int_equal(sqlite3_exec(s->store->handle, "DELETE FROM findings_fts", NULL, NULL, NULL), SQLITE_OK);
	assert_str(found(s, "Cart"), "");
	assert_int_equal(rf_store_begin(s->store, &s->err), 0);
	assert_int_equal(rf_search_fill(s->store, &s->err), 0);
	assert_int_equal(rf_store_commit(s->store, &s->err), 0);
	assert_int_equal(document(s).len, bytes);
	assert_true(rf_str_eq(found(s, "cart.add"), typed[0]) && rf_str_eq(found(s, "TestOne"), typed[1]) &&
		    rf_str_eq(found(s, "orders"), typed[2]) && rf_str_eq(found(s, "shop.go"), typed[3]));
	assert_str(typed[0], "1");
}

static void test_list_filter(void **state)
{
	struct sample *s = *state;
	struct rf_finding_row *rows;
	uint32_t count;
	store_one(s, "Add", "Total", "u1", "orders", 1);
	store_one(s, "Remove", "Total", "u2", "payment", 2);
	struct rf_finding_filter filter = { .search = RF_STR("shop.rem") };
	assert_int_equal(rf_query_findings(s->store, &filter, &s->arena, &rows, &count, &s->err), 0);
	assert_int_equal(count, 1);
	assert_str(rows[0].tag, "payment");
	filter.search = RF_STR("( )");
	assert_int_equal(rf_query_findings(s->store, &filter, &s->arena, &rows, &count, &s->err), 0);
	assert_int_equal(count, 0);
	filter.search = RF_STR("shop.rem");
	filter.tag = RF_STR("orders");
	assert_int_equal(rf_query_findings(s->store, &filter, &s->arena, &rows, &count, &s->err), 0);
	assert_int_equal(count, 0);
}

static void test_paging(void **state)
{
	struct sample *s = *state;
	struct rf_finding_row *rows;
	uint32_t count;
	int64_t total, sum = 0;
	for (unsigned i = 0; i < 7; i++)
		store_one(s, rf_arena_printf(&s->arena, "Add%u", i).ptr, "Total", rf_arena_printf(&s->arena, "u%u", i).ptr, NULL, i);
	for (uint32_t offset = 0; offset < 9; offset += 3) {
		assert_int_equal(rf_search_findings(s->store, RF_STR("total"), 3, offset, &s->arena, &rows, &count, &total, &s->err), 0);
		assert_int_equal(total, 7);
		assert_int_equal(count, offset < 6 ? 3 : 1);
		for (uint32_t i = 0; i < count; i++)
			sum += 1 << rows[i].id;
	}
	assert_int_equal(sum, 0xfe);
}

#define WITH_SAMPLE(test) cmocka_unit_test_setup_teardown(test, sample_setup, sample_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SAMPLE(test_expressions),
		WITH_SAMPLE(test_bounds),
		WITH_SAMPLE(test_names),
		WITH_SAMPLE(test_typed),
		WITH_SAMPLE(test_never_an_error),
		WITH_SAMPLE(test_documents_grow),
		WITH_SAMPLE(test_lazily),
		WITH_SAMPLE(test_news_follow),
		WITH_SAMPLE(test_documents_follow),
		WITH_SAMPLE(test_an_id_comes_back),
		WITH_SAMPLE(test_rollback),
		WITH_SAMPLE(test_fill),
		WITH_SAMPLE(test_list_filter),
		WITH_SAMPLE(test_paging),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
