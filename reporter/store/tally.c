#include "store/tally.h"

#include <string.h>

#include "base/hash.h"
#include "store/database.h"
#include "store/day_totals.h"

#define NS_PER_MS 1000000u
#define MS_PER_DAY 86400000u
/* A finding is resolved 7 days after its last event at the earliest, and an event after that makes it regressed, at its own
 * time. So one that comes so late is written by itself; a second is for SQLite's rounding. */
#define ALONE_AFTER_MS (7ull * MS_PER_DAY - 1000)

void rf_tally_init(struct rf_tally *t)
{
	*t = (struct rf_tally){ 0 };
	rf_arena_init(&t->arena, 0);
	rf_arena_init(&t->pending, 0);
	t->data_version = -1;
}

void rf_tally_release(struct rf_tally *t)
{
	rf_arena_release(&t->arena);
	rf_arena_release(&t->pending);
}

void rf_tally_forget_all(struct rf_store *s)
{
	struct rf_tally *t = &s->tally;
	memset(t->keys, 0, sizeof(t->keys));
	memset(t->states, 0, sizeof(t->states));
	memset(t->days_dropped, 0, sizeof(t->days_dropped));
	t->dirty = NULL;
	rf_arena_reset(&t->arena);
	rf_arena_reset(&t->pending);
	rf_intern_forget_ids(&s->intern);
	rf_halves_forget(&s->halves);
	rf_uids_forget(&s->uids);
	for (int i = 0; i < RF_ABSENT_COUNT; i++)
		rf_absent_forget(&s->absent[i]);
}

int rf_tally_begin(struct rf_store *s, struct rf_error *err)
{
	int64_t version = 0;
	int rc = rf_db_run(s, RF_SQL_DATA_VERSION, &version, err, "");
	if (rc < 0)
		return rc;
	if (version != s->tally.data_version || s->tally.changes != sqlite3_total_changes64(s->handle) ||
	    s->tally.arena.used_total > RF_TALLY_BYTES_MAX)
		rf_tally_forget_all(s);
	rf_intern_limit(&s->intern);
	memset(s->tally.days_dropped, 0, sizeof(s->tally.days_dropped));
	s->tally.data_version = version;
	return 0;
}

void rf_tally_end(struct rf_store *s)
{
	s->tally.changes = sqlite3_total_changes64(s->handle);
}

static int no_memory(struct rf_error *err)
{
	return rf_fail(err, RF_ERR_MEMORY, "Out of memory while storing a report.");
}

/* --- finding them ---------------------------------------------------------------------------------------------- */

/* Fingerprints are hashes already: any eight bytes of one will do. */
static size_t bucket_of(const char *fingerprint, rf_str tag)
{
	uint64_t hash;
	memcpy(&hash, fingerprint, sizeof(hash));
	hash = rf_hash_str(hash, tag);
	return (hash ^ hash >> 32) % RF_TALLY_BUCKETS;
}

static struct rf_tally_key *find_key(struct rf_tally *t, const struct rf_finding *finding, rf_str tag)
{
	struct rf_tally_key *k = t->keys[bucket_of(finding->fingerprint, tag)];
	while (k && (memcmp(k->fingerprint, finding->fingerprint, sizeof(k->fingerprint)) != 0 || !rf_str_eq(k->tag, tag)))
		k = k->next_of_bucket;
	return k;
}

struct rf_finding_state *rf_tally_find(struct rf_store *s, const struct rf_finding *finding, rf_str tag)
{
	struct rf_tally_key *k = find_key(&s->tally, finding, tag);
	return !k || k->state->gone || (k->epoch && k->epoch != s->tally.epoch) ? NULL : k->state;
}

static struct rf_finding_state **state_place(struct rf_tally *t, int64_t id)
{
	struct rf_finding_state **at = &t->states[(uint64_t)id % RF_TALLY_BUCKETS];
	while (*at && ((*at)->id != id || (*at)->gone))
		at = &(*at)->next_of_bucket;
	return at;
}

/* 0 for NULL; `otherwise` for a time that is beyond what can be read. */
static uint64_t time_in(sqlite3_stmt *q, int column, uint64_t otherwise)
{
	uint64_t ns;
	rf_str text = rf_db_peek(q, column);
	if (!text.ptr)
		return 0;
	return rf_time_parse(text, &ns) ? ns / NS_PER_MS : otherwise;
}

