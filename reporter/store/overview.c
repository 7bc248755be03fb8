#include "store/overview.h"

#include "store/collect.h"

/* --- days -------------------------------------------------------------------------------------------------------- */

static void read_day(sqlite3_stmt *q, rf_arena *arena, void *any)
{
	struct rf_day_row *row = any;
	*row = (struct rf_day_row){ .day = rf_db_text(q, 0, arena), .findings_new = sqlite3_column_int64(q, 1),
				    .findings_again = sqlite3_column_int64(q, 2), .events = sqlite3_column_int64(q, 3),
				    .suppressed = sqlite3_column_int64(q, 4), .silenced = sqlite3_column_int64(q, 5) };
}

/* A finding has a row a verdict, so it is grouped first, which the primary key's order makes cheap; findings are not joined with
 * every one of their days. */
static const char days_sql[] =
	"WITH seen AS (SELECT day, max(verdict <> 'suppressed') AS heard, sum(events) AS events,"
	"  sum(iif(verdict = 'suppressed', events, 0)) AS suppressed, sum(iif(verdict = 'silenced', events, 0)) AS silenced"
	"  FROM finding_days WHERE day >= :from GROUP BY day, finding_id),"
	" days AS (SELECT day, sum(heard) AS findings, sum(events) AS events, sum(suppressed) AS suppressed,"
	"  sum(silenced) AS silenced FROM seen GROUP BY day),"
	" fresh AS (SELECT substr(first_seen, 1, 10) AS day, count(*) AS findings FROM findings"
	"  WHERE first_seen >= :from AND events_alert > 0 GROUP BY 1)"
	" SELECT d.day, coalesce(f.findings, 0), max(0, d.findings - coalesce(f.findings, 0)), d.events, d.suppressed, d.silenced"
	" FROM days d LEFT JOIN fresh f ON f.day = d.day ORDER BY d.day";

int rf_overview_days(struct rf_store *s, rf_str from, rf_arena *arena, struct rf_day_row **rows, uint32_t *count,
		     struct rf_error *err)
{
	sqlite3_stmt *q;
	void *array = NULL;
	int rc = rf_prepare(s, days_sql, &q, err);
	if (rc < 0)
		return rc;
	rf_bind_text(q, ":from", from);
	rc = rf_collect_once(s, q, sizeof(**rows), read_day, arena, &array, count, err);
	*rows = array;
	return rc;
}

/* --- counts ------------------------------------------------------------------------------------------------------ */

struct count_row {
	rf_str name;
	int64_t count, more;
};

static void read_count(sqlite3_stmt *q, rf_arena *arena, void *any)
{
	struct count_row *row = any;
	*row = (struct count_row){ rf_db_text(q, 0, arena), sqlite3_column_int64(q, 1), sqlite3_column_int64(q, 2) };
}

int rf_overview_counts(struct rf_store *s, uint64_t now_unix_ns, rf_arena *arena, struct rf_overview_counts *out,
		       struct rf_error *err)
{
	sqlite3_stmt *q;
	void *array = NULL;
	uint32_t count = 0;
	*out = (struct rf_overview_counts){ .silences = 0 };
	int rc = rf_prepare(s, "SELECT status, count(*), 0 FROM v_findings GROUP BY status UNION ALL"
			       " SELECT '', count(*), coalesce(sum(held), 0) FROM silences WHERE told = 0 AND until > :now", &q, err);
	if (rc < 0)
		return rc;
	rf_bind_text(q, ":now", rf_time_text(now_unix_ns, arena));
	rc = rf_collect_once(s, q, sizeof(struct count_row), read_count, arena, &array, &count, err);
	for (uint32_t i = 0; rc == 0 && i < count; i++) {
		const struct count_row *row = (const struct count_row *)array + i;
		enum rf_status status = rf_status_from_name(row->name);
		if (status != RF_STATUS_COUNT) {
			out->findings[status] = row->count;
		} else if (row->name.len == 0) {
			out->silences = row->count;
			out->held = row->more;
		}
	}
	return rc;
}

/* --- heat -------------------------------------------------------------------------------------------------------- */

static void read_heat(sqlite3_stmt *q, rf_arena *arena, void *any)
{
	struct rf_heat_row *row = any;
	*row = (struct rf_heat_row){ rf_db_text(q, 0, arena), rf_db_text(q, 1, arena), sqlite3_column_int64(q, 2) };
}

static const char heat_sql[] =
	"WITH open AS MATERIALIZED (SELECT tag, package FROM v_findings WHERE status IN ('new', 'recurring', 'regressed')),"
	" t AS (SELECT tag, count(*) AS n FROM open GROUP BY tag ORDER BY n DESC, tag LIMIT :tags),"
	" p AS (SELECT package, count(*) AS n FROM open GROUP BY package ORDER BY n DESC, package LIMIT :packages)"
	" SELECT o.tag, o.package, count(*) FROM open o JOIN t ON t.tag = o.tag JOIN p ON p.package = o.package"
	" GROUP BY o.tag, o.package ORDER BY max(t.n) DESC, o.tag, max(p.n) DESC, o.package";

int rf_overview_heat(struct rf_store *s, uint32_t tags, uint32_t packages, rf_arena *arena, struct rf_heat_row **rows,
		     uint32_t *count, struct rf_error *err)
{
	sqlite3_stmt *q;
	void *array = NULL;
	int rc = rf_prepare(s, heat_sql, &q, err);
	if (rc < 0)
		return rc;
	rf_bind_number(q, ":tags", tags);
	rf_bind_number(q, ":packages", packages);
	rc = rf_collect_once(s, q, sizeof(**rows), read_heat, arena, &array, count, err);
	*rows = array;
	return rc;
}

/* --- the loudest ------------------------------------------------------------------------------------------------- */

static void read_loud(sqlite3_stmt *q, rf_arena *arena, void *any)
{
	(void)arena;
	((int64_t *)any)[0] = sqlite3_column_int64(q, 0);
	((int64_t *)any)[1] = sqlite3_column_int64(q, 1);
}

int rf_overview_loudest(struct rf_store *s, rf_str from, uint32_t limit, rf_arena *arena, struct rf_finding_row **rows,
			uint32_t *count, struct rf_error *err)
{
	sqlite3_stmt *q;
	void *array = NULL;
	int rc = rf_prepare(s, "SELECT finding_id, sum(events) AS n FROM finding_days WHERE day >= :from AND verdict <> 'suppressed'"
			       " GROUP BY finding_id ORDER BY n DESC, finding_id LIMIT :limit", &q, err);
	if (rc < 0)
		return rc;
	rf_bind_text(q, ":from", from);
	rf_bind_number(q, ":limit", limit);
	rc = rf_collect_once(s, q, 2 * sizeof(int64_t), read_loud, arena, &array, count, err);
	*rows = rc == 0 ? rf_arena_array(arena, *count, sizeof(**rows)) : NULL;
	if (rc == 0 && *count && !*rows)
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory while reading the database.");
	for (uint32_t i = 0; rc == 0 && i < *count; i++) {
		const int64_t *loud = (const int64_t *)array + 2 * (size_t)i;
		rc = rf_query_finding_by_id(s, loud[0], arena, &(*rows)[i], err);
		(*rows)[i].events = loud[1];
	}
	return rc;
}
