#include "unit.h"

static void test_fail(void **state)
{
	struct rf_error err = { 0 };
	(void)state;
	assert_int_equal(rf_fail(&err, RF_ERR_IO, "cannot read %s", "x.log"), RF_ERR_IO);
	assert_int_equal(err.code, RF_ERR_IO);
	assert_string_equal(err.text, "cannot read x.log");
	assert_int_equal(rf_fail_again(&err, "run %d", 7), RF_ERR_IO);
	assert_string_equal(err.text, "run 7: cannot read x.log");
}

/* Sentences that are too long are cut at the end, at every length, and stay terminated. */
static void test_cut(void **state)
{
	char text[RF_ERROR_BYTES_MAX + 16];
	(void)state;
	for (size_t n = RF_ERROR_BYTES_MAX - 8; n < RF_ERROR_BYTES_MAX + 8; n++) {
		struct rf_error err = { 0 };
		memset(text, 'x', n);
		text[n] = '\0';
		rf_fail(&err, RF_ERR_INPUT, "%s", text);
		assert_true(strlen(err.text) == (n < RF_ERROR_BYTES_MAX ? n : RF_ERROR_BYTES_MAX - 1));
		rf_fail_again(&err, "outer");
		assert_int_equal(strncmp(err.text, "outer: xxx", 10), 0);
		assert_true(strlen(err.text) < RF_ERROR_BYTES_MAX);
		rf_fail_again(&err, "%s", text);
		assert_int_equal(err.code, RF_ERR_INPUT);
		assert_true(strlen(err.text) < RF_ERROR_BYTES_MAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_fail), cmocka_unit_test(test_cut) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
