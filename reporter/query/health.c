#include "query/health.h"

#include <sys/stat.h>

#include "store/collect.h"

#define SEVEN_DAYS_NS (7 * 86400000000000u)

static int64_t bytes_of(const char *path, const char *suffix, rf_arena *arena)
{
	struct stat st;
	rf_str name = rf_arena_printf(arena, "%s%s", path, suffix);
	return name.ptr && stat(name.ptr, &st) == 0 ? (int64_t)st.st_size : 0;
}

static void read_numbers(sqlite3_stmt *q, struct rf_health *h, rf_arena *arena)
{
	int64_t *const numbers[] = { &h->schema_version, &h->free_bytes, &h->findings, &h->events, &h->runs, &h->processes,
				     &h->processes_open, &h->tags, &h->silences };
	uint64_t *const drops[] = { &h->counters.reports_dropped, &h->counters.symbols_dropped, &h->counters.labels_cut,
				    &h->counters.tests_dropped, &h->counters.goroutines_unregistered, &h->drops.records_bad,
				    &h->drops.records_unknown, &h->drops.bytes_torn };
	int column = 0;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		*numbers[i] = sqlite3_column_int64(q, column++);
	for (size_t i = 0; i < sizeof(drops) / sizeof(drops[0]); i++)
		*drops[i] = (uint64_t)sqlite3_column_int64(q, column++);
	h->last_write = rf_db_text(q, column, arena);
}

static const char numbers_sql[] =
	"WITH f AS (SELECT count(*) AS n, coalesce(sum(events), 0) AS events FROM findings),"
	" p AS (SELECT count(*) AS n, coalesce(sum(finished = 0), 0) AS running, coalesce(sum(reports_dropped), 0) AS a,"
	"  coalesce(sum(symbols_dropped), 0) AS b, coalesce(sum(labels_cut), 0) AS c, coalesce(sum(tests_dropped), 0) AS d,"
	"  coalesce(sum(goroutines_unregistered), 0) AS e, coalesce(sum(records_bad), 0) AS f,"
	"  coalesce(sum(records_unknown), 0) AS g, coalesce(sum(bytes_torn), 0) AS h FROM processes)"
	" SELECT (SELECT user_version FROM pragma_user_version),"
	" (SELECT freelist_count FROM pragma_freelist_count) * (SELECT page_size FROM pragma_page_size),"
	" f.n, f.events, (SELECT count(*) FROM runs), p.n, p.running, (SELECT count(*) FROM tags), (SELECT count(*) FROM silences),"
	" p.a, p.b, p.c, p.d, p.e, p.f, p.g, p.h, coalesce((SELECT max(last_at) FROM runs), '') FROM f, p";

static void read_verdict(sqlite3_stmt *q, rf_arena *arena, void *any)
{
	*(struct rf_health_verdict *)any = (struct rf_health_verdict){ rf_db_text(q, 0, arena), sqlite3_column_int64(q, 1) };
}

static int read_verdicts(struct rf_store *s, uint64_t now, rf_arena *arena, struct rf_health *h, struct rf_error *err)
{
	sqlite3_stmt *q;
	void *array = NULL;
	int rc = rf_prepare(s, "SELECT verdict, sum(events) AS n FROM finding_days WHERE day > :from GROUP BY verdict ORDER BY n DESC",
			    &q, err);
	if (rc < 0)
		return rc;
	rf_bind_text(q, ":from", rf_str_take(rf_time_text(now - SEVEN_DAYS_NS, arena), 10));
	rc = rf_collect_once(s, q, sizeof(*h->verdicts), read_verdict, arena, &array, &h->verdict_count, err);
	h->verdicts = array;
	return rc;
}

int rf_health_read(struct rf_store *s, uint64_t now, rf_arena *arena, struct rf_health *out, struct rf_error *err)
{
	sqlite3_stmt *q;
	*out = (struct rf_health){ .file_bytes = bytes_of(s->path, "", arena), .wal_bytes = bytes_of(s->path, "-wal", arena) };
	int rc = rf_prepare(s, numbers_sql, &q, err);
	if (rc < 0)
		return rc;
	rc = rf_db_step(s, q, err);
	if (rc == 1)
		read_numbers(q, out, arena);
	sqlite3_finalize(q);
	return rc < 0 ? rc : read_verdicts(s, now, arena, out, err);
}

int rf_health_check(struct rf_store *s, rf_arena *arena, rf_str *said, struct rf_error *err)
{
	static const char *const checks[] = {
		"SELECT quick_check FROM pragma_quick_check(1)",
		"SELECT 'A row of ' || \"table\" || ' refers to one of ' || parent || ' that is not there.'"
		" FROM pragma_foreign_key_check LIMIT 1",
	};
	int rc = 0;
	*said = RF_STR("ok");
	for (size_t i = 0; rc >= 0 && i < 2 && rf_str_eq_cstr(*said, "ok"); i++) {
		sqlite3_stmt *q;
		rc = rf_prepare(s, checks[i], &q, err);
		if (rc < 0)
			break;
		rc = rf_db_step(s, q, err);
		if (rc == 1)
			*said = rf_db_text(q, 0, arena);
		sqlite3_finalize(q);
	}
	return rc < 0 ? rc : 0;
}
