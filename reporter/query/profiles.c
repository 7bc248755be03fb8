#include "query/profiles.h"

#include <stdlib.h>

#include "base/hash.h"
#include "store/collect.h"

struct numbered { /* a frame of the profile, and its number, from 1 */
	const struct rf_frame *frame;
	int64_t number;
};

struct stack_row {
	rf_str frames; /* JSON */
	int64_t values[RF_PROFILE_VALUES];
	uint32_t main_value;
};

struct putting {
	struct rf_store *s;
	int64_t process_id;
	rf_str kind;
	rf_arena *arena;
	struct rf_error *err;
	struct numbered *table; /* open addressing, at most half full */
	size_t table_cap;
	int64_t frames;
	struct stack_row *rows;
};

/* --- frames ------------------------------------------------------------------------------------------------------ */

static bool same_frame(const struct rf_frame *a, const struct rf_frame *b)
{
	return a->line == b->line && rf_str_eq(a->function, b->function) && rf_str_eq(a->file, b->file);
}

static struct numbered *place_of(struct putting *p, const struct rf_frame *f)
{
	uint64_t hash = rf_hash_str(rf_hash_str(RF_HASH_START, f->function), f->file);
	size_t i = (size_t)rf_hash_bytes(hash, &f->line, sizeof(f->line)) & (p->table_cap - 1);
	while (p->table[i].frame && !same_frame(p->table[i].frame, f))
		i = (i + 1) & (p->table_cap - 1);
	return &p->table[i];
}

/* The number of the frame; negative: failed. */
static int64_t number_of(struct putting *p, const struct rf_frame *f)
{
	struct numbered *n = place_of(p, f);
	if (n->frame)
		return n->number;
	*n = (struct numbered){ f, ++p->frames };
	int rc = rf_db_once(p->s, "INSERT INTO profile_frames (process_id, kind, number, function, file, line) VALUES (?, ?, ?, ?, ?, ?)",
			    NULL, p->err, "isitti", p->process_id, p->kind, n->number, f->function, f->file, (int64_t)f->line);
	return rc < 0 ? rc : n->number;
}

static bool make_table(struct putting *p, const struct rf_profile_sample *samples, uint32_t count)
{
	size_t frames = 0;
	for (uint32_t i = 0; i < count; i++)
		frames += samples[i].stack.count;
	p->table_cap = 16;
	while (p->table_cap < frames * 2)
		p->table_cap *= 2;
	p->table = rf_arena_array(p->arena, p->table_cap, sizeof(*p->table));
	p->rows = rf_arena_array(p->arena, count, sizeof(*p->rows));
	return p->table && p->rows;
}

/* --- stacks ------------------------------------------------------------------------------------------------------ */

static int by_frames(const void *a, const void *b)
{
	const struct stack_row *x = a, *y = b;
	return rf_str_cmp(x->frames, y->frames);
}

static int by_value(const void *a, const void *b)
{
	const struct stack_row *x = a, *y = b;
	int64_t left = x->values[x->main_value], right = y->values[x->main_value];
	return left == right ? rf_str_cmp(x->frames, y->frames) : left < right ? 1 : -1;
}

static int make_row(struct putting *p, const struct rf_profile_sample *sample, struct stack_row *row)
{
	struct rf_buf json;
	int64_t number = 0;
	rf_buf_init(&json);
	for (uint32_t i = 0; i < sample->stack.count && number >= 0; i++) {
		number = number_of(p, &sample->stack.frames[i]);
		rf_buf_put_char(&json, i ? ',' : '[');
		rf_buf_put_int(&json, number);
	}
	rf_buf_put_cstr(&json, sample->stack.count ? "]" : "[]");
	row->frames = rf_arena_dup(p->arena, rf_buf_str(&json));
	memcpy(row->values, sample->values, sizeof(row->values));
	int rc = number < 0 ? (int)number : json.failed || p->arena->failed ? RF_ERR_MEMORY : 0;
	rf_buf_release(&json);
	return rc;
}

/* Stacks that differ in addresses alone become one. */
static uint32_t join_rows(struct stack_row *rows, uint32_t count)
{
	uint32_t kept = 0;
	qsort(rows, count, sizeof(*rows), by_frames);
	for (uint32_t i = 0; i < count; i++) {
		if (kept == 0 || !rf_str_eq(rows[kept - 1].frames, rows[i].frames)) {
			rows[kept++] = rows[i];
			continue;
		}
		for (uint32_t v = 0; v < RF_PROFILE_VALUES; v++)
			rows[kept - 1].values[v] = rf_profile_add(rows[kept - 1].values[v], rows[i].values[v]);
	}
	qsort(rows, kept, sizeof(*rows), by_value);
	return kept;
}

