/* The glue: registration, owners, reports, records. */
#include "tests/unit/glue_fixture.h"

static void process_record_comes_first(void **state)
{
	uint32_t count;
	(void)state;
	assert_true(settings.exact);
	assert_true(settings.allocs);
	assert_true(settings.parallel && settings.mapkeys && settings.clears);
	assert_memory_equal(spool.map, RF_SPOOL_MAGIC, 8);
	const struct rf_spool_process *p = record_of(RF_SPOOL_PROCESS, &count);
	assert_int_equal(count, 1);
	assert_int_equal(p->record.sequence, 1);
	assert_text(p, p->main_package, "example.com/m.test");
	assert_text(p, p->go_version, "go1.26.8");
	assert_text(p, p->trace_id, "t1");
}

static void goroutines_are_found_by_thread(void **state)
{
	(void)state;
	uint32_t parent = start_goroutine(100, 1, 0, 0);
	uint32_t child = start_goroutine(101, 2, parent, 0);
	const struct rf_goroutine *row = rf_goroutine_of_thread(101);
	assert_non_null(row);
	assert_int_equal(row->goid, 2);
	assert_int_equal(row->parent_thread, 100);
	/* Another thread whose hint is the same doesn't hide it. */
	start_goroutine(101 + THREAD_HINTS, 3, 0, 0);
	assert_int_equal(rf_goroutine_of_thread(101)->goid, 2);
	assert_null(rf_goroutine_of_thread(99999));
	__redflag_goroutine_end(child, NULL, 0);
	__redflag_goroutine_end(child, NULL, 0); /* twice does no harm */
	__redflag_goroutine_end(0, NULL, 0);
	__redflag_goroutine_end(1u << 30, NULL, 0);
	assert_true(rf_goroutine_of_thread(101)->finished);
}

static void dead_rows_are_kept_and_then_reused(void **state)
{
	(void)state;
	uint32_t first = start_goroutine(200000, 7, 0, 0);
	__redflag_goroutine_end(first, NULL, 0);
	uint32_t used_max = 0;
	for (uint32_t i = 1; i <= 4 * RF_DEAD_KEPT; i++) {
		uint32_t slot = start_goroutine(200000 + i, 7 + i, 0, 0);
		__redflag_goroutine_end(slot, NULL, 0);
		if (i == RF_DEAD_KEPT - 1)
			assert_int_equal(rf_goroutine_of_thread(200000)->goid, 7);
		used_max = slot > used_max ? slot : used_max;
	}
	assert_null(rf_goroutine_of_thread(200000));
	assert_int_equal(rf_goroutine_of_thread(200000 + 4 * RF_DEAD_KEPT)->goid, 7 + 4 * RF_DEAD_KEPT);
	assert_true(used_max < 2 * RF_DEAD_KEPT);
}

static void labels_that_do_not_fit_are_cut(void **state)
{
	static char longest[300];
	struct rf_labels out;
	(void)state;
	memset(longest, 'x', sizeof(longest));
	struct rf_go_label labels[] = { { { "k", 1 }, { longest, sizeof(longest) } }, { { "a", 1 }, { "b", 1 } },
					{ { "", 0 }, { "", 0 } } };
	assert_false(rf_labels_copy(&out, labels, 3));
	assert_int_equal(out.bytes, 6);
	assert_memory_equal(out.text, "a\0b\0\0\0", 6);
	labels[0].value.len = RF_LABEL_BYTES_MAX - 3;
	assert_true(rf_labels_copy(&out, labels, 1));
	assert_int_equal(out.bytes, RF_LABEL_BYTES_MAX);
	labels[0].value.len++;
	assert_false(rf_labels_copy(&out, labels, 1));
	labels[0].value.len = UINTPTR_MAX; /* no overflow in the sum */
	assert_false(rf_labels_copy(&out, labels, 1));
}

static void nul_in_a_label_does_not_make_two(void **state)
{
	struct rf_labels out;
	(void)state;
	struct rf_go_label label = { { "a\0b", 3 }, { "\0c", 2 } };
	assert_true(rf_labels_copy(&out, &label, 1));
	assert_int_equal(out.bytes, 7);
	assert_memory_equal(out.text, "a?b\0?c\0", 7);
}

