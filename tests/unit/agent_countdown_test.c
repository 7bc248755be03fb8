/* Which allocations are looked at: each byte has the same chance of a sample, each allocation that of a guarded block. */
#include "tests/unit/agent_fixture.h"

#define SIZES 5u

static const size_t sizes[SIZES] = { 0, 1, 24, 4096, 3000000 };

struct seen {
	uint64_t allocations, samples, guarded, long_ways;
};

/* One size after the other, from a fixed seed. */
static void allocate(uint64_t rounds, struct seen seen[SIZES])
{
	memset(seen, 0, SIZES * sizeof(*seen));
	for (uint64_t i = 0; i < rounds; i++) {
		struct seen *s = &seen[i % SIZES];
		s->allocations++;
		if (rf_countdown_pass(sizes[i % SIZES]))
			continue;
		struct rf_due due = rf_countdown_see(sizes[i % SIZES]);
		s->long_ways++;
		s->samples += due.sample;
		s->guarded += due.guard;
	}
}

static void begin(uint64_t period, uint64_t rate)
{
	rf_me.random = 12345;
	rf_settings.heap = period != 0;
	rf_settings.paused = false;
	rf_settings.guard = rate;
	heap.period = period;
	rf_countdown_restart();
}

/* Within five standard deviations of what is expected. */
static void assert_near(uint64_t count, double expected)
{
	assert_true(fabs((double)count - expected) < 5 * sqrt(expected) + 0.001 * expected + 1);
}

static void test_chances(void **state)
{
	(void)state;
	static const uint64_t rates[] = { 2, 10, 1000, 5000 };
	struct seen seen[SIZES];
	for (uint32_t r = 0; r < 4; r++) {
		begin(524288, rates[r]);
		allocate(4000000, seen);
		for (uint32_t i = 0; i < SIZES; i++) {
			double n = (double)seen[i].allocations;
			assert_near(seen[i].samples, n * (1 - exp(-(double)sizes[i] / 524288)));
			assert_near(seen[i].guarded, n * (1 - exp(-16.0 / (16.0 * (double)rates[r] - 8))));
		}
	}
	assert_true(seen[1].long_ways < seen[1].allocations / 2000); /* points that a small block passes over are rare */
}

static void test_every_allocation(void **state)
{
	(void)state;
	struct seen seen[SIZES];
	begin(524288, 1);
	allocate(1000, seen);
	for (uint32_t i = 0; i < SIZES; i++)
		assert_int_equal(seen[i].guarded, seen[i].allocations);
}

/* What is off isn't due, and a thread that is told looks again. */
static void test_off(void **state)
{
	(void)state;
	struct seen seen[SIZES];
	rf_heap_forked();
	begin(0, 0);
	allocate(100000, seen);
	for (uint32_t i = 0; i < SIZES; i++)
		assert_int_equal(seen[i].samples + seen[i].guarded, 0);
	assert_int_equal(seen[0].long_ways, 1); /* where the first distances are drawn */
	rf_countdown_restart();
	assert_false(rf_countdown_pass(0));
	rf_countdown_stop();
	assert_true(rf_countdown_pass((size_t)1 << 47));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chances), cmocka_unit_test(test_every_allocation), cmocka_unit_test(test_off),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
