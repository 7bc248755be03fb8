/* Names on their way into the database: noted in a transaction, written at its end, and known from then on. */
#include "store/search_names.h"

#include <stdlib.h>

#include "base/hash.h"
#include "finding/canon.h"
#include "finding/stdlib.h"
#include "store/clean_text.h"
#include "store/rows.h"

#define WAITING_MAX 8192u               /* pairs; written when there are more */
#define WAITING_BYTES_MAX ((size_t)1 << 18) /* of names, likewise */

/* A name that the index lacks. */
struct rf_search_name {
	struct rf_search_name *next;
	int64_t id;
	rf_str text, shorter;
};

struct rf_search_pair {
	int64_t name, finding;
	int kind;
};

static uint64_t mix(uint64_t hash, uint64_t v)
{
	hash = (hash ^ v) * 0x9fb21c651e98df25u;
	return hash ^ hash >> 32;
}

/* Far from each one before, so that no hash is that of another salt. */
static void empty_caches(struct rf_search *search)
{
	search->salt = mix(search->salt + 1, RF_HASH_START);
}

static int no_memory(struct rf_error *err)
{
	return rf_fail(err, RF_ERR_MEMORY, "Out of memory while storing what a finding is found by.");
}

void rf_search_init(struct rf_search *search)
{
	rf_arena_init(&search->arena, 0);
	empty_caches(search);
	search->end = &search->first;
}

void rf_search_release(struct rf_search *search)
{
	rf_arena_release(&search->arena);
	free(search->waiting);
}

static void drop_waiting(struct rf_search *search)
{
	rf_arena_reset(&search->arena);
	search->first = NULL;
	search->end = &search->first;
	search->count = 0;
}

void rf_search_forget(struct rf_store *s)
{
	drop_waiting(&s->search);
	empty_caches(&s->search);
	s->search.fresh = s->search.highest = 0;
}

/* --- names ------------------------------------------------------------------------------------------------------- */

static int note_name(struct rf_store *s, int64_t id, rf_str text, rf_str shorter, struct rf_error *err)
{
	struct rf_search *search = &s->search;
	struct rf_search_name *name = rf_arena_alloc(&search->arena, sizeof(*name));
	if (!name)
		return no_memory(err);
	*name = (struct rf_search_name){ .id = id, .text = rf_arena_dup(&search->arena, text),
					 .shorter = shorter.len ? rf_arena_dup(&search->arena, shorter) : (rf_str){ NULL, 0 } };
	*search->end = name;
	search->end = &name->next;
	return search->arena.failed ? no_memory(err) : 0;
}

static int put_name(struct rf_store *s, rf_str text, rf_str shorter, int64_t *id, struct rf_error *err)
{
	int64_t hash = rf_absent_hash(text);
	int rc = rf_absent_is(s, RF_ABSENT_NAMES, hash, err);
	if (rc == 0)
		rc = rf_db_run(s, RF_SQL_SEARCH_NAME_GET, id, err, "t", text);
	else if (rc > 0)
		rc = 0;
	if (rc != 0)
		return rc;
	rc = rf_queue_id(s, RF_QUEUE_NAMES, id, err);
	if (rc >= 0)
		rc = rf_queue_add(s, RF_QUEUE_NAMES, err, "itn", *id, text, shorter.len ? shorter : (rf_str){ NULL, 0 });
	rf_absent_note(s, RF_ABSENT_NAMES, hash);
	return rc < 0 ? rc : note_name(s, *id, text, shorter, err);
}

/* Such a text is stored as another one, which is the one to be looked for. */
static int put_unclean_name(struct rf_store *s, rf_str text, rf_str shorter, int64_t *id, struct rf_error *err)
{
	struct rf_buf clean;
	rf_buf_init(&clean);
	rf_text_put_clean(&clean, text);
	int rc = clean.failed ? no_memory(err) : put_name(s, rf_buf_str(&clean), shorter, id, err);
	rf_buf_release(&clean);
	return rc;
}

