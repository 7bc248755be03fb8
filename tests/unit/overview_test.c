/* What the overview and the list of findings count, against the documented views and the events themselves. */
#include "unit.h"

#include "query/finding_list.h"
#include "query/health.h"
#include "store/day_totals.h"
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

static struct rf_overview read_overview(struct sample *s, const char *from, uint32_t tags, uint32_t newest)
{
	struct rf_overview_options options = { .from = rf_str_from(from), .now_unix_ns = s->clock.now, .tags = tags, .packages = 10,
					       .newest = newest };
	struct rf_overview o;
	assert_int_equal(rf_overview_read(s->store, &options, &s->arena, &o, &s->err), 0);
	return o;
}

/* What the days must say, from the events themselves. */
static const char *days_of_events(struct sample *s, const char *from)
{
	rf_str sql = rf_arena_printf(&s->arena, "SELECT coalesce(group_concat(day || ' ' || n || ' ' || events || ' ' || suppressed || ' ' ||"
				     " silenced || ';', ''), '') FROM (SELECT substr(time, 1, 10) AS day,"
				     " count(DISTINCT iif(verdict = 'suppressed', NULL, finding_id)) AS n, count(*) AS events,"
				     " sum(verdict = 'suppressed') AS suppressed, sum(verdict = 'silenced') AS silenced"
				     " FROM events WHERE time >= '%s' GROUP BY 1 ORDER BY 1)", from);
	return rf_arena_cstr(&s->arena, sample_text(s, sql.ptr));
}

static void check_days(struct sample *s, const char *from)
{
	struct rf_overview o = read_overview(s, from, 10, 0);
	assert_str(days_text(s, o.days, o.day_count), days_of_events(s, from));
}

static void test_days_are_those_of_the_events(void **state)
{
	struct sample *s = *state;
	int64_t fresh = 0;
	assert_true(strlen(days_of_events(s, "2026-01-05")) > 100);
	check_days(s, "2026-01-05");
	struct rf_overview o = read_overview(s, "2026-01-01", 10, 0);
	for (uint32_t i = 0; i < o.day_count; i++)
		fresh += o.days[i].findings_new;
	assert_int_equal(fresh, sample_count(s, "SELECT count(*) FROM findings WHERE events_alert > 0 AND duplicate_of IS NULL"));
	assert_int_equal(read_overview(s, "2030-01-01", 10, 0).day_count, 0);
}

static void run_sql(struct sample *s, const char *sql)
{
	assert_int_equal(sqlite3_exec(s->store->handle, sql, NULL, NULL, NULL), SQLITE_OK);
}

/* Totals that were kept never say anything else than the events do, whichever way these come, change and go. */
static void test_kept_totals_of_days_hold(void **state)
{
	static const char *const changes[] = {
		"UPDATE events SET verdict = 'suppressed' WHERE id = 3",
		"UPDATE events SET verdict = 'known' WHERE id = 8",
		"UPDATE events SET time = '2026-01-09T23:59:59.999Z' WHERE id = 5",
		"UPDATE events SET finding_id = 4 WHERE id = 6",
		"DELETE FROM events WHERE id IN (7, 9)",
		"DELETE FROM events WHERE finding_id = 2; DELETE FROM findings WHERE id = 2",
	};
	struct sample *s = *state;
	int64_t id, days = sample_count(s, "SELECT count(DISTINCT day) FROM finding_days");
	assert_true(days > 10);
	for (size_t i = 0; i <= sizeof(changes) / sizeof(changes[0]); i++) {
		rf_day_totals_settle(s->store);
		assert_int_equal(sample_count(s, "SELECT count(*) FROM day_totals"), days);
		check_days(s, "2026-01-01");
		if (i < sizeof(changes) / sizeof(changes[0])) {
			run_sql(s, changes[i]);
		} else {
			/* The second day again, and once more when its total is there again. */
			s->clock.now = SAMPLE_NOW + DAY_NS;
			sample_store(s, sample_report(s, "Put", "Get", 1), "t90", "late-1", "shop:a", &id);
			rf_day_totals_settle(s->store);
			sample_store(s, sample_report(s, "Get", "Walk", 1), "t90", "late-2", "shop:c", &id);
		}
		assert_true(sample_count(s, "SELECT count(*) FROM day_totals") < days);
		check_days(s, "2026-01-01");
		days = sample_count(s, "SELECT count(DISTINCT day) FROM finding_days");
	}
}

/* A connection that wrote makes them when it is closed; one that couldn't get the lock does no harm. */
static void test_totals_are_made_when_a_writer_closes(void **state)
{
	struct sample *s = *state;
	struct rf_store_options options = sample_options(s);
	struct rf_store *other;
	assert_int_equal(sample_count(s, "SELECT count(*) FROM day_totals"), 0);
	for (int busy = 1; busy >= 0; busy--) {
		assert_int_equal(rf_store_open(&other, &options, &s->err), 0);
		assert_int_equal(sqlite3_exec(other->handle, "UPDATE findings SET duplicate_reason = 'x' WHERE id = 3", NULL, NULL, NULL),
				 SQLITE_OK);
		if (busy)
			run_sql(s, "BEGIN IMMEDIATE");
		rf_store_close(other);
		if (busy)
			run_sql(s, "ROLLBACK");
		assert_int_equal(sample_count(s, "SELECT count(*) > 0 FROM day_totals"), !busy);
	}
	check_days(s, "2026-01-01");
}

