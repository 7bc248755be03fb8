#include "store/duplicates.h"
#include "store/rows.h"
#include "store/search_names.h"

static rf_str cstr(const char *text)
{
	return rf_str_from(text);
}

/* A full finding that a wildcard belongs to: same kind, and it has the side that isn't missing. */
static int find_full(struct rf_store *s, const struct rf_event *event, int64_t *id, struct rf_error *err)
{
	const struct rf_finding *f = event->finding;
	int rc = 0;
	for (int side = 0; side < 2 && rc == 0; side++) {
		if (f->side_hash[side][0])
			rc = rf_db_run(s, RF_SQL_FINDING_FULL_OF_SIDE, id, err, "tttt", cstr(rf_kind_name(f->kind)),
				       cstr(f->side_hash[side]), event->tag, f->package);
	}
	return rc;
}

/* Wildcards that were waiting for this full finding: their events move, their rows go. */
static int absorb_wildcards(struct rf_store *s, const struct rf_event *event, int64_t id, struct rf_error *err)
{
	const struct rf_finding *f = event->finding;
	int64_t wildcard;
	int rc;
	while ((rc = rf_db_run(s, RF_SQL_FINDING_WILDCARD_OF_SIDE, &wildcard, err, "ttttt", cstr(rf_kind_name(f->kind)),
			       cstr(f->side_hash[0]), cstr(f->side_hash[1]), event->tag, f->package)) == 1) {
		rc = rf_tally_flush(s, err);
		rf_tally_forget(s, wildcard);
		if (rc >= 0)
			rc = rf_db_run(s, RF_SQL_FINDING_MOVE_GONE, NULL, err, "ii", wildcard, id);
		if (rc >= 0)
			rc = rf_db_run(s, RF_SQL_FINDING_TAKE_FIRST, NULL, err, "ii", wildcard, id);
		if (rc >= 0)
			rc = rf_db_run(s, RF_SQL_FINDING_DROP_GONE, NULL, err, "i", wildcard);
		if (rc >= 0)
			rc = rf_db_run(s, RF_SQL_FINDING_MOVE_EVENTS, NULL, err, "ii", wildcard, id);
		if (rc >= 0)
			rc = rf_db_run(s, RF_SQL_SILENCE_MOVE, NULL, err, "ii", wildcard, id);
		if (rc >= 0)
			rc = rf_duplicates_move(s, wildcard, id, err);
		if (rc >= 0)
			rc = rf_db_run(s, RF_SQL_FINDING_DROP_EMPTY, NULL, err, "i", wildcard);
		if (rc >= 0)
			rc = rf_search_remake(s, id, err);
		if (rc < 0)
			return rc;
	}
	return rc;
}

static int add_or_rename(struct rf_store *s, const struct rf_event *event, int64_t reuse, int64_t *id,
			 struct rf_error *err)
{
	const struct rf_finding *f = event->finding;
	char classes[RF_CLASSES_BYTES];
	int64_t tag_id;
	int rc = rf_rows_tag(s, event->tag, &tag_id, err);
	if (rc < 0)
		return rc;
	if (reuse) {
		*id = reuse;
		rc = rf_search_untitle(s, reuse, err);
		if (rc >= 0)
			rc = rf_db_run(s, RF_SQL_FINDING_RENAME, NULL, err, "ititttititts", reuse, cstr(f->fingerprint),
			       (int64_t)RF_FINGERPRINT_VERSION, cstr(f->coarse), cstr(rf_kind_name(f->kind)),
			       f->title, tag_id, f->package, (int64_t)f->wildcard, cstr(f->side_hash[0]),
			       cstr(f->side_hash[1]), rf_classes_put(f->classes, classes));
		s->search.fresh = reuse;
		return rc;
	}
	rc = rf_db_add(s, RF_SQL_FINDING_ADD, id, err, "tittt" "itit" "ts", cstr(f->fingerprint),
		       (int64_t)RF_FINGERPRINT_VERSION, cstr(f->coarse), cstr(rf_kind_name(f->kind)), f->title,
		       tag_id, f->package, (int64_t)f->wildcard, cstr(f->side_hash[0]), cstr(f->side_hash[1]),
		       rf_classes_put(f->classes, classes));
	if (rc >= 0)
		rf_search_made(s, *id);
	return rc;
}

int rf_rows_finding(struct rf_store *s, const struct rf_event *event, int64_t reuse, struct rf_finding_state **out,
		    struct rf_error *err)
{
	const struct rf_finding *f = event->finding;
	bool by_side = false;
	int64_t id;
	*out = rf_tally_find(s, f, event->tag);
	if (*out)
		return 0;
	int rc = rf_db_run(s, RF_SQL_FINDING_GET, &id, err, "tt", cstr(f->fingerprint), event->tag);
	if (rc == 0 && f->wildcard)
		by_side = (rc = find_full(s, event, &id, err)) == 1;
	if (rc == 0) {
		rc = add_or_rename(s, event, reuse, &id, err);
		rf_tally_new_findings(s);
		rf_tally_forget(s, reuse);
		if (rc >= 0 && !f->wildcard)
			rc = absorb_wildcards(s, event, id, err);
	}
	return rc < 0 ? rc : rf_tally_learn(s, f, event->tag, id, by_side, out, err);
}
