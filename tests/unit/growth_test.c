/* Which series grow: hand-made ones. */
#include <stdlib.h>
#include <string.h>

#include "finding/growth.h"
#include "unit.h"

#define SAMPLES 60u

static int64_t at_ms[SAMPLES], values[SAMPLES];

/* Samples as a process takes them: the time between two doubles after 32. */
static void fill(int64_t (*value)(int64_t at))
{
	int64_t at = 0, step = 100;
	for (uint32_t i = 0; i < SAMPLES; i++) {
		if (i == 32)
			step *= 2;
		at += step;
		at_ms[i] = at;
		values[i] = value(at);
	}
}

static bool grows(int64_t (*value)(int64_t at))
{
	struct rf_growth_rise rise;
	fill(value);
	return rf_growth_grows(at_ms, values, SAMPLES, 50, &rise);
}

static int64_t noise(int64_t at, int64_t range)
{
	uint64_t x = (uint64_t)at * 0x9e3779b97f4a7c15u;
	x ^= x >> 31;
	x *= 0xbf58476d1ce4e5b9u;
	return (int64_t)((x >> 33) % (uint64_t)range);
}

static int64_t steady(int64_t at) { return 1000 + 0 * at; }
static int64_t line(int64_t at) { return 10 + at / 10; }
static int64_t line_with_noise(int64_t at) { return 10 + at / 10 + noise(at, 100); }
static int64_t accelerating(int64_t at) { return at * at / 20000; }
static int64_t only_noise(int64_t at) { return 1000 + noise(at, 1000); }
static int64_t sawtooth(int64_t at) { return 100 + at % 1700; }
static int64_t long_sawtooth(int64_t at) { return 100 + at % 6000; }
static int64_t sawtooth_of_the_whole_time(int64_t at) { return 100 + (at < 7000 ? at : at - 7000); }
static int64_t step_at_start(int64_t at) { return at < 700 ? 10 : 5000; }
static int64_t step_in_the_middle(int64_t at) { return at < 4500 ? 10 : 5000; }
static int64_t step_at_the_end(int64_t at) { return at < 8000 ? 10 : 5000; }
static int64_t two_steps(int64_t at) { return at < 3000 ? 10 : at < 6000 ? 2000 : 5000; }
static int64_t warm_up(int64_t at) { return at < 4000 ? at : 4000; }
static int64_t cache_that_fills(int64_t at) { return 10000 - 10000000 / (1000 + at); }
static int64_t falling(int64_t at) { return 100000 - at; }
static int64_t hill(int64_t at) { return at < 6000 ? at : 12000 - at; }
static int64_t little(int64_t at) { return 10 + at / 300; }
static int64_t little_of_much(int64_t at) { return 1000000 + at / 10; }

static void what_rises_all_the_time_grows(void **state)
{
	(void)state;
	assert_true(grows(line));
	assert_true(grows(line_with_noise));
	assert_true(grows(accelerating));
}

static void what_does_not_is_silent(void **state)
{
	static int64_t (*const calm[])(int64_t) = { steady, only_noise, sawtooth, long_sawtooth, sawtooth_of_the_whole_time,
						    step_at_start, step_in_the_middle, step_at_the_end, two_steps, warm_up,
						    cache_that_fills, falling, hill, little, little_of_much };
	(void)state;
	for (size_t i = 0; i < sizeof(calm) / sizeof(calm[0]); i++) {
		if (grows(calm[i]))
			fail_msg("series %zu is said to grow", i);
	}
}

/* Of any phase; one that is longer than two thirds of what was seen is a line. */
static void no_sawtooth_grows(void **state)
{
	struct rf_growth_rise rise;
	(void)state;
	for (int64_t period = 200; period <= 6000; period += 100) {
		for (int64_t phase = 0; phase < period; phase += 100) {
			fill(steady);
			for (uint32_t i = 0; i < SAMPLES; i++)
				values[i] = 100 + (at_ms[i] + phase) % period;
			if (rf_growth_grows(at_ms, values, SAMPLES, 50, &rise))
				fail_msg("period %lld, phase %lld", (long long)period, (long long)phase);
		}
	}
}

static void the_rate_is_that_of_the_line(void **state)
{
	struct rf_growth_rise rise;
	(void)state;
	fill(line);
	assert_true(rf_growth_grows(at_ms, values, SAMPLES, 50, &rise));
	assert_true(rise.a_second > 90 && rise.a_second < 110);
	assert_true(rise.from < rise.to);
}

static void too_little_is_no_ground(void **state)
{
	struct rf_growth_rise rise;
	struct rf_growth growth;
	struct rf_growth_sample sample = { .elapsed_ms = 100 };
	(void)state;
	fill(line);
	assert_false(rf_growth_grows(at_ms, values, RF_GROWTH_SAMPLES_MIN - 1, 1, &rise));
	for (uint32_t i = 0; i < SAMPLES; i++)
		at_ms[i] /= 100;
	assert_false(rf_growth_grows(at_ms, values, SAMPLES, 1, &rise));
	rf_growth_look(NULL, 0, &growth);
	assert_true(growth.too_short);
	rf_growth_look(&sample, 1, &growth);
	assert_true(growth.too_short);
	assert_false(rf_growth_any(&growth));
}