static int name_row(struct rf_store *s, rf_str text, rf_str shorter, int64_t *id, struct rf_error *err)
{
	text = rf_str_take(text, RF_SEARCH_NAME_BYTES_MAX);
	shorter = rf_str_take(shorter, RF_SEARCH_NAME_BYTES_MAX);
	uint64_t hash = mix(rf_hash_str(RF_HASH_START, text), s->search.salt);
	struct rf_search_known *known = &s->search.names[hash % RF_SEARCH_KNOWN];
	if (known->hash == hash) {
		*id = known->id;
		return 0;
	}
	int rc = rf_text_is_clean(text) ? put_name(s, text, shorter, id, err) : put_unclean_name(s, text, shorter, id, err);
	if (rc >= 0)
		*known = (struct rf_search_known){ hash, *id };
	return rc < 0 ? rc : 0;
}

/* --- of a finding ------------------------------------------------------------------------------------------------ */

static uint64_t *place_of(struct rf_search *search, uint64_t hash)
{
	return &search->pairs[hash % RF_SEARCH_PAIRS];
}

static uint64_t hash_pair(const struct rf_search *search, int64_t finding_id, int64_t name, int kind)
{
	return mix(mix(mix(search->salt, (uint64_t)finding_id), (uint64_t)name), (uint64_t)kind);
}

static bool make_room(struct rf_search *search)
{
	if (search->count < search->cap)
		return true;
	size_t cap = search->cap ? search->cap * 2 : 256;
	struct rf_search_pair *bigger = realloc(search->waiting, cap * sizeof(*bigger));
	if (!bigger)
		return false;
	search->waiting = bigger;
	search->cap = cap;
	return true;
}

static int note_pair(struct rf_store *s, int64_t finding_id, int64_t name, enum rf_name_kind kind, struct rf_error *err)
{
	struct rf_search *search = &s->search;
	uint64_t hash = hash_pair(search, finding_id, name, (int)kind), *known = place_of(search, hash);
	if (*known == hash || name == 0)
		return 0;
	if (!make_room(search))
		return no_memory(err);
	search->waiting[search->count++] = (struct rf_search_pair){ name, finding_id, (int)kind };
	*known = hash;
	return 0;
}

int rf_search_add(struct rf_store *s, int64_t finding_id, enum rf_name_kind kind, rf_str name, struct rf_error *err)
{
	int64_t id;
	if (name.len == 0)
		return 0;
	int rc = name_row(s, name, (rf_str){ NULL, 0 }, &id, err);
	return rc < 0 ? rc : note_pair(s, finding_id, id, kind, err);
}

static int frame_names(struct rf_store *s, rf_str function, rf_str file, int64_t ids[2], struct rf_error *err)
{
	struct rf_buf name, shorter;
	int rc = 0;
	ids[0] = ids[1] = 0;
	rf_buf_init(&name);
	rf_buf_init(&shorter);
	rf_search_put_name(&name, function);
	rf_search_put_short(&shorter, function);
	if (name.failed || shorter.failed)
		rc = no_memory(err);
	else if (name.len)
		rc = name_row(s, rf_buf_str(&name), rf_buf_str(&shorter), &ids[0], err);
	/* Go's own files are in every stack, and nobody looks for them. */
	if (rc >= 0 && file.len && !rf_stdlib_has(rf_str_take(function, rf_canon_package_bytes(function))))
		rc = name_row(s, file, (rf_str){ NULL, 0 }, &ids[1], err);
	rf_buf_release(&name);
	rf_buf_release(&shorter);
	return rc;
}

int rf_search_add_frame(struct rf_store *s, int64_t finding_id, rf_str function, rf_str file, struct rf_error *err)
{
	int64_t ids[2];
	int rc = frame_names(s, function, file, ids, err);
	if (rc >= 0)
		rc = note_pair(s, finding_id, ids[0], RF_NAME_FUNCTION, err);
	return rc < 0 ? rc : note_pair(s, finding_id, ids[1], RF_NAME_FILE, err);
}

/* --- of an event ------------------------------------------------------------------------------------------------- */

static int note_frame(struct rf_store *s, int64_t finding_id, const struct rf_known_frame *k, struct rf_error *err)
{
	uint64_t hash = mix(k->hash, s->search.salt);
	struct rf_search_frame *known = &s->search.frames[hash % (RF_SEARCH_KNOWN / 2)];
	if (known->hash != hash) {
		int64_t ids[2];
		int rc = frame_names(s, k->frame.function, k->frame.file, ids, err);
		if (rc < 0)
			return rc;
		*known = (struct rf_search_frame){ hash, ids[0], ids[1] };
	}
	int rc = note_pair(s, finding_id, known->function, RF_NAME_FUNCTION, err);
	return rc < 0 ? rc : note_pair(s, finding_id, known->file, RF_NAME_FILE, err);
}

