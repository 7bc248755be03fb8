/* Names of findings from the rows of their events: of old databases, and of rows that were written or moved by other ways. */
#include "store/search_names.h"

static const enum rf_name_kind title_kinds[] = { RF_NAME_TITLE, RF_NAME_TAG, RF_NAME_PACKAGE };

static int read_title(struct rf_store *s, int64_t finding_id, rf_arena *arena, rf_str names[3], struct rf_error *err)
{
	sqlite3_stmt *q;
	int rc = rf_db_bind(s, RF_SQL_SEARCH_TITLE, &q, err, "i", finding_id);
	if (rc >= 0)
		rc = rf_db_step(s, q, err);
	for (int i = 0; i < 3; i++)
		names[i] = rc == 1 ? rf_db_text(q, i, arena) : (rf_str){ NULL, 0 };
	if (rc == 1)
		sqlite3_reset(q);
	return rc;
}

int rf_search_untitle(struct rf_store *s, int64_t finding_id, struct rf_error *err)
{
	rf_arena arena;
	rf_str names[3];
	rf_arena_init(&arena, 0);
	int rc = read_title(s, finding_id, &arena, names, err);
	for (int i = 0; i < 3 && rc >= 0; i++)
		rc = rf_search_drop(s, finding_id, title_kinds[i], names[i], err);
	rf_arena_release(&arena);
	return rc < 0 ? rc : 0;
}

static int add_title(struct rf_store *s, int64_t finding_id, rf_arena *arena, struct rf_error *err)
{
	rf_str names[3];
	int rc = read_title(s, finding_id, arena, names, err);
	for (int i = 0; i < 3 && rc >= 0; i++)
		rc = rf_search_add(s, finding_id, title_kinds[i], names[i], err);
	return rc;
}

int rf_search_title(struct rf_store *s, int64_t finding_id, struct rf_error *err)
{
	rf_arena arena;
	rf_arena_init(&arena, 0);
	int rc = add_title(s, finding_id, &arena, err);
	rf_arena_release(&arena);
	return rc < 0 ? rc : 0;
}

static int add_rows(struct rf_store *s, enum rf_sql sql, int64_t finding_id, rf_arena *arena, struct rf_error *err)
{
	sqlite3_stmt *q;
	int rc = rf_db_bind(s, sql, &q, err, "ii", finding_id, (int64_t)RF_SEARCH_EVENTS_MAX);
	while (rc >= 0 && (rc = rf_db_step(s, q, err)) == 1) {
		if (sql == RF_SQL_SEARCH_FRAMES)
			rc = rf_search_add_frame(s, finding_id, rf_db_text(q, 0, arena), rf_db_text(q, 1, arena), err);
		else
			rc = rf_search_add(s, finding_id, RF_NAME_TEST, rf_db_text(q, 0, arena), err);
	}
	if (rc < 0)
		sqlite3_reset(q);
	return rc;
}

int rf_search_remake(struct rf_store *s, int64_t finding_id, struct rf_error *err)
{
	rf_arena arena;
	rf_arena_init(&arena, 0);
	int rc = rf_search_limit(s, err);
	if (rc >= 0)
		rc = add_title(s, finding_id, &arena, err);
	if (rc >= 0)
		rc = add_rows(s, RF_SQL_SEARCH_FRAMES, finding_id, &arena, err);
	if (rc >= 0)
		rc = add_rows(s, RF_SQL_SEARCH_TESTS, finding_id, &arena, err);
	if (rc >= 0 && arena.failed)
		rc = rf_fail(err, RF_ERR_MEMORY, "Out of memory while storing what a finding is found by.");
	rf_arena_release(&arena);
	return rc < 0 ? rc : 0;
}

int rf_search_fill(struct rf_store *s, struct rf_error *err)
{
	int64_t id = 0;
	int rc;
	while ((rc = rf_db_run(s, RF_SQL_SEARCH_MISSING, &id, err, "i", id)) == 1) {
		rc = rf_search_remake(s, id, err);
		if (rc < 0)
			return rc;
	}
	return rc;
}
