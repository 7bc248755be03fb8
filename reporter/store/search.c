/* The names that each word is in, and then the findings that have these. A finding fits when it has one of each word's. */
#include "store/search.h"

#include "store/collect.h"
#include "store/search_names.h"

#define LOOKUPS_MAX 2000 /* names; of more, reading which findings have which names from end to end takes less than looking them up */

/* What a word is worth where it was found. A title or a tag says more than one of many functions; a start of a word says nothing.
 * The sum over all words stays below 256 (rf_search_hits). */
static const uint8_t weights[RF_NAME_KIND_COUNT] = {
	[RF_NAME_TITLE] = 8, [RF_NAME_TAG] = 8, [RF_NAME_PACKAGE] = 2, [RF_NAME_TEST] = 4, [RF_NAME_FUNCTION] = 2, [RF_NAME_FILE] = 1,
};
_Static_assert(8 * RF_SEARCH_WORDS_MAX < 256, "a byte for the sum");
_Static_assert(RF_SEARCH_WORDS_MAX <= 16, "a bit a word");

/* Findings by id, open addressing; `cap` is a power of two, at most half full. */
struct hit {
	int64_t id;                         /* 0: free */
	uint16_t words;                     /* that fit, a bit each */
	uint8_t fits[RF_SEARCH_WORDS_MAX];  /* weights */
};

struct search {
	struct rf_store *s;
	rf_arena *arena;
	const struct rf_search_word *words;
	uint32_t word_count;
	uint16_t *names;                    /* by id: the words that are in it, a bit each */
	int64_t highest;
	int64_t matched[LOOKUPS_MAX];       /* ids of the first ones that have any */
	uint32_t matched_count;
	struct hit *hits;
	size_t cap, used;
};

static int no_memory(struct rf_error *err)
{
	return rf_fail(err, RF_ERR_MEMORY, "Out of memory while searching.");
}

/* --- names ------------------------------------------------------------------------------------------------------- */

/* One that came after the search had begun is not looked at. */
static void mark(struct search *f, int64_t name, uint32_t word)
{
	if (name < 0 || name > f->highest)
		return;
	if (f->names[name] == 0 && f->matched_count++ < LOOKUPS_MAX)
		f->matched[f->matched_count - 1] = name;
	f->names[name] |= (uint16_t)(1u << word);
}

static int mark_matches(struct search *f, uint32_t word, struct rf_error *err)
{
	sqlite3_stmt *q;
	int rc = rf_db_bind(f->s, RF_SQL_SEARCH_WORD, &q, err, "t", f->words[word].match);
	while (rc >= 0 && (rc = rf_db_step(f->s, q, err)) == 1)
		mark(f, sqlite3_column_int64(q, 0), word);
	return rc;
}

/* No index has what is so short: all names are looked at, once for all such words. */
static int mark_starts(struct search *f, struct rf_error *err)
{
	sqlite3_stmt *q;
	int rc = rf_db_bind(f->s, RF_SQL_SEARCH_NAMES, &q, err, "");
	while (rc >= 0 && (rc = rf_db_step(f->s, q, err)) == 1) {
		rf_str name = rf_db_peek(q, 1);
		for (uint32_t i = 0; i < f->word_count; i++) {
			if (f->words[i].start.ptr && rf_search_has_start(name, f->words[i].start))
				mark(f, sqlite3_column_int64(q, 0), i);
		}
	}
	return rc;
}

static int find_names(struct search *f, struct rf_error *err)
{
	bool starts = false;
	int rc = rf_db_run(f->s, RF_SQL_SEARCH_HIGHEST, &f->highest, err, "");
	if (rc < 0)
		return rc;
	f->names = rf_arena_array(f->arena, (size_t)f->highest + 1, sizeof(*f->names));
	if (!f->names)
		return no_memory(err);
	for (uint32_t i = 0; i < f->word_count && rc >= 0; i++) {
		starts |= f->words[i].start.ptr != NULL;
		if (f->words[i].match.ptr)
			rc = mark_matches(f, i, err);
	}
	return rc >= 0 && starts ? mark_starts(f, err) : rc;
}

/* --- findings ---------------------------------------------------------------------------------------------------- */

