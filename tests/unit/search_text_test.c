/* What is typed as words of the search, and names as it has them. */
#include "unit.h"

#include "store/search_names.h"
#include "store_sample.h"

/* "<expression>" or "start …" a word, with blanks between. */
static rf_str words(struct sample *s, const char *typed)
{
	struct rf_search_word w[RF_SEARCH_WORDS_MAX];
	uint32_t count = rf_search_words(rf_str_from(typed), &s->arena, w);
	rf_str text = RF_STR("");
	for (uint32_t i = 0; i < count; i++)
		text = rf_arena_printf(&s->arena, w[i].match.ptr ? "%.*s<%.*s>" : "%.*s[%.*s]", RF_STR_ARG(text),
				       RF_STR_ARG(w[i].match.ptr ? w[i].match : w[i].start));
	return text;
}

static void test_expressions(void **state)
{
	struct sample *s = *state;
	assert_str(words(s, ""), "");
	assert_str(words(s, " \t "), "");
	assert_str(words(s, "\" . - ()"), "");
	assert_str(words(s, "cart.Add"), "<\"cart.Add\">");
	assert_str(words(s, "cart.(*Cart).Add()"), "<\"cart.(*Cart).Add()\" OR \"cart.Cart.Add\">");
	assert_str(words(s, "Cart  OR Add"), "<\"Cart\">[OR]<\"Add\">");
	assert_str(words(s, "\"data race\" x"), "<\"data race\">[x]");
	assert_str(words(s, "\"open"), "<\"open\">");
	assert_str(words(s, "cart.go:17"), "<\"cart.go:17\" OR \"cart.go\">");
	assert_str(words(s, "Map[go.shape.int].Get"), "<\"Map[go.shape.int].Get\" OR \"Map.Get\">");
}

/* One word more than the bound, and text that is longer than its bound. */
static void test_bounds(void **state)
{
	struct sample *s = *state;
	rf_str many = words(s, "aaa bbb ccc ddd eee fff ggg hhh iii jjj kkk lll mmm nnn ooo ppp qqq");
	assert_true(rf_str_ends(many, "<\"ppp\">"));
	char longer[RF_SEARCH_TEXT_BYTES_MAX + 100];
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(words(s, longer).len, RF_SEARCH_TEXT_BYTES_MAX + 4);
}

static void test_names(void **state)
{
	static const struct {
		const char *function, *name, *shorter;
	} names[] = {
		{ "example.com/shop/cart.(*Cart).Add", "example.com/shop/cart.Cart.Add", "cart.Add" },
		{ "example.com/shop/cart.(*Cart).Add.func1", "example.com/shop/cart.Cart.Add.func1", "cart.Add.func1" },
		{ "gopkg.in/yaml%2ev3.(*Node).Set", "gopkg.in/yaml.v3.Node.Set", "yaml.v3.Set" },
		{ "main.(*List[go.shape.int]).Push", "main.List.Push", "main.Push" },
		{ "main.Keys[go.shape.map[string]int]", "main.Keys", "" },
		{ "cfunction", "cfunction", "" },
		{ "", "", "" },
	};
	struct rf_buf b;
	(void)state;
	rf_buf_init(&b);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		rf_buf_reset(&b);
		rf_search_put_name(&b, rf_str_from(names[i].function));
		assert_str(rf_buf_str(&b), names[i].name);
		rf_buf_reset(&b);
		rf_search_put_short(&b, rf_str_from(names[i].function));
		assert_str(rf_buf_str(&b), names[i].shorter);
	}
	rf_buf_release(&b);
}

static void test_starts(void **state)
{
	static const struct {
		const char *name, *start;
		bool has;
	} cases[] = {
		{ "shop/cart.Cart.AddAll", "sh", true },	{ "shop/cart.Cart.AddAll", "CA", true },
		{ "shop/cart.Cart.AddAll", "al", true },	{ "shop/cart.Cart.AddAll", "ho", false },
		{ "shop/cart.Cart.AddAll", "ll", false },	{ "shop/cart.Cart.AddAll", "a", false },
		{ "f x y2", "x", true },			{ "f x y2", "y", false },
		{ "f x y2", "Y2", true },			{ "HTTPServer", "ht", true },
		{ "HTTPServer", "se", false },			{ "x", "x", true },
		{ "x", "xy", false },				{ "\xc3\x84pfel Gr\xc3\xbc\xc3\x9f" "e", "\xc3\xa4P", true },
		{ "\xc3\xa4pfel", "\xc3\x84p", true },	{ "gr\xc3\xbcn", "\xc3\xbcn", false },
		{ "\xd0\x96\xd1\x83\xd0\xba", "\xd0\xb6\xd1\x83", true }, { "", "a", false },
		{ "\xff\xfe", "ab", false },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (rf_search_has_start(rf_str_from(cases[i].name), rf_str_from(cases[i].start)) != cases[i].has)
			fail_msg("%s in %s", cases[i].start, cases[i].name);
	}
}

#define WITH_SAMPLE(test) cmocka_unit_test_setup_teardown(test, sample_setup, sample_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SAMPLE(test_expressions),
		WITH_SAMPLE(test_bounds),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_starts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
