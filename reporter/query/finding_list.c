/* The texts of the statements are put together from constant parts, so that only what is asked for is looked at; values are
 * always bound. */
#include "query/finding_list.h"

#include <stdlib.h>

#include "base/hash.h"
#include "store/collect.h"
#include "store/search.h"
#include "store/status.h"

static const struct { const char *name, *order; } sorts[] = {
	[RF_SORT_LAST_SEEN] = { "last", " ORDER BY f.last_seen DESC, f.id DESC" },
	[RF_SORT_FIRST_SEEN] = { "first", " ORDER BY f.first_seen DESC, f.id DESC" },
	[RF_SORT_EVENTS] = { "events", " ORDER BY f.events DESC, f.id DESC" },
	[RF_SORT_TITLE] = { "title", " ORDER BY f.title, f.id" },
};
_Static_assert(sizeof(sorts) / sizeof(sorts[0]) == RF_SORT_COUNT, "a name for each");

/* `filter` is a condition on a row f of findings. */
static const struct { const char *name, *parameter, *filter; } facets[] = {
	[RF_FACET_STATUS] = { "status", ":status", " AND " RF_STATUS_SQL " = :status" },
	[RF_FACET_KIND] = { "kind", ":kind", " AND f.kind = :kind" },
	[RF_FACET_CLASS] = { "class", ":class", " AND f.class = :class" },
	[RF_FACET_TAG] = { "tag", ":tag", " AND f.tag_id = (SELECT id FROM tags WHERE name = :tag)" },
	[RF_FACET_PACKAGE] = { "package", ":package", " AND f.package = :package" },
	[RF_FACET_TEST] = { "test", ":test", " AND :test IN (f.test_a, f.test_b)" },
};
_Static_assert(sizeof(facets) / sizeof(facets[0]) == RF_FACET_COUNT, "a name for each");

const char *rf_sort_name(enum rf_sort sort)
{
	return sorts[sort].name;
}

enum rf_sort rf_sort_from_name(rf_str name)
{
	for (int i = 0; i < RF_SORT_COUNT; i++) {
		if (rf_str_eq_cstr(name, sorts[i].name))
			return (enum rf_sort)i;
	}
	return RF_SORT_COUNT;
}

const char *rf_facet_name(enum rf_facet facet)
{
	return facets[facet].name;
}

/* Conditions on a row f of findings. */
static void put_range(struct rf_buf *sql, const struct rf_finding_list *list)
{
	if (list->search.ptr)
		rf_buf_put_cstr(sql, " AND f.id IN (SELECT " RF_SEARCH_HIT_ID " FROM json_each(:search))");
	if (list->since.ptr)
		rf_buf_put_cstr(sql, " AND f.last_seen >= :since");
}

static void put_filters(struct rf_buf *sql, const struct rf_finding_list *list)
{
	for (int i = 0; i < RF_FACET_COUNT; i++) {
		if (list->values[i].ptr)
			rf_buf_put_cstr(sql, facets[i].filter);
	}
}

static int prepare(struct rf_store *s, struct rf_buf *sql, const struct rf_finding_list *list, rf_arena *arena,
		   sqlite3_stmt **q, struct rf_error *err)
{
	rf_str hits = list->hits;
	int rc = list->search.ptr && !hits.ptr ? rf_search_hits(s, list->search, arena, &hits, err) : 0;
	rf_buf_put_char(sql, '\0');
	if (rc >= 0)
		rc = sql->failed ? rf_fail(err, RF_ERR_MEMORY, "Out of memory while reading the database.")
			     : rf_prepare(s, sql->ptr, q, err);
	rf_buf_release(sql);
	if (rc < 0)
		return rc;
	for (int i = 0; i < RF_FACET_COUNT; i++)
		rf_bind_text(*q, facets[i].parameter, list->values[i]);
	rf_bind_text(*q, ":search", hits);
	rf_bind_text(*q, ":since", list->since);
	rf_bind_number(*q, ":limit", list->limit);
	rf_bind_number(*q, ":offset", list->offset);
	return 0;
}

int rf_query_finding_list(struct rf_store *s, const struct rf_finding_list *list, rf_arena *arena,
			  struct rf_finding_row **rows, uint32_t *count, struct rf_error *err)
{
	struct rf_buf sql;
	sqlite3_stmt *q;
	void *array = NULL;
	rf_buf_init(&sql);
	/* The ids first: only those of the page are then looked up with everything that a row has. */
	rf_buf_put_cstr(&sql, RF_LIST_COLUMNS "WHERE v.id IN (SELECT f.id FROM findings f WHERE 1");
	put_range(&sql, list);
	put_filters(&sql, list);
	rf_buf_printf(&sql, "%s LIMIT :limit OFFSET :offset)%s", sorts[list->sort].order, sorts[list->sort].order);
	int rc = prepare(s, &sql, list, arena, &q, err);
	if (rc == 0)
		rc = rf_collect_once(s, q, sizeof(**rows), rf_collect_finding_row, arena, &array, count, err);
	*rows = array;
	return rc;
}

/* --- facets ------------------------------------------------------------------------------------------------------ */

/* One pass over the findings, counted here: in SQL each facet would sort them all once more. */
struct tally {
	rf_arena *arena;
	struct counted {
		rf_str value; /* ptr NULL: free */
		int64_t findings;
		int facet;
		bool chosen;
	} *slots;
	uint32_t cap, used; /* cap: a power of two, at most half full */
};