static struct hit *hit_of(const struct hit *hits, size_t cap, int64_t id)
{
	size_t at = (size_t)(((uint64_t)id * 0x9e3779b97f4a7c15u) >> 20) & (cap - 1);
	while (hits[at].id && hits[at].id != id)
		at = (at + 1) & (cap - 1);
	return (struct hit *)&hits[at];
}

static bool make_room(struct search *f)
{
	if (f->cap > 2 * f->used)
		return true;
	size_t cap = f->cap ? f->cap * 2 : 1024;
	struct hit *bigger = rf_arena_array(f->arena, cap, sizeof(*bigger));
	for (size_t i = 0; bigger && i < f->cap; i++) {
		if (f->hits[i].id)
			*hit_of(bigger, cap, f->hits[i].id) = f->hits[i];
	}
	if (!bigger)
		return false;
	f->hits = bigger;
	f->cap = cap;
	return true;
}

static bool hit(struct search *f, uint16_t words, int64_t id, int kind)
{
	if (!make_room(f))
		return false;
	struct hit *h = hit_of(f->hits, f->cap, id);
	uint8_t weight = kind > 0 && kind < RF_NAME_KIND_COUNT ? weights[kind] : 0;
	f->used += h->id == 0;
	h->id = id;
	h->words |= words;
	for (uint32_t i = 0; i < f->word_count; i++) {
		if ((words >> i & 1) && f->words[i].match.ptr && h->fits[i] < weight)
			h->fits[i] = weight;
	}
	return true;
}

/* Rows of a name, a finding and a kind. */
static int take_rows(struct search *f, sqlite3_stmt *q, struct rf_error *err)
{
	int rc;
	while ((rc = rf_db_step(f->s, q, err)) == 1) {
		int64_t name = sqlite3_column_int64(q, 0);
		uint16_t words = name >= 0 && name <= f->highest ? f->names[name] : 0;
		if (words && !hit(f, words, sqlite3_column_int64(q, 1), sqlite3_column_int(q, 2))) {
			sqlite3_reset(q);
			return no_memory(err);
		}
	}
	return rc;
}

static int find_findings(struct search *f, struct rf_error *err)
{
	sqlite3_stmt *q;
	int rc = 0;
	if (f->matched_count > LOOKUPS_MAX) {
		rc = rf_db_bind(f->s, RF_SQL_SEARCH_PAIRS, &q, err, "");
		return rc < 0 ? rc : take_rows(f, q, err);
	}
	for (uint32_t i = 0; i < f->matched_count && rc >= 0; i++) {
		rc = rf_db_bind(f->s, RF_SQL_SEARCH_OF_NAME, &q, err, "i", f->matched[i]);
		if (rc >= 0)
			rc = take_rows(f, q, err);
	}
	return rc;
}

static void put_hits(const struct search *f, struct rf_buf *out)
{
	rf_buf_put_char(out, '[');
	for (size_t i = 0; i < f->cap; i++) {
		const struct hit *h = &f->hits[i];
		int64_t fits = 0;
		if (h->id == 0 || h->words != (1u << f->word_count) - 1)
			continue;
		for (uint32_t word = 0; word < f->word_count; word++)
			fits += h->fits[word];
		rf_buf_printf(out, "%s%lld", out->len > 1 ? "," : "", (long long)(h->id << 8 | fits));
	}
	rf_buf_put_char(out, ']');
}

int rf_search_hits(struct rf_store *s, rf_str typed, rf_arena *arena, rf_str *hits, struct rf_error *err)
{
	struct rf_search_word words[RF_SEARCH_WORDS_MAX];
	struct search f = { .s = s, .arena = arena, .words = words };
	struct rf_buf out;
	f.word_count = rf_search_words(typed, arena, words);
	int rc = f.word_count ? find_names(&f, err) : 0;
	if (rc >= 0)
		rc = find_findings(&f, err);
	if (rc < 0)
		return rc;
	rf_buf_init(&out);
	put_hits(&f, &out);
	*hits = rf_arena_dup(arena, rf_buf_str(&out));
	if (out.failed || arena->failed)
		rc = no_memory(err);
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
