#include <string.h>

#include "query/profiles.h"
#include "store/collect.h"

/* --- what there is ----------------------------------------------------------------------------------------------- */

static void read_row(sqlite3_stmt *q, rf_arena *arena, void *any)
{
	struct rf_profile_row *row = any;
	*row = (struct rf_profile_row){ .process_id = sqlite3_column_int64(q, 0), .pid = sqlite3_column_int64(q, 1),
					.arguments = rf_db_text(q, 2, arena), .program = rf_db_text(q, 3, arena),
					.started_at = rf_db_text(q, 4, arena), .finished = sqlite3_column_int64(q, 5) != 0,
					.kind = rf_profile_from_name(rf_db_peek(q, 6)) };
}

static void read_point(sqlite3_stmt *q, rf_arena *arena, void *any)
{
	struct rf_profile_point *point = any;
	(void)arena;
	*point = (struct rf_profile_point){ .snapshot = (uint32_t)sqlite3_column_int64(q, 0), .elapsed_ms = sqlite3_column_int64(q, 1),
					    .period = sqlite3_column_int64(q, 2), .dropped = sqlite3_column_int64(q, 3),
					    .stacks = (uint32_t)sqlite3_column_int64(q, 4) };
	for (int v = 0; v < (int)RF_PROFILE_VALUES; v++)
		point->totals[v] = sqlite3_column_int64(q, 5 + v);
}

/* Rows of one process and kind. */
static int rows_of(struct rf_store *s, const char *sql, const struct rf_profile_row *row, size_t row_bytes,
		   void (*read)(sqlite3_stmt *, rf_arena *, void *), rf_arena *arena, void **rows, uint32_t *count, struct rf_error *err)
{
	sqlite3_stmt *q;
	int rc = rf_prepare(s, sql, &q, err);
	if (rc < 0)
		return rc;
	sqlite3_bind_int64(q, 1, row->process_id);
	rf_db_bind_text(q, 2, rf_str_from(rf_profile_name(row->kind)), SQLITE_STATIC);
	return rf_collect_once(s, q, row_bytes, read, arena, rows, count, err);
}

static int load_points(struct rf_store *s, struct rf_profile_row *row, rf_arena *arena, struct rf_error *err)
{
	void *points = NULL;
	int rc = rows_of(s, "SELECT snapshot, elapsed_ms, period, dropped, stacks, value_1, value_2, value_3, value_4 FROM profiles"
			    " WHERE process_id = ?1 AND kind = ?2 ORDER BY snapshot", row, sizeof(*row->points), read_point, arena,
			 &points, &row->point_count, err);
	row->points = points;
	for (uint32_t i = 0; i < row->point_count && rc >= 0; i++)
		row->points[i].kind = row->kind;
	return rc;
}

int rf_query_profiles(struct rf_store *s, int64_t run_id, int64_t pid, uint32_t limit, rf_arena *arena, struct rf_profile_row **rows,
		      uint32_t *count, struct rf_error *err)
{
	sqlite3_stmt *q;
	void *array = NULL;
	*count = 0;
	int rc = rf_prepare(s, "SELECT p.id, p.pid, p.arguments, p.main_package, p.started_at, p.finished, v.kind FROM processes p"
			       " JOIN (SELECT DISTINCT process_id, kind FROM profiles) v ON v.process_id = p.id"
			       " WHERE p.run_id = ?1 AND ?2 IN (0, p.pid) AND v.kind IN ('heap', 'cpu', 'io', 'contention', 'offcpu', 'faults',"
			       " 'system', 'syscalls', 'counters', 'processor')"
			       " ORDER BY p.started_at, p.id, v.kind <> 'heap', v.kind LIMIT ?3", &q, err);
	if (rc < 0)
		return rc;
	sqlite3_bind_int64(q, 1, run_id);
	sqlite3_bind_int64(q, 2, pid);
	sqlite3_bind_int64(q, 3, limit);
	rc = rf_collect_once(s, q, sizeof(**rows), read_row, arena, &array, count, err);
	*rows = array;
	for (uint32_t i = 0; i < *count && rc >= 0; i++)
		rc = load_points(s, &(*rows)[i], arena, err);
	return rc < 0 ? rc : 0;
}

