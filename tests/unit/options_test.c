#include "unit.h"

#include "cmd/help.h"
#include "cmd/options.h"

static const struct rf_option options[] = { { "db", "FILE", "a file" }, { "json", NULL, "a switch" }, { NULL, NULL, NULL } };

static int run_nothing(const struct rf_args *args, rf_arena *arena, struct rf_error *err)
{
	(void)args, (void)arena, (void)err;
	return 0;
}

struct parsed {
	rf_arena arena;
	struct rf_args args;
	struct rf_error err;
	bool help;
	int rc;
};

static void parse(struct parsed *p, bool pass, bool stop, char **words)
{
	const struct rf_command command = { .name = "sample", .usage = "", .summary = "A sample", .options = options,
					    .pass_unknown = pass, .stop_at_word = stop, .run = run_nothing };
	*p = (struct parsed){ 0 };
	rf_arena_init(&p->arena, 0);
	p->rc = rf_options_parse(&command, words, &p->arena, &p->args, &p->help, &p->err);
}

#define WORDS(...) ((char *[]){ __VA_ARGS__, NULL })
#define W(text) ((char[]){ text })

static void test_values(void **state)
{
	struct parsed p;
	(void)state;
	parse(&p, false, false, WORDS(W("a"), W("--db"), W("x.db"), W("--json"), W("b"), W("--db=y=z")));
	assert_int_equal(p.rc, 0);
	assert_string_equal(rf_arg(&p.args, "db"), "y=z");
	assert_string_equal(rf_arg(&p.args, "json"), "");
	assert_null(rf_arg(&p.args, "tag"));
	assert_int_equal(p.args.word_count, 2);
	assert_string_equal(p.args.words[1], "b");
	assert_null(p.args.words[2]);
	rf_arena_release(&p.arena);
}

static void test_mistakes(void **state)
{
	struct parsed p;
	(void)state;
	parse(&p, false, false, WORDS(W("--jsno")));
	assert_int_equal(p.rc, RF_ERR_USAGE);
	assert_says(p.err, "did you mean --json");
	rf_arena_release(&p.arena);
	parse(&p, false, false, WORDS(W("--db")));
	assert_int_equal(p.rc, RF_ERR_USAGE);
	assert_says(p.err, "--db FILE");
	rf_arena_release(&p.arena);
	parse(&p, false, false, WORDS(W("--json=1")));
	assert_int_equal(p.rc, RF_ERR_USAGE);
	rf_arena_release(&p.arena);
	parse(&p, false, false, WORDS(W("--"), W("--jsno")));
	assert_int_equal(p.rc, 0);
	assert_string_equal(p.args.words[0], "--jsno");
	rf_arena_release(&p.arena);
}

static void test_go_flags_pass(void **state)
{
	struct parsed p;
	(void)state;
	parse(&p, true, false, WORDS(W("-run"), W("X"), W("--db=d"), W("-json"), W("./..."), W("-args"), W("--json")));
	assert_int_equal(p.rc, 0);
	assert_string_equal(rf_arg(&p.args, "db"), "d");
	assert_null(rf_arg(&p.args, "json"));
	assert_int_equal(p.args.word_count, 6);
	assert_string_equal(p.args.words[2], "-json");
	assert_string_equal(p.args.words[4], "-args");
	assert_string_equal(p.args.words[5], "--json");
	rf_arena_release(&p.arena);
}

static void test_stop_at_word(void **state)
{
	struct parsed p;
	(void)state;
	parse(&p, false, true, WORDS(W("--json"), W("./program"), W("--db"), W("theirs")));
	assert_int_equal(p.rc, 0);
	assert_null(rf_arg(&p.args, "db"));
	assert_int_equal(p.args.word_count, 3);
	rf_arena_release(&p.arena);
}

/* Every row of the table is complete, and everything made from it names every row. */
static void test_table(void **state)
{
	struct rf_buf man, completion, overview, one;
	(void)state;
	rf_buf_init(&man);
	rf_buf_init(&completion);
	rf_buf_init(&overview);
	rf_help_put_man(&man);
	rf_help_put_completion(&completion);
	rf_help_put_overview(&overview);
	for (const struct rf_command *c = rf_commands; c->name; c++) {
		assert_non_null(c->usage);
		assert_non_null(c->help);
		assert_non_null(c->run);
		assert_ptr_equal(rf_command_find(c->name), c);
		assert_true(rf_str_contains(rf_buf_str(&man), c->name));
		assert_true(rf_str_contains(rf_buf_str(&completion), c->name));
		assert_true(rf_str_contains(rf_buf_str(&overview), c->summary) || strlen(c->summary) > 60);
		rf_buf_init(&one);
		rf_help_put_command(&one, c);
		for (rf_str rest = rf_buf_str(&one), line; rest.len; assert_true(line.len <= 80 || rf_str_starts(line, "Usage")))
			line = rf_str_cut(&rest, '\n');
		rf_buf_release(&one);
	}
	rf_buf_release(&man);
	rf_buf_release(&completion);
	rf_buf_release(&overview);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),	     cmocka_unit_test(test_mistakes), cmocka_unit_test(test_go_flags_pass),
		cmocka_unit_test(test_stop_at_word), cmocka_unit_test(test_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