int rf_tally_reload(struct rf_store *s, struct rf_finding_state *state, struct rf_error *err)
{
	sqlite3_stmt *q;
	int rc = rf_db_bind(s, RF_SQL_FINDING_SEEN, &q, err, "i", state->id);
	if (rc == 0)
		rc = rf_db_step(s, q, err);
	state->gone = rc == 0;
	state->first_ms = state->last_ms = state->silent_ms = 0;
	state->classes = 0;
	state->recent_count = 0;
	if (rc == 1) {
		state->first_ms = time_in(q, 0, 0);
		state->last_ms = time_in(q, 1, UINT64_MAX);
		state->silent_ms = time_in(q, 2, UINT64_MAX);
		state->classes = rf_classes_from_text(rf_db_peek(q, 3));
		sqlite3_reset(q);
	}
	state->others_ms = rf_tally_newest_ms(state);
	return rc < 0 ? rc : 0;
}

int rf_tally_reload_id(struct rf_store *s, int64_t id, struct rf_error *err)
{
	struct rf_finding_state *state = *state_place(&s->tally, id);
	return state ? rf_tally_reload(s, state, err) : 0;
}

static int load_state(struct rf_store *s, int64_t id, struct rf_finding_state **out, struct rf_error *err)
{
	struct rf_finding_state *state = rf_arena_alloc(&s->tally.arena, sizeof(*state));
	if (!state)
		return no_memory(err);
	state->id = id;
	int rc = rf_tally_reload(s, state, err);
	if (rc < 0)
		return rc;
	struct rf_finding_state **place = state_place(&s->tally, id);
	state->next_of_bucket = *place;
	*out = *place = state;
	return 0;
}

int rf_tally_learn(struct rf_store *s, const struct rf_finding *finding, rf_str tag, int64_t id, bool by_side,
		   struct rf_finding_state **out, struct rf_error *err)
{
	struct rf_tally *t = &s->tally;
	struct rf_tally_key *k = find_key(t, finding, tag);
	*out = *state_place(t, id);
	if (!*out) {
		int rc = load_state(s, id, out, err);
		if (rc < 0)
			return rc;
	}
	if (!k) {
		size_t bucket = bucket_of(finding->fingerprint, tag);
		k = rf_arena_alloc(&t->arena, sizeof(*k));
		if (!k)
			return no_memory(err);
		memcpy(k->fingerprint, finding->fingerprint, sizeof(k->fingerprint));
		k->tag = rf_arena_dup(&t->arena, tag);
		k->next_of_bucket = t->keys[bucket];
		t->keys[bucket] = k;
	}
	k->state = *out;
	if (t->epoch == 0)
		t->epoch = 1;
	k->epoch = by_side ? t->epoch : 0;
	return t->arena.failed ? no_memory(err) : 0;
}

void rf_tally_new_findings(struct rf_store *s)
{
	s->tally.epoch++;
}

void rf_tally_forget(struct rf_store *s, int64_t id)
{
	struct rf_finding_state *state = *state_place(&s->tally, id);
	if (state)
		state->gone = true;
}

/* --- adding up ------------------------------------------------------------------------------------------------- */

static void make_dirty(struct rf_tally *t, struct rf_finding_state *state)
{
	if (state->dirty)
		return;
	state->dirty = true;
	state->next_dirty = t->dirty;
	t->dirty = state;
}

static int add_part(struct rf_tally *t, struct rf_tally_part **list, uint64_t key, const char *verdict, struct rf_error *err)
{
	struct rf_tally_part *p = *list;
	while (p && (p->key != key || strcmp(p->verdict, verdict) != 0))
		p = p->next;
	if (!p) {
		p = rf_arena_alloc(&t->pending, sizeof(*p));
		if (!p)
			return no_memory(err);
		*p = (struct rf_tally_part){ *list, key, verdict, 0 };
		*list = p;
	}
	p->events++;
	return 0;
}

static void note_recent(struct rf_finding_state *f, uint64_t ms, const char *verdict)
{
	if (strcmp(verdict, "suppressed") == 0 || strcmp(verdict, "known") == 0)
		return;
	uint64_t *place = &f->recent_ms[f->recent_count++ % RF_TALLY_RECENT];
	if (f->recent_count > RF_TALLY_RECENT && *place > f->others_ms)
		f->others_ms = *place;
	*place = ms;
}

