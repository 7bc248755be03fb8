#include "store/halves.h"

#include <stdlib.h>
#include <string.h>

#include "store/database.h"

#define BUCKETS 65536u
#define ENTRIES_FIRST 1024u

/* One key of one run and kind: the events that have it, in the order of their ids, of which only the first is in a bucket. */
struct rf_half_entry {
	int64_t key, id;
	uint32_t place;    /* of run and kind */
	uint32_t next_of_bucket, next, last;
};

void rf_halves_release(struct rf_halves *h)
{
	free(h->entries);
	free(h->buckets);
	*h = (struct rf_halves){ 0 };
}

void rf_halves_forget(struct rf_halves *h)
{
	if (h->entry_count)
		memset(h->buckets, 0, BUCKETS * sizeof(*h->buckets));
	h->entry_count = h->unused = h->run_count = 0;
}

static struct rf_halves_run *find_run(struct rf_halves *h, int64_t run_id)
{
	for (uint32_t i = h->run_count; i-- > 0;) {
		if (h->runs[i].run_id == run_id)
			return &h->runs[i];
	}
	return NULL;
}

static struct rf_halves_run *get_run(struct rf_halves *h, int64_t run_id)
{
	struct rf_halves_run *run = find_run(h, run_id);
	if (run)
		return run;
	if (h->run_count == RF_HALVES_RUNS)
		rf_halves_forget(h);
	run = &h->runs[h->run_count++];
	*run = (struct rf_halves_run){ .run_id = run_id };
	return run;
}

static uint32_t place_of(const struct rf_halves *h, const struct rf_halves_run *run, enum rf_half kind)
{
	return (uint32_t)(run - h->runs) * RF_HALF_COUNT + (uint32_t)kind;
}

/* --- entries ------------------------------------------------------------------------------------------------------- */

/* 0: no room. */
static uint32_t new_entry(struct rf_halves *h)
{
	uint32_t at = h->unused;
	if (at) {
		h->unused = h->entries[at].next;
		return at;
	}
	if (h->room && h->entry_count >= h->room)
		return 0;
	if (!h->buckets && !(h->buckets = calloc(BUCKETS, sizeof(*h->buckets))))
		return 0;
	if (h->entry_count + 1 >= h->entry_cap) {
		uint32_t cap = h->entry_cap ? h->entry_cap * 2 : ENTRIES_FIRST;
		struct rf_half_entry *bigger = cap > RF_HALVES_MAX ? NULL : realloc(h->entries, cap * sizeof(*bigger));
		if (!bigger)
			return 0;
		h->entries = bigger;
		h->entry_cap = cap;
	}
	return ++h->entry_count;
}

/* Keys are hashes already. */
static uint32_t *bucket_of(struct rf_halves *h, uint32_t place, int64_t key)
{
	uint64_t hash = (uint64_t)key ^ place * 0x9e3779b97f4a7c15u;
	return &h->buckets[(hash ^ hash >> 32) % BUCKETS];
}

/* The link to the first event with this key. */
static uint32_t *find_entry(struct rf_halves *h, uint32_t place, int64_t key)
{
	uint32_t *link = bucket_of(h, place, key);
	while (*link && (h->entries[*link].key != key || h->entries[*link].place != place))
		link = &h->entries[*link].next_of_bucket;
	return link;
}

/* False: no room. Ids come in ascending order. */
static bool put_entry(struct rf_halves *h, uint32_t place, int64_t key, int64_t id)
{
	uint32_t at = new_entry(h);
	if (!at)
		return false;
	h->entries[at] = (struct rf_half_entry){ .key = key, .id = id, .place = place, .last = at };
	uint32_t first = *find_entry(h, place, key), *bucket = bucket_of(h, place, key);
	if (first) {
		h->entries[h->entries[first].last].next = at;
		h->entries[first].last = at;
	} else {
		h->entries[at].next_of_bucket = *bucket;
		*bucket = at;
	}
	return true;
}