int rf_query_last_profiled_run(struct rf_store *s, rf_arena *arena, struct rf_run_row *run, struct rf_error *err)
{
	int64_t id = 0;
	*run = (struct rf_run_row){ 0 };
	int rc = rf_db_once(s, "SELECT r.id FROM (SELECT DISTINCT process_id FROM profiles) v JOIN processes p ON p.id = v.process_id"
			       " JOIN runs r ON r.id = p.run_id ORDER BY r.last_at DESC, r.id DESC LIMIT 1", &id, err, "");
	return rc <= 0 ? rc : rf_query_run_by_id(s, id, arena, run, err);
}

/* --- samples ----------------------------------------------------------------------------------------------------- */

struct frame_row {
	int64_t number;
	struct rf_frame frame;
};

static void read_frame(sqlite3_stmt *q, rf_arena *arena, void *any)
{
	struct frame_row *row = any;
	*row = (struct frame_row){ .number = sqlite3_column_int64(q, 0) };
	row->frame = (struct rf_frame){ .function = rf_db_text(q, 1, arena), .file = rf_db_text(q, 2, arena),
					.line = (uint32_t)sqlite3_column_int64(q, 3) };
}

struct sample_row {
	rf_str frames;
	int64_t values[RF_PROFILE_VALUES];
};

static void read_sample(sqlite3_stmt *q, rf_arena *arena, void *any)
{
	struct sample_row *row = any;
	row->frames = rf_db_text(q, 0, arena);
	for (int v = 0; v < (int)RF_PROFILE_VALUES; v++)
		row->values[v] = sqlite3_column_int64(q, 1 + v);
}

/* Rows are sorted by number. NULL: there is none, in a database that somebody else has written to. */
static const struct rf_frame *find_frame(const struct frame_row *rows, uint32_t count, uint64_t number)
{
	uint32_t low = 0, high = count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if ((uint64_t)rows[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && (uint64_t)rows[low].number == number ? &rows[low].frame : NULL;
}

/* "[3,1,2]" */
static void fill_stack(const struct frame_row *frames, uint32_t count, rf_str json, rf_arena *arena, struct rf_stack *out)
{
	rf_str word, rest = json;
	uint64_t number;
	out->frames = rf_arena_array(arena, rf_str_count(json, ',') + 1, sizeof(*out->frames));
	while (out->frames && (word = rf_str_word(&rest, "[],")).len) {
		const struct rf_frame *f = rf_str_u64(word, &number) ? find_frame(frames, count, number) : NULL;
		if (f)
			out->frames[out->count++] = *f;
	}
}

int rf_query_profile_samples(struct rf_store *s, const struct rf_profile_row *row, rf_arena *arena, struct rf_profile_sample **samples,
			     uint32_t *count, struct rf_error *err)
{
	void *frames = NULL, *array = NULL;
	uint32_t frame_count;
	*count = 0;
	int rc = rows_of(s, "SELECT number, function, file, line FROM profile_frames WHERE process_id = ?1 AND kind = ?2 ORDER BY number",
			 row, sizeof(struct frame_row), read_frame, arena, &frames, &frame_count, err);
	if (rc >= 0)
		rc = rows_of(s, "SELECT frames, value_1, value_2, value_3, value_4 FROM profile_samples WHERE process_id = ?1 AND kind = ?2"
				" ORDER BY position", row, sizeof(struct sample_row), read_sample, arena, &array, count, err);
	if (rc < 0)
		return rc;
	const struct sample_row *rows = array;
	*samples = rf_arena_array(arena, *count, sizeof(**samples));
	for (uint32_t i = 0; i < *count && *samples; i++) {
		memcpy((*samples)[i].values, rows[i].values, sizeof(rows[i].values));
		fill_stack(frames, frame_count, rows[i].frames, arena, &(*samples)[i].stack);
	}
	return arena->failed ? rf_fail(err, RF_ERR_MEMORY, "Out of memory while reading a profile.") : 0;
}
