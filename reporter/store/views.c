#include "store/views.h"

/* SQLite can't drop what a statement in progress reads, so the names are gathered first: "DROP VIEW …;DROP VIEW …;". */
static const char drop_all[] =
	"SELECT coalesce(group_concat(printf('DROP VIEW \"%w\"', name), ';'), '') FROM sqlite_schema"
	" WHERE type = 'view' AND name GLOB 'v_*'";

int rf_views_drop(struct rf_store *s, struct rf_error *err)
{
	sqlite3_stmt *names = NULL;
	char *drops = NULL;
	int rc = sqlite3_prepare_v2(s->handle, drop_all, -1, &names, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(names);
	if (rc == SQLITE_ROW)
		drops = sqlite3_mprintf("%s", sqlite3_column_text(names, 0));
	sqlite3_finalize(names);
	if (rc != SQLITE_ROW)
		return rf_db_fail(s, rc, err);
	if (!drops)
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory while bringing the views of %s up to date.", s->path);
	rc = rf_db_exec(s, drops, err);
	sqlite3_free(drops);
	return rc;
}

int rf_views_make(struct rf_store *s, struct rf_error *err)
{
	int rc = rf_views_drop(s, err);
	for (int i = 0; rc == 0 && rf_view_texts[i]; i++)
		rc = rf_db_exec(s, rf_view_texts[i], err);
	return rc;
}
