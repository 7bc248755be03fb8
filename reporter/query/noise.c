#include "query/noise.h"

#include "store/collect.h"

static void read_use(sqlite3_stmt *q, rf_arena *arena, void *row)
{
	*(struct rf_suppression_use *)row = (struct rf_suppression_use){
		.text = rf_db_text(q, 0, arena), .events = sqlite3_column_int64(q, 1),
		.findings = sqlite3_column_int64(q, 2), .last_used = rf_db_text(q, 3, arena) };
}

int rf_noise_uses(struct rf_store *s, rf_arena *arena, struct rf_suppression_use **uses, uint32_t *count,
		  struct rf_error *err)
{
	sqlite3_stmt *q;
	void *rows = NULL;
	int rc = rf_db_bind(s, RF_SQL_SUPPRESSION_USES, &q, err, "");
	if (rc == 0)
		rc = rf_collect(s, q, sizeof(**uses), read_use, arena, &rows, count, err);
	*uses = rows;
	return rc;
}

static void read_text(sqlite3_stmt *q, rf_arena *arena, void *row)
{
	*(rf_str *)row = rf_db_text(q, 0, arena);
}

int rf_noise_suppressions_of(struct rf_store *s, int64_t finding_id, rf_arena *arena, rf_str **texts, uint32_t *count,
			     struct rf_error *err)
{
	sqlite3_stmt *q;
	void *rows = NULL;
	int rc = rf_prepare(s, "SELECT suppression FROM events WHERE finding_id = :finding AND suppression IS NOT NULL"
			    " GROUP BY suppression ORDER BY count(*) DESC, suppression LIMIT :most", &q, err);
	if (rc < 0)
		return rc;
	rf_bind_number(q, ":finding", finding_id);
	rf_bind_number(q, ":most", RF_NOISE_SUPPRESSIONS_MAX);
	rc = rf_collect_once(s, q, sizeof(rf_str), read_text, arena, &rows, count, err);
	*texts = rows;
	return rc;
}

static void read_silence(sqlite3_stmt *q, rf_arena *arena, void *row)
{
	*(struct rf_silence *)row = (struct rf_silence){
		.id = sqlite3_column_int64(q, 0), .finding_id = sqlite3_column_int64(q, 1), .title = rf_db_text(q, 2, arena),
		.policy = rf_db_text(q, 3, arena), .since = rf_db_text(q, 4, arena), .until = rf_db_text(q, 5, arena),
		.held = sqlite3_column_int64(q, 6), .kind = rf_db_text(q, 7, arena), .tag = rf_db_text(q, 8, arena),
		.severity = rf_db_text(q, 9, arena) };
}

int rf_noise_silences_end(struct rf_store *s, uint64_t now_unix_ns, rf_arena *arena, struct rf_silence **rows,
			   uint32_t *count, struct rf_error *err)
{
	sqlite3_stmt *q;
	char now[RF_TIME_BYTES];
	void *array = NULL;
	*count = 0;
	int rc = rf_db_bind(s, RF_SQL_SILENCES_OVER, &q, err, "t", rf_time_put(now_unix_ns, now));
	if (rc == 0)
		rc = rf_collect(s, q, sizeof(**rows), read_silence, arena, &array, count, err);
	*rows = array;
	for (uint32_t i = 0; rc >= 0 && i < *count; i++)
		rc = rf_db_run(s, RF_SQL_SILENCE_TOLD, NULL, err, "i", (*rows)[i].id);
	return rc < 0 ? rc : 0;
}

int rf_noise_past_events(struct rf_store *s, void (*each)(void *context, const struct rf_past_event *event), void *context,
			 struct rf_error *err)
{
	sqlite3_stmt *q;
	rf_arena scratch;
	rf_arena_init(&scratch, 0);
	int rc = rf_db_bind(s, RF_SQL_EVENTS_BY_FINDING, &q, err, "");
	while (rc >= 0 && (rc = rf_db_step(s, q, err)) == 1) {
		struct rf_past_event e = { .finding_id = sqlite3_column_int64(q, 0), .title = rf_db_text(q, 1, &scratch),
					   .tag = rf_db_text(q, 2, &scratch), .kind = rf_db_text(q, 3, &scratch) };
		if (rf_time_parse(rf_db_text(q, 4, &scratch), &e.time_unix_ns))
			each(context, &e);
		rf_arena_reset(&scratch);
	}
	rf_arena_release(&scratch);
	return rc;
}
