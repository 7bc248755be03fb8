/* Names that no finding has any more (search.h): of findings that went, or were renamed. */
#include "store/collect.h"
#include "store/search_names.h"
#include "upkeep/gc_work.h"

struct names {
	sqlite3_stmt *remove;
	int64_t place;
};

static int step_names(struct rf_gc_work *w, void *context)
{
	struct names *names = context;
	int64_t last = 0;
	int rc = rf_db_once(w->s, "SELECT max(id) FROM (SELECT id FROM names WHERE id > ?1 ORDER BY id LIMIT 256)", &last, w->err, "i",
			    names->place);
	if (rc < 0 || last == 0)
		return rc < 0 ? rc : 0;
	sqlite3_reset(names->remove);
	sqlite3_bind_int64(names->remove, 1, names->place);
	sqlite3_bind_int64(names->remove, 2, last);
	rc = rf_db_step(w->s, names->remove, w->err);
	names->place = last;
	return rc < 0 ? rc : 1;
}

int rf_gc_names(struct rf_gc_work *w)
{
	struct names names = { NULL, 0 };
	int rc = rf_prepare(w->s, "DELETE FROM names WHERE id > ?1 AND id <= ?2"
				  " AND NOT EXISTS (SELECT 1 FROM finding_names p WHERE p.name_id = names.id)", &names.remove, w->err);
	if (rc == 0)
		rc = rf_gc_slices(w, step_names, &names);
	sqlite3_finalize(names.remove);
	rf_search_forget(w->s);
	return rc;
}
