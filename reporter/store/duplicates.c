#include "store/duplicates.h"

#include "store/collect.h"
#include "store/database.h"

/* Those of `from`, and `from` itself, become duplicates of `to`. */
static int point(struct rf_store *s, int64_t from, int64_t to, rf_str reason, struct rf_error *err)
{
	int rc = rf_db_once(s, "UPDATE findings SET duplicate_of = ?2 WHERE duplicate_of = ?1", NULL, err, "ii", from, to);
	if (rc >= 0)
		rc = rf_db_once(s, "UPDATE findings SET duplicate_of = ?2, duplicate_reason = ?3 WHERE id = ?1", NULL, err, "iin", from, to,
				reason);
	return rc;
}

int rf_duplicates_set(struct rf_store *s, const struct rf_finding_row *finding, const struct rf_finding_row *of, rf_str reason,
		      int64_t *original, struct rf_error *err)
{
	if (finding->id == of->id)
		return rf_fail(err, RF_ERR_USAGE, "Finding %lld can't be a duplicate of itself; name another with --of.",
			       (long long)finding->id);
	int rc = rf_store_begin(s, err);
	if (rc < 0)
		return rc;
	/* As it is now, under the lock. */
	*original = of->id;
	rc = rf_db_once(s, "SELECT coalesce(duplicate_of, id) FROM findings WHERE id = ?", original, err, "i", of->id);
	if (rc >= 0 && *original == finding->id)
		rc = rf_fail(err, RF_ERR_USAGE, "Finding %lld is a duplicate of %lld already; `redflag duplicate --undo %lld` comes first.",
			     (long long)of->id, (long long)finding->id, (long long)of->id);
	if (rc >= 0)
		rc = point(s, finding->id, *original, reason.len ? reason : (rf_str){ NULL, 0 }, err);
	return rf_store_end(s, rc, err);
}

int rf_duplicates_undo(struct rf_store *s, const struct rf_finding_row *finding, struct rf_error *err)
{
	if (!finding->duplicate_of)
		return rf_fail(err, RF_ERR_USAGE, "Finding %lld is no duplicate.", (long long)finding->id);
	int rc = rf_store_begin(s, err);
	if (rc < 0)
		return rc;
	rc = rf_db_once(s, "UPDATE findings SET duplicate_of = NULL, duplicate_reason = NULL WHERE id = ?", NULL, err, "i", finding->id);
	return rf_store_end(s, rc, err);
}

int rf_duplicates_of(struct rf_store *s, int64_t finding_id, rf_arena *arena, struct rf_finding_row **rows, uint32_t *count,
		     struct rf_error *err)
{
	sqlite3_stmt *q;
	int rc = rf_db_bind(s, RF_SQL_LIST_DUPLICATES, &q, err, "i", finding_id);
	return rc < 0 ? rc : rf_collect_findings(s, q, arena, rows, count, err);
}

int rf_duplicates_move(struct rf_store *s, int64_t from, int64_t to, struct rf_error *err)
{
	int64_t above = 0, to_above = 0;
	int rc = rf_db_once(s, "UPDATE findings SET duplicate_of = NULL, duplicate_reason = NULL WHERE id = ?2 AND duplicate_of = ?1", NULL,
			    err, "ii", from, to);
	if (rc >= 0)
		rc = rf_db_once(s, "SELECT duplicate_of FROM findings WHERE id = ?", &above, err, "i", from);
	if (rc >= 0)
		rc = rf_db_once(s, "SELECT duplicate_of FROM findings WHERE id = ?", &to_above, err, "i", to);
	if (rc >= 0 && above && above != to && !to_above) {
		rc = point(s, to, above, (rf_str){ NULL, 0 }, err);
		if (rc >= 0)
			rc = rf_db_once(s, "UPDATE findings SET duplicate_reason = (SELECT duplicate_reason FROM findings WHERE id = ?1)"
					" WHERE id = ?2", NULL, err, "ii", from, to);
		to_above = above;
	}
	if (rc >= 0)
		rc = rf_db_once(s, "UPDATE findings SET duplicate_of = ?2 WHERE duplicate_of = ?1 AND id <> ?2", NULL, err, "ii", from,
				to_above ? to_above : to);
	return rc < 0 ? rc : 0;
}
