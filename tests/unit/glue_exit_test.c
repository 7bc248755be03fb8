/* The sleep at the end: what GORACE says of it, and what is left of it. */
#define RF_LAYOUT_EXIT 1
#include <pthread.h>

#include "tests/unit/glue_fixture.h"

static void the_detector_sleeps_for_what_is_left(void **state)
{
	(void)state;
	__redflag_usleep(1000);
	assert_int_equal(slept_us, 1000);
	__redflag_waited(300);
	__redflag_usleep(1000);
	assert_int_equal(slept_us, 1700);
	__redflag_usleep(1000); /* only once */
	assert_int_equal(slept_us, 2700);
	__redflag_waited(UINT64_MAX);
	__redflag_usleep(1000000);
	assert_int_equal(slept_us, 2700);
}

static void gorace_is_read_like_the_detector_does(void **state)
{
	static const struct {
		const char *gorace;
		uint32_t ms;
	} cases[] = {
		{ "", 1000 },
		{ "halt_on_error=1", 1000 },
		{ "atexit_sleep_ms=250", 250 },
		{ " halt_on_error=0:atexit_sleep_ms=0,log_path=x", 0 },
		{ "atexit_sleep_ms='17'", 17 },
		{ "atexit_sleep_ms=1\tatexit_sleep_ms=\"2\"\n", 2 },
		{ "my_atexit_sleep_ms=3", 1000 },
		{ "atexit_sleep_ms=86400000", 86400000 },
		{ "atexit_sleep_ms=86400001", 0 },
		{ "atexit_sleep_ms=99999999999999999999999999", 0 },
		{ "atexit_sleep_ms=-1", 0 },
		{ "atexit_sleep_ms=", 0 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(setenv("GORACE", cases[i].gorace, 1), 0);
		assert_int_equal(rf_exit_sleep_ms(), cases[i].ms);
	}
	assert_int_equal(unsetenv("GORACE"), 0);
	assert_int_equal(rf_exit_sleep_ms(), RF_EXIT_SLEEP_MS);
	assert_int_equal(settings.exitwait, RF_EXIT_SLEEP_MS);
}

static void *wait_for_it(void *lock)
{
	pthread_mutex_lock(lock);
	pthread_mutex_unlock(lock);
	return NULL;
}

static void threads_are_counted(void **state)
{
	pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	pthread_t thread;
	uintptr_t before, during;
	(void)state;
	__redflag_threads(&before);
	assert_int_equal(pthread_mutex_lock(&lock), 0);
	assert_int_equal(pthread_create(&thread, NULL, wait_for_it, &lock), 0);
	__redflag_threads(&during);
	assert_int_equal(pthread_mutex_unlock(&lock), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(before >= 1);
	assert_int_equal(during, before + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_detector_sleeps_for_what_is_left),
		cmocka_unit_test(gorace_is_read_like_the_detector_does),
		cmocka_unit_test(threads_are_counted),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
