#include "arena_fixture.h"

#include "session/kept_text.h"

static const char note[] = "bytes left out]\n";

static struct rf_kept_pool pool = { .bytes_max = (size_t)1 << 30 };

static void put_lines(struct rf_kept *k, struct rf_kept_pool *p, unsigned count)
{
	char line[32];
	for (unsigned i = 0; i < count; i++) {
		snprintf(line, sizeof(line), "line %06u\n", i);
		rf_kept_put(k, p, rf_str_from(line));
	}
}

/* "N" of "[redflag: N bytes left out]" */
static uint64_t left_out(rf_str text)
{
	uint64_t n = 0;
	ptrdiff_t at = rf_str_find_str(text, RF_STR("[redflag: "));
	assert_true(at >= 0);
	text = rf_str_skip(text, (size_t)at + strlen("[redflag: "));
	assert_true(rf_str_u64(rf_str_cut(&text, ' '), &n));
	assert_true(rf_str_starts(text, note));
	return n;
}

static void test_all_of_a_little(void **state)
{
	struct rf_kept k = { 0 };
	(void)state;
	assert_int_equal(rf_kept_text(&k, 100, &arena).len, 0);
	rf_kept_put(&k, &pool, RF_STR("a\0b"));
	rf_kept_put(&k, &pool, RF_STR(""));
	rf_kept_put(&k, &pool, RF_STR("c\n"));
	assert_true(rf_str_eq(rf_kept_text(&k, 5, &arena), RF_STR("a\0bc\n")));
	rf_kept_release(&k, &pool);
	assert_int_equal(pool.bytes, 0);
}

static void test_beginning_and_end(void **state)
{
	struct rf_kept k = { 0 };
	(void)state;
	put_lines(&k, &pool, 100000);
	assert_int_equal(k.cap, RF_KEPT_BYTES_MAX);
	const size_t maxima[] = { RF_KEPT_BYTES_MAX * 2, RF_KEPT_BYTES_MAX, 4096, 1000, 100 };
	for (size_t i = 0; i < sizeof(maxima) / sizeof(maxima[0]); i++) {
		rf_str text = rf_kept_text(&k, maxima[i], &arena);
		assert_true(rf_str_starts(text, "line 000000\nline 000001\n"));
		assert_true(rf_str_ends(text, "line 099998\nline 099999\n"));
		assert_true(text.len <= maxima[i] + 64);
		assert_true(maxima[i] > RF_KEPT_BYTES_MAX || text.len + 32 > maxima[i]);
		assert_int_equal(text.len - strlen("[redflag:  bytes left out]\n") - 7 + left_out(text), k.total);
	}
	rf_kept_release(&k, &pool);
}

/* Whatever the pieces, what is kept is the beginning and the end of what was put. */
static void test_pieces(void **state)
{
	static char all[RF_KEPT_BYTES_MAX * 4];
	(void)state;
	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (char)('a' + i * 7 % 26);
	for (size_t piece = 1; piece < sizeof(all); piece = piece * 3 + 1) {
		for (size_t total = 100; total < sizeof(all); total = total * 2 + 77) {
			struct rf_kept k = { 0 };
			for (size_t at = 0; at < total; at += piece)
				rf_kept_put(&k, &pool, (rf_str){ all + at, at + piece < total ? piece : total - at });
			rf_str text = rf_kept_text(&k, RF_KEPT_BYTES_MAX, &arena);
			ptrdiff_t cut = rf_str_find_str(text, RF_STR("\n[redflag: "));
			if (total <= RF_KEPT_BYTES_MAX) {
				assert_true(rf_str_eq(text, (rf_str){ all, total }));
			} else {
				rf_str tail = rf_str_skip(text, (size_t)rf_str_find_str(text, rf_str_from(note)) + strlen(note));
				assert_int_equal(cut, RF_KEPT_BYTES_MAX / 2);
				assert_memory_equal(text.ptr, all, (size_t)cut);
				assert_int_equal(tail.len, RF_KEPT_BYTES_MAX / 2);
				assert_memory_equal(tail.ptr, all + total - tail.len, tail.len);
				assert_int_equal(left_out(text), total - RF_KEPT_BYTES_MAX);
			}
			rf_kept_release(&k, &pool);
			rf_arena_reset(&arena);
		}
	}
	assert_int_equal(pool.bytes, 0);
}

static void test_characters_stay_whole(void **state)
{
	struct rf_kept k = { 0 };
	(void)state;
	for (int i = 0; i < 50000; i++)
		rf_kept_put(&k, &pool, RF_STR("\xe2\x82\xac")); /* one long line of three-byte characters */
	for (size_t max = 90; max < 110; max++) {
		rf_str text = rf_kept_text(&k, max, &arena);
		ptrdiff_t end = rf_str_find_str(text, RF_STR("\n[redflag: "));
		rf_str tail = rf_str_skip(text, (size_t)rf_str_find_str(text, rf_str_from(note)) + strlen(note));
		assert_int_equal(end % 3, 0);
		assert_int_equal(tail.len % 3, 0);
		assert_true(rf_str_starts(tail, "\xe2\x82\xac"));
		assert_int_equal(left_out(text) + (size_t)end + tail.len, k.total);
	}
	rf_kept_release(&k, &pool);
}

/* Texts that share a pool have what is left of it; when there is nothing left they are counted. */
static void test_pool(void **state)
{
	struct rf_kept_pool small = { .bytes_max = 5000 };
	struct rf_kept a = { 0 }, b = { 0 }, c = { 0 };
	(void)state;
	put_lines(&a, &small, 1000);
	put_lines(&b, &small, 1000);
	put_lines(&c, &small, 1000);
	assert_true(small.bytes <= small.bytes_max);
	assert_int_equal(a.cap, 4096);
	assert_int_equal(b.cap, 512);
	rf_str text = rf_kept_text(&b, RF_KEPT_BYTES_MAX, &arena);
	assert_true(rf_str_starts(text, "line 000000\n") && rf_str_ends(text, "line 000999\n"));
	rf_kept_release(&a, &small);
	put_lines(&c, &small, 1);
	rf_kept_release(&b, &small);
	rf_kept_release(&c, &small);
	assert_int_equal(small.bytes, 0);
	small.bytes_max = 0;
	put_lines(&a, &small, 10);
	assert_str(rf_kept_text(&a, RF_KEPT_BYTES_MAX, &arena), "[redflag: 120 bytes left out]\n");
	rf_kept_release(&a, &small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_of_a_little),
		cmocka_unit_test(test_beginning_and_end),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_characters_stay_whole),
		cmocka_unit_test(test_pool),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
