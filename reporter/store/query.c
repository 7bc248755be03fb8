#include "store/query.h"

#include <string.h>

#include "store/collect.h"
#include "store/search.h"

#define ROWS_MAX 100000 /* findings of one list; far more than anybody reads, and the arena's cap is above it */

void rf_collect_finding_row(sqlite3_stmt *q, rf_arena *arena, void *any)
{
	struct rf_finding_row *row = any;
	rf_str *const texts[] = { NULL, &row->fingerprint, &row->kind, &row->title, &row->tag, &row->status,
				  &row->package, &row->test_a, &row->test_b, NULL, &row->first_seen, &row->last_seen,
				  &row->last_trace_id, &row->coarse };
	for (int i = 0; i < (int)(sizeof(texts) / sizeof(texts[0])); i++) {
		if (texts[i])
			*texts[i] = rf_db_text(q, i, arena);
	}
	row->id = sqlite3_column_int64(q, 0);
	row->events = sqlite3_column_int64(q, 9);
	row->wildcard = sqlite3_column_int(q, 14);
	row->first_run_id = sqlite3_column_int64(q, 15);
	row->retried = sqlite3_column_int(q, 16);
	row->duplicate_of = sqlite3_column_int64(q, 17);
	row->duplicate_reason = rf_db_text(q, 18, arena);
	row->in_baseline = sqlite3_column_int(q, 19);
	row->class = rf_db_text(q, 20, arena);
}

int rf_collect(struct rf_store *s, sqlite3_stmt *q, size_t row_bytes, void (*read)(sqlite3_stmt *, rf_arena *, void *),
	       rf_arena *arena, void **rows, uint32_t *count, struct rf_error *err)
{
	size_t cap = 64;
	char *array = rf_arena_array(arena, cap, row_bytes);
	uint32_t n = 0;
	int rc;
	while ((rc = rf_db_step(s, q, err)) == 1 && array && n < ROWS_MAX) {
		if (n == cap) {
			char *bigger = rf_arena_array(arena, cap * 2, row_bytes);
			if (bigger)
				memcpy(bigger, array, cap * row_bytes);
			array = bigger;
			cap *= 2;
		}
		if (array)
			read(q, arena, array + n++ * row_bytes);
	}
	sqlite3_reset(q);
	if (rc < 0)
		return rc;
	if (!array || arena->failed)
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory while reading the database.");
	*rows = array;
	*count = n;
	return 0;
}

int rf_collect_findings(struct rf_store *s, sqlite3_stmt *q, rf_arena *arena, struct rf_finding_row **rows,
			uint32_t *count, struct rf_error *err)
{
	void *array = NULL;
	int rc = rf_collect(s, q, sizeof(**rows), rf_collect_finding_row, arena, &array, count, err);
	*rows = array;
	return rc;
}

int rf_query_findings(struct rf_store *s, const struct rf_finding_filter *f, rf_arena *arena,
		      struct rf_finding_row **rows, uint32_t *count, struct rf_error *err)
{
	sqlite3_stmt *q;
	rf_str hits = { NULL, 0 };
	int rc = f->search.ptr ? rf_search_hits(s, f->search, arena, &hits, err) : 0;
	if (rc >= 0)
		rc = rf_db_bind(s, RF_SQL_LIST, &q, err, "nnnnnrnn", f->kind, f->tag, f->status, f->since, f->test, f->run_id, hits,
				f->class);
	return rc < 0 ? rc : rf_collect_findings(s, q, arena, rows, count, err);
}

int rf_query_related(struct rf_store *s, const struct rf_finding_row *of, rf_arena *arena, struct rf_finding_row **rows,
		     uint32_t *count, struct rf_error *err)
{
	sqlite3_stmt *q;
	int rc = rf_db_bind(s, RF_SQL_LIST_RELATED, &q, err, "ti", of->coarse, of->id);
	return rc < 0 ? rc : rf_collect_findings(s, q, arena, rows, count, err);
}

int rf_query_finding_by_id(struct rf_store *s, int64_t id, rf_arena *arena, struct rf_finding_row *row,
			   struct rf_error *err)
{
	sqlite3_stmt *q;
	int rc = rf_db_bind(s, RF_SQL_LIST_BY_ID, &q, err, "i", id);
	if (rc == 0)
		rc = rf_db_step(s, q, err);
	if (rc == 1)
		rf_collect_finding_row(q, arena, row);
	sqlite3_reset(q);
	if (rc == 0)
		return rf_fail(err, RF_ERR_MISSING, "There is no finding %lld in %s; `redflag list` shows what there is.",
			       (long long)id, s->path);
	return rc < 0 ? rc : 0;
}

static int fail_ambiguous(rf_str name, const struct rf_finding_row *rows, uint32_t count, struct rf_error *err)
{
	struct rf_buf b;
	rf_buf_init(&b);
	for (uint32_t i = 0; i < count; i++)
		rf_buf_printf(&b, "%s%lld", i == 0 ? "" : i + 1 < count ? ", " : " and ", (long long)rows[i].id);
	int rc = rf_fail(err, RF_ERR_USAGE, "%.*s fits several findings: %.*s; name one by its number.",
			 RF_STR_ARG(name), (int)b.len, b.ptr);
	rf_buf_release(&b);
	return rc;
}