static void races_are_charged_to_running_owners(void **state)
{
	char name[64];
	intptr_t bytes;
	uintptr_t over;
	(void)state;
	uint32_t a = test_start(0, "TestA"), b = test_start(0, "TestB");
	rf_owners_charge((uint32_t[]){ a, b }, 2);
	assert_int_equal(taken(a), 1);
	assert_int_equal(taken(a), 0);
	assert_false(ended(b)); /* its charge has to be taken first */
	assert_int_equal(taken(b), 1);
	assert_true(ended(b));
	rf_owners_charge((uint32_t[]){ a, b }, 2); /* only the one that runs */
	assert_int_equal(taken(a), 1);
	__redflag_test_leftover(name, sizeof(name), &bytes, &over);
	assert_int_equal(bytes, -1);
	assert_true(ended(a));
	rf_owners_charge((uint32_t[]){ a }, 1);
	rf_owners_charge((uint32_t[]){ 0 }, 1);
	__redflag_test_leftover(name, sizeof(name), &bytes, &over);
	assert_int_equal(bytes, 0); /* nobody's */
	__redflag_test_leftover(name, 4, &bytes, &over);
	assert_int_equal(bytes, 4); /* TestA's, cut to the buffer */
	assert_memory_equal(name, "Test", 4);
	assert_true(over);
	__redflag_test_leftover(name, sizeof(name), &bytes, &over);
	assert_int_equal(bytes, -1);
}

/* A report of two accesses, the way the detector builds it. */
static struct ts_report *fake_report(uint32_t thread_a, uint32_t thread_b)
{
	static char function[] = "main.f", file[] = "/src/f.go";
	static struct ts_frame frame = { .info = { .address = 0x2010, .function = function, .file = file,
						   .line = 7, .module_offset = 0x10 } };
	static struct ts_stack stack = { .frames = &frame };
	static struct ts_access accesses[2];
	static void *pointers[2] = { &accesses[0], &accesses[1] };
	static struct ts_report report;
	memset(&report, 0, sizeof(report));
	accesses[0] = (struct ts_access){ .thread = (int)thread_a, .address = 0xc000010008, .size = 1, .write = true,
					  .stack = &stack };
	accesses[1] = (struct ts_access){ .thread = (int)thread_b, .address = 0xc000010008, .size = 1, .atomic = true };
	report.accesses = (struct ts_vector){ pointers, pointers + 2, pointers + 2 };
	return &report;
}

static void report_becomes_a_record(void **state)
{
	uint32_t count;
	(void)state;
	uint32_t a = test_start(0, "TestReport");
	uint32_t slot_a = start_goroutine(900001, 11, 0, a), slot_b = start_goroutine(900002, 12, slot_a, a);
	struct rf_go_label label = { { "tag", 3 }, { "dead", 4 } };
	__redflag_goroutine_end(slot_b, &label, 1);
	allocs[(0xc000010008 >> 4) % 1024] =
		(struct rf_alloc_row){ .key = 0xc000010008ull << RF_ALLOC_ADDRESS_SHIFT | 77, .goid = 5, .pcs = { 0x1020 } };
	assert_false(__redflag_on_report(fake_report(900001, 900002), false));
	assert_int_equal(taken(a), 1); /* one owner, two sides: one charge */
	const struct rf_spool_report *r = record_of(RF_SPOOL_REPORT, &count);
	assert_int_equal(count, 1);
	assert_int_equal(r->kind, RF_SPOOL_KIND_RACE);
	assert_int_equal(r->memory_start, 0xc000010000);
	assert_int_equal(r->allocation_goid, (5ull << 32) + 5);
	const struct rf_spool_object *o = record_of(RF_SPOOL_OBJECT, &count);
	assert_int_equal(count, 1);
	assert_int_equal(o->record.sequence + 1, r->record.sequence);
	assert_int_equal(o->address, 0xc000010008);
	assert_int_equal(o->kind, 24);
	assert_int_equal(o->flags, RF_SPOOL_OBJECT_CONTEXT);
	assert_text(o, o->type, "string");
	assert_int_equal(o->path.length, 200);
	assert_int_equal(r->accesses.length, 2 * sizeof(struct rf_spool_access));
	const struct rf_spool_access *accesses = (const void *)((const char *)r + r->accesses.offset);
	assert_int_equal(accesses[0].flags, RF_SPOOL_ACCESS_WRITE);
	assert_int_equal(accesses[0].stack.length, sizeof(uint32_t));
	assert_int_equal(accesses[1].flags, RF_SPOOL_ACCESS_ATOMIC);
	assert_int_equal(accesses[1].stack.length, 0);
	const struct rf_spool_goroutine *g = (const void *)((const char *)r + r->goroutines.offset);
	assert_int_equal(g[0].goid, 11);
	assert_text(r, g[0].test, "TestReport");
	assert_text(r, g[0].state, "chan receive");
	assert_int_equal(g[0].labels.length, sizeof("tag\0live"));
	assert_int_equal(g[1].flags, RF_SPOOL_GOROUTINE_FINISHED);
	assert_memory_equal((const char *)r + g[1].labels.offset, "tag\0dead", 9);
}

