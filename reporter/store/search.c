/* Each word by itself: the names that it is in, and the findings that have these. A finding fits when it has one of each word's. */
#include "store/search.h"

#include "store/collect.h"
#include "store/search_names.h"

/* What a word is worth where it was found. A title or a tag says more than one of many functions; a start of a word says nothing.
 * The sum over all words stays below 256 (rf_search_hits). */
static const uint32_t weights[RF_NAME_KIND_COUNT] = {
	[RF_NAME_TITLE] = 8, [RF_NAME_TAG] = 8, [RF_NAME_PACKAGE] = 2, [RF_NAME_TEST] = 4, [RF_NAME_FUNCTION] = 2, [RF_NAME_FILE] = 1,
};
_Static_assert(8 * RF_SEARCH_WORDS_MAX < 256, "a byte for the sum");

/* Findings by id, open addressing; `cap` is a power of two, at most half full. */
struct hit {
	int64_t id;             /* 0: free */
	uint32_t words;         /* how many of them fit, from the first one on */
	uint32_t fits, of_word; /* weights: of all words, of the latest */
};
struct hits {
	rf_arena *arena;
	struct hit *slots;
	size_t cap, used;
};

static struct hit *slot_of(const struct hits *h, int64_t id)
{
	size_t at = (size_t)(((uint64_t)id * 0x9e3779b97f4a7c15u) >> 20) & (h->cap - 1);
	while (h->slots[at].id && h->slots[at].id != id)
		at = (at + 1) & (h->cap - 1);
	return &h->slots[at];
}

static bool make_room(struct hits *h)
{
	struct hits bigger = { .arena = h->arena, .cap = h->cap ? h->cap * 2 : 1024, .used = h->used };
	if (h->cap > 2 * h->used)
		return true;
	bigger.slots = rf_arena_array(h->arena, bigger.cap, sizeof(*bigger.slots));
	for (size_t i = 0; bigger.slots && i < h->cap; i++) {
		if (h->slots[i].id)
			*slot_of(&bigger, h->slots[i].id) = h->slots[i];
	}
	if (bigger.slots)
		*h = bigger;
	return bigger.slots != NULL;
}

/* Word number `word` is in a name of this finding. Only a finding that had all words before it counts. */
static bool hit(struct hits *h, uint32_t word, int64_t id, uint32_t weight)
{
	if (word == 0 && !make_room(h))
		return false;
	struct hit *slot = slot_of(h, id);
	if (slot->id == 0 && word == 0) {
		slot->id = id;
		h->used++;
	}
	if (slot->id == 0 || slot->words < word)
		return true;
	if (slot->words == word) {
		slot->words++;
		slot->of_word = 0;
	}
	if (weight > slot->of_word) {
		slot->fits += weight - slot->of_word;
		slot->of_word = weight;
	}
	return true;
}

/* The rows of a statement: a finding and a kind each. */
static int take_rows(struct rf_store *s, sqlite3_stmt *q, struct hits *h, uint32_t word, bool weighs, struct rf_error *err)
{
	int rc;
	while ((rc = rf_db_step(s, q, err)) == 1) {
		int kind = sqlite3_column_int(q, 1);
		uint32_t weight = weighs && kind > 0 && kind < RF_NAME_KIND_COUNT ? weights[kind] : 0;
		if (!hit(h, word, sqlite3_column_int64(q, 0), weight)) {
			sqlite3_reset(q);
			return rf_fail(err, RF_ERR_MEMORY, "Out of memory while searching.");
		}
	}
	return rc;
}

/* No index has what is so short: all names are looked at. */
static int take_start(struct rf_store *s, rf_str start, struct hits *h, uint32_t word, struct rf_error *err)
{
	sqlite3_stmt *names, *q;
	int rc = rf_db_bind(s, RF_SQL_SEARCH_NAMES, &names, err, "");
	while (rc >= 0 && (rc = rf_db_step(s, names, err)) == 1) {
		if (!rf_search_has_start(rf_db_peek(names, 1), start))
			continue;
		rc = rf_db_bind(s, RF_SQL_SEARCH_OF_NAME, &q, err, "i", sqlite3_column_int64(names, 0));
		if (rc >= 0)
			rc = take_rows(s, q, h, word, false, err);
	}
	if (rc < 0)
		sqlite3_reset(names);
	return rc;
}

static int take_word(struct rf_store *s, const struct rf_search_word *w, struct hits *h, uint32_t word, struct rf_error *err)
{
	sqlite3_stmt *q;
	if (!w->match.ptr)
		return take_start(s, w->start, h, word, err);
	int rc = rf_db_bind(s, RF_SQL_SEARCH_WORD, &q, err, "t", w->match);
	return rc < 0 ? rc : take_rows(s, q, h, word, true, err);
}

static void put_hits(const struct hits *h, uint32_t words, struct rf_buf *out)
{
	rf_buf_put_char(out, '[');
	for (size_t i = 0; i < h->cap; i++) {
		if (h->slots[i].id && h->slots[i].words == words)
			rf_buf_printf(out, "%s%lld", out->len > 1 ? "," : "", (long long)(h->slots[i].id << 8 | h->slots[i].fits));
	}
	rf_buf_put_char(out, ']');
}

int rf_search_hits(struct rf_store *s, rf_str typed, rf_arena *arena, rf_str *hits, struct rf_error *err)
{
	struct rf_search_word words[RF_SEARCH_WORDS_MAX];
	struct hits found = { .arena = arena };
	struct rf_buf out;
	uint32_t count = rf_search_words(typed, arena, words);
	int rc = 0;
	for (uint32_t i = 0; i < count && rc >= 0; i++) {
		if (i == 0 || found.used)
			rc = take_word(s, &words[i], &found, i, err);
	}
	if (rc < 0)
		return rc;
	rf_buf_init(&out);
	put_hits(&found, count, &out);
	*hits = rf_arena_dup(arena, rf_buf_str(&out));
	if (out.failed || arena->failed)
		rc = rf_fail(err, RF_ERR_MEMORY, "Out of memory while searching.");
	rf_buf_release(&out);
	return rc;
}

int rf_search_findings(struct rf_store *s, rf_str typed, uint32_t limit, uint32_t offset, rf_arena *arena,
		       struct rf_finding_row **rows, uint32_t *count, int64_t *total, struct rf_error *err)
{
	sqlite3_stmt *q;
	rf_str hits;
	*rows = NULL;
	*count = 0;
	if (total)
		*total = 0;
	int rc = rf_search_hits(s, typed, arena, &hits, err);
	if (rc >= 0 && total)
		rc = rf_db_run(s, RF_SQL_SEARCH_COUNT, total, err, "t", hits);
	if (rc >= 0)
		rc = rf_db_bind(s, RF_SQL_SEARCH, &q, err, "tii", hits, (int64_t)limit, (int64_t)offset);
	return rc < 0 ? rc : rf_collect_findings(s, q, arena, rows, count, err);
}
