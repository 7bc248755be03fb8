#include "store/heat.h"

#include <stdlib.h>

#include "base/hash.h"
#include "store/database.h"

static struct rf_heat_cell *cell_of(const struct rf_heat *h, int64_t tag_id, rf_str package)
{
	uint64_t hash = rf_hash_str(rf_hash_bytes(RF_HASH_START, &tag_id, sizeof(tag_id)), package);
	for (uint32_t at = (uint32_t)hash & (h->cap - 1);; at = (at + 1) & (h->cap - 1)) {
		struct rf_heat_cell *c = &h->cells[at];
		if (!c->package.ptr || (c->tag_id == tag_id && rf_str_eq(c->package, package)))
			return c;
	}
}

static bool make_room(struct rf_heat *h)
{
	struct rf_heat bigger = { .arena = h->arena, .cap = h->cap ? h->cap * 2 : 256, .used = h->used };
	if (h->cap > 2 * h->used)
		return true;
	bigger.cells = rf_arena_array(h->arena, bigger.cap, sizeof(*bigger.cells));
	if (!bigger.cells)
		return false;
	for (uint32_t i = 0; i < h->cap; i++) {
		if (h->cells[i].package.ptr)
			*cell_of(&bigger, h->cells[i].tag_id, h->cells[i].package) = h->cells[i];
	}
	*h = bigger;
	return true;
}

bool rf_heat_add(struct rf_heat *h, int64_t tag_id, rf_str package)
{
	if (!make_room(h))
		return false;
	struct rf_heat_cell *c = cell_of(h, tag_id, package);
	if (!c->package.ptr) {
		*c = (struct rf_heat_cell){ .tag_id = tag_id, .package = rf_arena_dup(h->arena, package) };
		h->used++;
	}
	c->findings++;
	return c->package.ptr != NULL;
}

/* --- the greatest ------------------------------------------------------------------------------------------------ */

static int more_first(int64_t a, int64_t b)
{
	return a < b ? 1 : a > b ? -1 : 0;
}

static int by_tag(const void *a, const void *b)
{
	const struct rf_heat_cell *x = a, *y = b;
	int order = more_first(x->of_tag, y->of_tag);
	return order ? order : -more_first(x->tag_id, y->tag_id);
}

static int by_package(const void *a, const void *b)
{
	const struct rf_heat_cell *x = a, *y = b;
	int order = more_first(x->of_package, y->of_package);
	return order ? order : rf_str_cmp(x->package, y->package);
}

static int by_row(const void *a, const void *b)
{
	const struct rf_heat_cell *x = a, *y = b;
	int order = more_first(x->of_tag, y->of_tag);
	if (order == 0)
		order = rf_str_cmp(x->tag, y->tag);
	return order ? order : by_package(a, b);
}

/* Sorts by what `compare` says of sums that are still 0, which brings equals together; adds them up; then sorts by the sums, and leaves
 * out what comes after the first `most`. */
static void rank(struct rf_heat *h, int (*compare)(const void *, const void *), int64_t *(*sum_of)(struct rf_heat_cell *), uint32_t most)
{
	uint32_t groups = 0;
	qsort(h->cells, h->used, sizeof(*h->cells), compare);
	for (uint32_t from = 0, to; from < h->used; from = to) {
		int64_t sum = 0;
		for (to = from; to < h->used && (to == from || compare(&h->cells[from], &h->cells[to]) == 0); to++)
			sum += h->cells[to].findings;
		for (uint32_t i = from; i < to; i++)
			*sum_of(&h->cells[i]) = sum;
	}
	qsort(h->cells, h->used, sizeof(*h->cells), compare);
	for (uint32_t i = 0; i < h->used; i++) {
		groups += i == 0 || compare(&h->cells[i - 1], &h->cells[i]) != 0;
		h->cells[i].left_out |= groups > most;
	}
}

static int64_t *sum_of_tag(struct rf_heat_cell *c)
{
	return &c->of_tag;
}

static int64_t *sum_of_package(struct rf_heat_cell *c)
{
	return &c->of_package;
}

/* The cells that stay, with the names of their tags. */
static int keep(struct rf_heat *h, struct rf_store *s, struct rf_error *err)
{
	sqlite3_stmt *q;
	uint32_t kept = 0;
	int rc = 0;
	for (uint32_t i = 0; i < h->used; i++) {
		if (!h->cells[i].left_out)
			h->cells[kept++] = h->cells[i];
	}
	h->used = kept;
	if (sqlite3_prepare_v2(s->handle, "SELECT name FROM tags WHERE id = ?", -1, &q, NULL) != SQLITE_OK)
		return rf_db_fail(s, sqlite3_errcode(s->handle), err);
	for (uint32_t i = 0; i < kept && rc >= 0; i++) {
		sqlite3_reset(q);
		sqlite3_bind_int64(q, 1, h->cells[i].tag_id);
		rc = rf_db_step(s, q, err);
		h->cells[i].tag = rc == 1 ? rf_db_text(q, 0, h->arena) : RF_STR("");
	}
	sqlite3_finalize(q);
	return rc < 0 ? rc : 0;
}

int rf_heat_rows(struct rf_heat *h, struct rf_store *s, uint32_t tags, uint32_t packages, struct rf_heat_row **rows, uint32_t *count,
		 struct rf_error *err)
{
	uint32_t used = 0;
	for (uint32_t i = 0; i < h->cap; i++) {
		if (h->cells[i].package.ptr)
			h->cells[used++] = h->cells[i];
	}
	*count = 0;
	*rows = NULL;
	if (used == 0)
		return 0;
	rank(h, by_tag, sum_of_tag, tags);
	rank(h, by_package, sum_of_package, packages);
	int rc = keep(h, s, err);
	if (rc < 0)
		return rc;
	qsort(h->cells, h->used, sizeof(*h->cells), by_row);
	*rows = rf_arena_array(h->arena, h->used + 1, sizeof(**rows));
	if (!*rows || h->arena->failed)
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory while reading the database.");
	for (; *count < h->used; ++*count) {
		const struct rf_heat_cell *c = &h->cells[*count];
		(*rows)[*count] = (struct rf_heat_row){ c->tag, c->package, c->findings };
	}
	return 0;
}