static void suppressed_report_charges_nobody(void **state)
{
	uint32_t before, count;
	(void)state;
	record_of(RF_SPOOL_REPORT, &before);
	uint32_t a = test_start(0, "TestSuppressed");
	start_goroutine(900003, 13, 0, a);
	assert_true(__redflag_on_report(fake_report(900003, 900003), true));
	assert_int_equal(taken(a), 0);
	const struct rf_spool_report *r = record_of(RF_SPOOL_REPORT, &count);
	assert_int_equal(count, before + 1);
	assert_true(r->flags & RF_SPOOL_REPORT_SUPPRESSED);
}

static void symbols_are_written_once(void **state)
{
	uint32_t before, after;
	(void)state;
	rf_lock();
	struct rf_symbol s = { .pc = 0x3000, .function = "main.once", .file = "/src/once.go", .line = 3 };
	uint32_t id = rf_symbol_id(&s);
	record_of(RF_SPOOL_SYMBOL, &before);
	assert_int_equal(rf_symbol_id(&s), id);
	s.function = "main.inlined"; /* the same address, another frame */
	assert_int_not_equal(rf_symbol_id(&s), id);
	rf_unlock();
	record_of(RF_SPOOL_SYMBOL, &after);
	assert_int_equal(after, before + 1);
}

static void switches_come_in_order_of_time(void **state)
{
	(void)state;
	for (uint32_t p = 0; p < 2; p++) {
		for (uint32_t i = 0; i < 100; i++) { /* more than a ring holds */
			rings[p].entries[i % RF_RING_ENTRIES] =
				(struct rf_ring_entry){ .ticks = 2 * i + p, .from = i, .to = i + 1, .reason = 1 };
			rings[p].pos++;
		}
	}
	rf_lock();
	struct rf_spool_report *r = rf_spool_begin(RF_SPOOL_REPORT, sizeof(*r));
	struct rf_spool_ref ref = rf_switches_put();
	const struct rf_spool_switch *s = (const void *)((const char *)r + ref.offset);
	assert_int_equal(ref.length, RF_SWITCHES_MAX * sizeof(*s));
	for (uint32_t i = 1; i < RF_SWITCHES_MAX; i++)
		assert_true(s[i].time_unix_ns >= s[i - 1].time_unix_ns && s[i].p != s[i - 1].p);
	assert_int_equal(s[RF_SWITCHES_MAX - 1].to_goid, 100);
	rf_unlock();
	assert_int_equal(rf_switches_count(), 200);
}

static void record_that_is_full_is_cut(void **state)
{
	static char big[RF_SPOOL_RECORD_BYTES_MAX];
	(void)state;
	rf_lock();
	rf_spool_begin(RF_SPOOL_REPORT, sizeof(struct rf_spool_report));
	struct rf_spool_ref ref = rf_spool_put(big, sizeof(big));
	assert_int_equal(ref.length, 0);
	assert_true(rf_spool_cut());
	assert_null(rf_spool_array(UINT32_MAX, 16, &ref));
	assert_int_equal(ref.length, 0);
	rf_unlock();
}

static void options_are_read_from_the_environment(void **state)
{
	struct rf_options o;
	(void)state;
	setenv("REDFLAG", "allocs=0, attribution=stock nonsense switches=maybe parallel=stock,mapkeys=0 clears=0", 1);
	rf_options_read(&o);
	assert_false(o.allocs);
	assert_false(o.attribution_exact);
	assert_true(o.switches);
	assert_true(o.goroutines);
	assert_false(o.parallel || o.mapkeys || o.clears);
	unsetenv("REDFLAG");
	rf_options_read(&o);
	assert_true(o.allocs && o.attribution_exact);
	setenv("REDFLAG", "backlog=30", 1);
	rf_options_read(&o);
	assert_int_equal(o.backlog, 30);
	assert_true(o.pool);
	setenv("REDFLAG", "backlog=30 backlog= backlog=x backlog=7s,backlog=-1 backlog=86401 backlog=99999999999999999999999 backlog", 1);
	rf_options_read(&o);
	assert_int_equal(o.backlog, 30); /* what is none is passed over */
	setenv("REDFLAG", "backlog=30 backlog=0", 1);
	rf_options_read(&o);
	assert_int_equal(o.backlog, 0);
	setenv("REDFLAG", "backlog=86400", 1);
	rf_options_read(&o);
	assert_int_equal(o.backlog, 86400);
	unsetenv("REDFLAG");
}

static void own_global_has_a_name(void **state)
{
	static struct rf_global global;
	(void)state;
	assert_true(rf_global_find((uintptr_t)&settings + 1, &global));
	assert_int_equal(global.start, (uintptr_t)&settings);
	assert_int_equal(global.size, sizeof(settings));
	assert_string_equal(global.name, "settings");
	assert_false(rf_global_find(1, &global));
}