/* The first of them goes, the second takes its place. */
static void drop_first(struct rf_halves *h, uint32_t *link)
{
	uint32_t first = *link, second = h->entries[first].next;
	if (second) {
		h->entries[second].next_of_bucket = h->entries[first].next_of_bucket;
		h->entries[second].last = h->entries[first].last;
		*link = second;
	} else {
		*link = h->entries[first].next_of_bucket;
	}
	h->entries[first].next = h->unused;
	h->unused = first;
}

/* --- the database -------------------------------------------------------------------------------------------------- */

static rf_str source_of(enum rf_half kind)
{
	return kind == RF_HALF_TEXT ? RF_STR("text") : RF_STR("spool");
}

int rf_halves_any(struct rf_store *s, int64_t run_id, enum rf_half kind, struct rf_error *err)
{
	struct rf_halves_run *run = get_run(&s->halves, run_id);
	int64_t one;
	if (run->kinds[kind].state == RF_HALVES_UNKNOWN) {
		int rc = rf_db_run(s, RF_SQL_EVENT_ANY_HALF, &one, err, "is", run_id, source_of(kind));
		if (rc < 0)
			return rc;
		run->kinds[kind].state = rc ? RF_HALVES_SOME : RF_HALVES_NONE;
	}
	return run->kinds[kind].state != RF_HALVES_NONE;
}

/* All of them, or as many as there is room for. */
static int read_halves(struct rf_store *s, struct rf_halves_run *run, enum rf_half kind, struct rf_error *err)
{
	sqlite3_stmt *q;
	uint32_t place = place_of(&s->halves, run, kind);
	int64_t last = 0;
	bool room = true;
	int rc = rf_db_bind(s, RF_SQL_EVENT_HALVES, &q, err, "is", run->run_id, source_of(kind));
	while (rc >= 0 && room && (rc = rf_db_step(s, q, err)) == 1) {
		int64_t id = sqlite3_column_int64(q, 0);
		room = put_entry(&s->halves, place, sqlite3_column_int64(q, 1), id);
		last = room ? id : last;
	}
	if (rc < 0)
		return rc;
	sqlite3_reset(q);
	run->kinds[kind].last = room ? INT64_MAX : last;
	run->kinds[kind].state = RF_HALVES_READ;
	return 0;
}

int rf_halves_take(struct rf_store *s, int64_t run_id, enum rf_half kind, int64_t key, int64_t *id, struct rf_error *err)
{
	struct rf_halves *h = &s->halves;
	int rc = rf_halves_any(s, run_id, kind, err);
	if (rc <= 0)
		return rc;
	struct rf_halves_run *run = find_run(h, run_id);
	/* Those of other runs leave little room: they are read again when they are asked for. */
	if (run->kinds[kind].state == RF_HALVES_SOME && h->entry_count > RF_HALVES_MAX / 2 && h->run_count > 1) {
		rf_halves_forget(h);
		run = get_run(h, run_id);
	}
	if (run->kinds[kind].state != RF_HALVES_READ && (rc = read_halves(s, run, kind, err)) < 0)
		return rc;
	rc = 0;
	while (rc == 0 && h->buckets) {
		uint32_t *link = find_entry(h, place_of(h, run, kind), key);
		if (!*link)
			break;
		*id = h->entries[*link].id;
		drop_first(h, link);
		rc = rf_db_run(s, RF_SQL_EVENT_IS_HALF, id, err, "iiis", *id, run_id, key, source_of(kind));
	}
	if (rc == 0 && run->kinds[kind].last != INT64_MAX)
		rc = rf_db_run(s, RF_SQL_EVENT_HALF_OF_KEY, id, err, "isii", run_id, source_of(kind), run->kinds[kind].last, key);
	return rc;
}

void rf_halves_add(struct rf_store *s, int64_t run_id, enum rf_half kind, int64_t key, int64_t id)
{
	struct rf_halves_run *run = find_run(&s->halves, run_id);
	if (!run)
		return;
	if (run->kinds[kind].state == RF_HALVES_NONE)
		run->kinds[kind].state = RF_HALVES_SOME;
	if (run->kinds[kind].state != RF_HALVES_READ || run->kinds[kind].last != INT64_MAX)
		return;
	if (!put_entry(&s->halves, place_of(&s->halves, run, kind), key, id))
		run->kinds[kind].last = id - 1;
}
