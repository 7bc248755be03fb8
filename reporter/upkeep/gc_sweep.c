/* Stacks that no event has any more, and frames that no stack has.
 *
 * To find them everything is looked at, in one state of the database and without any lock. What others write meanwhile is looked at
 * again under the lock, before anything is removed: rows of events with a higher number than the highest of then, and events
 * whose stacks were replaced, which a trigger notes as long as upkeep says 'sweep'. The highest numbers are never removed, so a
 * new row always has a higher one.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "store/collect.h"
#include "upkeep/gc_work.h"

struct kind { /* of rows to remove, and how to find those in use */
	const char *highest;       /* number of theirs */
	const char *highest_user;  /* number of those that use them */
	const char *users;         /* all uses */
	const char *users_since;   /* uses by users above ?1, or touched */
	const char *next;          /* the next number above ?1 */
	const char *remove;        /* of number ?1 */
};

static const struct kind stacks = {
	.highest = "SELECT coalesce(max(id), 0) FROM stacks",
	.highest_user = "SELECT coalesce(max(id), 0) FROM events",
	.users = "SELECT stack_id FROM accesses UNION ALL SELECT created_stack_id FROM goroutines"
		 " UNION ALL SELECT allocated_stack_id FROM events",
	.users_since = "SELECT stack_id FROM accesses WHERE event_id > ?1"
		       " UNION ALL SELECT created_stack_id FROM goroutines WHERE event_id > ?1"
		       " UNION ALL SELECT allocated_stack_id FROM events WHERE id > ?1"
		       " UNION ALL SELECT a.stack_id FROM touched_events t JOIN accesses a ON a.event_id = t.event_id"
		       " UNION ALL SELECT g.created_stack_id FROM touched_events t JOIN goroutines g ON g.event_id = t.event_id"
		       " UNION ALL SELECT e.allocated_stack_id FROM touched_events t JOIN events e ON e.id = t.event_id",
	.next = "SELECT id FROM stacks WHERE id > ?1 ORDER BY id LIMIT 1",
	.remove = "DELETE FROM stacks WHERE id = ?1",
};

static const struct kind frames = {
	.highest = "SELECT coalesce(max(id), 0) FROM frames",
	.highest_user = "SELECT coalesce(max(id), 0) FROM stacks",
	.users = "SELECT frame_id FROM stack_frames",
	.users_since = "SELECT frame_id FROM stack_frames WHERE stack_id > ?1",
	.next = "SELECT id FROM frames WHERE id > ?1 ORDER BY id LIMIT 1",
	.remove = "DELETE FROM frames WHERE id = ?1",
};

struct sweep {
	const struct kind *kind;
	uint8_t *used; /* a bit a number */
	int64_t highest, highest_user, place;
	int64_t *removed;
	sqlite3_stmt *since, *next, *remove;
};

static void mark(struct sweep *sweep, int64_t id)
{
	if (id > 0 && id <= sweep->highest)
		sweep->used[id / 8] |= (uint8_t)(1u << (id % 8));
}

static int mark_rows(struct rf_gc_work *w, struct sweep *sweep, sqlite3_stmt *q)
{
	int rc;
	while ((rc = rf_db_step(w->s, q, w->err)) == 1)
		mark(sweep, sqlite3_column_int64(q, 0));
	return rc;
}

static int prepare(struct rf_gc_work *w, const char *sql, sqlite3_stmt **out)
{
	return rf_prepare(w->s, sql, out, w->err);
}

/* In one read transaction. */
static int mark_all(struct rf_gc_work *w, struct sweep *sweep)
{
	sqlite3_stmt *q = NULL;
	int rc = rf_db_once(w->s, sweep->kind->highest, &sweep->highest, w->err, "");
	if (rc >= 0)
		rc = rf_db_once(w->s, sweep->kind->highest_user, &sweep->highest_user, w->err, "");
	if (rc < 0)
		return rc;
	sweep->used = calloc((size_t)sweep->highest / 8 + 1, 1);
	if (!sweep->used)
		return rf_fail(w->err, RF_ERR_MEMORY, "Out of memory while looking for unused stacks.");
	mark(sweep, sweep->highest);
	rc = prepare(w, sweep->kind->users, &q);
	if (rc == 0)
		rc = mark_rows(w, sweep, q);
	sqlite3_finalize(q);
	return rc;
}