static int note_stack(struct rf_store *s, int64_t finding_id, const struct rf_known_stack *k, struct rf_error *err)
{
	if (!k)
		return 0;
	uint64_t hash = hash_pair(&s->search, finding_id, (int64_t)k->hash, RF_NAME_KIND_COUNT), *known = place_of(&s->search, hash);
	int rc = 0;
	if (*known == hash)
		return 0;
	for (uint32_t i = 0; i < k->count && rc >= 0; i++)
		rc = note_frame(s, finding_id, k->frames[i], err);
	if (rc >= 0)
		*known = hash;
	return rc;
}

static uint64_t hash_stack(uint64_t hash, const struct rf_known_stack *k)
{
	return mix(hash, k ? k->hash : 0);
}

/* Equal for events that have the same names. */
static uint64_t hash_event(const struct rf_store *s, int64_t finding_id, const struct rf_event *e)
{
	const struct rf_report *r = e->report;
	uint64_t hash = mix(s->search.salt, (uint64_t)finding_id);
	for (uint32_t i = 0; i < r->access_count; i++) {
		hash = hash_stack(hash, e->stacks->stacks[i]);
		hash = mix(hash, rf_hash_str(RF_HASH_START, rf_rows_owner(&r->accesses[i])));
	}
	for (uint32_t i = 0; i < r->goroutine_count; i++)
		hash = hash_stack(hash, e->stacks->created[i]);
	hash = hash_stack(hash, e->stacks->allocated);
	return mix(hash, rf_hash_str(RF_HASH_START, e->test));
}

static int note_event(struct rf_store *s, int64_t finding_id, const struct rf_event *e, struct rf_error *err)
{
	const struct rf_report *r = e->report;
	int rc = rf_search_add(s, finding_id, RF_NAME_TEST, e->test, err);
	for (uint32_t i = 0; i < r->access_count && rc >= 0; i++) {
		rc = note_stack(s, finding_id, e->stacks->stacks[i], err);
		if (rc >= 0)
			rc = rf_search_add(s, finding_id, RF_NAME_TEST, rf_rows_owner(&r->accesses[i]), err);
	}
	for (uint32_t i = 0; i < r->goroutine_count && rc >= 0; i++)
		rc = note_stack(s, finding_id, e->stacks->created[i], err);
	return rc < 0 ? rc : note_stack(s, finding_id, e->stacks->allocated, err);
}

static int note_finding(struct rf_store *s, int64_t finding_id, const struct rf_event *e, struct rf_error *err)
{
	int rc = rf_search_add(s, finding_id, RF_NAME_TITLE, e->finding->title, err);
	if (rc >= 0)
		rc = rf_search_add(s, finding_id, RF_NAME_TAG, e->tag, err);
	return rc < 0 ? rc : rf_search_add(s, finding_id, RF_NAME_PACKAGE, e->finding->package, err);
}

static void drop_pairs_of(struct rf_search *search, int64_t finding_id, int kind_min, int kind_max)
{
	size_t kept = 0;
	for (size_t i = 0; i < search->count; i++) {
		const struct rf_search_pair *p = &search->waiting[i];
		if (p->finding != finding_id || p->kind < kind_min || p->kind > kind_max)
			search->waiting[kept++] = *p;
	}
	search->count = kept;
}

void rf_search_begin(struct rf_store *s)
{
	if (s->search.generation != s->intern.generation)
		empty_caches(&s->search);
	s->search.generation = s->intern.generation;
}

void rf_search_made(struct rf_store *s, int64_t finding_id)
{
	struct rf_search *search = &s->search;
	if (finding_id <= search->highest) {
		drop_pairs_of(search, finding_id, 0, RF_NAME_KIND_COUNT);
		empty_caches(search);
	}
	search->highest = finding_id > search->highest ? finding_id : search->highest;
	search->fresh = finding_id;
}

