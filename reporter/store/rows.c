#include "store/rows.h"

static int note_gone(struct rf_store *s, rf_str trace_id, int64_t run_id, struct rf_error *err)
{
	sqlite3_stmt *q;
	s->gone_run_id = 0;
	int rc = rf_db_bind(s, RF_SQL_RUN_GONE, &q, err, "t", trace_id);
	if (rc == 0)
		rc = rf_db_step(s, q, err);
	if (rc == 1 && rf_time_parse(rf_db_peek(q, 0), &s->gone_before_ns))
		s->gone_run_id = run_id;
	if (rc == 1)
		sqlite3_reset(q);
	return rc;
}

int rf_store_run(struct rf_store *s, const struct rf_run *run, int64_t *run_id, struct rf_error *err)
{
	char text[RF_TIME_BYTES];
	uint64_t now = rf_clock_now(s->clock);
	rf_str time = rf_time_put(run->start_unix_ns ? run->start_unix_ns : now, text);
	int rc = rf_db_run(s, RF_SQL_RUN_GET, run_id, err, "t", run->trace_id);
	if (rc == 1)
		rc = rf_db_run(s, RF_SQL_RUN_TOUCH, NULL, err, "it", *run_id, time);
	else if (rc == 0)
		rc = rf_db_add(s, RF_SQL_RUN_ADD, run_id, err, "ttttt", run->trace_id, run->command, run->directory,
			       run->host, time);
	if (rc >= 0)
		rc = note_gone(s, run->trace_id, *run_id, err);
	return rc < 0 ? rc : 0;
}

int rf_store_process(struct rf_store *s, int64_t run_id, const struct rf_process *p, const struct rf_process_counters *c,
		     const struct rf_spool_drops *d, int64_t *process_id, struct rf_error *err)
{
	char id[2 * sizeof(p->spool_id)], start[RF_TIME_BYTES];
	rf_hex_put(id, p->spool_id, sizeof(p->spool_id));
	int rc = rf_db_run(s, RF_SQL_PROCESS_PUT, process_id, err, "ititittttttt" "itttt" "ii" "uuuuuuuu" "uuu", run_id,
			   (rf_str){ id, sizeof(id) }, (int64_t)p->pid,
			   rf_time_put(p->start_unix_ns, start), (int64_t)p->finished, p->arguments, p->executable,
			   p->directory, p->host, p->go_version, p->build_id, p->main_package, (int64_t)p->is_test,
			   p->trace_id, p->traceparent, p->tag, p->options, (int64_t)p->gomaxprocs,
			   (int64_t)p->features, c->goroutines_created, c->goroutines_unregistered, c->reports,
			   c->reports_dropped, c->symbols_dropped, c->labels_cut, c->tests_dropped, c->switches,
			   d->records_bad, d->records_unknown, d->bytes_torn);
	return rc < 0 ? rc : 0;
}

int rf_rows_tag(struct rf_store *s, rf_str name, int64_t *id, struct rf_error *err)
{
	int rc = rf_db_run(s, RF_SQL_TAG_GET, id, err, "t", name);
	if (rc == 0)
		rc = rf_db_add(s, RF_SQL_TAG_ADD, id, err, "t", name);
	return rc < 0 ? rc : 0;
}

static int no_memory(struct rf_error *err)
{
	return rf_fail(err, RF_ERR_MEMORY, "Out of memory while storing a report.");
}

int rf_store_finding(struct rf_store *s, const struct rf_report *report, rf_arena *arena, const struct rf_finding **finding,
		     struct rf_known_report **known, struct rf_error *err)
{
	*known = rf_arena_alloc(arena, sizeof(**known));
	if (!*known || !rf_intern_report(&s->intern, report, *known))
		return no_memory(err);
	*finding = rf_intern_finding(&s->intern, report, *known, arena);
	return *finding ? 0 : no_memory(err);
}

int rf_store_stacks(struct rf_store *s, const struct rf_report *report, const struct rf_known_report *elsewhere,
		    struct rf_known_report *known, struct rf_error *err)
{
	return rf_intern_adopt(&s->intern, report, elsewhere, known) ? 0 : no_memory(err);
}

void rf_store_use_suppressions(struct rf_store *s, const struct rf_suppressions *list)
{
	rf_intern_use_suppressions(&s->intern, list);
}

const struct rf_suppression *rf_store_suppression(struct rf_store *s, const struct rf_report *report,
						  const struct rf_known_report *stacks, rf_str tag, uint64_t now_unix_ns)
{
	return rf_intern_suppression(&s->intern, report, stacks, tag, now_unix_ns);
}

static bool is_test_name(rf_str function)
{
	ptrdiff_t dot = rf_str_find_last(function, '.');
	rf_str name = rf_str_skip(function, (size_t)(dot + 1));
	return dot > 0 && (rf_str_starts(name, "Test") || rf_str_starts(name, "Fuzz") ||
			   rf_str_starts(name, "Benchmark") || rf_str_starts(name, "Example"));
}

/* The frame that testing's tRunner called names the test, when it is a test function itself and not a subtest's closure. */
static rf_str owner_from_stack(const struct rf_stack *stack)
{
	for (uint32_t i = 0; i + 1 < stack->count; i++) {
		rf_str name = stack->frames[i].function;
		if (!rf_str_eq_cstr(stack->frames[i + 1].function, "testing.tRunner") || !is_test_name(name))
			continue;
		return rf_str_skip(name, (size_t)rf_str_find_last(name, '.') + 1);
	}
	return (rf_str){ NULL, 0 };
}

rf_str rf_rows_owner(const struct rf_access *access)
{
	const struct rf_goroutine *g = access->goroutine;
	if (g->test_known)
		return g->test.ptr ? g->test : RF_STR("");
	rf_str owner = owner_from_stack(&access->stack);
	return owner.ptr ? owner : owner_from_stack(&g->created);
}
