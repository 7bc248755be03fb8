/* A stored event as the raw report that it was. JSON columns are read by SQLite's own functions. */
#include <string.h>

#include "model/native.h"
#include "store/database.h"
#include "store/query.h"

static int load_stack(struct rf_store *s, int64_t stack_id, rf_arena *arena, struct rf_stack *out, struct rf_error *err)
{
	sqlite3_stmt *q;
	uint32_t cap = 16;
	*out = (struct rf_stack){ .frames = rf_arena_array(arena, cap, sizeof(struct rf_frame)) };
	if (stack_id == 0)
		return 0;
	int rc = rf_db_bind(s, RF_SQL_STACK_LOAD, &q, err, "i", stack_id);
	while (rc >= 0 && (rc = rf_db_step(s, q, err)) == 1 && out->frames) {
		if (out->count == cap) {
			struct rf_frame *bigger = rf_arena_array(arena, cap * 2, sizeof(*bigger));
			if (bigger)
				memcpy(bigger, out->frames, cap * sizeof(*bigger));
			out->frames = bigger;
			cap *= 2;
		}
		if (!out->frames)
			break;
		out->frames[out->count++] = (struct rf_frame){
			.function = rf_db_text(q, 0, arena), .file = rf_db_text(q, 1, arena),
			.line = (uint32_t)sqlite3_column_int64(q, 2), .pc = (uint64_t)sqlite3_column_int64(q, 3),
			.offset = (uint64_t)sqlite3_column_int64(q, 4) };
		out->cut = sqlite3_column_int(q, 5);
	}
	sqlite3_reset(q);
	return rc < 0 ? rc : 0;
}