/* Extremes don't overflow (UBSan watches). */
static void any_numbers_are_taken(void **state)
{
	static struct rf_growth_sample samples[SAMPLES];
	struct rf_growth growth;
	(void)state;
	for (int round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < SAMPLES; i++) {
			samples[i] = (struct rf_growth_sample){ .elapsed_ms = round ? INT64_MAX : i * 100,
								.memory_limit = INT64_MAX, .cgroup_limit = 1 };
			for (int m = 0; m < RF_METRIC_COUNT; m++)
				samples[i].values[m] = i % 2 && round != 1 ? INT64_MAX : 0;
		}
		rf_growth_look(samples, SAMPLES, &growth);
		assert_int_equal(growth.samples, SAMPLES);
	}
}

static struct rf_growth of_process(int64_t mapped_a_sample, int64_t goroutines_a_sample, int64_t native_a_sample,
				   int64_t memory_limit, int64_t cgroup_limit)
{
	static struct rf_growth_sample samples[SAMPLES];
	struct rf_growth growth;
	fill(steady);
	for (uint32_t i = 0; i < SAMPLES; i++) {
		int64_t *v = samples[i].values;
		samples[i] = (struct rf_growth_sample){ .elapsed_ms = at_ms[i], .memory_limit = memory_limit,
							.cgroup_limit = cgroup_limit };
		v[RF_METRIC_GO_MAPPED] = ((int64_t)10 << 20) + i * mapped_a_sample;
		v[RF_METRIC_GOROUTINES] = 5 + i * goroutines_a_sample;
		v[RF_METRIC_RESIDENT] = v[RF_METRIC_GO_MAPPED] + ((int64_t)20 << 20) + i * native_a_sample;
	}
	rf_growth_look(samples, SAMPLES, &growth);
	return growth;
}

#define MIB ((int64_t)1 << 20)

/* What the detector needs for a heap and for goroutines that grow is not the program's native memory. */
static void native_memory_is_beyond_the_detectors(void **state)
{
	(void)state;
	assert_true(of_process(0, 0, MIB, 0, 0).native_grows);
	assert_false(of_process(0, 0, MIB / 10, 0, 0).native_grows);
	assert_false(of_process(MIB, 0, 5 * MIB / 2, 0, 0).native_grows);
	assert_true(of_process(MIB, 0, 5 * MIB, 0, 0).native_grows);
	assert_false(of_process(0, 20, 5 * MIB, 0, 0).native_grows);
	assert_true(of_process(0, 20, 5 * MIB, 0, 0).grows[RF_METRIC_GOROUTINES]);
}

/* What was mapped at once becomes resident little by little. */
static void resident_memory_never_grows_by_itself(void **state)
{
	static struct rf_growth_sample samples[SAMPLES];
	struct rf_growth growth;
	(void)state;
	fill(steady);
	for (uint32_t i = 0; i < SAMPLES; i++) {
		samples[i] = (struct rf_growth_sample){ .elapsed_ms = at_ms[i] };
		samples[i].values[RF_METRIC_GO_MAPPED] = (i > 0) * SAMPLES * 2 * MIB;
		samples[i].values[RF_METRIC_RESIDENT] = (i + 1) * 2 * MIB;
	}
	rf_growth_look(samples, SAMPLES, &growth);
	assert_false(growth.too_short);
	assert_false(rf_growth_any(&growth));
	for (uint32_t i = 0; i < SAMPLES; i++)
		samples[i].values[RF_METRIC_GO_MAPPED] = MIB;
	rf_growth_look(samples, SAMPLES, &growth);
	assert_true(growth.native_grows);
}

static void limits_are_told_when_they_are_near(void **state)
{
	(void)state;
	assert_int_equal(of_process(0, 0, 0, 11 * MIB, 0).near_memory_limit, 11 * MIB);
	assert_int_equal(of_process(0, 0, 0, 12 * MIB, 0).near_memory_limit, 0);
	assert_int_equal(of_process(0, 0, 0, 0, 32 * MIB).near_cgroup_limit, 32 * MIB);
	assert_int_equal(of_process(0, 0, 0, 0, 64 * MIB).near_cgroup_limit, 0);
	assert_int_equal(of_process(0, 0, 0, 0, 0).near_cgroup_limit, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_rises_all_the_time_grows),
		cmocka_unit_test(what_does_not_is_silent),
		cmocka_unit_test(no_sawtooth_grows),
		cmocka_unit_test(the_rate_is_that_of_the_line),
		cmocka_unit_test(too_little_is_no_ground),
		cmocka_unit_test(any_numbers_are_taken),
		cmocka_unit_test(native_memory_is_beyond_the_detectors),
		cmocka_unit_test(resident_memory_never_grows_by_itself),
		cmocka_unit_test(limits_are_told_when_they_are_near),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
