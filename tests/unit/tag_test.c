#include "arena_fixture.h"

#include "finding/tag.h"

#include <sys/stat.h>
#include <unistd.h>

/* --- the file --------------------------------------------------------------------------------------------------- */

static void test_rules(void **state)
{
	struct rf_config c;
	struct rf_error err = { 0 };
	(void)state;
	assert_int_equal(rf_config_parse(RF_STR("# who is told\ntags:\n  - package: example.com/shop/payment*\n"
						"    tag: order-service:payment-timeout\n"
						"  - tag: \"cart: canary:true\"\n    function: '*.(*Cart).*'\n"),
					 "x/.redflag.yml", &arena, &c, &err), 0);
	assert_int_equal(c.tag_rule_count, 2);
	assert_str(c.path, "x/.redflag.yml");
	assert_false(c.tag_rules[0].on_function);
	assert_str(c.tag_rules[0].pattern, "example.com/shop/payment*");
	assert_str(c.tag_rules[0].tag, "order-service:payment-timeout");
	assert_true(c.tag_rules[1].on_function);
	assert_str(c.tag_rules[1].pattern, "*.(*Cart).*");
	assert_str(c.tag_rules[1].tag, "cart: canary:true");
}

static void test_empty_files(void **state)
{
	static const char *const texts[] = { "", "\n", "# nothing yet\n", "tags:\n", "tags: []\n", "---\n" };
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct rf_config c;
		struct rf_error err = { 0 };
		assert_int_equal(rf_config_parse(rf_str_from(texts[i]), "f", &arena, &c, &err), 0);
		assert_int_equal(c.tag_rule_count, 0);
	}
}

