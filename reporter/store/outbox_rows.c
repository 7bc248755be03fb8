#include "store/outbox_rows.h"

#include "store/collect.h"

static void read_alert(sqlite3_stmt *q, rf_arena *arena, void *any)
{
	struct rf_outbox_alert *a = any;
	*a = (struct rf_outbox_alert){ .id = sqlite3_column_int64(q, 0), .event_id = sqlite3_column_int64(q, 1),
				       .silence_id = sqlite3_column_int64(q, 2), .folded = sqlite3_column_int64(q, 3),
				       .finding_id = sqlite3_column_int64(q, 17), .events = sqlite3_column_int64(q, 18),
				       .pid = sqlite3_column_int64(q, 32), .held = sqlite3_column_int64(q, 36) };
	rf_str *const before[] = { &a->reason, &a->created_at, &a->uid, &a->time, &a->verdict, &a->policy, &a->severity,
				   &a->source, &a->seed, &a->test_a, &a->test_b, &a->stream_package, &a->stream_test };
	rf_str *const behind[] = { &a->fingerprint, &a->kind, &a->title, &a->tag, &a->status, &a->package, &a->first_seen,
				   &a->trace_id, &a->host, &a->directory, &a->executable, &a->arguments, &a->go_version };
	for (int i = 0; i < (int)(sizeof(before) / sizeof(before[0])); i++)
		*before[i] = rf_db_text(q, 4 + i, arena);
	for (int i = 0; i < (int)(sizeof(behind) / sizeof(behind[0])); i++)
		*behind[i] = rf_db_text(q, 19 + i, arena);
	a->silence_policy = rf_db_text(q, 33, arena);
	a->since = rf_db_text(q, 34, arena);
	a->until = rf_db_text(q, 35, arena);
}

static void read_side(sqlite3_stmt *q, rf_arena *arena, void *row)
{
	*(struct rf_outbox_side *)row = (struct rf_outbox_side){ rf_db_text(q, 0, arena), rf_db_text(q, 1, arena) };
}

static void read_label(sqlite3_stmt *q, rf_arena *arena, void *row)
{
	*(struct rf_outbox_label *)row = (struct rf_outbox_label){ rf_db_text(q, 0, arena), rf_db_text(q, 1, arena) };
}

static int load_parts(struct rf_store *s, struct rf_outbox_alert *a, rf_arena *arena, struct rf_error *err)
{
	sqlite3_stmt *q;
	void *sides = NULL, *labels = NULL;
	int rc = rf_db_bind(s, RF_SQL_OUTBOX_SIDES, &q, err, "i", a->event_id);
	if (rc == 0)
		rc = rf_collect(s, q, sizeof(*a->sides), read_side, arena, &sides, &a->side_count, err);
	if (rc == 0)
		rc = rf_db_bind(s, RF_SQL_OUTBOX_LABELS, &q, err, "ii", a->event_id, (int64_t)RF_OUTBOX_LABELS_MAX);
	if (rc == 0)
		rc = rf_collect(s, q, sizeof(*a->labels), read_label, arena, &labels, &a->label_count, err);
	a->sides = sides;
	a->labels = labels;
	return rc;
}

int rf_outbox_rows_load(struct rf_store *s, int64_t sink_id, rf_str key, rf_arena *arena, struct rf_outbox_alert **rows,
			uint32_t *count, struct rf_error *err)
{
	sqlite3_stmt *q;
	void *array = NULL;
	int rc = rf_db_bind(s, RF_SQL_OUTBOX_ALERTS, &q, err, "it", sink_id, key);
	if (rc == 0)
		rc = rf_collect(s, q, sizeof(**rows), read_alert, arena, &array, count, err);
	*rows = array;
	for (uint32_t i = 0; rc == 0 && i < *count; i++) {
		if ((*rows)[i].event_id)
			rc = load_parts(s, &(*rows)[i], arena, err);
	}
	return rc;
}

static void read_sink(sqlite3_stmt *q, rf_arena *arena, void *row)
{
	*(struct rf_outbox_sink_row *)row = (struct rf_outbox_sink_row){
		.id = sqlite3_column_int64(q, 0), .name = rf_db_text(q, 1, arena), .type = rf_db_text(q, 2, arena),
		.not_before = rf_db_text(q, 3, arena), .failures = sqlite3_column_int64(q, 4), .error = rf_db_text(q, 5, arena),
		.delivered = sqlite3_column_int64(q, 6), .delivered_at = rf_db_text(q, 7, arena),
		.leased = sqlite3_column_type(q, 8) != SQLITE_NULL, .waiting = sqlite3_column_int64(q, 10),
		.failed = sqlite3_column_int64(q, 11), .folded = sqlite3_column_int64(q, 12), .oldest = rf_db_text(q, 13, arena) };
}

int rf_outbox_sinks(struct rf_store *s, rf_arena *arena, struct rf_outbox_sink_row **rows, uint32_t *count,
		    struct rf_error *err)
{
	sqlite3_stmt *q;
	void *array = NULL;
	int rc = rf_db_bind(s, RF_SQL_OUTBOX_SINKS, &q, err, "");
	if (rc == 0)
		rc = rf_collect(s, q, sizeof(**rows), read_sink, arena, &array, count, err);
	*rows = array;
	return rc;
}
