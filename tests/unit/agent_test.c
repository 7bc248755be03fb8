/* The agent's parts that need no program around them: options, distances, the table of sampled blocks, guarded blocks, the lock. */
#include "tests/unit/agent_fixture.h"

static void test_options(void **state)
{
	(void)state;
	struct rf_agent_options o;
	rf_agent_options_read(&o, "");
	assert_int_equal(o.guard_rate, 5000);
	assert_int_equal(o.guard_slots, 16);
	assert_int_equal(o.alloc_sample, 524288);
	assert_int_equal(o.leaks, 2);
	rf_agent_options_read(&o, "guard-rate=7, alloc-sample=0\tguard-slots=4096");
	assert_int_equal(o.guard_rate, 7);
	assert_int_equal(o.guard_slots, 4096);
	assert_int_equal(o.alloc_sample, 0);
	rf_agent_options_read(&o, "guard-rate=-1,guard-rate,guard-rate=,guard-rate=x9,guard-slots=4097,guard=3,=5,,"
				  "alloc-sample=99999999999999999999999");
	assert_int_equal(o.guard_rate, 5000);
	assert_int_equal(o.guard_slots, 16);
	assert_int_equal(o.alloc_sample, 524288);
}

static void test_logarithm(void **state)
{
	(void)state;
	for (uint64_t x = 1; x < (uint64_t)1 << 53; x += x / 7 + 1) {
		double want = -log((double)x / 0x1p53);
		assert_true(fabs(minus_ln(x) - want) <= 1e-7 * want);
	}
	for (uint64_t rest = 1; rest < (uint64_t)1 << 50; rest += rest / 3 + 1) { /* next to 1 */
		double want = -log1p(-(double)rest * 0x1p-53);
		assert_true(fabs(minus_ln(((uint64_t)1 << 53) - rest) - want) <= 1e-7 * want);
	}
	assert_true(minus_ln((uint64_t)1 << 53) == 0);
}

/* The mean of an exponential distribution is its standard deviation, too: of 200 000 draws it is known to 0.22 %. */
static void test_distance(void **state)
{
	(void)state;
	double sum = 0;
	heap.period = 524288;
	for (int i = 0; i < 200000; i++)
		sum += (double)rf_heap_distance(524288);
	assert_true(fabs(sum / 200000 / 524288 - 1) < 0.02);
}

#define MODEL 6000u /* addresses that collide: half of the table is full with them */

static void *address_of(uint32_t i)
{
	return (void *)(uintptr_t)(0x7f0000000000u + (uint64_t)i * 4096u + (i % 2 ? 16u : 0u));
}

/* The table says what a plain array says, through a long random history. */
static void test_live_blocks(void **state)
{
	(void)state;
	static uint32_t bytes[MODEL]; /* 0: not there */
	struct rf_trace trace = { .count = 2, .pcs = { 1, 2 } };
	uint64_t live_bytes = 0, live = 0;
	rf_heap_forked();
	rf_heap_init(1000);
	assert_true(have_tables());
	uint32_t stack = stack_of(&trace);
	assert_int_equal(stack_of(&trace), stack);
	trace.pcs[1] = 3;
	assert_int_not_equal(stack_of(&trace), stack);
	for (int i = 0; i < 400000; i++) {
		uint32_t k = (uint32_t)(rf_random() >> 20) % MODEL;
		struct live had = take(address_of(k));
		assert_int_equal(had.stack == NO_STACK ? 0 : had.bytes, bytes[k]);
		live_bytes -= bytes[k];
		live -= bytes[k] != 0;
		bytes[k] = rf_random() >> 40 & 1 ? 1 + k : 0;
		if (bytes[k])
			add_live(address_of(k), &(struct live){ .bytes = bytes[k], .stack = stack });
		live_bytes += bytes[k];
		live += bytes[k] != 0;
	}
	assert_int_equal(heap.t->stacks.file.live_count, live);
	assert_int_equal(heap.t->stacks.file.stacks[stack].values[VALUE_LIVE_OBJECTS], live);
	assert_int_equal(heap.t->stacks.file.stacks[stack].values[VALUE_LIVE_BYTES], live_bytes);
	for (uint32_t k = 0; k < MODEL; k++)
		assert_int_equal(take(address_of(k)).stack == NO_STACK, bytes[k] == 0);
	assert_int_equal(heap.t->stacks.file.live_count, 0);
	for (uint32_t at = 0; at < heap.slots; at++)
		assert_int_equal(heap.live[at].inverted, 0);
	rf_heap_forked();
}