static bool restore(uint64_t event, uint32_t *thread)
{
	uintptr_t tag = 0;
	return __redflag_restore_stack(event, 1, 2, 0x100, 8, 0, thread, NULL, NULL, &tag);
}

/* Traces are long while there are few parts. From then on one that is longer than stock's leaves what it has beyond to others. */
static void long_history_is_shared(void **state)
{
	static uint64_t context[RF_HISTORY_CTX_EXCESS / 8 + 1], thread[RF_HISTORY_THREAD_CONTEXT / 8 + 1];
	static uint64_t thread_context[RF_HISTORY_CONTEXT_PARTS / 8 + 1];
	uint64_t *size = history_number(context, RF_HISTORY_CTX_SIZE), *total = history_number(context, RF_HISTORY_CTX_PARTS);
	uint64_t *excess = history_number(context, RF_HISTORY_CTX_EXCESS);
	uint64_t *own = history_number(thread_context, RF_HISTORY_CONTEXT_PARTS);
	(void)state;
	*history_number(thread, RF_HISTORY_THREAD_CONTEXT) = (uintptr_t)thread_context;
	*total = RF_HISTORY_PARTS_SHARED - 1;
	*own = 7;
	history_bound(context, thread, RF_HISTORY_PARTS_SHARED);
	assert_int_equal(*size, RF_HISTORY_SIZE);
	assert_int_equal(*own, 7);
	++*total;
	history_bound(context, thread, RF_HISTORY_PARTS_SHARED);
	assert_int_equal(*size, 0);
	assert_int_equal(*own, 3);
	assert_int_equal(*excess, 4);
	*own = 2; /* it hasn't had its own three yet */
	history_bound(context, thread, RF_HISTORY_PARTS_SHARED);
	assert_int_equal(*own, 2);
	assert_int_equal(*excess, 4);
}

/* A race whose other stack is gone is one all the same, while the detector's memory is whole and the thread is known. */
static void lost_stack_is_reported(void **state)
{
	uint32_t thread = 0;
	(void)state;
	rf_history_init(true, false);
	detector.thread = 0; /* the slot's journal doesn't say */
	assert_false(restore(EVENT_ACCESS, &thread));
	detector.thread = 7;
	assert_true(restore(EVENT_ACCESS, &thread));
	assert_int_equal(thread, 7);
	assert_false(restore(EVENT_ACCESS + 2, &thread)); /* a lock's */
	rf_history_init(false, false);
	assert_false(restore(EVENT_ACCESS, &thread));
	rf_history_init(true, false);
	__redflag_do_reset(NULL, 1);
	assert_int_equal(detector.resets, 1);
	assert_false(restore(EVENT_ACCESS, &thread));
	detector.restored = true;
	assert_true(restore(EVENT_ACCESS, &thread));
}

static void history_is_an_option(void **state)
{
	(void)state;
	setenv("REDFLAG", "history=stock", 1);
	assert_string_equal(__redflag_default_options(), "");
	assert_false(atomic_load(&history.on));
	unsetenv("REDFLAG");
	assert_string_equal(__redflag_default_options(), RF_HISTORY_OPTIONS);
	assert_true(atomic_load(&history.on));
}

static void exit_writes_counters(void **state)
{
	uint32_t count;
	(void)state;
	__redflag_exit();
	const struct rf_spool_counters *c = record_of(RF_SPOOL_COUNTERS, &count);
	assert_int_equal(count, 1);
	assert_true(c->goroutines_created > 4 * RF_DEAD_KEPT);
	assert_int_equal(c->reports, 2);
	assert_int_equal(c->reports_dropped, 0);
	assert_int_equal(((struct rf_spool_file_header *)(void *)spool.map)->finished, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(process_record_comes_first),
		cmocka_unit_test(goroutines_are_found_by_thread),
		cmocka_unit_test(dead_rows_are_kept_and_then_reused),
		cmocka_unit_test(labels_that_do_not_fit_are_cut),
		cmocka_unit_test(nul_in_a_label_does_not_make_two),
		cmocka_unit_test(races_are_charged_to_running_owners),
		cmocka_unit_test(report_becomes_a_record),
		cmocka_unit_test(suppressed_report_charges_nobody),
		cmocka_unit_test(symbols_are_written_once),
		cmocka_unit_test(switches_come_in_order_of_time),
		cmocka_unit_test(record_that_is_full_is_cut),
		cmocka_unit_test(options_are_read_from_the_environment),
		cmocka_unit_test(own_global_has_a_name),
		cmocka_unit_test(lost_stack_is_reported),
		cmocka_unit_test(long_history_is_shared),
		cmocka_unit_test(history_is_an_option),
		cmocka_unit_test(exit_writes_counters),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
