/* What events add to documents, on its way to them: noted in a transaction, then in `search_news`, then in `findings_fts`. */
#include "store/search_document.h"

#include <stdlib.h>

#include "base/hash.h"
#include "store/rows.h"

/* Writing a document costs a hundred times what an event does, and a noisy finding brings names with event after event. */
struct rf_search_pending {
	struct rf_search_pending *next;
	int64_t finding_id;
	struct rf_search_names names;
};

#define PENDING_MAX 256u                      /* findings; written when there are more */
#define NEWS_MAX 2048u                        /* rows, likewise */
#define NEWS_WAIT_NS ((uint64_t)2 * 1000000000u)

static void drop_pending(struct rf_search_seen *seen)
{
	for (struct rf_search_pending *p = seen->pending, *next; p; p = next) {
		next = p->next;
		rf_search_names_release(&p->names);
		free(p);
	}
	seen->pending = NULL;
	seen->pending_count = 0;
}

static int put_news(struct rf_store *s, const struct rf_search_pending *p, struct rf_error *err)
{
	s->search.news++;
	return rf_db_run(s, RF_SQL_SEARCH_NEWS_PUT, NULL, err, "ittt", p->finding_id, rf_buf_str(&p->names.tests),
			 rf_buf_str(&p->names.functions), rf_buf_str(&p->names.files));
}

static bool is_time(struct rf_store *s)
{
	uint64_t now = rf_clock_now(s->clock), since = s->search.applied_unix_ns;
	return s->search.news > NEWS_MAX || now < since || now - since >= NEWS_WAIT_NS;
}

int rf_search_flush(struct rf_store *s, struct rf_error *err)
{
	rf_arena arena;
	int rc = 0;
	rf_arena_init(&arena, 0);
	for (struct rf_search_pending *p = s->search.pending; p && rc == 0; p = p->next) {
		const struct rf_search_names *n = &p->names;
		if (n->functions.failed || n->files.failed || n->tests.failed)
			rc = rf_fail(err, RF_ERR_MEMORY, "Out of memory while storing what a finding is found by.");
		else
			rc = s->search.lazily ? put_news(s, p, err) : rf_search_grow(s, p->finding_id, n, &arena, err);
		rf_arena_reset(&arena);
	}
	rf_arena_release(&arena);
	if (rc == 0)
		drop_pending(&s->search);
	return rc == 0 && s->search.news && is_time(s) ? rf_search_apply(s, err) : rc;
}

void rf_search_lazily(struct rf_store *s, bool on)
{
	s->search.lazily = on;
}

/* Adds the news of one finding, all in a row, to its document. 1: there are more. */
static int apply_next(struct rf_store *s, sqlite3_stmt *news, rf_arena *arena, struct rf_error *err)
{
	struct rf_search_names n;
	int64_t finding_id = sqlite3_column_int64(news, 0);
	int more = 1;
	rf_search_names_init(&n);
	while (more == 1 && sqlite3_column_int64(news, 0) == finding_id) {
		rf_search_add_lines(&n, &n.tests, rf_db_text(news, 1, arena));
		rf_search_add_lines(&n, &n.functions, rf_db_text(news, 2, arena));
		rf_search_add_lines(&n, &n.files, rf_db_text(news, 3, arena));
		rf_arena_reset(arena);
		more = rf_db_step(s, news, err);
	}
	bool failed = n.functions.failed || n.files.failed || n.tests.failed;
	int rc = more < 0 ? more : failed ? rf_fail(err, RF_ERR_MEMORY, "Out of memory while storing what a finding is found by.")
					  : rf_search_grow(s, finding_id, &n, arena, err);
	rf_arena_reset(arena);
	rf_search_names_release(&n);
	return rc < 0 ? rc : more;
}

int rf_search_apply(struct rf_store *s, struct rf_error *err)
{
	sqlite3_stmt *news;
	rf_arena arena;
	int rc = rf_db_bind(s, RF_SQL_SEARCH_NEWS_GET, &news, err, "");
	if (rc < 0)
		return rc;
	rf_arena_init(&arena, 0);
	rc = rf_db_step(s, news, err);
	while (rc == 1)
		rc = apply_next(s, news, &arena, err);
	sqlite3_reset(news);
	if (rc == 0)
		rc = rf_db_run(s, RF_SQL_SEARCH_NEWS_DROP, NULL, err, "");
	rf_arena_release(&arena);
	if (rc < 0)
		return rc;
	s->search.news = 0;
	s->search.applied_unix_ns = rf_clock_now(s->clock);
	return 0;
}

