/* What the overview and the list of findings count, against the documented views and the events themselves. */
#include "unit.h"

#include "store/finding_list.h"
#include "store/health.h"
#include "store/overview.h"
#include "store_sample.h"

#define DAY_NS 86400000000000u
#define DAYS 20
#define PAIRS 6

/* Findings of some functions and tags, over days and runs, some of them only suppressed, some both. */
static int history_setup(void **state)
{
	static const char *const functions[] = { "Add", "Total", "Put", "Get", "Close", "Open", "Walk" };
	sample_setup(state);
	struct sample *s = *state;
	for (unsigned day = 0; day < DAYS; day++) {
		s->clock.now = SAMPLE_NOW + day * DAY_NS;
		for (unsigned i = 0; i < PAIRS; i++) {
			char uid[32], trace[32];
			int64_t id;
			if ((day * 7 + i * 5) % 4 == 0 || (i == 0 && day > 3))
				continue;
			snprintf(uid, sizeof(uid), "u%u-%u", day, i);
			snprintf(trace, sizeof(trace), "t%u", day / 2);
			sample_store(s, sample_report(s, functions[i], functions[i + 1], i), trace, uid, i % 2 ? "shop:a" : "shop:b", &id);
		}
	}
	assert_int_equal(sqlite3_exec(s->store->handle, "UPDATE events SET verdict = 'suppressed' WHERE finding_id = 2 OR id % 7 = 0;"
				      "UPDATE events SET verdict = 'silenced' WHERE id % 5 = 0 AND finding_id <> 2;"
				      "UPDATE findings SET duplicate_of = 1 WHERE id = 3", NULL, NULL, NULL), SQLITE_OK);
	return 0;
}

static rf_str days_text(struct sample *s, const struct rf_day_row *rows, uint32_t count)
{
	struct rf_buf b;
	rf_buf_init(&b);
	for (uint32_t i = 0; i < count; i++)
		rf_buf_printf(&b, "%.*s %lld %lld %lld %lld;", RF_STR_ARG(rows[i].day),
			      (long long)(rows[i].findings_new + rows[i].findings_again), (long long)rows[i].events,
			      (long long)rows[i].suppressed, (long long)rows[i].silenced);
	rf_str text = rf_arena_dup(&s->arena, rf_buf_str(&b));
	rf_buf_release(&b);
	return text;
}

static void test_days_are_those_of_the_events(void **state)
{
	struct sample *s = *state;
	struct rf_day_row *rows;
	uint32_t count;
	int64_t fresh = 0;
	assert_int_equal(rf_overview_days(s->store, RF_STR("2026-01-05"), &s->arena, &rows, &count, &s->err), 0);
	rf_str want = sample_text(s, "SELECT group_concat(day || ' ' || n || ' ' || events || ' ' || suppressed || ' ' || silenced || ';', '')"
				  " FROM (SELECT substr(time, 1, 10) AS day, count(DISTINCT iif(verdict = 'suppressed', NULL, finding_id)) AS n,"
				  " count(*) AS events, sum(verdict = 'suppressed') AS suppressed, sum(verdict = 'silenced') AS silenced"
				  " FROM events WHERE time >= '2026-01-05' GROUP BY 1 ORDER BY 1)");
	assert_true(want.len > 100);
	assert_str(days_text(s, rows, count), rf_arena_cstr(&s->arena, want));
	assert_int_equal(rf_overview_days(s->store, RF_STR("2026-01-01"), &s->arena, &rows, &count, &s->err), 0);
	for (uint32_t i = 0; i < count; i++)
		fresh += rows[i].findings_new;
	assert_int_equal(fresh, sample_count(s, "SELECT count(*) FROM findings WHERE events_alert > 0"));
	assert_int_equal(rf_overview_days(s->store, RF_STR("2030-01-01"), &s->arena, &rows, &count, &s->err), 0);
	assert_int_equal(count, 0);
}