static int mark_in_a_transaction(struct rf_gc_work *w, struct sweep *sweep)
{
	struct rf_error ignored;
	int rc = rf_db_once(w->s, "BEGIN", NULL, w->err, "");
	if (rc < 0)
		return rc;
	rc = mark_all(w, sweep);
	int ended = rf_db_once(w->s, "COMMIT", NULL, rc < 0 ? &ignored : w->err, "");
	if (ended < 0)
		sqlite3_exec(w->s->handle, "ROLLBACK", NULL, NULL, NULL);
	return rc < 0 ? rc : ended;
}

/* What was written since: looked at once more each time the lock is taken. */
static int mark_since(struct rf_gc_work *w, struct sweep *sweep)
{
	sqlite3_reset(sweep->since);
	sqlite3_bind_int64(sweep->since, 1, sweep->highest_user);
	int rc = mark_rows(w, sweep, sweep->since);
	return rc < 0 ? rc : rf_db_once(w->s, sweep->kind->highest_user, &sweep->highest_user, w->err, "");
}

/* The next unused one, or 0. */
static int find_unused(struct rf_gc_work *w, struct sweep *sweep, int64_t *id)
{
	for (;;) {
		while (sweep->place < sweep->highest && (sweep->used[(sweep->place + 1) / 8] >> ((sweep->place + 1) % 8) & 1))
			sweep->place++; /* numbers in use needn't be asked for */
		sqlite3_reset(sweep->next);
		sqlite3_bind_int64(sweep->next, 1, sweep->place);
		int rc = rf_db_step(w->s, sweep->next, w->err);
		*id = rc == 1 ? sqlite3_column_int64(sweep->next, 0) : 0;
		sqlite3_reset(sweep->next);
		if (rc < 0)
			return rc;
		if (*id == 0 || *id > sweep->highest) {
			*id = 0;
			return 0;
		}
		sweep->place = *id;
		if (!(sweep->used[*id / 8] >> (*id % 8) & 1))
			return 0;
	}
}

static int remove_one(struct rf_gc_work *w, struct sweep *sweep, int64_t id)
{
	sqlite3_reset(sweep->remove);
	sqlite3_bind_int64(sweep->remove, 1, id);
	return rf_db_step(w->s, sweep->remove, w->err);
}

/* A transaction's first step looks at what is new; the lock is held from then on. */
static int step_sweep(struct rf_gc_work *w, void *context)
{
	struct sweep *sweep = context;
	int64_t id = 0, place = sweep->place;
	uint64_t end = rf_monotonic_ns() + RF_GC_HOLD_NS;
	int rc = mark_since(w, sweep);
	int64_t removed = 0;
	while (rc >= 0 && (rc = find_unused(w, sweep, &id)) == 0 && id) {
		rc = remove_one(w, sweep, id);
		removed++;
		if (rc >= 0 && rf_monotonic_ns() >= end)
			break;
	}
	if (rc < 0) {
		sweep->place = place;
		return rc;
	}
	*sweep->removed += removed;
	return id != 0;
}

static int sweep_kind(struct rf_gc_work *w, const struct kind *kind, int64_t *removed)
{
	struct sweep sweep = { .kind = kind, .removed = removed };
	int rc = mark_in_a_transaction(w, &sweep);
	if (rc >= 0)
		rc = prepare(w, kind->users_since, &sweep.since);
	if (rc >= 0)
		rc = prepare(w, kind->next, &sweep.next);
	if (rc >= 0)
		rc = prepare(w, kind->remove, &sweep.remove);
	if (rc >= 0)
		rc = rf_gc_slices(w, step_sweep, &sweep);
	sqlite3_finalize(sweep.since);
	sqlite3_finalize(sweep.next);
	sqlite3_finalize(sweep.remove);
	free(sweep.used);
	return rc;
}