int rf_search_limit(struct rf_store *s, struct rf_error *err)
{
	bool much = s->search.count >= WAITING_MAX || s->search.arena.used_total >= WAITING_BYTES_MAX;
	return much ? rf_search_flush(s, err) : 0;
}

int rf_search_note(struct rf_store *s, int64_t finding_id, const struct rf_event *event, struct rf_error *err)
{
	struct rf_search *search = &s->search;
	bool is_fresh = search->fresh == finding_id;
	uint64_t hash = hash_event(s, finding_id, event), *known = &search->events[hash % RF_SEARCH_KNOWN];
	if (*known == hash && !is_fresh)
		return 0;
	int rc = rf_search_limit(s, err);
	if (rc >= 0 && is_fresh)
		rc = note_finding(s, finding_id, event, err);
	if (rc >= 0)
		rc = note_event(s, finding_id, event, err);
	if (rc < 0)
		return rc;
	*known = hash;
	search->fresh = 0;
	search->highest = finding_id > search->highest ? finding_id : search->highest;
	return 0;
}

/* --- writing ----------------------------------------------------------------------------------------------------- */

/* Findings that are gone, whoever removed them. One of the same id that is there now has only names that still wait. */
static int write_gone(struct rf_store *s, struct rf_error *err)
{
	sqlite3_stmt *q;
	bool any = false;
	int rc = rf_db_bind(s, RF_SQL_SEARCH_GONE, &q, err, "");
	while (rc >= 0 && (rc = rf_db_step(s, q, err)) == 1) {
		any = true;
		drop_pairs_of(&s->search, sqlite3_column_int64(q, 0), 0, RF_NAME_KIND_COUNT);
	}
	if (rc >= 0 && any)
		rc = rf_db_run(s, RF_SQL_SEARCH_GONE_PAIRS, NULL, err, "");
	return rc < 0 || !any ? rc : rf_db_run(s, RF_SQL_SEARCH_GONE_DONE, NULL, err, "");
}

static int by_name(const void *a, const void *b)
{
	const struct rf_search_pair *x = a, *y = b;
	if (x->name != y->name)
		return x->name < y->name ? -1 : 1;
	if (x->finding != y->finding)
		return x->finding < y->finding ? -1 : 1;
	return x->kind - y->kind;
}

/* In the order of the table, so that neighbours share its pages. */
static int write_pairs(struct rf_store *s, struct rf_error *err)
{
	struct rf_search *search = &s->search;
	int rc = 0;
	if (search->count)
		qsort(search->waiting, search->count, sizeof(*search->waiting), by_name);
	for (size_t i = 0; i < search->count && rc >= 0; i++) {
		const struct rf_search_pair *p = &search->waiting[i];
		rc = rf_queue_add(s, RF_QUEUE_PAIRS, err, "iii", p->name, p->finding, (int64_t)p->kind);
	}
	return rc < 0 ? rc : rf_queue_flush(s, RF_QUEUE_BIT(RF_QUEUE_PAIRS), err);
}

int rf_search_flush(struct rf_store *s, struct rf_error *err)
{
	int rc = write_gone(s, err);
	if (rc >= 0)
		rc = write_pairs(s, err);
	for (const struct rf_search_name *n = s->search.first; n && rc >= 0; n = n->next)
		rc = rf_db_run(s, RF_SQL_SEARCH_NAME_INDEX, NULL, err, "itn", n->id, n->text, n->shorter);
	if (rc >= 0)
		drop_waiting(&s->search);
	return rc < 0 ? rc : 0;
}

int rf_search_drop(struct rf_store *s, int64_t finding_id, enum rf_name_kind kind, rf_str name, struct rf_error *err)
{
	int64_t id;
	drop_pairs_of(&s->search, finding_id, (int)kind, (int)kind);
	int rc = rf_db_run(s, RF_SQL_SEARCH_NAME_GET, &id, err, "t", rf_str_take(name, RF_SEARCH_NAME_BYTES_MAX));
	if (rc == 1) {
		*place_of(&s->search, hash_pair(&s->search, finding_id, id, (int)kind)) = 0;
		rc = rf_db_run(s, RF_SQL_SEARCH_PAIR_DROP, NULL, err, "iii", id, finding_id, (int64_t)kind);
	}
	return rc < 0 ? rc : 0;
}