static void test_counts_are_those_of_the_view(void **state)
{
	struct sample *s = *state;
	struct rf_overview_counts c;
	int64_t sum = 0;
	assert_int_equal(rf_overview_counts(s->store, s->clock.now, &s->arena, &c, &s->err), 0);
	for (int i = 0; i < RF_STATUS_COUNT; i++) {
		rf_str sql = rf_arena_printf(&s->arena, "SELECT count(*) FROM v_findings WHERE status = '%s'",
					     rf_status_name((enum rf_status)i));
		assert_int_equal(c.findings[i], sample_count(s, sql.ptr));
		sum += c.findings[i];
	}
	assert_int_equal(sum, sample_count(s, "SELECT count(*) FROM findings"));
	assert_true(c.findings[RF_STATUS_SUPPRESSED] == 1 && c.findings[RF_STATUS_DUPLICATE] == 1);
}

static void test_heat_is_what_is_open(void **state)
{
	struct sample *s = *state;
	struct rf_heat_row *rows;
	uint32_t count;
	int64_t sum = 0;
	/* The view looks at the real time, which is later than the sample's. */
	assert_int_equal(rf_overview_heat(s->store, 1900000000000000000u, 10, 10, &s->arena, &rows, &count, &s->err), 0);
	for (uint32_t i = 0; i < count; i++)
		sum += rows[i].findings;
	assert_int_equal(sum, sample_count(s, "SELECT count(*) FROM v_findings WHERE status IN ('new', 'recurring', 'regressed')"));
	assert_int_equal(rf_overview_heat(s->store, SAMPLE_NOW, 1, 10, &s->arena, &rows, &count, &s->err), 0);
	assert_int_equal(count, 1);
	assert_str(rows[0].package, "example.com/shop");
}

static void test_loudest(void **state)
{
	struct sample *s = *state;
	struct rf_finding_row *rows;
	uint32_t count;
	assert_int_equal(rf_overview_loudest(s->store, RF_STR("2026-01-10"), 3, &s->arena, &rows, &count, &s->err), 0);
	assert_int_equal(count, 3);
	assert_int_equal(rows[0].events, sample_count(s, "SELECT max(n) FROM (SELECT count(*) AS n FROM events WHERE time >= '2026-01-10'"
						      " AND verdict <> 'suppressed' GROUP BY finding_id)"));
	assert_true(rows[0].events >= rows[1].events && rows[1].events >= rows[2].events);
	for (uint32_t i = 0; i < count; i++)
		assert_int_not_equal(rows[i].id, 2);
}

/* Each facet's count is the length of the list that one gets by choosing it. */
static void test_facets_are_the_lists_behind_them(void **state)
{
	struct sample *s = *state;
	struct rf_finding_list lists[4] = { { .limit = 100 }, { .limit = 100 }, { .limit = 100 }, { .limit = 100 } };
	lists[1].values[RF_FACET_TAG] = RF_STR("shop:a");
	lists[2].search = RF_STR("put");
	lists[2].since = RF_STR("2026-01-15");
	lists[3].values[RF_FACET_STATUS] = RF_STR("recurring");
	lists[3].values[RF_FACET_PACKAGE] = RF_STR("example.com/shop");
	for (size_t k = 0; k < 4; k++) {
		struct rf_facet_row *facets;
		struct rf_finding_row *rows;
		uint32_t count, n;
		assert_int_equal(rf_query_facets(s->store, &lists[k], &s->arena, &facets, &count, &s->err), 0);
		assert_true(count > 4);
		for (uint32_t i = 0; i < count; i++) {
			struct rf_finding_list chosen = lists[k];
			if (facets[i].facet != RF_FACET_COUNT)
				chosen.values[facets[i].facet] = facets[i].value;
			assert_int_equal(rf_query_finding_list(s->store, &chosen, &s->arena, &rows, &n, &s->err), 0);
			assert_int_equal(n, facets[i].findings);
		}
	}
}