static struct counted *slot_of(const struct tally *t, int facet, rf_str value)
{
	uint32_t hash = (uint32_t)rf_hash_str(RF_HASH_START ^ (uint64_t)facet, value);
	for (uint32_t at = hash & (t->cap - 1);; at = (at + 1) & (t->cap - 1)) {
		struct counted *c = &t->slots[at];
		if (!c->value.ptr || (c->facet == facet && rf_str_eq(c->value, value)))
			return c;
	}
}

static bool make_room(struct tally *t)
{
	struct tally bigger = { .arena = t->arena, .cap = t->cap ? t->cap * 2 : 256, .used = t->used };
	if (t->cap > 2 * t->used)
		return true;
	bigger.slots = rf_arena_array(t->arena, bigger.cap, sizeof(*bigger.slots));
	if (!bigger.slots)
		return false;
	for (uint32_t i = 0; i < t->cap; i++) {
		if (t->slots[i].value.ptr)
			*slot_of(&bigger, t->slots[i].facet, t->slots[i].value) = t->slots[i];
	}
	*t = bigger;
	return true;
}

static bool count(struct tally *t, int facet, rf_str value, int64_t findings, bool chosen)
{
	if (value.len == 0)
		return true;
	if (!make_room(t))
		return false;
	struct counted *c = slot_of(t, facet, value);
	if (!c->value.ptr) {
		*c = (struct counted){ .value = rf_arena_dup(t->arena, value), .facet = facet, .chosen = chosen };
		t->used += c->value.ptr != NULL;
	}
	c->findings += findings;
	return true;
}

/* A row counts for a facet when nothing but this facet, at most, speaks against it. Columns are in the order of enum rf_facet, the
 * second test last. */
static bool count_row(sqlite3_stmt *q, const struct rf_finding_list *list, struct tally *t, int64_t *total)
{
	rf_str values[RF_FACET_COUNT], other = rf_db_peek(q, RF_FACET_COUNT);
	int against = 0, which = 0;
	bool ok = true;
	for (int i = 0; i < RF_FACET_COUNT; i++) {
		values[i] = rf_db_peek(q, i);
		if (!list->values[i].ptr || rf_str_eq(values[i], list->values[i]) ||
		    (i == RF_FACET_TEST && rf_str_eq(other, list->values[i])))
			continue;
		against++;
		which = i;
	}
	*total += against == 0;
	for (int i = 0; i < RF_FACET_COUNT && against <= 1; i++) {
		if (against == 0 || which == i)
			ok &= count(t, i, values[i], 1, false);
	}
	if (against == 0 || (against == 1 && which == RF_FACET_TEST))
		ok &= rf_str_eq(other, values[RF_FACET_TEST]) || count(t, RF_FACET_TEST, other, 1, false);
	return ok;
}

static int by_weight(const void *a, const void *b)
{
	const struct counted *x = a, *y = b;
	if (x->facet != y->facet)
		return x->facet - y->facet;
	if (x->chosen != y->chosen)
		return y->chosen - x->chosen;
	if (x->findings != y->findings)
		return x->findings < y->findings ? 1 : -1;
	return rf_str_cmp(x->value, y->value);
}

/* The slots in order, the greatest of each facet as rows. */
static int put_rows(struct tally *t, int64_t total, struct rf_facet_row **rows, uint32_t *row_count, struct rf_error *err)
{
	uint32_t used = 0, of_facet = 0;
	*rows = rf_arena_array(t->arena, 1 + RF_FACET_COUNT * RF_FACET_VALUES_MAX, sizeof(**rows));
	if (!*rows || t->arena->failed)
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory while reading the database.");
	for (uint32_t i = 0; i < t->cap; i++) {
		if (t->slots[i].value.ptr)
			t->slots[used++] = t->slots[i];
	}
	if (used)
		qsort(t->slots, used, sizeof(*t->slots), by_weight);
	(*rows)[0] = (struct rf_facet_row){ .facet = RF_FACET_COUNT, .value = RF_STR(""), .findings = total };
	*row_count = 1;
	for (uint32_t i = 0; i < used; i++) {
		const struct counted *c = &t->slots[i];
		of_facet = i && t->slots[i - 1].facet == c->facet ? of_facet + 1 : 0;
		if (of_facet < RF_FACET_VALUES_MAX)
			(*rows)[(*row_count)++] = (struct rf_facet_row){ (enum rf_facet)c->facet, c->value, c->findings };
	}
	return 0;
}

int rf_query_facets(struct rf_store *s, const struct rf_finding_list *list, rf_arena *arena, struct rf_facet_row **rows,
		    uint32_t *row_count, struct rf_error *err)
{
	struct tally t = { .arena = arena };
	struct rf_buf sql;
	sqlite3_stmt *q;
	int64_t total = 0;
	bool room = true;
	rf_buf_init(&sql);
	rf_buf_put_cstr(&sql, "SELECT " RF_STATUS_SQL ", f.kind, f.class, t.name, f.package, f.test_a, f.test_b FROM findings f"
			      " JOIN tags t ON t.id = f.tag_id WHERE 1");
	put_range(&sql, list);
	int rc = prepare(s, &sql, list, arena, &q, err);
	if (rc < 0)
		return rc;
	for (int i = 0; i < RF_FACET_COUNT; i++)
		room &= count(&t, i, list->values[i], 0, true);
	while (room && (rc = rf_db_step(s, q, err)) == 1)
		room = count_row(q, list, &t, &total);
	sqlite3_finalize(q);
	if (rc < 0)
		return rc;
	return put_rows(&t, total, rows, row_count, err);
}