static int put_rows(struct putting *p, uint32_t count)
{
	sqlite3_stmt *q;
	int rc = rf_prepare(p->s, "INSERT INTO profile_samples (process_id, kind, position, frames, value_1, value_2, value_3, value_4)"
				  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)", &q, p->err);
	for (uint32_t i = 0; i < count && rc >= 0; i++) {
		const struct stack_row *row = &p->rows[i];
		sqlite3_bind_int64(q, 1, p->process_id);
		rf_db_bind_text(q, 2, p->kind, SQLITE_STATIC);
		sqlite3_bind_int64(q, 3, (int64_t)i + 1);
		rf_db_bind_text(q, 4, row->frames, SQLITE_STATIC);
		for (uint32_t v = 0; v < RF_PROFILE_VALUES; v++)
			sqlite3_bind_int64(q, 5 + (int)v, row->values[v]);
		rc = rf_db_step(p->s, q, p->err);
		sqlite3_reset(q);
	}
	sqlite3_finalize(q);
	return rc;
}

static int put_samples(struct putting *p, enum rf_profile_kind kind, struct rf_spool *spool)
{
	struct rf_profile_sample *samples;
	uint32_t count;
	int rc = rf_spool_profile(spool, kind, p->arena, &samples, &count) && make_table(p, samples, count) ? 0 : RF_ERR_MEMORY;
	for (uint32_t i = 0; i < count && rc == 0; i++) {
		p->rows[i].main_value = rf_profile_main_value(kind);
		rc = make_row(p, &samples[i], &p->rows[i]);
	}
	if (rc == RF_ERR_MEMORY)
		return rf_fail(p->err, RF_ERR_MEMORY, "Out of memory while storing a profile; the spool stays for the next time.");
	return rc < 0 ? rc : put_rows(p, join_rows(p->rows, count));
}

/* --- a process --------------------------------------------------------------------------------------------------- */

static int put_point(struct rf_store *s, int64_t process_id, const struct rf_profile_point *point, struct rf_error *err)
{
	int rc = rf_db_once(s, "INSERT INTO profiles (process_id, kind, snapshot, elapsed_ms, period, dropped, stacks, value_1, value_2,"
			       " value_3, value_4) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1", NULL, err,
			    "isiiiiiiiii", process_id, rf_str_from(rf_profile_name(point->kind)), (int64_t)point->snapshot,
			    point->elapsed_ms, point->period, point->dropped, (int64_t)point->stacks, point->totals[0],
			    point->totals[1], point->totals[2], point->totals[3]);
	return rc;
}

/* In place of those of an earlier snapshot. */
static int renew_samples(struct rf_store *s, int64_t process_id, enum rf_profile_kind kind, struct rf_spool *spool, rf_arena *scratch,
			 struct rf_error *err)
{
	static const char *const old[] = { "DELETE FROM profile_samples WHERE process_id = ?1 AND kind = ?2",
					   "DELETE FROM profile_frames WHERE process_id = ?1 AND kind = ?2" };
	struct putting p = { .s = s, .process_id = process_id, .kind = rf_str_from(rf_profile_name(kind)), .arena = scratch,
			     .err = err };
	int rc = 0;
	rf_arena_reset(scratch);
	for (int i = 0; i < 2 && rc >= 0; i++)
		rc = rf_db_once(s, old[i], NULL, err, "is", process_id, p.kind);
	return rc < 0 ? rc : put_samples(&p, kind, spool);
}

int rf_store_profiles(struct rf_store *s, int64_t process_id, struct rf_spool *spool, rf_arena *scratch, struct rf_error *err)
{
	bool renewed[RF_PROFILE_KIND_COUNT] = { false };
	struct rf_profile_point point;
	int rc = 0;
	for (uint32_t i = 0; i < rf_spool_snapshot_count(spool) && rc >= 0; i++) {
		if (!rf_spool_snapshot_at(spool, i, &point))
			continue;
		rc = put_point(s, process_id, &point, err);
		renewed[point.kind] |= rc == 1;
	}
	for (int kind = 0; kind < RF_PROFILE_KIND_COUNT && rc >= 0; kind++) {
		if (renewed[kind])
			rc = renew_samples(s, process_id, (enum rf_profile_kind)kind, spool, scratch, err);
	}
	return rc < 0 ? rc : 0;
}