static void test_a_chosen_value_is_always_there(void **state)
{
	struct sample *s = *state;
	struct rf_finding_list list = { .limit = 1 };
	struct rf_facet_row *facets;
	uint32_t count;
	list.values[RF_FACET_TAG] = RF_STR("nobody's");
	assert_int_equal(rf_query_facets(s->store, &list, &s->arena, &facets, &count, &s->err), 0);
	assert_int_equal(facets[0].facet, RF_FACET_COUNT);
	assert_int_equal(facets[0].findings, 0);
	assert_int_equal(count, 4); /* the whole, the tag that was chosen, and the two that there are */
	assert_str(facets[1].value, "nobody's");
	assert_int_equal(facets[1].findings, 0);
	assert_true(facets[2].findings >= facets[3].findings && facets[3].findings > 0);
}

static void test_orders_and_pages(void **state)
{
	struct sample *s = *state;
	int64_t all = sample_count(s, "SELECT count(*) FROM findings");
	for (int sort = 0; sort < RF_SORT_COUNT; sort++) {
		struct rf_finding_list list = { .sort = (enum rf_sort)sort, .limit = 2 };
		struct rf_finding_row *rows, before = { 0 };
		uint32_t count;
		for (list.offset = 0; list.offset < all; list.offset += count) {
			assert_int_equal(rf_query_finding_list(s->store, &list, &s->arena, &rows, &count, &s->err), 0);
			assert_true(count > 0);
			for (uint32_t i = 0; i < count; i++) {
				if (before.id && sort == RF_SORT_EVENTS)
					assert_true(before.events >= rows[i].events);
				if (before.id && sort == RF_SORT_LAST_SEEN)
					assert_true(rf_str_cmp(before.last_seen, rows[i].last_seen) >= 0);
				if (before.id && sort == RF_SORT_FIRST_SEEN)
					assert_true(rf_str_cmp(before.first_seen, rows[i].first_seen) >= 0);
				if (before.id && sort == RF_SORT_TITLE)
					assert_true(rf_str_cmp(before.title, rows[i].title) <= 0);
				before = rows[i];
			}
		}
		assert_int_equal(list.offset, all);
		assert_int_equal(rf_sort_from_name(rf_str_from(rf_sort_name((enum rf_sort)sort))), sort);
	}
}

static void test_health(void **state)
{
	struct sample *s = *state;
	struct rf_health h;
	rf_str said;
	int64_t sum = 0;
	assert_int_equal(rf_health_read(s->store, s->clock.now, &s->arena, &h, &s->err), 0);
	assert_int_equal(h.findings, sample_count(s, "SELECT count(*) FROM findings"));
	assert_int_equal(h.events, sample_count(s, "SELECT count(*) FROM events"));
	assert_int_equal(h.runs, sample_count(s, "SELECT count(*) FROM runs"));
	for (uint32_t i = 0; i < h.verdict_count; i++)
		sum += h.verdicts[i].events;
	assert_int_equal(sum, sample_count(s, "SELECT count(*) FROM events WHERE time >= '2026-01-14'"));
	assert_true(h.file_bytes > 0);
	assert_int_equal(rf_health_check(s->store, &s->arena, &said, &s->err), 0);
	assert_str(said, "ok");
	assert_int_equal(sqlite3_exec(s->store->handle, "PRAGMA foreign_keys = OFF; DELETE FROM tags WHERE id = 1", NULL, NULL, NULL),
			 SQLITE_OK);
	assert_int_equal(rf_health_check(s->store, &s->arena, &said, &s->err), 0);
	assert_true(rf_str_contains(said, "tags"));
}

#define WITH_HISTORY(test) cmocka_unit_test_setup_teardown(test, history_setup, sample_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_HISTORY(test_days_are_those_of_the_events),
		WITH_HISTORY(test_counts_are_those_of_the_view),
		WITH_HISTORY(test_heat_is_what_is_open),
		WITH_HISTORY(test_loudest),
		WITH_HISTORY(test_facets_are_the_lists_behind_them),
		WITH_HISTORY(test_a_chosen_value_is_always_there),
		WITH_HISTORY(test_orders_and_pages),
		WITH_HISTORY(test_health),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