static int step_begin(struct rf_gc_work *w, void *context)
{
	(void)context;
	int rc = rf_db_once(w->s, "DELETE FROM touched_events", NULL, w->err, "");
	if (rc >= 0)
		rc = rf_db_once(w->s, "INSERT OR REPLACE INTO upkeep (name, value) VALUES ('sweep', '1')", NULL, w->err, "");
	return rc < 0 ? rc : 0;
}

static int step_end(struct rf_gc_work *w, void *context)
{
	(void)context;
	int rc = rf_db_once(w->s, "DELETE FROM touched_events", NULL, w->err, "");
	if (rc >= 0)
		rc = rf_db_once(w->s, "DELETE FROM upkeep WHERE name = 'sweep'", NULL, w->err, "");
	return rc < 0 ? rc : 0;
}

/* Names of tests that nothing tells of, in whichever table: its foreign key says it. */
static int tests_statement(struct rf_gc_work *w, sqlite3_stmt **out)
{
	sqlite3_stmt *q = NULL;
	int rc = prepare(w, "SELECT 'DELETE FROM tests WHERE id > ?1 AND id <= ?2 AND id <> (SELECT max(id) FROM tests)' ||"
			    " coalesce(group_concat(' AND NOT EXISTS (SELECT 1 FROM \"' || m.name || '\" x WHERE x.\"' || f.\"from\" ||"
			    " '\" = tests.id)', ''), '') FROM sqlite_schema m, pragma_foreign_key_list(m.name) f"
			    " WHERE m.type = 'table' AND f.\"table\" = 'tests'", &q);
	if (rc == 0)
		rc = rf_db_step(w->s, q, w->err);
	if (rc == 1)
		rc = prepare(w, (const char *)sqlite3_column_text(q, 0), out);
	sqlite3_finalize(q);
	return rc;
}

struct tests {
	sqlite3_stmt *remove;
	int64_t place;
};

static int step_tests(struct rf_gc_work *w, void *context)
{
	struct tests *tests = context;
	int64_t last = 0;
	int rc = rf_db_once(w->s, "SELECT max(id) FROM (SELECT id FROM tests WHERE id > ?1 ORDER BY id LIMIT 256)", &last, w->err, "i",
			    tests->place);
	if (rc < 0 || last == 0)
		return rc < 0 ? rc : 0;
	sqlite3_reset(tests->remove);
	sqlite3_bind_int64(tests->remove, 1, tests->place);
	sqlite3_bind_int64(tests->remove, 2, last);
	rc = rf_db_step(w->s, tests->remove, w->err);
	tests->place = last;
	return rc < 0 ? rc : 1;
}

static int sweep_tests(struct rf_gc_work *w)
{
	struct tests tests = { NULL, 0 };
	int rc = tests_statement(w, &tests.remove);
	if (rc == 0)
		rc = rf_gc_slices(w, step_tests, &tests);
	sqlite3_finalize(tests.remove);
	return rc;
}

/* Foreign keys are off for stacks and frames: SQLite would look through every event for each that goes. */
int rf_gc_sweep(struct rf_gc_work *w)
{
	struct rf_error ignored;
	int rc = rf_store_check_references(w->s, false, w->err);
	if (rc >= 0)
		rc = rf_gc_slices(w, step_begin, NULL);
	if (rc >= 0 && !rf_gc_out_of_time(w))
		rc = sweep_kind(w, &stacks, &w->out->stacks);
	if (rc >= 0 && !rf_gc_out_of_time(w))
		rc = sweep_kind(w, &frames, &w->out->frames);
	if (rc >= 0)
		rc = rf_gc_slices(w, step_end, NULL);
	if (rc >= 0)
		rc = sweep_tests(w);
	if (rc >= 0)
		rc = rf_gc_names(w);
	rf_store_check_references(w->s, true, &ignored);
	return rc < 0 ? rc : 0;
}
