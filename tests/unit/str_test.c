#include "base/clock.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "unit.h"

static rf_str S(const char *text)
{
	return rf_str_from(text);
}

static void test_compare(void **state)
{
	(void)state;
	assert_true(rf_str_eq(S("ab"), RF_STR("ab")));
	assert_false(rf_str_eq(S("ab"), S("abc")));
	assert_true(rf_str_eq(S(NULL), S("")));
	assert_true(rf_str_cmp(S("ab"), S("abc")) < 0);
	assert_true(rf_str_cmp(S("b"), S("abc")) > 0);
	assert_int_equal(rf_str_cmp(S("x"), S("x")), 0);
	assert_true(rf_str_cmp(S("\x7f"), S("\xc2\xb7")) < 0); /* bytes are unsigned */
	assert_true(rf_str_cmp((rf_str){ "a\0b", 3 }, (rf_str){ "a\0c", 3 }) < 0);
}

static void test_starts_and_ends(void **state)
{
	(void)state;
	assert_true(rf_str_starts(S("runtime.mapassign"), "runtime."));
	assert_false(rf_str_starts(S("run"), "runtime"));
	assert_true(rf_str_starts(S("x"), ""));
	assert_true(rf_str_ends(S("cart_test.go"), "_test.go"));
	assert_false(rf_str_ends(S("go"), "_test.go"));
	assert_true(rf_str_contains(S("a=b"), "="));
	assert_false(rf_str_contains(S(""), "="));
}

static void test_cut_and_trim(void **state)
{
	(void)state;
	rf_str rest = S("a:b::c");
	assert_str(rf_str_cut(&rest, ':'), "a");
	assert_str(rf_str_cut(&rest, ':'), "b");
	assert_str(rf_str_cut(&rest, ':'), "");
	assert_str(rf_str_cut(&rest, ':'), "c");
	assert_int_equal(rest.len, 0);
	assert_str(rf_str_cut(&rest, ':'), "");
	rest = (rf_str){ " ,gc=1,\0b,", 10 };
	assert_str(rf_str_word(&rest, " ,"), "gc=1");
	rf_str word = rf_str_word(&rest, " ,");
	assert_int_equal(word.len, 2);
	assert_str(rf_str_word(&rest, " ,"), "");
	assert_int_equal(rest.len, 0);
	assert_str(rf_str_trim(S(" \t x y\r\n")), "x y");
	assert_str(rf_str_trim(S(" \n")), "");
	assert_str(rf_str_line(S("a \r\n")), "a ");
	assert_str(rf_str_line(S("a\n\n")), "a\n");
	assert_str(rf_str_line(S("a\r")), "a");
	assert_str(rf_str_line(S("")), "");
	assert_str(rf_str_skip(S("ab"), 5), "");
	assert_str(rf_str_take(S("ab"), 5), "ab");
}

static void test_find(void **state)
{
	(void)state;
	assert_int_equal(rf_str_find(S("a/b/c"), '/'), 1);
	assert_int_equal(rf_str_find_last(S("a/b/c"), '/'), 3);
	assert_int_equal(rf_str_find(S(""), '/'), -1);
	assert_int_equal(rf_str_find_last(S("abc"), '/'), -1);
	assert_int_equal(rf_str_find_str(S("a of size b"), S(" of size ")), 1);
	assert_int_equal(rf_str_find_str(S("abc"), S("")), 0);
	assert_int_equal(rf_str_find_str(S("abc"), S("abcd")), -1);
}

static void test_numbers(void **state)
{
	uint64_t v = 7;
	(void)state;
	assert_true(rf_str_u64(S("18446744073709551615"), &v));
	assert_true(v == UINT64_MAX);
	assert_false(rf_str_u64(S("18446744073709551616"), &v));
	assert_false(rf_str_u64(S(""), &v));
	assert_false(rf_str_u64(S("-1"), &v));
	assert_false(rf_str_u64(S("1 "), &v));
	assert_true(rf_str_hex_u64(S("0x00c00002a2F0"), &v));
	assert_true(v == 0xc00002a2f0u);
	assert_true(rf_str_hex_u64(S("ffffffffffffffff"), &v));
	assert_true(v == UINT64_MAX);
	assert_false(rf_str_hex_u64(S("1ffffffffffffffff"), &v));
	assert_false(rf_str_hex_u64(S("0x"), &v));
	assert_false(rf_str_hex_u64(S("0xg"), &v));
}

static void test_glob(void **state)
{
	(void)state;
	assert_true(rf_str_glob(S("example.com/shop*"), S("example.com/shop/payment")));
	assert_true(rf_str_glob(S("*.Add"), S("shop.(*Cart).Add")));
	assert_true(rf_str_glob(S("a*b*c"), S("a.b.b.c")));
	assert_true(rf_str_glob(S("**"), S("")));
	assert_false(rf_str_glob(S("a*b"), S("a.c")));
	assert_false(rf_str_glob(S(""), S("a")));
	assert_true(rf_str_glob(S("a?"), S("a?")));
	assert_false(rf_str_glob(S("a?"), S("ab"))); /* only * is special */
}

/* Many stars against a text that almost fits: linear backtracking, not exponential. */
static void test_glob_cost(void **state)
{
	char text[2001];
	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_false(rf_str_glob(S("*a*a*a*a*a*a*a*a*a*a*a*a*b"), S(text)));
}