static void test_counts_are_those_of_the_view(void **state)
{
	struct sample *s = *state;
	run_sql(s, "UPDATE events SET verdict = 'known' WHERE id = (SELECT min(e.id) FROM events e JOIN v_findings v ON v.id = e.finding_id"
		   " WHERE v.status = 'new')");
	struct rf_overview o = read_overview(s, "2026-01-01", 10, 0);
	int64_t sum = 0;
	for (int i = 0; i < RF_STATUS_COUNT; i++) {
		rf_str sql = rf_arena_printf(&s->arena, "SELECT count(*) FROM v_findings WHERE status = '%s'",
					     rf_status_name((enum rf_status)i));
		assert_int_equal(o.findings[i], sample_count(s, sql.ptr));
		sum += o.findings[i];
	}
	assert_int_equal(sum, sample_count(s, "SELECT count(*) FROM findings"));
	assert_true(o.findings[RF_STATUS_SUPPRESSED] == 1 && o.findings[RF_STATUS_DUPLICATE] == 1);
}

/* As many tags and packages as wanted, by their sums, and the sums of each place as the view has them. */
static void test_heat_is_what_is_open(void **state)
{
	struct sample *s = *state;
	int64_t sum = 0;
	run_sql(s, "UPDATE findings SET package = 'example.com/p' || id % 3, resolved_after = NULL");
	struct rf_overview o = read_overview(s, "2026-01-01", 10, 0);
	for (uint32_t i = 0; i < o.heat_count; i++) {
		const struct rf_heat_row *row = &o.heat[i];
		rf_str sql = rf_arena_printf(&s->arena, "SELECT count(*) FROM v_findings WHERE tag = '%.*s' AND package = '%.*s'"
					     " AND status IN ('new', 'baseline', 'recurring', 'regressed')", RF_STR_ARG(row->tag),
					     RF_STR_ARG(row->package));
		assert_true(row->findings > 0);
		assert_int_equal(row->findings, sample_count(s, sql.ptr));
		sum += row->findings;
	}
	assert_true(sum > 2);
	assert_int_equal(sum, sample_count(s, "SELECT count(*) FROM v_findings WHERE status IN ('new', 'baseline', 'recurring', 'regressed')"));
	rf_str first = o.heat[0].tag;
	o = read_overview(s, "2026-01-01", 1, 0);
	for (uint32_t i = 0; i < o.heat_count; i++)
		assert_true(rf_str_eq(o.heat[i].tag, first));
	assert_str(first, rf_arena_cstr(&s->arena, sample_text(s, "SELECT tag FROM v_findings WHERE status IN ('new', 'baseline', 'recurring',"
				       " 'regressed') GROUP BY tag ORDER BY count(*) DESC, min(id) LIMIT 1")));
}

static void test_newest_are_those_of_the_list(void **state)
{
	struct sample *s = *state;
	struct rf_finding_list list = { .sort = RF_SORT_FIRST_SEEN, .limit = 3 };
	struct rf_finding_row *rows;
	uint32_t count;
	int64_t id;
	/* Two of one and the same time, and one that is older than others with a lower number. */
	for (unsigned i = 0; i < 5; i++) {
		char uid[16];
		snprintf(uid, sizeof(uid), "new%u", i);
		s->clock.now = SAMPLE_NOW + (DAYS + (i == 3 ? 0 : i / 2)) * DAY_NS;
		sample_store(s, sample_report(s, "Walk", "Add", i), "t99", uid, i % 2 ? "shop:x" : "shop:y", &id);
		run_sql(s, "UPDATE findings SET duplicate_of = NULL");
	}
	list.values[RF_FACET_STATUS] = RF_STR("new");
	assert_int_equal(rf_query_finding_list(s->store, &list, &s->arena, &rows, &count, &s->err), 0);
	struct rf_overview o = read_overview(s, "2026-01-01", 10, 3);
	assert_true(count >= 2);
	assert_int_equal(o.newest_count, count);
	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(o.newest[i].id, rows[i].id);
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
		WITH_HISTORY(test_kept_totals_of_days_hold),
		WITH_HISTORY(test_totals_are_made_when_a_writer_closes),
		WITH_HISTORY(test_counts_are_those_of_the_view),
		WITH_HISTORY(test_heat_is_what_is_open),
		WITH_HISTORY(test_newest_are_those_of_the_list),
		WITH_HISTORY(test_loudest),
		WITH_HISTORY(test_facets_are_the_lists_behind_them),
		WITH_HISTORY(test_a_chosen_value_is_always_there),
		WITH_HISTORY(test_orders_and_pages),
		WITH_HISTORY(test_health),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
