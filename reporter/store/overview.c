#include "store/overview.h"

#include <stdlib.h>
#include <string.h>

#include "store/collect.h"
#include "store/day_totals.h"
#include "store/heat.h"

/* --- one pass over the findings ---------------------------------------------------------------------------------- */

static const char findings_sql[] =
	"SELECT f.id, " RF_STATUS_SQL ", f.tag_id, f.package, f.first_seen, f.events_alert, f.in_baseline FROM findings f NOT INDEXED";

struct newest {
	int64_t id;
	rf_str first_seen;
};

struct pass {
	const struct rf_overview_options *options;
	struct rf_overview *out;
	rf_arena *arena;
	struct rf_heat heat;
	struct newest *newest; /* the last one first; room for one more than is asked for */
	uint32_t newest_count;
};

/* By the time first seen, then by the number, the latest first: as the list of findings sorts them. */
static bool add_newest(struct pass *p, int64_t id, rf_str first_seen)
{
	uint32_t at = p->newest_count, most = p->options->newest;
	while (at > 0 && rf_str_cmp(p->newest[at - 1].first_seen, first_seen) <= 0)
		at--;
	if (at == most)
		return true;
	memmove(&p->newest[at + 1], &p->newest[at], (p->newest_count - at) * sizeof(*p->newest));
	p->newest[at] = (struct newest){ id, rf_arena_dup(p->arena, first_seen) };
	p->newest_count += p->newest_count < most;
	return p->newest[at].first_seen.ptr != NULL;
}

static struct rf_day_row *day_of(struct rf_overview *out, rf_str day)
{
	uint32_t low = 0, high = out->day_count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (rf_str_cmp(out->days[middle].day, day) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < out->day_count && rf_str_eq(out->days[low].day, day) ? &out->days[low] : NULL;
}

/* One that is new on its first day was counted there as seen. */
static void count_first_day(struct pass *p, rf_str first_seen)
{
	struct rf_day_row *row = day_of(p->out, rf_str_take(first_seen, 10));
	if (!row)
		return;
	row->findings_new++;
	row->findings_again -= row->findings_again > 0;
}

static bool add_finding(struct pass *p, sqlite3_stmt *q)
{
	enum rf_status status = rf_status_from_name(rf_db_peek(q, 1));
	rf_str first_seen = rf_db_peek(q, 4);
	bool ok = true;
	if (status == RF_STATUS_COUNT)
		return true;
	p->out->findings[status]++;
	if (rf_status_is_open(status))
		ok = rf_heat_add(&p->heat, sqlite3_column_int64(q, 2), rf_db_peek(q, 3));
	if (status == RF_STATUS_NEW && p->options->newest)
		ok &= add_newest(p, sqlite3_column_int64(q, 0), first_seen);
	if (status != RF_STATUS_DUPLICATE && sqlite3_column_int64(q, 5) > 0 && !sqlite3_column_int(q, 6))
		count_first_day(p, first_seen);
	return ok;
}

static int pass_over_findings(struct rf_store *s, struct pass *p, struct rf_error *err)
{
	sqlite3_stmt *q;
	int rc = rf_prepare(s, findings_sql, &q, err);
	if (rc < 0)
		return rc;
	p->newest = rf_arena_array(p->arena, p->options->newest + 1, sizeof(*p->newest));
	bool room = p->newest != NULL;
	while (room && (rc = rf_db_step(s, q, err)) == 1)
		room = add_finding(p, q);
	sqlite3_finalize(q);
	return room ? rc : rf_fail(err, RF_ERR_MEMORY, "Out of memory while reading the database.");
}

static int read_newest(struct rf_store *s, struct pass *p, struct rf_error *err)
{
	int rc = 0;
	p->out->newest = rf_arena_array(p->arena, p->newest_count + 1, sizeof(*p->out->newest));
	if (!p->out->newest)
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory while reading the database.");
	for (uint32_t i = 0; rc == 0 && i < p->newest_count; i++)
		rc = rf_query_finding_by_id(s, p->newest[i].id, p->arena, &p->out->newest[p->out->newest_count++], err);
	return rc;
}

static int count_silences(struct rf_store *s, struct pass *p, struct rf_error *err)
{
	sqlite3_stmt *q;
	int rc = rf_prepare(s, "SELECT count(*), coalesce(sum(held), 0) FROM silences WHERE told = 0 AND until > :now", &q, err);
	if (rc < 0)
		return rc;
	rf_bind_text(q, ":now", rf_time_text(p->options->now_unix_ns, p->arena));
	rc = rf_db_step(s, q, err);
	if (rc == 1) {
		p->out->silences = sqlite3_column_int64(q, 0);
		p->out->held = sqlite3_column_int64(q, 1);
	}
	sqlite3_finalize(q);
	return rc < 0 ? rc : 0;
}

int rf_overview_read(struct rf_store *s, const struct rf_overview_options *options, rf_arena *arena, struct rf_overview *out,
		     struct rf_error *err)
{
	struct pass p = { .options = options, .out = out, .arena = arena, .heat = { .arena = arena } };
	*out = (struct rf_overview){ .days = NULL };
	int rc = rf_day_totals_read(s, options->from, arena, &out->days, &out->day_count, err);
	if (rc == 0)
		rc = pass_over_findings(s, &p, err);
	if (rc == 0)
		rc = rf_heat_rows(&p.heat, s, options->tags, options->packages, &out->heat, &out->heat_count, err);
	if (rc == 0)
		rc = read_newest(s, &p, err);
	return rc == 0 ? count_silences(s, &p, err) : rc;
}

/* --- the loudest ------------------------------------------------------------------------------------------------- */

static void read_loud(sqlite3_stmt *q, rf_arena *arena, void *any)
{
	(void)arena;
	((int64_t *)any)[0] = sqlite3_column_int64(q, 0);
	((int64_t *)any)[1] = sqlite3_column_int64(q, 1);
}

int rf_overview_loudest(struct rf_store *s, rf_str from, uint32_t limit, rf_arena *arena, struct rf_finding_row **rows,
			uint32_t *count, struct rf_error *err)
{
	sqlite3_stmt *q;
	void *array = NULL;
	/* +: by days first, not by the index of findings, which would go through all days. */
	int rc = rf_prepare(s, "SELECT finding_id, sum(events) AS n FROM finding_days WHERE day >= :from AND verdict <> 'suppressed'"
			       " GROUP BY +finding_id ORDER BY n DESC, finding_id LIMIT :limit", &q, err);
	if (rc < 0)
		return rc;
	rf_bind_text(q, ":from", from);
	rf_bind_number(q, ":limit", limit);
	rc = rf_collect_once(s, q, 2 * sizeof(int64_t), read_loud, arena, &array, count, err);
	*rows = rc == 0 ? rf_arena_array(arena, *count, sizeof(**rows)) : NULL;
	if (rc == 0 && *count && !*rows)
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory while reading the database.");
	for (uint32_t i = 0; rc == 0 && i < *count; i++) {
		const int64_t *loud = (const int64_t *)array + 2 * (size_t)i;
		rc = rf_query_finding_by_id(s, loud[0], arena, &(*rows)[i], err);
		(*rows)[i].events = loud[1];
	}
	return rc;
}