static void test_buf(void **state)
{
	struct rf_buf b;
	(void)state;
	rf_buf_init(&b);
	for (int i = 0; i < 1000; i++)
		rf_buf_printf(&b, "%d,", i);
	rf_buf_put_char(&b, '\0');
	assert_false(b.failed);
	assert_int_equal(b.len, 10 * 2 + 90 * 3 + 900 * 4 + 1);
	assert_true(rf_str_starts(rf_buf_str(&b), "0,1,2,"));
	rf_buf_reset(&b);
	assert_int_equal(rf_buf_str(&b).len, 0);
	rf_buf_put_cstr(&b, "kept");
	assert_str(rf_buf_str(&b), "kept");
	rf_buf_reset(&b);
	const int64_t numbers[] = { 0, 7, -10, INT64_MAX, INT64_MIN };
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		rf_buf_put_int(&b, numbers[i]);
		rf_buf_put_char(&b, ' ');
	}
	assert_str(rf_buf_str(&b), "0 7 -10 9223372036854775807 -9223372036854775808 ");
	rf_buf_release(&b);
}

static void test_buf_cap(void **state)
{
	struct rf_buf b;
	(void)state;
	rf_buf_init(&b);
	b.cap_max = 4;
	rf_buf_put_cstr(&b, "abcd");
	assert_false(b.failed);
	rf_buf_put_char(&b, 'e');
	assert_true(b.failed);
	assert_str(rf_buf_str(&b), "abcd");
	rf_buf_put_cstr(&b, "");
	rf_buf_put_cstr(&b, "x"); /* later puts do nothing */
	assert_str(rf_buf_str(&b), "abcd");
	rf_buf_release(&b);
}

static void test_hex(void **state)
{
	static const unsigned char bytes[] = { 0x00, 0x9f, 0xa0, 0xff };
	char out[] = "........!";
	struct rf_buf b;
	(void)state;
	rf_hex_put(out, bytes, sizeof(bytes));
	assert_string_equal(out, "009fa0ff!");
	rf_hex_put(out, bytes, 0);
	assert_string_equal(out, "009fa0ff!");
	rf_buf_init(&b);
	rf_buf_put_hex(&b, (rf_str){ "x\0\xfe", 3 });
	rf_buf_put_hex(&b, (rf_str){ NULL, 0 });
	assert_str(rf_buf_str(&b), "7800fe");
	b.cap_max = b.len + 1;
	rf_buf_put_hex(&b, S("y"));
	assert_true(b.failed);
	rf_buf_release(&b);
	assert_int_equal(rf_hex_digit('9'), 9);
	assert_int_equal(rf_hex_digit('f'), 15);
	assert_int_equal(rf_hex_digit('A'), 10);
	static const char none[] = { '/', ':', '@', 'G', '`', 'g', '\0', '\x19', '\xc1', '\xe1' };
	for (size_t i = 0; i < sizeof(none); i++)
		assert_int_equal(rf_hex_digit(none[i]), -1);
	assert_true(rf_str_is_hex(S("0123456789abcdef")));
	assert_false(rf_str_is_hex(S("")));
	assert_false(rf_str_is_hex(S("0A")));
	assert_false(rf_str_is_hex(S("0g")));
	assert_false(rf_str_is_hex((rf_str){ "0\0", 2 }));
}

static void test_doubled(void **state)
{
	struct rf_buf b;
	(void)state;
	rf_buf_init(&b);
	rf_buf_put_doubled(&b, S("no quote, "), '"');
	rf_buf_put_doubled(&b, S("\"a\" 'b'"), '"');
	rf_buf_put_doubled(&b, S("|''"), '\'');
	rf_buf_put_doubled(&b, S(""), '"');
	rf_buf_put_doubled(&b, (rf_str){ NULL, 0 }, '"');
	rf_buf_put_doubled(&b, (rf_str){ "\0\"", 2 }, '"');
	assert_true(rf_str_eq(rf_buf_str(&b), RF_STR("no quote, \"\"a\"\" 'b'|\'\'\'\'\0\"\"")));
	rf_buf_release(&b);
}

static void test_utf8(void **state)
{
	static const struct {
		uint32_t character;
		const char *bytes;
	} cases[] = {
		{ 'a', "a" },	      { 0x7f, "\x7f" },	    { 0x80, "\xc2\x80" },	      { 0x7ff, "\xdf\xbf" },
		{ 0x800, "\xe0\xa0\x80" }, { 0xffff, "\xef\xbf\xbf" }, { 0x10000, "\xf0\x90\x80\x80" }, { 0x10ffff, "\xf4\x8f\xbf\xbf" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char to[4];
		assert_str(((rf_str){ to, rf_utf8_put(to, cases[i].character) }), cases[i].bytes);
	}
}

/* Known answers of 64-bit FNV-1a: files are named by it. */
static void test_hash(void **state)
{
	(void)state;
	assert_true(rf_hash_str(RF_HASH_START, S("")) == 0xcbf29ce484222325u);
	assert_true(rf_hash_str(RF_HASH_START, S("a")) == 0xaf63dc4c8601ec8cu);
	assert_true(rf_hash_str(RF_HASH_START, S("foobar")) == 0x85944171f73967e8u);
	assert_true(rf_hash_str(rf_hash_str(RF_HASH_START, S("foo")), S("bar")) == 0x85944171f73967e8u);
	assert_true(rf_hash_bytes(RF_HASH_START, NULL, 0) == RF_HASH_START);
}

static void test_clock(void **state)
{
	(void)state;
	uint64_t before = rf_monotonic_ns(), after = before;
	for (int looks = 0; looks < 10000000 && after == before; looks++)
		after = rf_monotonic_ns();
	assert_true(after > before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_starts_and_ends),
		cmocka_unit_test(test_cut_and_trim),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_glob),
		cmocka_unit_test(test_glob_cost),
		cmocka_unit_test(test_buf),
		cmocka_unit_test(test_buf_cap),
		cmocka_unit_test(test_hex),
		cmocka_unit_test(test_doubled),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_clock),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