static bool is_prefix(rf_str name)
{
	return name.len >= RF_QUERY_PREFIX_DIGITS_MIN && name.len <= RF_FINGERPRINT_BYTES && rf_str_is_hex(name);
}

int rf_query_finding(struct rf_store *s, rf_str name, rf_arena *arena, struct rf_finding_row *row, struct rf_error *err)
{
	uint64_t number;
	if (rf_str_u64(name, &number) && number <= INT64_MAX) {
		int rc = rf_query_finding_by_id(s, (int64_t)number, arena, row, err);
		if (rc != RF_ERR_MISSING || !is_prefix(name))
			return rc;
	}
	if (!is_prefix(name))
		return rf_fail(err, RF_ERR_USAGE, "%.*s is no finding; give its number, or %d or more digits of its "
			       "fingerprint.", RF_STR_ARG(name), RF_QUERY_PREFIX_DIGITS_MIN);
	sqlite3_stmt *q;
	struct rf_finding_row *rows = NULL;
	uint32_t count = 0;
	int rc = rf_db_bind(s, RF_SQL_LIST_BY_PREFIX, &q, err, "t", name);
	if (rc == 0)
		rc = rf_collect_findings(s, q, arena, &rows, &count, err);
	if (rc < 0)
		return rc;
	if (count == 0)
		return rf_fail(err, RF_ERR_MISSING, "There is no finding %.*s in %s; `redflag list` shows what there is.",
			       RF_STR_ARG(name), s->path);
	*row = rows[0];
	return count == 1 ? 0 : fail_ambiguous(name, rows, count, err);
}

void rf_collect_event_row(sqlite3_stmt *q, rf_arena *arena, void *any)
{
	struct rf_event_row *row = any;
	rf_str *const texts[] = { &row->trace_id, &row->tag, &row->time, &row->verdict, &row->seed, &row->source,
				  &row->test_a, &row->test_b, &row->package, &row->test };
	row->id = sqlite3_column_int64(q, 0);
	row->finding_id = sqlite3_column_int64(q, 1);
	row->run_id = sqlite3_column_int64(q, 2);
	for (int i = 0; i < (int)(sizeof(texts) / sizeof(texts[0])); i++)
		*texts[i] = rf_db_text(q, i + 3, arena);
	row->process_id = sqlite3_column_int64(q, 13);
}

int rf_query_events(struct rf_store *s, int64_t finding_id, uint32_t limit, rf_arena *arena, struct rf_event_row **rows,
		    uint32_t *count, struct rf_error *err)
{
	sqlite3_stmt *q;
	void *array = NULL;
	int rc = rf_db_bind(s, RF_SQL_EVENTS_OF_FINDING, &q, err, "ii", finding_id, (int64_t)limit);
	if (rc == 0)
		rc = rf_collect(s, q, sizeof(**rows), rf_collect_event_row, arena, &array, count, err);
	*rows = array;
	return rc;
}

int rf_query_best_event(struct rf_store *s, int64_t finding_id, rf_arena *arena, struct rf_event_row *row,
			struct rf_error *err)
{
	sqlite3_stmt *q;
	int rc = rf_db_bind(s, RF_SQL_EVENT_BEST, &q, err, "i", finding_id);
	if (rc == 0)
		rc = rf_db_step(s, q, err);
	if (rc == 1)
		rf_collect_event_row(q, arena, row);
	sqlite3_reset(q);
	if (rc == 0)
		return rf_fail(err, RF_ERR_MISSING, "Finding %lld has no occurrence in %s.", (long long)finding_id,
			       s->path);
	return rc < 0 ? rc : 0;
}

#define ROWS_PASSED_OVER 16 /* rather than that a statement begins anew */

/* Goes on with the rows of `q`, which stands at event `*at`, or begins them anew, to the first from event `id` on. */
static int go_to_event(struct rf_store *s, int64_t id, sqlite3_stmt **q, int64_t *at, struct rf_error *err)
{
	int rc = 1;
	if (!*q || *at > id || id - *at > ROWS_PASSED_OVER) {
		if (*q)
			sqlite3_reset(*q);
		*q = NULL;
		*at = 0;
		rc = rf_db_bind(s, RF_SQL_EVENT_VERDICTS, q, err, "i", id);
		if (rc == 0 && (rc = rf_db_step(s, *q, err)) > 0)
			*at = sqlite3_column_int64(*q, 4);
	}
	while (rc > 0 && *at < id && (rc = rf_db_step(s, *q, err)) > 0)
		*at = sqlite3_column_int64(*q, 4);
	if (rc <= 0)
		*q = NULL; /* a step that gives no row resets it */
	if (rc == 0 || (rc > 0 && *at != id))
		return rf_fail(err, RF_ERR_MISSING, "There is no event %lld in %s.", (long long)id, s->path);
	return rc;
}

