#include "store/overview.h"

#include <string.h>

#include "store/collect.h"

/* --- days -------------------------------------------------------------------------------------------------------- */

/* Rows of finding_days come by day, finding and verdict, the order of the primary key, so counting different findings takes no
 * sorting: SQLite would need a temporary table, and ten times as long. It would also compare verdicts more slowly than is done here. */
static const char days_sql[] =
	"SELECT day, finding_id, events, verdict FROM finding_days WHERE day >= :from ORDER BY day, finding_id, verdict";

struct days {
	rf_arena *arena;
	struct rf_day_row *rows;
	uint32_t count, cap;
	int64_t finding; /* whose rows are read; 0 none */
	bool heard;      /* one of them wasn't suppressed */
};

static bool is_day(sqlite3_stmt *q, const struct days *d)
{
	return d->count && rf_str_eq(d->rows[d->count - 1].day, rf_db_peek(q, 0));
}

static bool next_day(sqlite3_stmt *q, struct days *d)
{
	if (d->count == d->cap) {
		struct rf_day_row *bigger = rf_arena_array(d->arena, d->cap ? d->cap * 2 : 128, sizeof(*bigger));
		if (!bigger)
			return false;
		if (d->count)
			memcpy(bigger, d->rows, d->count * sizeof(*bigger));
		d->rows = bigger;
		d->cap = d->cap ? d->cap * 2 : 128;
	}
	d->rows[d->count++] = (struct rf_day_row){ .day = rf_db_text(q, 0, d->arena) };
	d->finding = 0;
	return true;
}

static bool add_row(sqlite3_stmt *q, struct days *d)
{
	int64_t finding = sqlite3_column_int64(q, 1), events = sqlite3_column_int64(q, 2);
	rf_str verdict = rf_db_peek(q, 3);
	bool suppressed = rf_str_eq_cstr(verdict, "suppressed");
	if (!is_day(q, d) && !next_day(q, d))
		return false;
	struct rf_day_row *row = &d->rows[d->count - 1];
	if (finding != d->finding)
		d->heard = false;
	d->finding = finding;
	row->findings_again += !suppressed && !d->heard;
	d->heard |= !suppressed;
	row->events += events;
	row->suppressed += suppressed ? events : 0;
	row->silenced += rf_str_eq_cstr(verdict, "silenced") ? events : 0;
	return true;
}

static int count_days(struct rf_store *s, rf_str from, struct days *d, struct rf_error *err)
{
	sqlite3_stmt *q;
	int rc = rf_prepare(s, days_sql, &q, err);
	if (rc < 0)
		return rc;
	rf_bind_text(q, ":from", from);
	while ((rc = rf_db_step(s, q, err)) == 1) {
		if (!add_row(q, d)) {
			rc = rf_fail(err, RF_ERR_MEMORY, "Out of memory while reading the database.");
			break;
		}
	}
	sqlite3_finalize(q);
	return rc;
}

/* Of the findings of a day those that were first seen on it are new. */
static int count_new(struct rf_store *s, rf_str from, struct days *d, struct rf_error *err)
{
	sqlite3_stmt *q;
	uint32_t at = 0;
	int rc = rf_prepare(s, "SELECT substr(first_seen, 1, 10), count(*) FROM findings WHERE first_seen >= :from AND events_alert > 0"
			       " GROUP BY 1 ORDER BY 1", &q, err);
	if (rc < 0)
		return rc;
	rf_bind_text(q, ":from", from);
	while ((rc = rf_db_step(s, q, err)) == 1) {
		rf_str day = rf_db_text(q, 0, d->arena);
		while (at < d->count && rf_str_cmp(d->rows[at].day, day) < 0)
			at++;
		if (at == d->count || !rf_str_eq(d->rows[at].day, day))
			continue;
		struct rf_day_row *row = &d->rows[at];
		row->findings_new = sqlite3_column_int64(q, 1);
		row->findings_again -= row->findings_again < row->findings_new ? row->findings_again : row->findings_new;
	}
	sqlite3_finalize(q);
	return rc;
}

int rf_overview_days(struct rf_store *s, rf_str from, rf_arena *arena, struct rf_day_row **rows, uint32_t *count,
		     struct rf_error *err)
{
	struct days d = { .arena = arena };
	int rc = count_days(s, from, &d, err);
	if (rc == 0)
		rc = count_new(s, from, &d, err);
	*rows = d.rows;
	*count = d.count;
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
	int rc = rf_prepare(s, "SELECT " RF_STATUS_SQL ", count(*), 0 FROM findings f GROUP BY 1 UNION ALL"
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

/* What is open has the status new, recurring or regressed; said without the view, which looks up more than is counted here. */
static const char heat_sql[] =
	"WITH cells AS MATERIALIZED (SELECT tag_id, package, count(*) AS n FROM findings WHERE duplicate_of IS NULL AND events_alert > 0"
	"  AND (resolved_after IS NULL OR resolved_after >= :now) GROUP BY tag_id, package),"
	" t AS (SELECT tag_id, sum(n) AS n FROM cells GROUP BY tag_id ORDER BY n DESC, tag_id LIMIT :tags),"
	" p AS (SELECT package, sum(n) AS n FROM cells GROUP BY package ORDER BY n DESC, package LIMIT :packages)"
	" SELECT g.name, c.package, c.n FROM cells c JOIN t ON t.tag_id = c.tag_id JOIN p ON p.package = c.package"
	" JOIN tags g ON g.id = c.tag_id ORDER BY t.n DESC, g.name, p.n DESC, c.package";

int rf_overview_heat(struct rf_store *s, uint64_t now_unix_ns, uint32_t tags, uint32_t packages, rf_arena *arena, struct rf_heat_row **rows,
		     uint32_t *count, struct rf_error *err)
{
	sqlite3_stmt *q;
	void *array = NULL;
	int rc = rf_prepare(s, heat_sql, &q, err);
	if (rc < 0)
		return rc;
	rf_bind_text(q, ":now", rf_time_text(now_unix_ns, arena));
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
	/* +: by days first, not by the index of findings, which would go through all days. */
	int rc = rf_prepare(s, "SELECT finding_id, sum(events) AS n FROM finding_days WHERE day >= :from AND verdict <> 'suppressed'"
			       " GROUP BY +finding_id ORDER BY n DESC, finding_id LIMIT :limit", &q, err);
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
