#include "unit.h"

static void test_zeroed_and_aligned(void **state)
{
	rf_arena a;
	(void)state;
	rf_arena_init(&a, 0);
	for (int round = 0; round < 2; round++) {
		for (size_t n = 0; n < 300; n++) {
			unsigned char *p = rf_arena_alloc(&a, n);
			assert_non_null(p);
			assert_int_equal((uintptr_t)p % 16, 0);
			for (size_t i = 0; i < n; i++)
				assert_int_equal(p[i], 0);
			memset(p, 0xff, n);
		}
		rf_arena_reset(&a); /* the second round gets used memory */
	}
	rf_arena_release(&a);
}

static void test_large_blocks_do_not_overlap(void **state)
{
	rf_arena a;
	char *p[8];
	(void)state;
	rf_arena_init(&a, 0);
	for (int i = 0; i < 8; i++) {
		p[i] = rf_arena_alloc(&a, i % 2 ? 200000 : 10);
		memset(p[i], 'a' + i, i % 2 ? 200000 : 10);
	}
	for (int i = 0; i < 8; i++) {
		assert_int_equal(p[i][0], 'a' + i);
		assert_int_equal(p[i][i % 2 ? 199999 : 9], 'a' + i);
	}
	rf_arena_release(&a);
}

static void test_cap_is_the_one_path(void **state)
{
	rf_arena a;
	(void)state;
	rf_arena_init(&a, 64);
	assert_non_null(rf_arena_alloc(&a, 48));
	assert_false(a.failed);
	assert_null(rf_arena_alloc(&a, 48));
	assert_true(a.failed);
	assert_str(rf_arena_dup(&a, RF_STR("longer than what is left of the cap")), "");
	assert_str(rf_arena_printf(&a, "%064d", 1), "");
	assert_string_equal(rf_arena_cstr(&a, RF_STR("longer than what is left of the cap")), "");
	rf_arena_reset(&a);
	assert_false(a.failed);
	assert_non_null(rf_arena_alloc(&a, 48));
	rf_arena_release(&a);
}

static void test_array_overflow(void **state)
{
	rf_arena a;
	(void)state;
	rf_arena_init(&a, 0);
	assert_null(rf_arena_array(&a, SIZE_MAX / 2, 16));
	assert_true(a.failed);
	rf_arena_reset(&a);
	assert_null(rf_arena_alloc(&a, SIZE_MAX));
	assert_true(a.failed);
	rf_arena_release(&a);
}

static void test_texts(void **state)
{
	rf_arena a;
	(void)state;
	rf_arena_init(&a, 0);
	char input[] = "cart";
	rf_str copy = rf_arena_dup(&a, rf_str_from(input));
	input[0] = 'x';
	assert_str(copy, "cart");
	assert_int_equal(copy.ptr[copy.len], '\0');
	assert_str(rf_arena_dup(&a, (rf_str){ NULL, 0 }), "");
	assert_str(rf_arena_printf(&a, "%s %d", "add", 3), "add 3");
	assert_str(rf_arena_hex(&a, "\x01\xef", 2), "01ef");
	assert_str(rf_arena_hex(&a, "", 0), "");
	rf_arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_zeroed_and_aligned),
		cmocka_unit_test(test_large_blocks_do_not_overlap),
		cmocka_unit_test(test_cap_is_the_one_path),
		cmocka_unit_test(test_array_overflow),
		cmocka_unit_test(test_texts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
