#include "query/occurrence.h"

#include "store/collect.h"

#define NUMBER(n) NUMBER_AGAIN(n)
#define NUMBER_AGAIN(n) #n
/* Those of rf_collect_event_row, then ours. */
#define COLUMNS \
	"SELECT e.id, e.finding_id, e.run_id, r.trace_id, e.tag, e.time, e.verdict, e.seed, e.source, e.test_a, e.test_b," \
	" e.stream_package, e.stream_test, e.process_id, coalesce(e.suppression, ''), coalesce(e.policy, '')," \
	" coalesce(e.severity, '') FROM events e JOIN runs r ON r.id = e.run_id "

static void read_occurrence(sqlite3_stmt *q, rf_arena *arena, void *any)
{
	struct rf_occurrence *row = any;
	rf_collect_event_row(q, arena, &row->event);
	row->suppression = rf_db_text(q, 14, arena);
	row->policy = rf_db_text(q, 15, arena);
	row->severity = rf_db_text(q, 16, arena);
}

static int collect(struct rf_store *s, const char *sql, int64_t finding_id, int64_t event_id, uint32_t limit, rf_arena *arena,
		   struct rf_occurrence **rows, uint32_t *count, struct rf_error *err)
{
	sqlite3_stmt *q;
	void *array = NULL;
	int rc = rf_prepare(s, sql, &q, err);
	if (rc < 0)
		return rc;
	rf_bind_number(q, ":finding", finding_id);
	rf_bind_number(q, ":event", event_id);
	rf_bind_number(q, ":limit", limit);
	rc = rf_collect_once(s, q, sizeof(**rows), read_occurrence, arena, &array, count, err);
	*rows = array;
	return rc;
}

int rf_occurrence_find(struct rf_store *s, int64_t finding_id, int64_t event_id, rf_arena *arena, struct rf_occurrence *out,
		       struct rf_error *err)
{
	static const char by_number[] = COLUMNS "WHERE e.id = :event AND e.finding_id = :finding LIMIT :limit";
	static const char best[] = COLUMNS
		"WHERE e.id IN (SELECT id FROM events WHERE finding_id = :finding ORDER BY time DESC, id DESC"
		" LIMIT " NUMBER(RF_OCCURRENCE_BEST_OF) ") ORDER BY e.source = 'spool' DESC, (SELECT count(*) FROM accesses a"
		" WHERE a.event_id = e.id AND a.stack_id IS NOT NULL) DESC, e.time DESC, e.id DESC LIMIT :limit";
	struct rf_occurrence *rows;
	uint32_t count;
	int rc = collect(s, event_id ? by_number : best, finding_id, event_id, 1, arena, &rows, &count, err);
	if (rc < 0)
		return rc;
	if (count == 0 && event_id)
		return rf_fail(err, RF_ERR_MISSING, "Finding %lld has no occurrence %lld.", (long long)finding_id,
			       (long long)event_id);
	if (count == 0)
		return rf_fail(err, RF_ERR_MISSING, "Finding %lld has no occurrence.", (long long)finding_id);
	*out = rows[0];
	return 0;
}

int rf_occurrence_list(struct rf_store *s, int64_t finding_id, int64_t before_id, uint32_t limit, rf_arena *arena,
		       struct rf_occurrence **rows, uint32_t *count, struct rf_error *err)
{
	static const char latest[] = COLUMNS "WHERE e.finding_id = :finding ORDER BY e.time DESC, e.id DESC LIMIT :limit";
	static const char before[] = COLUMNS
		"WHERE e.finding_id = :finding AND (e.time, e.id) < (SELECT b.time, b.id FROM events b WHERE b.id = :event)"
		" ORDER BY e.time DESC, e.id DESC LIMIT :limit";
	return collect(s, before_id ? before : latest, finding_id, before_id, limit, arena, rows, count, err);
}

static void read_day(sqlite3_stmt *q, rf_arena *arena, void *any)
{
	struct rf_occurrence_day *row = any;
	row->day = rf_db_text(q, 0, arena);
	row->events = sqlite3_column_int64(q, 1);
}

int rf_occurrence_days(struct rf_store *s, int64_t finding_id, uint32_t days, rf_arena *arena, struct rf_occurrence_day **rows,
		       uint32_t *count, struct rf_error *err)
{
	sqlite3_stmt *q;
	void *array = NULL;
	int rc = rf_prepare(s, "SELECT day, sum(events) FROM finding_days WHERE finding_id = :finding AND day >= (SELECT"
			       " date(last_seen, '-' || (:days - 1) || ' days') FROM findings WHERE id = :finding)"
			       " GROUP BY day ORDER BY day", &q, err);
	if (rc < 0)
		return rc;
	rf_bind_number(q, ":finding", finding_id);
	rf_bind_number(q, ":days", days);
	rc = rf_collect_once(s, q, sizeof(**rows), read_day, arena, &array, count, err);
	*rows = array;
	return rc;
}

static void read_silence(sqlite3_stmt *q, rf_arena *arena, void *any)
{
	*(struct rf_occurrence_silence *)any = (struct rf_occurrence_silence){
		.until = rf_db_text(q, 0, arena), .policy = rf_db_text(q, 1, arena), .held = sqlite3_column_int64(q, 2) };
}

int rf_occurrence_silence(struct rf_store *s, int64_t finding_id, rf_arena *arena, struct rf_occurrence_silence *out,
			  struct rf_error *err)
{
	sqlite3_stmt *q;
	void *rows = NULL;
	uint32_t count = 0;
	int rc = rf_prepare(s, "SELECT until, policy, held FROM silences WHERE finding_id = :finding ORDER BY until DESC LIMIT 1", &q,
			    err);
	*out = (struct rf_occurrence_silence){ .until = RF_STR("") };
	if (rc < 0)
		return rc;
	rf_bind_number(q, ":finding", finding_id);
	rc = rf_collect_once(s, q, sizeof(*out), read_silence, arena, &rows, &count, err);
	if (rc == 0 && count)
		*out = *(struct rf_occurrence_silence *)rows;
	return rc;
}