/* Real blocks: known at sight, counted once, and still there when they can't be resized. */
static void test_sampled_blocks(void **state)
{
	(void)state;
	rf_heap_forked();
	rf_heap_init(1000);
	unsigned char *block = rf_heap_allocate(100, 1, true), *aligned = rf_heap_allocate(100, 64, false);
	assert_true(rf_heap_may_have(block) && rf_heap_may_have(aligned));
	for (int i = 0; i < 100; i++)
		assert_int_equal(block[i], 0);
	memset(block, 7, 100);
	assert_int_equal(heap.t->stacks.file.live_count, 2);
	block = rf_heap_realloc(block, 5000, true);
	assert_true(rf_heap_may_have(block));
	assert_int_equal(heap.t->stacks.file.live_count, 2);
	assert_int_equal(block[99], 7);
	block = rf_heap_realloc(block, 6000, false);
	assert_int_equal(heap.t->stacks.file.live_count, 1);
	assert_false(rf_heap_forget(block));
	rf_next.free(block);
	assert_true(rf_heap_forget(aligned));
	assert_false(rf_heap_forget(aligned));
	rf_next.free(aligned);
	rf_heap_finish();
	rf_heap_forked();
}

/* What has no room is counted, and does no harm. */
static void test_full_tables(void **state)
{
	(void)state;
	struct rf_trace trace = { .count = RF_TRACE_FRAMES };
	rf_heap_forked();
	assert_true(have_tables());
	uint32_t stack = stack_of(&trace), last = 0;
	for (uint32_t i = 0; i < RF_HEAP_LIVE_MAX + 100; i++)
		add_live(address_of(i), &(struct live){ .bytes = 1, .stack = stack });
	assert_int_equal(heap.t->stacks.file.live_count, RF_HEAP_LIVE_MAX);
	assert_int_equal(heap.t->stacks.file.dropped, 100);
	for (uintptr_t i = 1; i < 2 * RF_HEAP_STACKS_MAX; i++) {
		trace.pcs[0] = i;
		last = stack_of(&trace);
	}
	assert_int_equal(last, NO_STACK);
	assert_int_equal(heap.t->stacks.file.frame_count, RF_HEAP_FRAMES_MAX);
	rf_heap_forked();
}

static void test_guarded_blocks(void **state)
{
	(void)state;
	unsigned char *blocks[5];
	assert_true(rf_guard_init(4));
	assert_false(rf_guard_has(state));
	for (size_t i = 0; i < 4; i++) {
		blocks[i] = rf_guard_allocate(10 * i, 16, i == 2);
		assert_true(rf_guard_has(blocks[i]));
		assert_int_equal((uintptr_t)blocks[i] % 16, 0);
		assert_int_equal(rf_guard_bytes(blocks[i]), 10 * i);
		assert_int_equal(rf_guard_bytes(blocks[i] + 1), 0);
	}
	for (size_t i = 0; i < 20; i++)
		assert_int_equal(blocks[2][i], 0);
	assert_null(rf_guard_allocate(10, 16, false)); /* no slot is free */
	assert_null(rf_guard_allocate(4097, 16, false));
	rf_guard_free(blocks[3]);
	rf_guard_free(blocks[1]);
	assert_int_equal(guard.slots[3].state, STATE_FREED);
	blocks[4] = rf_guard_allocate(4096, 4096, false); /* the one that was freed first */
	assert_int_equal(guard.slots[3].state, STATE_LIVE);
	assert_int_equal((uintptr_t)blocks[4] % 4096, 0);
	assert_int_equal(rf_record_reports(), 0);
	blocks[2][20] = 1; /* a byte too far */
	rf_guard_free(blocks[2]);
	assert_int_equal(rf_record_reports(), 1);
	assert_int_equal(guard.slots[2].state, STATE_RETIRED);
	rf_guard_free(blocks[1]);
	assert_int_equal(rf_record_reports(), 2);
	rf_guard_free(blocks[4] + 100);
	assert_int_equal(rf_record_reports(), 3);
	rf_guard_touch(blocks[4] - 10, 20, true);
	assert_int_equal(rf_record_reports(), 4);
	rf_guard_free(blocks[0]);
	ucontext_t here;
	assert_int_equal(getcontext(&here), 0);
	assert_true(rf_guard_fault((uintptr_t)blocks[0], false, &here));
	assert_int_equal(rf_record_reports(), 5);
	assert_true(rf_guard_fault((uintptr_t)blocks[0], false, &here)); /* it is open already */
	assert_int_equal(rf_record_reports(), 5);
}

