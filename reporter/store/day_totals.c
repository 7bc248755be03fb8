#include "store/day_totals.h"

#include <string.h>

#include "store/collect.h"

/* From one day to the next by the primary key of finding_days: a look-up a day, not a step a row. */
static const char days_sql[] =
	"WITH RECURSIVE d(day) AS (SELECT max(day) FROM finding_days WHERE day >= :from UNION ALL"
	" SELECT (SELECT max(f.day) FROM finding_days f WHERE f.day < d.day AND f.day >= :from) FROM d WHERE d.day IS NOT NULL LIMIT :limit)"
	" SELECT d.day, t.findings, t.events, t.suppressed, t.silenced FROM d LEFT JOIN day_totals t ON t.day = d.day"
	" WHERE d.day IS NOT NULL ORDER BY d.day";

/* By finding and verdict, the order of the primary key, so counting different findings takes no sorting: SQLite would need a
 * temporary table, and ten times as long. It would also compare verdicts more slowly than is done here. */
static const char rows_sql[] = "SELECT finding_id, events, verdict FROM finding_days WHERE day = :day ORDER BY finding_id, verdict";

static void read_day(sqlite3_stmt *q, rf_arena *arena, void *any)
{
	struct rf_day_row *row = any;
	bool is_there = sqlite3_column_type(q, 1) != SQLITE_NULL;
	*row = (struct rf_day_row){ .day = rf_db_text(q, 0, arena), .findings_again = is_there ? sqlite3_column_int64(q, 1) : -1,
				    .events = sqlite3_column_int64(q, 2), .suppressed = sqlite3_column_int64(q, 3),
				    .silenced = sqlite3_column_int64(q, 4) };
}

static bool is_missing(const struct rf_day_row *row)
{
	return row->findings_again < 0;
}

static int read_days(struct rf_store *s, rf_str from, rf_arena *arena, struct rf_day_row **rows, uint32_t *count, struct rf_error *err)
{
	sqlite3_stmt *q;
	void *array = NULL;
	int rc = rf_prepare(s, days_sql, &q, err);
	if (rc < 0)
		return rc;
	rf_bind_text(q, ":from", from);
	rf_bind_number(q, ":limit", RF_DAY_TOTALS_MAX);
	rc = rf_collect_once(s, q, sizeof(**rows), read_day, arena, &array, count, err);
	*rows = array;
	return rc;
}

static int count_day(struct rf_store *s, sqlite3_stmt *q, struct rf_day_row *row, struct rf_error *err)
{
	int64_t heard = 0; /* the last finding that had more than suppressed events */
	int rc;
	row->findings_again = 0;
	sqlite3_reset(q);
	rf_bind_text(q, ":day", row->day);
	while ((rc = rf_db_step(s, q, err)) == 1) {
		int64_t finding = sqlite3_column_int64(q, 0), events = sqlite3_column_int64(q, 1);
		rf_str verdict = rf_db_peek(q, 2);
		bool suppressed = rf_str_eq_cstr(verdict, "suppressed");
		row->findings_again += !suppressed && heard != finding;
		heard = suppressed ? heard : finding;
		row->events += events;
		row->suppressed += suppressed ? events : 0;
		row->silenced += rf_str_eq_cstr(verdict, "silenced") ? events : 0;
	}
	return rc;
}

int rf_day_totals_read(struct rf_store *s, rf_str from, rf_arena *arena, struct rf_day_row **rows, uint32_t *count,
		       struct rf_error *err)
{
	sqlite3_stmt *q = NULL;
	int rc = read_days(s, from, arena, rows, count, err);
	if (rc == 0)
		rc = rf_prepare(s, rows_sql, &q, err);
	for (uint32_t i = 0; rc == 0 && i < *count; i++) {
		if (is_missing(&(*rows)[i]))
			rc = count_day(s, q, &(*rows)[i], err);
	}
	sqlite3_finalize(q);
	return rc;
}

int rf_day_totals_drop(struct rf_store *s, uint64_t day, rf_str text, struct rf_error *err)
{
	uint64_t *dropped = &s->tally.days_dropped[day % RF_TALLY_DAYS];
	if (*dropped == day + 1)
		return 0;
	*dropped = day + 1;
	return rf_db_run(s, RF_SQL_DAY_TOTAL_DROP, NULL, err, "s", text);
}

static int make_missing(struct rf_store *s, rf_arena *arena, struct rf_error *err)
{
	sqlite3_stmt *q = NULL;
	struct rf_day_row *rows = NULL;
	uint32_t count = 0;
	int rc = read_days(s, RF_STR(""), arena, &rows, &count, err);
	if (rc == 0)
		rc = rf_prepare(s, rows_sql, &q, err);
	for (uint32_t i = 0; rc >= 0 && i < count; i++) {
		if (!is_missing(&rows[i]))
			continue;
		rc = count_day(s, q, &rows[i], err);
		if (rc >= 0)
			rc = rf_db_once(s, "INSERT INTO day_totals (day, findings, events, suppressed, silenced) VALUES (?, ?, ?, ?, ?)",
					NULL, err, "siiii", rows[i].day, rows[i].findings_again, rows[i].events, rows[i].suppressed,
					rows[i].silenced);
	}
	sqlite3_finalize(q);
	return rc;
}

void rf_day_totals_settle(struct rf_store *s)
{
	struct rf_error ignored; /* what has no row is counted */
	rf_arena arena;
	sqlite3_busy_timeout(s->handle, 0);
	if (rf_store_begin(s, &ignored) == 0) {
		rf_arena_init(&arena, 0);
		rf_store_end(s, make_missing(s, &arena, &ignored), &ignored);
		rf_arena_release(&arena);
	}
	sqlite3_busy_timeout(s->handle, (int)s->patience_ms);
}
