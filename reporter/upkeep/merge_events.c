/* All events of all inputs in one order, stored anew. */
#include <string.h>

#include "finding/tag.h"
#include "store/collect.h"
#include "store/query.h"
#include "upkeep/merge_work.h"

#define EVENTS_A_TRANSACTION 1024

struct rf_merge_row {
	int64_t id;
	rf_str time, uid, text_uid, verdict, policy, severity, suppression, tag, trace, spool, seed, package, test;
	bool keep_text;
};

/* An event's own tag, which is not its finding's where it joined one as a wildcard. */
static const char row_sql[] =
	"SELECT e.id, e.time, e.uid, e.text_uid, e.verdict, e.policy, e.severity, e.suppression, e.tag, r.trace_id, p.spool_id,"
	" e.seed, e.stream_package, e.stream_test, e.text IS NOT NULL FROM events e JOIN runs r ON r.id = e.run_id"
	" LEFT JOIN processes p ON p.id = e.process_id ORDER BY e.time, e.uid";

static void read_row(struct rf_merge_input *in)
{
	sqlite3_stmt *q = in->events;
	struct rf_merge_row *row = rf_arena_alloc(&in->arena, sizeof(*row));
	in->row = row;
	if (!row)
		return;
	rf_str *const texts[] = { &row->time, &row->uid, &row->text_uid, &row->verdict, &row->policy, &row->severity,
				  &row->suppression, &row->tag, &row->trace, &row->spool, &row->seed, &row->package, &row->test };
	row->id = sqlite3_column_int64(q, 0);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		*texts[i] = rf_db_text(q, (int)i + 1, &in->arena);
	row->keep_text = sqlite3_column_int(q, 14);
}

static int next_row(struct rf_merge_work *w, struct rf_merge_input *in)
{
	rf_arena_reset(&in->arena);
	int rc = rf_db_step(in->store, in->events, w->err);
	in->has_row = rc == 1;
	if (rc == 1) {
		read_row(in);
		w->out->events_read++;
	}
	return in->arena.failed ? rf_fail(w->err, RF_ERR_MEMORY, "Out of memory while reading %s.", in->store->path) : rc;
}

/* What hides least comes first. Literals, because the store keeps pointers to them. */
static const char *const verdicts[] = { "alert", "bypassed", "silenced", "known", "suppressed" };

static size_t rank_of(rf_str verdict)
{
	size_t i = 0;
	while (i + 1 < sizeof(verdicts) / sizeof(verdicts[0]) && !rf_str_eq_cstr(verdict, verdicts[i]))
		i++;
	return i;
}

/* NULL comes last: what is known counts. */
static int compare_text(rf_str a, rf_str b)
{
	return !a.ptr || !b.ptr ? !a.ptr - !b.ptr : rf_str_cmp(a, b);
}

/* By time; of equal events the one that is to be kept comes first, the others then find it. */
static int compare_rows(const struct rf_merge_row *a, const struct rf_merge_row *b)
{
	int c = rf_str_cmp(a->time, b->time);
	if (c == 0)
		c = rf_str_cmp(a->uid, b->uid);
	if (c == 0)
		c = compare_text(a->text_uid, b->text_uid);
	if (c == 0)
		c = (int)rank_of(a->verdict) - (int)rank_of(b->verdict);
	if (c == 0)
		c = compare_text(a->policy, b->policy);
	if (c == 0)
		c = compare_text(a->severity, b->severity);
	if (c == 0)
		c = compare_text(a->suppression, b->suppression);
	return c ? c : compare_text(a->tag, b->tag);
}

static struct rf_merge_input *first_input(struct rf_merge_work *w)
{
	struct rf_merge_input *first = NULL;
	for (uint32_t i = 0; i < w->count; i++) {
		struct rf_merge_input *in = &w->inputs[i];
		if (in->has_row && (!first || compare_rows(in->row, first->row) < 0))
			first = in;
	}
	return first;
}

