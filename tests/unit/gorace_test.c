#include "directory.h"

#include <unistd.h>

#include "cmd/gorace.h"

struct fixture {
	rf_arena arena;
	char directory[DIRECTORY_BYTES];
	const char *database;
	struct rf_suppressions list;
	struct rf_error err;
	rf_str value;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	rf_arena_init(&f->arena, 0);
	directory_make(f->directory);
	f->database = rf_arena_printf(&f->arena, "%s/a b.db", f->directory).ptr;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	directory_remove(f->directory);
	rf_arena_release(&f->arena);
	free(f);
	return 0;
}

static int make(struct fixture *f, const char *list, const char *gorace)
{
	assert_int_equal(rf_suppressions_parse(rf_str_from(list), "l.supp", &f->arena, &f->list, &f->err), 0);
	return rf_gorace_make(&f->list, f->database, gorace, 1, &f->arena, &f->value, &f->err);
}

/* What the file in the last suppressions="…" holds. */
static rf_str copy_of(struct fixture *f)
{
	rf_str rest = f->value, text = { 0 };
	for (ptrdiff_t at; (at = rf_str_find_str(rest, RF_STR("suppressions=\""))) >= 0;)
		rest = rf_str_skip(rest, (size_t)at + 14);
	assert_int_equal(rf_file_read(rf_arena_cstr(&f->arena, rf_str_cut(&rest, '"')), 1 << 20, &f->arena, &text, &f->err), 0);
	return text;
}

static void test_nothing_to_add(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(make(f, "", NULL), 0);
	assert_null(f->value.ptr);
	assert_int_equal(make(f, "", "suppressions=/no/such history_size=3"), 0);
	assert_null(f->value.ptr);
	assert_int_equal(make(f, "# kind=data-race\nrace:only.the.reporter\n", "halt_on_error=1"), 0);
	assert_null(f->value.ptr);
}

static void test_settings_stay(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(make(f, "race:a\nrace_top:b\n", "halt_on_error=1 history_size=3"), 0);
	assert_true(rf_str_starts(f->value, "halt_on_error=1 history_size=3 suppressions=\"/tmp/"));
	assert_str(copy_of(f), "# made by redflag for one run; edit the list itself: l.supp\nrace:a\nrace_top:b\n");
}

static void test_users_file_is_merged(void **state)
{
	struct fixture *f = *state;
	const char *mine = rf_arena_printf(&f->arena, "%s/mine.supp", f->directory).ptr;
	assert_int_equal(rf_file_write(mine, RF_STR("race:mine # as it is\n"), 0666, &f->err), 0);
	assert_int_equal(make(f, "race:a\n", rf_arena_printf(&f->arena, "suppressions=%s,halt_on_error=1", mine).ptr), 0);
	assert_true(rf_str_ends(copy_of(f), "mine.supp\nrace:mine # as it is\n"));
	assert_true(rf_str_contains(copy_of(f), "\nrace:a\n"));
	/* again, as below `eval "$(redflag env)"`, with another list: only the user's part stays */
	assert_int_equal(make(f, "race:b\n", rf_arena_cstr(&f->arena, f->value)), 0);
	assert_false(rf_str_contains(copy_of(f), "race:a\n"));
	assert_true(rf_str_contains(copy_of(f), "\nrace:b\n"));
	assert_true(rf_str_ends(copy_of(f), "mine.supp\nrace:mine # as it is\n"));
	/* and with a list that is empty now */
	assert_int_equal(make(f, "", rf_arena_cstr(&f->arena, f->value)), 0);
	assert_false(rf_str_contains(copy_of(f), "race:b\n"));
	assert_true(rf_str_contains(copy_of(f), "race:mine"));
}

static void test_unreadable(void **state)
{
	struct fixture *f = *state;
	assert_true(make(f, "race:a\n", "suppressions=no/such/file") < 0);
	assert_says(f->err, "absolute path");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing_to_add, setup, teardown),
		cmocka_unit_test_setup_teardown(test_settings_stay, setup, teardown),
		cmocka_unit_test_setup_teardown(test_users_file_is_merged, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unreadable, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
