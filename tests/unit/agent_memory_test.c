/* The agent's parts that look after memory and waits: leaks, mappings, waits for mutexes, and rates that are changed meanwhile. */
#include "tests/unit/agent_fixture.h"

/* Mappings are there until a part of them goes; blocks of malloc aren't touched by it. */
static void test_mappings(void **state)
{
	(void)state;
	rf_heap_forked();
	rf_heap_init(1000);
	rf_settings.pid = getpid();
	void *block = rf_heap_allocate(100, 1, false);
	assert_false(rf_heap_has_mappings());
	for (uint32_t i = 0; i < MAPPINGS_MAX + 5; i++) {
		rf_heap_map((void *)(uintptr_t)(0x100000000u + (uint64_t)i * 16384u), 12000);
	}
	assert_true(rf_heap_has_mappings());
	assert_int_equal(heap.mappings, MAPPINGS_MAX);
	rf_heap_unmap((void *)(uintptr_t)0x100003000u, 4096); /* behind the first one */
	assert_int_equal(heap.mappings, MAPPINGS_MAX);
	rf_heap_unmap((void *)(uintptr_t)0x100002000u, 4096); /* its last page */
	assert_int_equal(heap.mappings, MAPPINGS_MAX - 1);
	rf_heap_unmap((void *)(uintptr_t)(0x100000000u + 200u * 16384u), 300u * 16384u);
	assert_int_equal(heap.mappings, MAPPINGS_MAX - 301);
	uint32_t at = 0, blocks = 0;
	for (struct rf_heap_block b; rf_heap_next_live(&at, &b);)
		blocks++;
	assert_int_equal(blocks, 1); /* mappings are no leaks */
	rf_heap_unmap(NULL, (size_t)1 << 47);
	assert_false(rf_heap_has_mappings());
	assert_int_equal(heap.t->stacks.file.live_count, 1);
	assert_true(rf_heap_forget(block));
	assert_true(fabs(heap.live_bytes) < 1);
	rf_next.free(block);
	rf_heap_forked();
}

/* Each wait is at least as long as any distance that is drawn. */
static void test_waits(void **state)
{
	(void)state;
	rf_waits_init(10);
	rf_settings.pid = getpid();
	rf_waits_count(5000);
	rf_waits_count(7000);
	const struct rf_heap_file *file = &waits.t->file;
	uint64_t count = 0, ns = 0;
	for (uint32_t i = 0; i < file->stack_count; i++) {
		count += file->stacks[i].values[VALUE_WAITS];
		ns += file->stacks[i].values[VALUE_WAITS_NS];
	}
	assert_int_equal(count, 2);
	assert_int_equal(ns, 12000);
	rf_settings.held = true;
	rf_waits_count(7000);
	assert_int_equal(file->stacks[0].values[VALUE_WAITS] + (file->stack_count > 1 ? file->stacks[1].values[VALUE_WAITS] : 0), 2);
	rf_settings.held = false;
	rf_waits_finish();
	rf_waits_forked();
	assert_null(waits.t);
}

/* What is written from outside is followed once, unless it is impossible; another rate begins another profile. */
static void test_control(void **state)
{
	(void)state;
	rf_heap_forked();
	rf_heap_init(1000);
	rf_settings.pid = getpid();
	rf_settings.guard_ready = true;
	assert_false(rf_heap_follow());
	unsigned char *block = rf_heap_allocate(100, 1, false);
	struct rf_heap_control *c = &heap.t->stacks.file.control;
	assert_int_equal(c->alloc_sample, 1000);
	assert_int_equal(rf_heap_is_controlled(), heap.profile.in_file);
	assert_false(rf_heap_follow());
	c->guard_rate = 7;
	c->off = 1;
	c->generation++;
	assert_true(rf_heap_follow());
	assert_false(rf_heap_follow());
	assert_true(rf_settings.paused);
	assert_int_equal(rf_settings.guard, 0);
	assert_int_equal(heap.t->stacks.file.live_count, 1);
	c->off = 0;
	c->alloc_sample = 3000;
	c->generation++;
	assert_true(rf_heap_follow());
	assert_int_equal(rf_settings.guard, 7);
	assert_int_equal(heap.t->stacks.file.period, 3000);
	assert_int_equal(heap.t->stacks.file.live_count, 0);
	assert_false(rf_heap_forget(block));
	c->alloc_sample = UINT64_MAX;
	c->guard_rate = 9;
	c->generation++;
	assert_true(rf_heap_follow());
	assert_int_equal(rf_settings.guard, 7);
	assert_int_equal(heap.period, 3000);
	rf_next.free(block);
	rf_heap_forked();
	rf_settings.paused = false;
	rf_settings.guard = 0;
}