/* Rows of a query over a JSON text; `put` takes one. Statements are made for the moment: this is for one report. */
static int each_json(struct rf_store *s, const char *sql, rf_str json, rf_arena *arena,
		     bool (*put)(void *context, sqlite3_stmt *q, rf_arena *arena), void *context, struct rf_error *err)
{
	sqlite3_stmt *q = NULL;
	if (json.len == 0)
		return 0;
	int rc = sqlite3_prepare_v2(s->handle, sql, -1, &q, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text64(q, 1, json.ptr, json.len, SQLITE_STATIC, SQLITE_UTF8);
	if (rc != SQLITE_OK) {
		sqlite3_finalize(q);
		return rf_db_fail(s, rc, err);
	}
	while ((rc = sqlite3_step(q)) == SQLITE_ROW && put(context, q, arena))
		;
	sqlite3_finalize(q);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : rf_db_fail(s, rc, err);
}

#define LABELS_MAX 256 /* a goroutine's; the glue cuts far earlier */

static bool put_label(void *context, sqlite3_stmt *q, rf_arena *arena)
{
	struct rf_goroutine *g = context;
	if (!g->labels)
		g->labels = rf_arena_array(arena, LABELS_MAX, sizeof(*g->labels));
	if (!g->labels || g->label_count == LABELS_MAX)
		return false;
	g->labels[g->label_count++] = (struct rf_label){ rf_db_text(q, 0, arena), rf_db_text(q, 1, arena) };
	return true;
}

#define SWITCHES_MAX 4096 /* of one report; a record of the spool holds fewer */

static bool put_switch(void *context, sqlite3_stmt *q, rf_arena *arena)
{
	struct rf_report *r = context;
	if (!r->switches)
		r->switches = rf_arena_array(arena, SWITCHES_MAX, sizeof(*r->switches));
	if (!r->switches || r->switch_count == SWITCHES_MAX)
		return false;
	r->switches[r->switch_count++] = (struct rf_switch){
		.time_unix_ns = r->time_unix_ns - (uint64_t)sqlite3_column_int64(q, 0), .p = (uint32_t)sqlite3_column_int64(q, 1),
		.m = (uint32_t)sqlite3_column_int64(q, 2), .from_goid = (uint64_t)sqlite3_column_int64(q, 3),
		.to_goid = (uint64_t)sqlite3_column_int64(q, 4), .reason = rf_db_text(q, 5, arena) };
	return true;
}

static int load_goroutine(struct rf_store *s, sqlite3_stmt *q, rf_arena *arena, struct rf_goroutine *g,
			  struct rf_error *err)
{
	*g = (struct rf_goroutine){
		.thread = (uint32_t)sqlite3_column_int64(q, 0), .goid = (uint64_t)sqlite3_column_int64(q, 1),
		.parent_goid = (uint64_t)sqlite3_column_int64(q, 2),
		.created_unix_ns = (uint64_t)sqlite3_column_int64(q, 3), .state = rf_db_text(q, 4, arena),
		.entry = rf_db_text(q, 5, arena), .test = rf_db_text(q, 6, arena),
		.test_over = sqlite3_column_int(q, 7), .is_main = sqlite3_column_int(q, 8),
		.finished = sqlite3_column_int(q, 9), .is_thread = sqlite3_column_int(q, 12) };
	g->test_known = g->test.ptr != NULL;
	int rc = each_json(s, "SELECT value ->> 0, value ->> 1 FROM json_each(?1)", rf_db_text(q, 10, arena), arena,
			   put_label, g, err);
	return rc < 0 ? rc : load_stack(s, sqlite3_column_int64(q, 11), arena, &g->created, err);
}

static int load_goroutines(struct rf_store *s, int64_t event_id, rf_arena *arena, struct rf_report *out,
			   struct rf_error *err)
{
	sqlite3_stmt *q;
	int rc = rf_db_bind(s, RF_SQL_EVENT_GOROUTINES, &q, err, "i", event_id);
	while (rc >= 0 && (rc = rf_db_step(s, q, err)) == 1 && out->goroutine_count < RF_REPORT_GOROUTINES_MAX) {
		struct rf_goroutine *g = rf_arena_alloc(arena, sizeof(*g));
		if (!g)
			break;
		out->goroutines[out->goroutine_count++] = g;
		rc = load_goroutine(s, q, arena, g, err);
	}
	sqlite3_reset(q);
	return rc < 0 ? rc : 0;
}

static int load_access(struct rf_store *s, sqlite3_stmt *q, rf_arena *arena, struct rf_report *out, struct rf_error *err)
{
	struct rf_access *a = &out->accesses[out->access_count++];
	int64_t goroutine = sqlite3_column_int64(q, 6);
	*a = (struct rf_access){ .write = sqlite3_column_int(q, 0), .atomic = sqlite3_column_int(q, 1),
				 .freed = sqlite3_column_int(q, 2), .previous = sqlite3_column_int(q, 3),
				 .address = (uint64_t)sqlite3_column_int64(q, 4),
				 .size = (uint32_t)sqlite3_column_int64(q, 5) };
	a->put = a->freed && rf_kind_is_pool(out->kind);
	a->act = rf_act_from_name(rf_db_text(q, 9, arena)); /* no other operation has the name of one */
	a->goroutine = goroutine > 0 && goroutine <= out->goroutine_count
			       ? out->goroutines[goroutine - 1]
			       : rf_arena_alloc(arena, sizeof(struct rf_goroutine));
	if (!a->goroutine)
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory while reading the database.");
	return load_stack(s, sqlite3_column_int64(q, 7), arena, &a->stack, err);
}

static int load_accesses(struct rf_store *s, int64_t event_id, rf_arena *arena, struct rf_report *out,
			 struct rf_error *err)
{
	sqlite3_stmt *q;
	int rc = rf_db_bind(s, RF_SQL_EVENT_ACCESSES, &q, err, "i", event_id);
	while (rc >= 0 && (rc = rf_db_step(s, q, err)) == 1 && out->access_count < RF_REPORT_ACCESSES_MAX)
		rc = load_access(s, q, arena, out, err);
	sqlite3_reset(q);
	return rc < 0 ? rc : 0;
}

static int load_event(struct rf_store *s, int64_t event_id, rf_arena *arena, struct rf_report *out, struct rf_error *err)
{
	sqlite3_stmt *q;
	int rc = rf_db_bind(s, RF_SQL_EVENT_LOAD, &q, err, "i", event_id);
	if (rc == 0)
		rc = rf_db_step(s, q, err);
	if (rc <= 0)
		return rc < 0 ? rc : rf_fail(err, RF_ERR_MISSING, "There is no event %lld in %s.", (long long)event_id,
					     s->path);
	*out = (struct rf_report){ .kind = rf_kind_from_name(rf_db_text(q, 0, arena)),
				   .suppressed = rf_str_eq_cstr(rf_db_text(q, 1, arena), "suppressed"),
				   .from_spool = rf_str_eq_cstr(rf_db_text(q, 2, arena), "spool"),
				   .memory = rf_memory_from_name(rf_db_text(q, 3, arena)),
				   .memory_start = (uint64_t)sqlite3_column_int64(q, 4),
				   .memory_bytes = (uint64_t)sqlite3_column_int64(q, 5),
				   .memory_name = rf_db_text(q, 6, arena),
				   .allocated_goid = (uint64_t)sqlite3_column_int64(q, 8),
				   .text = rf_db_text(q, 10, arena),
				   .memory_type = rf_db_text(q, 12, arena),
				   .detail = rf_db_text(q, 14, arena),
				   .program = rf_path_base(rf_db_text(q, 15, arena)),
				   .classes = rf_classes_from_text(rf_db_peek(q, 13)) };
	rf_time_parse(rf_db_text(q, 11, arena), &out->time_unix_ns);
	rc = each_json(s, "SELECT value ->> 'before_ns', value ->> 'p', value ->> 'm', value ->> 'from', value ->> 'to',"
			  " value ->> 'reason' FROM json_each(?1)", rf_db_text(q, 9, arena), arena, put_switch, out, err);
	if (rc == 0)
		rc = load_stack(s, sqlite3_column_int64(q, 7), arena, &out->allocated, err);
	sqlite3_reset(q);
	return rc;
}

int rf_query_report(struct rf_store *s, int64_t event_id, rf_arena *arena, struct rf_report *out, struct rf_error *err)
{
	int rc = load_event(s, event_id, arena, out, err);
	if (rc == 0)
		rc = load_goroutines(s, event_id, arena, out, err);
	if (rc == 0)
		rc = load_accesses(s, event_id, arena, out, err);
	if (rc == 0 && arena->failed)
		rc = rf_fail(err, RF_ERR_MEMORY, "Out of memory while reading the database.");
	return rc;
}
