/* Rows of stacks and of their frames, which all events share. */
#include "store/clean_text.h"
#include "store/rows.h"
#include "store/stack_hash.h"

#define SAME_HASH_MAX 16 /* rows that are compared: who makes more collisions gets a row twice, and no slower reporter */

static rf_str peek_bytes(sqlite3_stmt *q, int column)
{
	const char *bytes = sqlite3_column_blob(q, column); /* also of a text, and then as it is */
	return (rf_str){ bytes, (size_t)sqlite3_column_bytes(q, column) };
}

/* 1: with the id of a row of this hash that is the one looked for. */
static int find_row(struct rf_store *s, enum rf_absent_table table, int64_t hash, bool (*is_it)(sqlite3_stmt *q, const void *what),
		    const void *what, int64_t *id, struct rf_error *err)
{
	sqlite3_stmt *q;
	bool found = false;
	int rc = rf_absent_is(s, table, hash, err);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = rf_db_bind(s, table == RF_ABSENT_FRAMES ? RF_SQL_FRAME_GET : RF_SQL_STACK_GET, &q, err, "i", hash);
	for (int i = 0; i < SAME_HASH_MAX && rc >= 0 && !found && (rc = rf_db_step(s, q, err)) == 1; i++) {
		found = is_it(q, what);
		*id = sqlite3_column_int64(q, 0);
	}
	if (rc > 0)
		sqlite3_reset(q);
	return rc < 0 ? rc : found;
}

/* --- frames ------------------------------------------------------------------------------------------------------ */

static bool is_frame(sqlite3_stmt *q, const void *what)
{
	const struct rf_frame *f = what;
	return sqlite3_column_int64(q, 3) == f->line && rf_str_eq(peek_bytes(q, 1), f->function) &&
	       rf_str_eq(peek_bytes(q, 2), f->file);
}

/* Its texts are as they are to be stored. 1: the row is new. */
static int put_frame(struct rf_store *s, const struct rf_frame *f, int64_t *id, struct rf_error *err)
{
	int64_t hash = rf_frame_hash(f->function, f->file, f->line);
	int rc = find_row(s, RF_ABSENT_FRAMES, hash, is_frame, f, id, err);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = rf_queue_id(s, RF_QUEUE_FRAMES, id, err);
	if (rc >= 0)
		rc = rf_queue_add(s, RF_QUEUE_FRAMES, err, "iitti", *id, hash, f->function, f->file, (int64_t)f->line);
	rf_absent_note(s, RF_ABSENT_FRAMES, hash);
	return rc < 0 ? rc : 1;
}

static int put_unclean_frame(struct rf_store *s, const struct rf_frame *f, int64_t *id, struct rf_error *err)
{
	struct rf_frame clean = *f;
	struct rf_buf function, file;
	rf_buf_init(&function);
	rf_buf_init(&file);
	rf_text_put_clean(&function, f->function);
	rf_text_put_clean(&file, f->file);
	clean.function = rf_buf_str(&function);
	clean.file = rf_buf_str(&file);
	int rc = function.failed || file.failed ? rf_fail(err, RF_ERR_MEMORY, "Out of memory while storing a report.")
						: put_frame(s, &clean, id, err);
	rf_buf_release(&function);
	rf_buf_release(&file);
	return rc;
}

/* 1: the row is new. */
static int frame_row(struct rf_store *s, struct rf_known_frame *k, struct rf_error *err)
{
	const struct rf_frame *f = &k->frame;
	if (k->generation == s->intern.generation)
		return 0;
	bool clean = rf_text_is_clean(f->function) && rf_text_is_clean(f->file);
	int rc = clean ? put_frame(s, f, &k->row, err) : put_unclean_frame(s, f, &k->row, err);
	if (rc >= 0)
		k->generation = s->intern.generation;
	return rc;
}

/* --- stacks ------------------------------------------------------------------------------------------------------ */

struct stack_row {
	rf_str frames; /* JSON */
	int64_t cut, hash;
};

static bool is_stack(sqlite3_stmt *q, const void *what)
{
	const struct stack_row *row = what;
	return sqlite3_column_int64(q, 2) == row->cut && rf_str_eq(peek_bytes(q, 1), row->frames);
}

/* Of a stack whose frames have their rows. `json` is empty, and `out` refers to it. */
static void make_row(const struct rf_known_stack *k, struct rf_buf *json, struct stack_row *out)
{
	int64_t newest = 0;
	for (uint32_t i = 0; i < k->count; i++) {
		rf_buf_put_cstr(json, i ? ",[" : "[[");
		rf_buf_put_int(json, k->frames[i]->row);
		rf_buf_put_char(json, ',');
		rf_buf_put_int(json, (int64_t)k->frames[i]->frame.pc); /* 64 bits as SQLite has them */
		rf_buf_put_char(json, ',');
		rf_buf_put_int(json, (int64_t)k->frames[i]->frame.offset);
		rf_buf_put_char(json, ']');
		newest = newest > k->frames[i]->row ? newest : k->frames[i]->row;
	}
	rf_buf_put_char(json, ']');
	*out = (struct stack_row){ .frames = rf_buf_str(json), .cut = k->cut };
	out->hash = rf_stack_hash(out->frames, out->cut, newest);
}

static int put_stack(struct rf_store *s, struct rf_known_stack *k, struct rf_buf *json, struct rf_error *err)
{
	struct stack_row row;
	bool is_new = false; /* as a stack with a new frame must be */
	int rc = 0;
	for (uint32_t i = 0; rc >= 0 && i < k->count; i++) {
		rc = frame_row(s, k->frames[i], err);
		is_new |= rc == 1;
	}
	if (rc < 0)
		return rc;
	make_row(k, json, &row);
	if (json->failed)
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory while storing a report.");
	rc = is_new ? 0 : find_row(s, RF_ABSENT_STACKS, row.hash, is_stack, &row, &k->row, err);
	if (rc != 0)
		return rc;
	rc = rf_queue_id(s, RF_QUEUE_STACKS, &k->row, err);
	if (rc >= 0)
		rc = rf_queue_add(s, RF_QUEUE_STACKS, err, "iiis", k->row, row.hash, row.cut, row.frames);
	rf_absent_note(s, RF_ABSENT_STACKS, row.hash);
	return rc;
}

int rf_rows_stack(struct rf_store *s, struct rf_known_stack *k, int64_t *id, struct rf_error *err)
{
	struct rf_buf json;
	int rc = 0;
	*id = 0;
	if (!k)
		return 0;
	if (k->generation != s->intern.generation) {
		rf_buf_init(&json);
		rc = put_stack(s, k, &json, err);
		rf_buf_release(&json);
		if (rc >= 0)
			k->generation = s->intern.generation;
	}
	*id = k->row;
	return rc < 0 ? rc : 0;
}