static uint64_t counted;

static void *count_up(void *unused)
{
	for (int i = 0; i < 50000; i++) {
		rf_lock();
		counted++;
		rf_unlock();
	}
	return unused;
}

static void test_lock(void **state)
{
	(void)state;
	pthread_t t[4];
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&t[i], NULL, count_up, NULL), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(counted, 200000);
	rf_lock();
	rf_lock_reset(); /* as in a forked child */
	rf_lock();
	rf_unlock();
}

static void test_stack(void **state)
{
	(void)state;
	struct rf_trace trace;
	rf_trace_give_up(NULL); /* outside a walk there is nothing to give up */
	rf_trace_take(&trace);
	assert_int_equal(trace.tid, rf_tid());
	for (uint32_t i = 0; i < trace.count; i++)
		assert_true(is_code(trace.pcs[i]));
}

/* Without a directory nothing is written, and nothing goes wrong. */
/* One of so many calls on average, and what each of them was is added up by stack. */
static void test_calls(void **state)
{
	(void)state;
	struct rf_io_call call;
	uint32_t due = 0;
	rf_settings.ready = true;
	rf_io_init(0);
	rf_me.io_left = 0;
	for (int i = 0; i < 1000; i++)
		assert_false(rf_io_is_due());
	rf_io_init(10);
	rf_me.io_left = 0;
	for (int i = 0; i < 100000; i++)
		due += rf_io_is_due();
	assert_in_range(due, 9500, 10500);
	rf_io_init(1);
	rf_me.io_left = 0;
	for (int i = 0; i < 100; i++) {
		assert_true(rf_io_is_due());
		rf_io_enter(&call);
		errno = 7;
		rf_io_leave(&call, i % 2 ? -1 : 50);
		assert_int_equal(errno, 7);
	}
	const struct rf_heap_file *file = &io.profile.t->file;
	assert_int_equal(file->kind, RF_SPOOL_PROFILE_IO);
	assert_int_equal(file->stack_count, 1);
	assert_int_equal(file->stacks[0].values[VALUE_CALLS], 100);
	assert_int_equal(file->stacks[0].values[VALUE_TRANSFERRED], 2500);
	assert_true(file->stacks[0].values[VALUE_WAITED_NS] > 0);
	rf_io_finish();
	rf_io_forked();
	assert_null(io.profile.t);
	rf_settings.ready = false;
}

static void test_no_spool(void **state)
{
	(void)state;
	assert_false(rf_next_is_libc()); /* it is the sanitizer's */
	rf_record_forked();
	assert_int_equal(rf_record_reports(), 0);
	assert_false(rf_record_open());
	rf_record_finish();
}

int main(void)
{
	agent_begin();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options), cmocka_unit_test(test_logarithm), cmocka_unit_test(test_distance),
		cmocka_unit_test(test_live_blocks), cmocka_unit_test(test_sampled_blocks),
		cmocka_unit_test(test_full_tables), cmocka_unit_test(test_guarded_blocks),
		cmocka_unit_test(test_lock), cmocka_unit_test(test_stack),
		cmocka_unit_test(test_calls), cmocka_unit_test(test_no_spool),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