#define FIRST_RUNS_KNOWN 512 /* events of a time are of few findings */

struct first_runs { /* of a finding */
	int64_t finding, counts_as, run, run_of_original;
};

/* Asked while a statement is under way, and so of the same state of the database. */
static int first_runs_of(struct rf_store *s, int64_t finding, struct first_runs *known, struct rf_error *err)
{
	sqlite3_stmt *q;
	if (known->finding == finding)
		return 1;
	int rc = rf_db_bind(s, RF_SQL_FINDING_FIRST_RUNS, &q, err, "i", finding);
	if (rc == 0)
		rc = rf_db_step(s, q, err);
	if (rc == 0)
		return rf_fail(err, RF_ERR_MISSING, "There is no finding %lld in %s.", (long long)finding, s->path);
	if (rc > 0) {
		*known = (struct first_runs){ finding, sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1), sqlite3_column_int64(q, 2) };
		sqlite3_reset(q);
	}
	return rc;
}

int rf_query_event_verdicts(struct rf_store *s, const int64_t *event_ids, size_t count, struct rf_event_verdict *out,
			    struct rf_error *err)
{
	sqlite3_stmt *q = NULL;
	struct first_runs known[FIRST_RUNS_KNOWN] = { 0 };
	int64_t at = 0;
	int rc = 0;
	for (size_t i = 0; i < count && rc >= 0; i++) {
		rc = go_to_event(s, event_ids[i], &q, &at, err);
		if (rc < 0)
			break;
		int64_t finding = sqlite3_column_int64(q, 0), run = sqlite3_column_int64(q, 2);
		struct first_runs *first = &known[(uint64_t)finding % FIRST_RUNS_KNOWN];
		rc = first_runs_of(s, finding, first, err);
		out[i] = (struct rf_event_verdict){ .finding_id = first->counts_as, .alert = sqlite3_column_int(q, 1),
						    .is_new = first->run == run && first->run_of_original == run,
						    .partial = sqlite3_column_int(q, 3) };
	}
	if (q)
		sqlite3_reset(q);
	return rc < 0 ? rc : 0;
}

void rf_collect_process_row(sqlite3_stmt *q, rf_arena *arena, void *any)
{
	struct rf_process_row *row = any;
	*row = (struct rf_process_row){ .arguments = rf_db_text(q, 0, arena), .host = rf_db_text(q, 1, arena),
					.pid = sqlite3_column_int64(q, 2), .go_version = rf_db_text(q, 3, arena),
					.directory = rf_db_text(q, 4, arena), .build_id = rf_db_text(q, 5, arena),
					.gomaxprocs = sqlite3_column_int64(q, 6),
					.started_at = rf_db_text(q, 7, arena), .finished = sqlite3_column_int(q, 8) };
	row->counters = (struct rf_process_counters){
		.reports_dropped = (uint64_t)sqlite3_column_int64(q, 9),
		.symbols_dropped = (uint64_t)sqlite3_column_int64(q, 10),
		.labels_cut = (uint64_t)sqlite3_column_int64(q, 11),
		.tests_dropped = (uint64_t)sqlite3_column_int64(q, 12),
		.goroutines_unregistered = (uint64_t)sqlite3_column_int64(q, 13),
	};
}

int rf_query_process(struct rf_store *s, int64_t process_id, rf_arena *arena, struct rf_process_row *row,
		     struct rf_error *err)
{
	sqlite3_stmt *q;
	int rc = rf_db_bind(s, RF_SQL_EVENT_PROCESS, &q, err, "i", process_id);
	if (rc == 0)
		rc = rf_db_step(s, q, err);
	if (rc <= 0)
		return rc < 0 ? rc : rf_fail(err, RF_ERR_MISSING, "The process of this event is not in %s.", s->path);
	rf_collect_process_row(q, arena, row);
	sqlite3_reset(q);
	return 0;
}

int rf_query_drops(struct rf_store *s, int64_t run_id, struct rf_process_counters *counters, struct rf_spool_drops *drops,
		   struct rf_error *err)
{
	sqlite3_stmt *q;
	int rc = rf_db_bind(s, RF_SQL_RUN_DROPS, &q, err, "i", run_id);
	if (rc == 0)
		rc = rf_db_step(s, q, err);
	if (rc < 0)
		return rc;
	*counters = (struct rf_process_counters){
		.reports_dropped = (uint64_t)sqlite3_column_int64(q, 0),
		.symbols_dropped = (uint64_t)sqlite3_column_int64(q, 1),
		.labels_cut = (uint64_t)sqlite3_column_int64(q, 2),
		.tests_dropped = (uint64_t)sqlite3_column_int64(q, 3),
		.goroutines_unregistered = (uint64_t)sqlite3_column_int64(q, 4),
	};
	*drops = (struct rf_spool_drops){ .records_bad = (uint64_t)sqlite3_column_int64(q, 5),
					  .records_unknown = (uint64_t)sqlite3_column_int64(q, 6),
					  .bytes_torn = (uint64_t)sqlite3_column_int64(q, 7) };
	sqlite3_reset(q);
	return 0;
}
