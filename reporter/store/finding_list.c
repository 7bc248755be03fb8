/* The texts of the statements are put together from constant parts, so that only what is asked for is looked at; values are
 * always bound. */
#include "store/finding_list.h"

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

/* `filter` is a condition on a row f of findings, `chosen` one on a row of the facets' base, which has the columns below. */
static const struct { const char *name, *parameter, *filter, *chosen; } facets[] = {
	[RF_FACET_STATUS] = { "status", ":status", " AND " RF_STATUS_SQL " = :status", " AND status = :status" },
	[RF_FACET_KIND] = { "kind", ":kind", " AND f.kind = :kind", " AND kind = :kind" },
	[RF_FACET_TAG] = { "tag", ":tag", " AND f.tag_id = (SELECT id FROM tags WHERE name = :tag)",
			   " AND tag_id = (SELECT id FROM tags WHERE name = :tag)" },
	[RF_FACET_PACKAGE] = { "package", ":package", " AND f.package = :package", " AND package = :package" },
	[RF_FACET_TEST] = { "test", ":test", " AND :test IN (f.test_a, f.test_b)", " AND :test IN (test_a, test_b)" },
};
#define BASE_COLUMNS "f.kind, " RF_STATUS_SQL " AS status, f.tag_id, f.package, f.test_a, f.test_b"
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

/* Conditions on a row f of findings. What has nothing to search for in it finds nothing: its expression is NULL. */
static void put_range(struct rf_buf *sql, const struct rf_finding_list *list)
{
	if (list->search.ptr)
		rf_buf_put_cstr(sql, " AND f.id IN (SELECT rowid FROM findings_fts WHERE findings_fts MATCH coalesce(:search, '\"\"'))");
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

/* Of a row of the base: what is asked for, but of one facet. */
static void put_chosen(struct rf_buf *sql, const struct rf_finding_list *list, int but)
{
	for (int i = 0; i < RF_FACET_COUNT; i++) {
		if (i != but && list->values[i].ptr)
			rf_buf_put_cstr(sql, facets[i].chosen);
	}
}

static int prepare(struct rf_store *s, struct rf_buf *sql, const struct rf_finding_list *list, rf_arena *arena,
		   sqlite3_stmt **q, struct rf_error *err)
{
	rf_buf_put_char(sql, '\0');
	int rc = sql->failed ? rf_fail(err, RF_ERR_MEMORY, "Out of memory while reading the database.")
			     : rf_prepare(s, sql->ptr, q, err);
	rf_buf_release(sql);
	if (rc < 0)
		return rc;
	for (int i = 0; i < RF_FACET_COUNT; i++)
		rf_bind_text(*q, facets[i].parameter, list->values[i]);
	rf_bind_text(*q, ":search", rf_search_match(list->search, arena));
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

static void put_facet(struct rf_buf *sql, const struct rf_finding_list *list, int facet)
{
	bool tag = facet == RF_FACET_TAG;
	rf_buf_printf(sql, " UNION ALL SELECT %d, * FROM (SELECT %s AS value, sum(n) AS n FROM (SELECT %s AS item, count(*) AS n FROM ",
		      facet, tag ? "(SELECT name FROM tags WHERE id = item)" : "item", tag ? "tag_id" : facets[facet].name);
	if (facet == RF_FACET_TEST) {
		rf_buf_put_cstr(sql, "(SELECT test_a AS test, * FROM base UNION ALL"
				     " SELECT test_b, * FROM base WHERE test_b IS NOT test_a) WHERE test <> ''");
	} else {
		rf_buf_put_cstr(sql, "base WHERE 1");
	}
	put_chosen(sql, list, facet);
	rf_buf_printf(sql, " GROUP BY 1) GROUP BY 1 ORDER BY value = %s DESC, n DESC, value LIMIT %d)",
		      list->values[facet].ptr ? facets[facet].parameter : "NULL", RF_FACET_VALUES_MAX);
}

static void read_facet(sqlite3_stmt *q, rf_arena *arena, void *any)
{
	struct rf_facet_row *row = any;
	*row = (struct rf_facet_row){ .facet = (enum rf_facet)sqlite3_column_int(q, 0), .value = rf_db_text(q, 1, arena),
				      .findings = sqlite3_column_int64(q, 2) };
}

int rf_query_facets(struct rf_store *s, const struct rf_finding_list *list, rf_arena *arena, struct rf_facet_row **rows,
		    uint32_t *count, struct rf_error *err)
{
	struct rf_buf sql;
	sqlite3_stmt *q;
	void *array = NULL;
	rf_buf_init(&sql);
	rf_buf_put_cstr(&sql, "WITH base AS MATERIALIZED (SELECT " BASE_COLUMNS " FROM findings f WHERE 1");
	put_range(&sql, list);
	rf_buf_printf(&sql, ") SELECT %d, '', count(*) FROM base WHERE 1", RF_FACET_COUNT);
	put_chosen(&sql, list, RF_FACET_COUNT);
	for (int i = 0; i < RF_FACET_COUNT; i++)
		put_facet(&sql, list, i);
	int rc = prepare(s, &sql, list, arena, &q, err);
	if (rc == 0)
		rc = rf_collect_once(s, q, sizeof(**rows), read_facet, arena, &array, count, err);
	*rows = array;
	return rc;
}