bool rf_tally_recent(const struct rf_finding_state *f, uint64_t since_ms, uint64_t now_ms, uint64_t most, int64_t *count)
{
	uint64_t kept = f->recent_count < RF_TALLY_RECENT ? f->recent_count : RF_TALLY_RECENT, found = 0;
	for (uint64_t i = 0; i < kept; i++)
		found += f->recent_ms[i] > since_ms && f->recent_ms[i] <= now_ms;
	*count = (int64_t)(found < most ? found : most);
	return found >= most || since_ms >= f->others_ms;
}

static int add_event(struct rf_store *s, struct rf_finding_state *f, const struct rf_event *event, const char *verdict,
		     struct rf_error *err)
{
	uint64_t ms = event->time_unix_ns / NS_PER_MS;
	bool first = f->events == 0;
	make_dirty(&s->tally, f);
	f->events++;
	f->events_alert += strcmp(verdict, "suppressed") != 0;
	note_recent(f, ms, verdict);
	f->in_baseline |= strcmp(verdict, "known") == 0;
	if (first || ms < f->oldest_ms)
		f->oldest_ms = ms;
	if (first || ms >= f->newest_ms) {
		f->newest_ms = ms;
		f->last_run_id = event->run_id;
	}
	if (first)
		f->first_run_id = event->run_id;
	f->several_runs = !first && (f->several_runs || f->first_run_id != event->run_id);
	int rc = add_part(&s->tally, &f->days, ms / MS_PER_DAY, verdict, err);
	return rc < 0 ? rc : add_part(&s->tally, &f->runs, (uint64_t)event->run_id, "", err);
}

uint64_t rf_tally_newest_ms(const struct rf_finding_state *f)
{
	return f->events && f->newest_ms > f->last_ms ? f->newest_ms : f->last_ms;
}

void rf_tally_hold(struct rf_store *s, struct rf_finding_state *state)
{
	make_dirty(&s->tally, state);
	state->silence.held++;
}

/* Nothing new: what is there, or on its way, says it already. */
static bool owners_are_old(const struct rf_finding_state *f, const rf_str test[2], bool known)
{
	bool old = true;
	for (int i = 0; i < 2; i++) {
		const rf_str *there = f->owners ? f->test : f->written;
		bool all_there = f->owners ? f->owners_known : f->written_known;
		if (known)
			old &= all_there && !there[i].ptr == !test[i].ptr && rf_str_eq(there[i], test[i]);
		else
			old &= !test[i].ptr || there[i].ptr || f->written[i].ptr;
	}
	return old;
}

int rf_tally_owners(struct rf_store *s, struct rf_finding_state *f, rf_str test_a, rf_str test_b, bool known,
		    struct rf_error *err)
{
	const rf_str test[2] = { test_a, test_b };
	if (owners_are_old(f, test, known))
		return 0;
	make_dirty(&s->tally, f);
	for (int i = 0; i < 2; i++) {
		if (known || !f->owners || !f->test[i].ptr)
			f->test[i] = test[i].ptr ? rf_arena_dup(&s->tally.pending, test[i]) : test[i];
	}
	f->owners_known = known || (f->owners && f->owners_known);
	f->owners = true;
	return s->tally.pending.failed ? no_memory(err) : 0;
}

/* --- writing --------------------------------------------------------------------------------------------------- */

static int write_parts(struct rf_store *s, const struct rf_finding_state *f, struct rf_error *err)
{
	char day[RF_TIME_BYTES];
	int rc = 0;
	for (const struct rf_tally_part *p = f->days; p && rc >= 0; p = p->next) {
		rf_str text = rf_str_take(rf_time_put(p->key * MS_PER_DAY * NS_PER_MS, day), 10);
		rc = rf_db_run(s, RF_SQL_FINDING_DAY_ADD, NULL, err, "sisi", text, f->id, rf_str_from(p->verdict), p->events);
		if (rc >= 0)
			rc = rf_day_totals_drop(s, p->key, text, err);
	}
	for (const struct rf_tally_part *p = f->runs; p && rc >= 0; p = p->next)
		rc = rf_db_run(s, RF_SQL_FINDING_RUN_ADD, NULL, err, "iii", (int64_t)p->key, f->id, p->events);
	return rc;
}