void rf_search_settle(struct rf_store *s)
{
	struct rf_error ignored; /* what is not in the documents yet waits for the next writer */
	int64_t waits = 0;
	if (rf_db_run(s, RF_SQL_SEARCH_NEWS_ANY, &waits, &ignored, "") != 1 || !waits || rf_store_begin(s, &ignored) < 0)
		return;
	rf_store_end(s, rf_search_apply(s, &ignored), &ignored);
}

void rf_search_forget(struct rf_store *s)
{
	drop_pending(&s->search);
	s->search = (struct rf_search_seen){ .lazily = s->search.lazily, .news = s->search.news,
					     .applied_unix_ns = s->search.applied_unix_ns };
}

/* The latest used first. */
static struct rf_search_pending *pending_of(struct rf_store *s, int64_t finding_id)
{
	for (struct rf_search_pending **at = &s->search.pending; *at; at = &(*at)->next) {
		struct rf_search_pending *found = *at;
		if (found->finding_id != finding_id)
			continue;
		*at = found->next;
		found->next = s->search.pending;
		return s->search.pending = found;
	}
	struct rf_search_pending *p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	rf_search_names_init(&p->names);
	p->finding_id = finding_id;
	p->next = s->search.pending;
	s->search.pending_count++;
	return s->search.pending = p;
}

static uint64_t mix(uint64_t hash, rf_str text)
{
	return rf_hash_bytes(rf_hash_str(hash, text), "\xff", 1);
}

/* Equal for events that add the same names: the exact hash stands for the stacks. */
static uint64_t hash_of(int64_t finding_id, const struct rf_event *e)
{
	uint64_t hash = mix(RF_HASH_START, (rf_str){ (const char *)&finding_id, sizeof(finding_id) });
	hash = mix(hash, rf_str_from(e->finding->exact));
	hash = mix(hash, e->test);
	for (uint32_t i = 0; i < e->report->access_count; i++)
		hash = mix(hash, rf_rows_owner(&e->report->accesses[i]));
	for (uint32_t i = 0; i < e->report->allocated.count; i++)
		hash = mix(hash, e->report->allocated.frames[i].function);
	return hash;
}

static void add_stack(struct rf_search_names *n, const struct rf_stack *stack)
{
	for (uint32_t i = 0; i < stack->count; i++)
		rf_search_add_frame(n, stack->frames[i].function, stack->frames[i].file);
}

static void add_event(struct rf_search_names *n, const struct rf_event *e)
{
	const struct rf_report *r = e->report;
	for (uint32_t i = 0; i < r->access_count; i++) {
		add_stack(n, &r->accesses[i].stack);
		rf_search_add_test(n, rf_rows_owner(&r->accesses[i]));
	}
	for (uint32_t i = 0; i < r->goroutine_count; i++)
		add_stack(n, &r->goroutines[i]->created);
	add_stack(n, &r->allocated);
	rf_search_add_test(n, e->test);
}

int rf_search_note(struct rf_store *s, int64_t finding_id, const struct rf_event *event, struct rf_error *err)
{
	uint64_t hash = hash_of(finding_id, event);
	uint64_t *seen = &s->search.hashes[hash % RF_SEARCH_SEEN];
	bool fresh = s->search.fresh == finding_id;
	if (*seen == hash && !fresh)
		return 0;
	if (s->search.pending_count >= PENDING_MAX) {
		int rc = rf_search_flush(s, err);
		if (rc < 0)
			return rc;
	}
	struct rf_search_pending *p = pending_of(s, finding_id);
	if (!p)
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory while storing what a finding is found by.");
	if (fresh) { /* the names were those of another finding, which is gone */
		rf_search_names_release(&p->names);
		rf_search_names_init(&p->names);
	}
	add_event(&p->names, event);
	*seen = hash;
	s->search.fresh = 0;
	return 0;
}