/* The text that belongs to a record elsewhere, but that nobody has here: it is the record's, unless that has another. */
static int put_text(struct rf_merge_work *w, const struct rf_event *record, int64_t id, struct rf_error *err)
{
	struct rf_report report = *record->report;
	struct rf_event text = *record;
	enum rf_stored how;
	int64_t known;
	int rc = rf_db_run(w->to, RF_SQL_EVENT_BY_UID, &known, err, "t", record->text_uid);
	if (rc != 0)
		return rc;
	rc = rf_db_once(w->to, "UPDATE events SET text_uid = ?2, stream_package = ?3, stream_test = ?4 WHERE id = ?1"
			       " AND text_uid IS NULL RETURNING id", &known, err, "ittt", id, record->text_uid, record->package,
			record->test);
	if (rc == 1)
		rf_uids_note(w->to, record->text_uid);
	if (rc != 0)
		return rc;
	report.from_spool = false;
	text.report = &report;
	text.uid = record->text_uid;
	text.text_uid = RF_STR("");
	text.process_id = 0;
	return rf_store_event(w->to, &text, &id, &how, err);
}

static int put_event(struct rf_merge_work *w, const struct rf_merge_row *row, const struct rf_report *report, rf_arena *scratch)
{
	struct rf_finding finding;
	struct rf_policy policy = { .name = row->policy, .severity = row->severity };
	struct rf_event event = { .report = report, .finding = &finding, .uid = row->uid, .tag = row->tag, .seed = row->seed,
				  .package = row->package, .test = row->test, .suppression = row->suppression, .policy = &policy,
				  .keep_text = row->keep_text, .decided = rf_str_from(verdicts[rank_of(row->verdict)]),
				  .text_uid = row->text_uid };
	int64_t id;
	enum rf_stored how;
	int rc = rf_db_run(w->to, RF_SQL_RUN_GET, &event.run_id, w->err, "t", row->trace);
	if (rc >= 0 && row->spool.ptr)
		rc = rf_db_run(w->to, RF_SQL_PROCESS_GET, &event.process_id, w->err, "t", row->spool);
	if (rc < 0)
		return rc;
	rf_time_parse(row->time, &event.time_unix_ns);
	rf_finding_make_brief(report, scratch, &finding);
	if (scratch->failed)
		return rf_fail(w->err, RF_ERR_MEMORY, "Out of memory while merging.");
	rc = rf_store_event(w->to, &event, &id, &how, w->err);
	if (rc >= 0 && event.text_uid.len)
		rc = put_text(w, &event, id, w->err);
	return rc < 0 ? rc : 0;
}

static int put_batch(struct rf_merge_work *w, bool *more)
{
	rf_arena scratch;
	struct rf_report report;
	struct rf_merge_input *in = NULL;
	rf_arena_init(&scratch, 0);
	int rc = rf_store_begin(w->to, w->err);
	for (int i = 0; rc >= 0 && i < EVENTS_A_TRANSACTION && (in = first_input(w)); i++) {
		rf_arena_reset(&scratch);
		rc = rf_query_report(in->store, in->row->id, &scratch, &report, w->err);
		if (rc >= 0)
			rc = put_event(w, in->row, &report, &scratch);
		if (rc >= 0)
			rc = next_row(w, in);
	}
	*more = in != NULL;
	rf_arena_release(&scratch);
	return rc < 0 ? rc : rf_store_commit(w->to, w->err);
}

int rf_merge_events(struct rf_merge_work *w)
{
	bool more = true;
	int rc = 0;
	for (uint32_t i = 0; i < w->count && rc >= 0; i++) {
		struct rf_merge_input *in = &w->inputs[i];
		rc = rf_prepare(in->store, row_sql, &in->events, w->err);
		if (rc == 0)
			rc = next_row(w, in);
	}
	while (rc >= 0 && more)
		rc = put_batch(w, &more);
	return rc < 0 ? rc : 0;
}