static int write_events(struct rf_store *s, struct rf_finding_state *f, struct rf_error *err)
{
	if (f->events == 0)
		return 0;
	char oldest[RF_TIME_BYTES], newest[RF_TIME_BYTES];
	/* Most events are later than the first, and then nothing that says "first" is touched, nor its indexes. */
	bool later = f->first_ms && f->oldest_ms >= f->first_ms;
	int rc = rf_db_run(s, later ? RF_SQL_FINDING_ADD_LATER : RF_SQL_FINDING_ADD_UP, NULL, err, later ? "iiisiiii" : "iiisiiiis",
			   f->id, f->events, f->events_alert, rf_time_put(f->newest_ms * NS_PER_MS, newest), f->first_run_id,
			   f->last_run_id, (int64_t)f->several_runs, (int64_t)f->in_baseline,
			   rf_time_put(f->oldest_ms * NS_PER_MS, oldest));
	if (rc >= 0)
		rc = write_parts(s, f, err);
	if (f->newest_ms > f->last_ms)
		f->last_ms = f->newest_ms;
	if (f->first_ms == 0 || f->oldest_ms < f->first_ms)
		f->first_ms = f->oldest_ms;
	f->events = f->events_alert = 0;
	f->several_runs = f->in_baseline = false;
	f->days = f->runs = NULL;
	return rc;
}

static int write_owners(struct rf_store *s, struct rf_finding_state *f, struct rf_error *err)
{
	if (!f->owners)
		return 0;
	for (int i = 0; i < 2; i++) {
		if (f->owners_known || f->test[i].ptr)
			f->written[i] = f->test[i].ptr ? rf_arena_dup(&s->tally.arena, f->test[i]) : f->test[i];
	}
	f->written_known = f->owners_known;
	f->owners = false;
	return rf_db_run(s, RF_SQL_FINDING_OWNERS, NULL, err, "inni", f->id, f->test[0], f->test[1], (int64_t)f->owners_known);
}

static int write_state(struct rf_store *s, struct rf_finding_state *f, struct rf_error *err)
{
	int rc = write_events(s, f, err);
	if (rc >= 0)
		rc = write_owners(s, f, err);
	if (rc >= 0 && f->silence.held)
		rc = rf_db_run(s, RF_SQL_SILENCE_HOLD, NULL, err, "ii", f->silence.id, f->silence.held);
	f->silence.held = 0;
	return rc < 0 ? rc : 0;
}

int rf_tally_event(struct rf_store *s, struct rf_finding_state *f, const struct rf_event *event, const char *verdict,
		   struct rf_error *err)
{
	uint64_t ms = event->time_unix_ns / NS_PER_MS;
	int rc = 0;
	/* Nothing was written yet, but an event of the same batch may be the late one. */
	if (f->last_ms == 0 && f->events == 0)
		f->last_ms = ms;
	if (ms > f->last_ms + ALONE_AFTER_MS && f->events)
		rc = write_events(s, f, err);
	bool alone = ms > f->last_ms + ALONE_AFTER_MS;
	if (rc >= 0)
		rc = add_event(s, f, event, verdict, err);
	if (rc >= 0 && alone)
		rc = write_events(s, f, err);
	return rc < 0 ? rc : 0;
}

static struct rf_finding_state *merge_by_id(struct rf_finding_state *a, struct rf_finding_state *b)
{
	struct rf_finding_state *first = NULL, **end = &first;
	while (a && b) {
		struct rf_finding_state **smaller = a->id < b->id ? &a : &b;
		*end = *smaller;
		end = &(*smaller)->next_dirty;
		*smaller = *end;
	}
	*end = a ? a : b;
	return first;
}

/* In the order of the tables, so that what is next to each other is written one after the other. */
static struct rf_finding_state *sort_by_id(struct rf_finding_state *list)
{
	struct rf_finding_state *sorted[32] = { NULL }, *all = NULL; /* 2^i of them at i */
	while (list) {
		struct rf_finding_state *one = list;
		int i = 0;
		list = list->next_dirty;
		for (one->next_dirty = NULL; sorted[i]; sorted[i++] = NULL)
			one = merge_by_id(sorted[i], one);
		sorted[i] = one;
	}
	for (int i = 0; i < 32; i++)
		all = merge_by_id(all, sorted[i]);
	return all;
}

int rf_tally_flush(struct rf_store *s, struct rf_error *err)
{
	struct rf_tally *t = &s->tally;
	int rc = 0;
	t->dirty = sort_by_id(t->dirty);
	for (struct rf_finding_state *f = t->dirty; f && rc >= 0; f = f->next_dirty) {
		f->dirty = false;
		rc = write_state(s, f, err);
	}
	t->dirty = NULL;
	rf_arena_reset(&t->pending);
	return rc < 0 ? rc : 0;
}