/* Each is refused with file, line and what to write. */
static void test_malformed(void **state)
{
	static const struct {
		const char *text, *place, *advice;
	} cases[] = {
		{ "tag:\n", "f:1: ", "\"tags\"" },
		{ "- a\n", "f:1: ", "\"tags:\"" },
		{ "just words\n", "f:1: ", "\"tags:\"" },
		{ "tags: yes\n", "f:1: ", "- package: PATTERN" },
		{ "tags:\n  package: a\n", "f:2: ", "- package: PATTERN" },
		{ "tags:\n  - a\n", "f:2: ", "with \"tag: TAG\"" },
		{ "\ntags:\n  - package: a\n", "f:3: ", "has no tag" },
		{ "tags:\n  - tag: a\n", "f:2: ", "has no pattern" },
		{ "tags:\n  - package: a\n    tag: b\n    owner: c\n", "f:4: ", "\"owner\"" },
		{ "tags:\n  - package: a\n    function: b\n    tag: c\n", "f:3: ", "second pattern" },
		{ "tags:\n  - package: a\n    tag: b\n    tag: c\n", "f:4: ", "twice" },
		{ "tags:\n  - package:\n    tag: c\n", "f:2: ", "\"package: …\"" },
		{ "tags:\n  - package: [a]\n    tag: c\n", "f:2: ", "needs a text" },
		{ "tags:\n  - package: a\n    tag: {a: b}\n", "f:3: ", "needs a text" },
		{ "tags: []\ntags: []\n", "f:2: ", "twice" },
		{ "tags:\n\t- package: a\n", "f:2: ", "indent with blanks" },
		{ "tags: [a\n", "f:", "not YAML" },
		{ "tags: &a [*b]\n", "f:1: ", "not YAML" },
		{ "tags:\n  - package: \xff\xfe\n", "f: ", "UTF-8" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rf_config c;
		struct rf_error err = { 0 };
		if (rf_config_parse(rf_str_from(cases[i].text), "f", &arena, &c, &err) != RF_ERR_INPUT)
			fail_msg("%s is not refused", cases[i].text);
		assert_says(err, cases[i].place);
		assert_says(err, cases[i].advice);
		assert_int_equal(c.tag_rule_count, 0);
	}
}

static void test_memory_runs_out(void **state)
{
	struct rf_config c;
	struct rf_error err = { 0 };
	rf_arena small;
	(void)state;
	for (size_t cap = 1; cap < 100; cap += 8) {
		rf_arena_init(&small, cap);
		int rc = rf_config_parse(RF_STR("tags:\n  - package: aaaaaaaaaaaaaaaaaaaa\n    tag: bbbbbbbbbbbbbbbbbbbb\n"), "f",
					 &small, &c, &err);
		assert_int_equal(rc, RF_ERR_MEMORY);
		rf_arena_release(&small);
	}
}

static void put_file(const char *directory, const char *name, const char *text)
{
	char path[512];
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void remove_file(const char *directory, const char *name)
{
	char path[512];
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	assert_int_equal(remove(path), 0);
}

/* root/.redflag.yml, root/module/{go.mod,deep/} */
static void test_search(void **state)
{
	char root[] = "/tmp/rf-config-XXXXXX", module[64], deep[80];
	struct rf_config c;
	struct rf_error err = { 0 };
	(void)state;
	assert_non_null(mkdtemp(root));
	snprintf(module, sizeof(module), "%s/module", root);
	snprintf(deep, sizeof(deep), "%s/deep", module);
	assert_int_equal(mkdir(module, 0700), 0);
	assert_int_equal(mkdir(deep, 0700), 0);
	put_file(root, ".redflag.yml", "tags:\n  - package: a\n    tag: outer\n");

	assert_int_equal(rf_config_load(deep, &arena, &c, &err), 0);
	assert_int_equal(c.tag_rule_count, 1);
	put_file(module, "go.mod", "module m\n"); /* the search ends here */
	assert_int_equal(rf_config_load(deep, &arena, &c, &err), 0);
	assert_int_equal(c.tag_rule_count, 0);
	assert_str(c.path, "");
	put_file(module, ".redflag.yml", "tags:\n  - package: a\n    tag: inner\n");
	assert_int_equal(rf_config_load(deep, &arena, &c, &err), 0);
	assert_str(c.tag_rules[0].tag, "inner");
	assert_true(rf_str_ends(c.path, "/module/.redflag.yml"));
	put_file(deep, ".redflag.yml", "tags: 3\n");
	assert_int_equal(rf_config_load(deep, &arena, &c, &err), RF_ERR_INPUT);
	assert_says(err, "/deep/.redflag.yml:1: ");
	assert_int_equal(rf_config_load("/no/such/directory", &arena, &c, &err), RF_ERR_IO);
	assert_says(err, "/no/such/directory");

	remove_file(deep, ".redflag.yml");
	char odd[128];
	snprintf(odd, sizeof(odd), "%s/.redflag.yml", deep);
	assert_int_equal(mkdir(odd, 0700), 0);
	assert_int_equal(rf_config_load(deep, &arena, &c, &err), RF_ERR_INPUT); /* a directory */
	remove_file(deep, ".redflag.yml");
	remove_file(module, "deep");
	remove_file(module, ".redflag.yml");
	remove_file(module, "go.mod");
	remove_file(root, "module");
	remove_file(root, ".redflag.yml");
	assert_int_equal(rmdir(root), 0);
}

/* --- which tag -------------------------------------------------------------------------------------------------- */

struct sample {
	struct rf_label labels[2][1];
	struct rf_goroutine g[2];
	struct rf_frame frames[2][2];
	struct rf_report report;
	struct rf_finding finding;
};

static void make(struct sample *s)
{
	*s = (struct sample){ .report = { .kind = RF_KIND_DATA_RACE, .access_count = 2 } };
	s->frames[0][0] = (struct rf_frame){ .function = RF_STR("runtime.mapassign"), .file = RF_STR("/go/m.go") };
	s->frames[0][1] = (struct rf_frame){ .function = RF_STR("example.com/shop.(*Cart).Add"), .file = RF_STR("/a.go") };
	s->frames[1][0] = (struct rf_frame){ .function = RF_STR("gopkg.in/pay%2ev3.Timeout.func1"), .file = RF_STR("/b.go") };
	for (int i = 0; i < 2; i++)
		s->report.accesses[i] = (struct rf_access){ .goroutine = &s->g[i], .stack = { s->frames[i], i ? 1 : 2, false } };
	rf_finding_make(&s->report, &arena, &s->finding);
}

static void label(struct sample *s, int side, const char *key, const char *value)
{
	s->labels[side][0] = (struct rf_label){ rf_str_from(key), rf_str_from(value) };
	s->g[side].labels = s->labels[side];
	s->g[side].label_count = 1;
}

static void test_order_of_sources(void **state)
{
	struct sample s;
	struct rf_tag_rule rule = { false, RF_STR("example.com/*"), RF_STR("from a rule") };
	struct rf_config config = { .tag_rules = &rule, .tag_rule_count = 1 };
	struct rf_tag_sources sources = { RF_STR("option"), RF_STR("process"), RF_STR("environment"), &config };
	(void)state;
	make(&s);
	label(&s, 1, "tag", "b");
	assert_str(rf_tag_choose(&s.report, &s.finding, &sources), "b");
	label(&s, 0, "tag", "a"); /* the one that sorts first, whichever side has it */
	assert_str(rf_tag_choose(&s.report, &s.finding, &sources), "a");
	label(&s, 0, "tag", "c");
	assert_str(rf_tag_choose(&s.report, &s.finding, &sources), "b");
	label(&s, 0, "trace_id", "1");
	label(&s, 1, "tag", ""); /* an empty label is none */
	assert_str(rf_tag_choose(&s.report, &s.finding, &sources), "option");
	sources.option = RF_STR("");
	assert_str(rf_tag_choose(&s.report, &s.finding, &sources), "process");
	sources.process = RF_STR("");
	assert_str(rf_tag_choose(&s.report, &s.finding, &sources), "environment");
	sources.environment = RF_STR("");
	assert_str(rf_tag_choose(&s.report, &s.finding, &sources), "from a rule");
	sources.config = NULL;
	assert_str(rf_tag_choose(&s.report, &s.finding, &sources), "example.com/shop");
}

static void test_patterns(void **state)
{
	static const struct {
		bool on_function;
		const char *pattern;
		bool matches;
	} cases[] = {
		{ false, "example.com/shop", true },   { false, "example.com/sho", false }, { false, "gopkg.in/pay.v3", true },
		{ false, "runtime", false },           { true, "*mapassign*", false },      { true, "*.(*Cart).Add", true },
		{ true, "*.Timeout.func", true },      { true, "*.Timeout.func1", true },   { true, "Timeout", false },
		{ false, "*Cart*", false },
	};
	struct sample s;
	(void)state;
	make(&s);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rf_tag_rule rule = { cases[i].on_function, rf_str_from(cases[i].pattern), RF_STR("hit") };
		struct rf_config config = { .tag_rules = &rule, .tag_rule_count = 1 };
		struct rf_tag_sources sources = { .config = &config };
		rf_str tag = rf_tag_choose(&s.report, &s.finding, &sources);
		if (rf_str_eq_cstr(tag, "hit") != cases[i].matches)
			fail_msg("%s", cases[i].pattern);
	}
}

/* The first rule in the file that matches any frame wins, also against one that matches a frame nearer the leaf. */
static void test_first_rule_wins(void **state)
{
	struct rf_tag_rule rules[] = { { false, RF_STR("no.such"), RF_STR("0") }, { false, RF_STR("gopkg.in/*"), RF_STR("1") },
				       { true, RF_STR("*Add"), RF_STR("2") } };
	struct rf_config config = { .tag_rules = rules, .tag_rule_count = 3 };
	struct rf_tag_sources sources = { .config = &config };
	struct sample s;
	(void)state;
	make(&s);
	assert_str(rf_tag_choose(&s.report, &s.finding, &sources), "1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),          cmocka_unit_test(test_empty_files),
		cmocka_unit_test(test_malformed),      cmocka_unit_test(test_memory_runs_out),
		cmocka_unit_test(test_search),         cmocka_unit_test(test_order_of_sources),
		cmocka_unit_test(test_patterns),       cmocka_unit_test(test_first_rule_wins),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
