#include "query/growth.h"

#include "store/collect.h"

#define METRIC_COLUMNS \
	"goroutines, threads, timers, blocked_send, blocked_receive, blocked_select, blocked_lock, heap_live, heap_in_use, stacks," \
	" go_mapped, resident, itabs, reflected, modules, queued"
_Static_assert(RF_METRIC_COUNT == 16, "the columns are the metrics, in their order");

/* --- storing ----------------------------------------------------------------------------------------------------- */

static int put_sample(struct rf_store *s, sqlite3_stmt *q, int64_t process_id, const struct rf_growth_sample *sample,
		      struct rf_error *err)
{
	sqlite3_bind_int64(q, 1, process_id);
	sqlite3_bind_int64(q, 2, sample->elapsed_ms);
	for (int m = 0; m < RF_METRIC_COUNT; m++)
		sqlite3_bind_int64(q, 3 + m, sample->values[m]);
	sqlite3_bind_int64(q, 3 + RF_METRIC_COUNT, sample->memory_limit);
	sqlite3_bind_int64(q, 4 + RF_METRIC_COUNT, sample->cgroup_limit);
	int rc = rf_db_step(s, q, err);
	sqlite3_reset(q);
	return rc;
}

static int put_samples(struct rf_store *s, int64_t process_id, const struct rf_spool *spool, struct rf_error *err)
{
	uint32_t count;
	sqlite3_stmt *q;
	const struct rf_growth_sample *samples = rf_spool_samples(spool, &count);
	int rc = rf_prepare(s, "INSERT INTO samples (process_id, elapsed_ms, " METRIC_COLUMNS ", memory_limit, cgroup_limit)"
			       " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", &q, err);
	for (uint32_t i = 0; i < count && rc >= 0; i++)
		rc = put_sample(s, q, process_id, &samples[i], err);
	sqlite3_finalize(q);
	return rc;
}

static int put_origins(struct rf_store *s, int64_t process_id, const struct rf_spool *spool, struct rf_error *err)
{
	uint32_t count;
	const struct rf_growth_origin *origins = rf_spool_origins(spool, &count);
	int rc = rf_db_once(s, "DELETE FROM goroutine_creators WHERE process_id = ?", NULL, err, "i", process_id);
	for (uint32_t i = 0; i < count && rc >= 0; i++) {
		const struct rf_growth_origin *o = &origins[i];
		rc = rf_db_once(s, "INSERT INTO goroutine_creators (process_id, position, function, file, line, waiting, live)"
				   " VALUES (?, ?, ?, ?, ?, ?, ?)", NULL, err, "iittiti", process_id, (int64_t)i + 1, o->function,
				o->file, (int64_t)o->line, o->waiting, o->live);
	}
	return rc;
}

static int put_queues(struct rf_store *s, int64_t process_id, const struct rf_spool *spool, struct rf_error *err)
{
	uint32_t count;
	const struct rf_growth_origin *queues = rf_spool_queues(spool, &count);
	int rc = rf_db_once(s, "DELETE FROM channel_makers WHERE process_id = ?", NULL, err, "i", process_id);
	for (uint32_t i = 0; i < count && rc >= 0; i++)
		rc = rf_db_once(s, "INSERT INTO channel_makers (process_id, position, function, file, line, elements)"
				   " VALUES (?, ?, ?, ?, ?, ?)", NULL, err, "iittii", process_id, (int64_t)i + 1,
				queues[i].function, queues[i].file, (int64_t)queues[i].line, queues[i].live);
	return rc;
}

int rf_store_growth(struct rf_store *s, int64_t process_id, const struct rf_spool *spool, struct rf_error *err)
{
	uint32_t count;
	rf_spool_samples(spool, &count);
	if (count == 0)
		return 0;
	int rc = put_samples(s, process_id, spool, err);
	if (rc >= 0)
		rc = put_origins(s, process_id, spool, err);
	if (rc >= 0)
		rc = put_queues(s, process_id, spool, err);
	return rc < 0 ? rc : 0;
}

/* --- asking ------------------------------------------------------------------------------------------------------ */

