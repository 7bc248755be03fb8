/* Full-text search: what a person types finds the finding, nothing that is typed is an error, and names follow their findings. */
#include "unit.h"

#include "store/schema.h"
#include "store/search_names.h"
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

static void run_sql(struct sample *s, const char *sql)
{
	char *message = NULL;
	if (sqlite3_exec(s->store->handle, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s: %s", sql, message);
}

/* Everything that findings are found by; and the index is that of the names. */
static rf_str index_text(struct sample *s)
{
	run_sql(s, "INSERT INTO names_fts (names_fts, rank) VALUES ('integrity-check', 1)");
	return sample_text(s, "SELECT coalesce(group_concat(line, char(10)), '') FROM (SELECT finding || ' ' || kind || ' ' || name AS line"
			      " FROM v_search ORDER BY 1)");
}

static void fill(struct sample *s)
{
	assert_int_equal(rf_store_begin(s->store, &s->err), 0);
	assert_int_equal(rf_search_fill(s->store, &s->err), 0);
	assert_int_equal(rf_store_commit(s->store, &s->err), 0);
}

/* An index that is made anew from the rows is the same. */
static void assert_index(struct sample *s)
{
	rf_str grown = index_text(s);
	run_sql(s, "DELETE FROM finding_names; DELETE FROM names");
	assert_str(index_text(s), "");
	fill(s);
	rf_str anew = index_text(s);
	if (!rf_str_eq(grown, anew)) {
		rf_str missing = grown, more = anew;
		while (missing.len && rf_str_eq(rf_str_cut(&missing, '\n'), rf_str_cut(&more, '\n')))
			continue;
		fail_msg("behind where they differ grown has:\n%.*s\nanew has:\n%.*s", RF_STR_ARG(missing), RF_STR_ARG(more));
	}
}

static void store_through(struct sample *s, const char *function, const char *uid)
{
	int64_t id;
	struct rf_report *r = sample_report(s, "Add", "Total", 1);
	r->goroutines[0]->created.frames[0].function = rf_str_from(function);
	sample_store(s, r, "r1", uid, NULL, &id);
}

/* An event of a known finding that comes by another way adds what is new, and only that; a repeat writes nothing. */
static void test_names_grow(void **state)
{
	struct sample *s = *state;
	store_through(s, "example.com/shop.TestOne", "u1");
	assert_str(found(s, "Checkout"), "");
	int64_t names = sample_count(s, "SELECT count(*) FROM names"), pairs = sample_count(s, "SELECT count(*) FROM finding_names");
	store_through(s, "example.com/shop.TestOne", "u2");
	assert_int_equal(sample_count(s, "SELECT count(*) FROM finding_names"), pairs);
	store_through(s, "example.com/shop.Checkout", "u3");
	assert_int_equal(sample_count(s, "SELECT count(*) FROM names"), names + 1);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM finding_names"), pairs + 1);
	assert_str(found(s, "Checkout"), "1");
	assert_str(found(s, "Total Checkout"), "1");
	assert_index(s);
}

/* What another connection has written, or removed, is not taken for known. */
static void test_two_writers(void **state)
{
	struct sample *s = *state;
	struct rf_store *first = s->store, *second;
	struct rf_store_options options = sample_options(s);
	int64_t id;
	assert_int_equal(rf_store_open(&second, &options, &s->err), 0);
	store_through(s, "example.com/shop.First", "u1");
	s->store = second;
	store_through(s, "example.com/shop.Second", "u2");
	sample_store(s, sample_report(s, "Add", "Other", 2), "r1", "u3", NULL, &id);
	run_sql(s, "DELETE FROM events; DELETE FROM findings; DELETE FROM finding_names; DELETE FROM names");
	s->store = first;
	store_through(s, "example.com/shop.First", "u4");
	s->store = second;
	store_through(s, "example.com/shop.Second", "u5");
	s->store = first;
	store_through(s, "example.com/shop.Third", "u6");
	assert_str(found(s, "First Second Third"), "1");
	assert_index(s);
	rf_store_close(second);
}

/* A wildcard joins the full finding: its names are the full one's then. */
static void test_names_follow(void **state)
{
	struct sample *s = *state;
	int64_t id;
	sample_store(s, sample_report(s, "Sub", "Total", 1), "r1", "u0", NULL, &id);
	sample_store(s, sample_report(s, "Add", NULL, 1), "r1", "u1", NULL, &id);
	assert_str(found(s, "shop.Add"), "2");
	sample_store(s, sample_report(s, "Add", "Total", 1), "r1", "u2", NULL, &id);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM findings"), 2);
	assert_false(rf_str_eq_cstr(found(s, "shop.Add"), ""));
	assert_int_equal(sample_count(s, "SELECT count(*) FROM finding_names WHERE finding_id NOT IN (SELECT id FROM findings)"), 0);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM search_gone"), 0);
	assert_index(s);
}

/* A finding that only a text told gets the tag of the record that takes its place; where another event is left, it stays. */
static void test_titles_follow(void **state)
{
	struct sample *s = *state;
	int64_t id;
	for (unsigned texts = 1; texts <= 2; texts++) {
		rf_str function = rf_arena_printf(&s->arena, "Add%u", texts), uid = RF_STR("");
		const char *trace = texts == 1 ? "r1" : "r2";
		for (unsigned i = 0; i < texts; i++) {
			uid = rf_arena_printf(&s->arena, "t%u%u", texts, i);
			sample_store(s, sample_report(s, function.ptr, "Total", 1 + i), trace, uid.ptr, NULL, &id);
		}
		struct rf_report *record = sample_report(s, function.ptr, "Total", 1);
		record->from_spool = true;
		uid = rf_arena_printf(&s->arena, "s%u", texts);
		assert_int_equal(sample_store(s, record, trace, uid.ptr, "team:payment", &id), RF_STORED_UPGRADED);
	}
	assert_int_equal(sample_count(s, "SELECT count(*) FROM findings"), 3);
	assert_str(found(s, "team:payment"), "1 3");
	assert_str(found(s, "team:payment add1"), "1");
	assert_int_equal(sample_count(s, "SELECT count(*) FROM v_search WHERE kind = 'tag' AND name = 'example.com/shop'"), 1);
	assert_index(s);
}

/* The id of a finding that is gone may come back for another one with the same stacks. */
static void test_an_id_comes_back(void **state)
{
	struct sample *s = *state;
	store_one(s, "Add", "Total", "u1", "first", 1);
	store_one(s, "Sub", "Total", "u2", "first", 2);
	run_sql(s, "DELETE FROM events; DELETE FROM findings");
	assert_str(found(s, "first"), "");
	store_one(s, "Add", "Total", "u3", "second", 1);
	assert_str(found(s, "second"), "1");
	assert_str(found(s, "shop.Add"), "1");
	assert_str(found(s, "first"), "");
	assert_str(found(s, "Sub"), "");
	assert_index(s);
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

/* Many events in one transaction, with names that come and come again, in findings that are known and new: as one by one. */
static void test_one_transaction(void **state)
{
	struct sample *s = *state;
	struct rf_run run = { .trace_id = RF_STR("r1"), .command = RF_STR("test"), .directory = RF_STR("/"), .host = RF_STR("h") };
	int64_t run_id, id;
	enum rf_stored how;
	assert_int_equal(rf_store_begin(s->store, &s->err), 0);
	assert_int_equal(rf_store_run(s->store, &run, &run_id, &s->err), 0);
	for (unsigned i = 0; i < 200; i++) {
		struct rf_finding finding;
		const char *a = rf_arena_printf(&s->arena, "(*Type%u).Add", i % 7).ptr;
		struct rf_report *r = sample_report(s, a, i % 5 ? "Total" : NULL, i);
		r->goroutines[0]->created.frames[0].function = rf_arena_printf(&s->arena, "example.com/shop.Test%u", i % 11);
		rf_finding_make(r, &s->arena, &finding);
		struct rf_event event = { .report = r, .finding = &finding, .uid = rf_arena_printf(&s->arena, "u%u", i),
					  .tag = rf_arena_printf(&s->arena, "tag%u", i % 3), .package = RF_STR("example.com/shop"),
					  .test = rf_arena_printf(&s->arena, "TestIn%u", i % 13), .run_id = run_id,
					  .time_unix_ns = SAMPLE_NOW };
		assert_int_equal(rf_store_event(s->store, &event, &id, &how, &s->err), 0);
	}
	assert_int_equal(rf_store_commit(s->store, &s->err), 0);
	assert_int_equal(sample_count(s, "SELECT count(*) FROM findings"), 21);
	assert_index(s);
}

/* The title and the tag of one are a test and a function of others. */
static void test_best_first(void **state)
{
	struct sample *s = *state;
	struct rf_finding_row *rows;
	uint32_t count;
	store_one(s, "Add", "Total", "u1", "checkout", 1);
	for (unsigned i = 0; i < 3; i++) {
		int64_t id;
		s->clock.now += (uint64_t)60 * 1000000000u;
		struct rf_report *r = sample_report(s, rf_arena_printf(&s->arena, "Sub%u", i).ptr, "Total", 10 + i);
		r->goroutines[0]->created.frames[0].function = RF_STR("example.com/shop.checkout");
		sample_store(s, r, "r1", rf_arena_printf(&s->arena, "v%u", i).ptr, "other", &id);
	}
	assert_int_equal(rf_search_findings(s->store, RF_STR("Checkout"), 10, 0, &s->arena, &rows, &count, NULL, &s->err), 0);
	assert_int_equal(count, 4);
	assert_str(rows[0].tag, "checkout");
	assert_int_equal(rows[1].id, 4); /* then the latest */
	assert_int_equal(rows[3].id, 2);
}

/* A word is a name's, however long: what is beyond the bound is left out, and all is let go of as it came. */
static void test_long_names(void **state)
{
	struct sample *s = *state;
	char tag[RF_SEARCH_NAME_BYTES_MAX + 100], renamed[sizeof(tag)];
	int64_t id;
	memset(tag, 'x', sizeof(tag));
	memcpy(tag + RF_SEARCH_NAME_BYTES_MAX - 1, "\xc3\xa4", 2); /* the bound is in the middle of it */
	memcpy(tag + sizeof(tag) - 10, "beyond", 6);
	tag[sizeof(tag) - 1] = '\0';
	memcpy(renamed, tag, sizeof(tag));
	memcpy(renamed, "another", 7);
	sample_store(s, sample_report(s, "Add", "Total", 1), "r1", "u1", tag, &id);
	assert_str(found(s, "xxxx"), "1");
	assert_str(found(s, "beyond"), "");
	struct rf_report *record = sample_report(s, "Add", "Total", 1);
	record->from_spool = true;
	assert_int_equal(sample_store(s, record, "r1", "s1", renamed, &id), RF_STORED_UPGRADED);
	assert_str(found(s, "another"), "1");
	assert_int_equal(sample_count(s, "SELECT count(*) FROM v_search WHERE kind = 'tag'"), 1);
	assert_index(s);
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
		WITH_SAMPLE(test_typed),
		WITH_SAMPLE(test_never_an_error),
		WITH_SAMPLE(test_names_grow),
		WITH_SAMPLE(test_two_writers),
		WITH_SAMPLE(test_names_follow),
		WITH_SAMPLE(test_titles_follow),
		WITH_SAMPLE(test_an_id_comes_back),
		WITH_SAMPLE(test_rollback),
		WITH_SAMPLE(test_one_transaction),
		WITH_SAMPLE(test_best_first),
		WITH_SAMPLE(test_long_names),
		WITH_SAMPLE(test_list_filter),
		WITH_SAMPLE(test_paging),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