static void test_estimates(void **state)
{
	(void)state;
	heap.period = 524288;
	for (uint64_t bytes = 1; bytes < (uint64_t)1 << 34; bytes += bytes / 5 + 1) {
		double want = (double)bytes / (1 - exp(-(double)bytes / 524288));
		assert_true(fabs(rf_heap_estimate(bytes) / want - 1) < 0.02);
	}
}

#define CANDIDATES 2000u

static uint64_t start_of(uint32_t i)
{
	return 0x7f0000001000u + (uint64_t)(i * 7919u % CANDIDATES) * 8192u; /* in no order */
}

/* An address belongs to the blocks that a plain search says, and to nothing else. */
static void test_references(void **state)
{
	(void)state;
	leaks.s = calloc(1, sizeof(*leaks.s));
	leaks.count = leaks.uppers = 0;
	for (uint32_t i = 0; i < CANDIDATES; i++)
		add_candidate(&(struct rf_heap_block){ .start = start_of(i), .bytes = i % 3 ? 100 + i : 8192 - 16 });
	add_candidate(&(struct rf_heap_block){ .start = 0x7e0000000010u, .bytes = (uint64_t)1 << 32 });
	add_candidate(&(struct rf_heap_block){ .start = 4096, .bytes = 100 });
	assert_int_equal(leaks.count, CANDIDATES + 1);
	sort_candidates();
	leaks.left = leaks.count;
	for (int round = 0; round < 3000; round++) {
		uint64_t word = 0x7f0000000000u + rf_random() % (CANDIDATES * 8192u), before = leaks.left, seen = 0;
		char copy[72] = { 0 }; /* four words at a time, and what is left */
		uint32_t at = 4u * (uint32_t)((rf_random() >> 40) % 17u);
		word = round % 500 == 0 ? 0x7e00ff000000u : word;
		for (uint32_t i = 0; i < leaks.count; i++) {
			const struct candidate *c = &leaks.s->candidates[i];
			seen += !c->referred && word >= c->block.start - 16 && word <= c->block.start + c->block.bytes;
		}
		uint64_t boxed = word | (rf_random() & 0xffff) << 48;
		memcpy(copy + at, &boxed, sizeof(boxed));
		see_words(copy, sizeof(copy), 0x1000, 4);
		assert_int_equal(before - leaks.left, seen);
	}
	assert_true(leaks.left < CANDIDATES / 4 * 3);
	const struct candidate *c = leaks.s->candidates;
	while (c->referred)
		c++;
	uint64_t own = c->block.start + 8;
	see_words((const char *)&own, sizeof(own), c->block.start, 8);
	assert_false(c->referred);
	see_words((const char *)&own, sizeof(own), c->block.start - 8, 8);
	assert_true(c->referred);
	free(leaks.s);
}

/* Without a sampled block there is nothing to look for. */
static void test_no_candidates(void **state)
{
	(void)state;
	uint64_t reports = rf_record_reports();
	rf_heap_forked();
	rf_leaks_look(0, 1, 1000000);
	assert_true(leaks.done);
	assert_int_equal(leaks.count, 0);
	assert_int_equal(rf_record_reports(), reports);
}

/* The list of mappings is read again when other pages can be written than at the last look; where that isn't known, each time. */
static void test_held(void **state)
{
	const uint64_t wrong = UINT64_MAX;
	uint64_t before[STATM_COUNT], after[STATM_COUNT];
	(void)state;
	look_up_held(100);
	samples.held = wrong;
	look_up_held(100);
	assert_int_equal(samples.held, wrong);
	look_up_held(101);
	assert_int_not_equal(samples.held, wrong);
	samples.held = wrong;
	look_up_held(0);
	look_up_held(0);
	assert_int_not_equal(samples.held, wrong);
	uint64_t held = samples.held;
	read_statm(before);
	assert_ptr_not_equal(sbrk(4 << 20), (void *)-1);
	read_statm(after);
	assert_true(after[STATM_DATA] >= before[STATM_DATA] + (4 << 20) / RF_PAGE);
	look_up_held(after[STATM_DATA]);
	assert_true(samples.held >= held + (4 << 20));
}

int main(void)
{
	agent_begin();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_control), cmocka_unit_test(test_estimates), cmocka_unit_test(test_references),
		cmocka_unit_test(test_no_candidates), cmocka_unit_test(test_mappings), cmocka_unit_test(test_waits),
		cmocka_unit_test(test_held),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