static void read_process(sqlite3_stmt *q, rf_arena *arena, void *any)
{
	struct rf_growth_row *row = any;
	*row = (struct rf_growth_row){ .process_id = sqlite3_column_int64(q, 0), .pid = sqlite3_column_int64(q, 1),
				       .arguments = rf_db_text(q, 2, arena), .package = rf_db_text(q, 3, arena),
				       .finished = sqlite3_column_int64(q, 4) != 0 };
}

static void read_sample(sqlite3_stmt *q, rf_arena *arena, void *any)
{
	struct rf_growth_sample *sample = any;
	(void)arena;
	sample->elapsed_ms = sqlite3_column_int64(q, 0);
	sample->memory_limit = sqlite3_column_int64(q, 1);
	sample->cgroup_limit = sqlite3_column_int64(q, 2);
	for (int m = 0; m < RF_METRIC_COUNT; m++)
		sample->values[m] = sqlite3_column_int64(q, 3 + m);
}

static void read_origin(sqlite3_stmt *q, rf_arena *arena, void *any)
{
	struct rf_growth_origin *origin = any;
	*origin = (struct rf_growth_origin){ rf_db_text(q, 0, arena), rf_db_text(q, 1, arena), rf_db_text(q, 2, arena),
					     (uint32_t)sqlite3_column_int64(q, 3), sqlite3_column_int64(q, 4) };
}

/* Rows of one process. */
static int rows_of(struct rf_store *s, const char *sql, int64_t process_id, size_t row_bytes,
		   void (*read)(sqlite3_stmt *, rf_arena *, void *), rf_arena *arena, void **rows, uint32_t *count,
		   struct rf_error *err)
{
	sqlite3_stmt *q;
	int rc = rf_prepare(s, sql, &q, err);
	if (rc < 0)
		return rc;
	sqlite3_bind_int64(q, 1, process_id);
	return rf_collect_once(s, q, row_bytes, read, arena, rows, count, err);
}

static int fill_row(struct rf_store *s, rf_arena *arena, struct rf_growth_row *row, struct rf_error *err)
{
	void *samples = NULL, *origins = NULL, *queues = NULL;
	int rc = rows_of(s, "SELECT elapsed_ms, memory_limit, cgroup_limit, " METRIC_COLUMNS " FROM samples WHERE process_id = ?1"
			    " ORDER BY elapsed_ms", row->process_id, sizeof(*row->samples), read_sample, arena, &samples,
			 &row->sample_count, err);
	if (rc >= 0)
		rc = rows_of(s, "SELECT function, file, waiting, line, live FROM goroutine_creators WHERE process_id = ?1"
				" ORDER BY position", row->process_id, sizeof(*row->origins), read_origin, arena, &origins,
			     &row->origin_count, err);
	if (rc >= 0)
		rc = rows_of(s, "SELECT function, file, '', line, elements FROM channel_makers WHERE process_id = ?1 ORDER BY position",
			     row->process_id, sizeof(*row->queues), read_origin, arena, &queues, &row->queue_count, err);
	row->samples = samples;
	row->origins = origins;
	row->queues = queues;
	return rc;
}

int rf_query_growth(struct rf_store *s, int64_t run_id, uint32_t limit, rf_arena *arena, struct rf_growth_row **rows,
		    uint32_t *count, struct rf_error *err)
{
	sqlite3_stmt *q;
	void *array = NULL;
	*count = 0;
	int rc = rf_prepare(s, "SELECT id, pid, arguments, main_package, finished FROM processes WHERE run_id = ?1 AND EXISTS"
			       " (SELECT 1 FROM samples x WHERE x.process_id = processes.id) ORDER BY started_at, id LIMIT ?2", &q,
			    err);
	if (rc < 0)
		return rc;
	sqlite3_bind_int64(q, 1, run_id);
	sqlite3_bind_int64(q, 2, limit);
	rc = rf_collect_once(s, q, sizeof(**rows), read_process, arena, &array, count, err);
	*rows = array;
	for (uint32_t i = 0; i < *count && rc >= 0; i++)
		rc = fill_row(s, arena, &(*rows)[i], err);
	return rc < 0 ? rc : 0;
}
