/* What the agent leaves: files that were mapped, addresses without names, threads. */
#include "native_build.h"
#include "spool_fixture.h"

/* A program of C whose library isn't here: addresses are called by their places, threads are no goroutines. */
static void assert_agent(struct rf_spool *s)
{
	static const enum rf_kind kinds[] = { RF_KIND_HEAP_USE_AFTER_FREE, RF_KIND_NATIVE_RACE };
	struct rf_error err;
	struct rf_report r;
	const struct rf_process *p = rf_spool_process(s);
	assert_str(p->main_package, "parse");
	assert_str(p->go_version, "");
	assert_false(p->is_test);
	assert_int_equal(rf_spool_look_up(s, &err), 0);
	for (int i = 0; i < 2; i++) {
		assert_true(rf_spool_next(s, &arena, &r));
		assert_int_equal(r.kind, kinds[i]);
		assert_str(r.program, "parse");
		assert_int_equal(r.accesses[0].stack.count, 2);
		assert_str(r.accesses[0].stack.frames[1].function, "libparse.so.1+0x1020");
		assert_str(r.accesses[0].stack.frames[1].file, "/opt/nowhere/libparse.so.1");
		assert_int_equal(r.accesses[0].stack.frames[1].offset, 0x1020);
		assert_true(r.accesses[1].freed);
		assert_str(r.allocated.frames[0].function, "libparse.so.1+0x1040");
		assert_true(r.goroutines[0]->is_thread && !r.goroutines[0]->is_main && r.goroutines[1]->is_main);
		assert_int_equal(r.goroutines[0]->thread, 4712);
		assert_str(r.goroutines[0]->state, "worker");
		assert_str(r.goroutines[0]->entry, "");
		assert_str(r.goroutines[0]->created.frames[0].function, "libparse.so.1+0x1040");
	}
	assert_false(rf_spool_next(s, &arena, &r));
	const struct rf_spool_drops *d = rf_spool_dropped(s);
	assert_int_equal(d->records_bad + d->records_unknown + d->bytes_torn, 0);
	rf_spool_close(s);
}

static void test_agent(void **state)
{
	(void)state;
	spool_agent_sample(&b);
	assert_agent(opened(spool_end(&b)));
}

/* A file of format 1.2, kept since that was made: the builder changes with the headers, the file does not. */
static void test_file_of_format_1_2(void **state)
{
	const char *directory = getenv("RF_CORPUS") ? getenv("RF_CORPUS") : "tests/corpus";
	char path[1024];
	struct rf_spool *s;
	struct rf_error err = { 0 };
	(void)state;
	snprintf(path, sizeof(path), "%s/format-1.2.spool", directory);
	if (rf_spool_open(&s, path, &err))
		fail_msg("%s", err.text);
	assert_agent(s);
}

/* Of two files in one place the one counts that was there when the address was told. */
static void test_modules_take_each_others_place(void **state)
{
	struct rf_error err;
	struct rf_report r;
	uint32_t ids[4];
	(void)state;
	spool_begin(&b);
	spool_agent_process(&b, "/opt/libone.so", 0x1000, 0x3000, 0, "", 0);
	ids[0] = spool_address(&b, 0x1010);
	ids[1] = spool_address(&b, 0x2fff);
	struct rf_spool_module *m = spool_record(&b, RF_SPOOL_MODULE, sizeof(*m));
	m->start = 0x2000;
	m->end = 0x4000;
	m->bias = 0x2000;
	m->path = spool_text(&b, "/opt/libother.so (deleted)");
	spool_commit(&b);
	ids[2] = spool_address(&b, 0x2fff);
	ids[3] = spool_address(&b, 0x4000);
	spool_agent_report(&b, RF_SPOOL_KIND_HEAP_USE_AFTER_FREE, ids);
	m = spool_record(&b, RF_SPOOL_MODULE, sizeof(*m));
	m->start = m->end = 0x2000; /* nothing */
	spool_commit(&b);
	struct rf_spool *s = opened(spool_end(&b));
	assert_int_equal(rf_spool_look_up(s, &err), 0);
	assert_true(rf_spool_next(s, &arena, &r));
	assert_str(r.accesses[0].stack.frames[0].function, "libone.so+0x1010");
	assert_str(r.accesses[0].stack.frames[1].function, "libone.so+0x2fff");
	assert_str(r.accesses[1].stack.frames[0].function, "libother.so+0xfff");
	assert_str(r.accesses[1].stack.frames[1].function, "");
	assert_false(rf_spool_next(s, &arena, &r));
	assert_int_equal(rf_spool_dropped(s)->records_bad, 1);
	rf_spool_close(s);
}

/* One symbol, three frames. A stack of more than a reader keeps is cut. */
static void test_addresses_are_looked_up(void **state)
{
	struct rf_error err;
	struct rf_report r;
	struct native n;
	uint32_t ids[4];
	(void)state;
	native_make(&n, "-g");
	for (int many = 0; many < 2; many++) {
		spool_begin(&b);
		spool_agent_process(&b, n.library, n.start, n.end, n.bias, n.build_id, n.build_id_bytes);
		ids[0] = ids[2] = ids[3] = spool_address(&b, n.inlined);
		ids[1] = spool_address(&b, n.hidden);
		if (many)
			spool_deep_report(&b, ids[0], 100);
		else
			spool_agent_report(&b, RF_SPOOL_KIND_HEAP_USE_AFTER_FREE, ids);
		struct rf_spool *s = opened(spool_end(&b));
		assert_int_equal(rf_spool_look_up(s, &err), 0);
		assert_true(rf_spool_next(s, &arena, &r));
		const struct rf_stack *stack = &r.accesses[0].stack;
		assert_int_equal(stack->count, many ? RF_SPOOL_STACK_FRAMES_MAX : 4);
		assert_true(stack->cut == many);
		assert_str(stack->frames[0].function, "innermost");
		assert_str(stack->frames[2].function, "outer");
		assert_int_equal(stack->frames[2].line, 14);
		assert_str(stack->frames[3].function, many ? "innermost" : "hidden");
		rf_spool_close(s);
		assert_str(stack->frames[1].function, "inner"); /* the arena's, not the reader's */
	}
	native_release(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_agent),
		cmocka_unit_test(test_file_of_format_1_2),
		cmocka_unit_test(test_modules_take_each_others_place),
		cmocka_unit_test(test_addresses_are_looked_up),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
