/* Changing a suppression list: what is added and ended, what stays as it is, and writers that come at once. */
#include "directory.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "policy/suppression_file.h"

#define NOW 1767225600000000000u /* 2026-01-01T00:00:00Z */
#define WRITERS 8

struct fixture {
	rf_arena arena;
	struct rf_error err;
	char directory[DIRECTORY_BYTES], path[128];
};

static int setup_one(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	rf_arena_init(&f->arena, 0);
	directory_make(f->directory);
	snprintf(f->path, sizeof(f->path), "%s/list", f->directory);
	*state = f;
	return 0;
}

static int teardown_one(void **state)
{
	struct fixture *f = *state;
	directory_remove(f->directory);
	rf_arena_release(&f->arena);
	free(f);
	return 0;
}

static void write_list(struct fixture *f, const char *text)
{
	FILE *file = fopen(f->path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static rf_str read_list(struct fixture *f)
{
	static char text[16384];
	FILE *file = fopen(f->path, "r");
	size_t n = file ? fread(text, 1, sizeof(text), file) : 0;
	if (file)
		fclose(file);
	return rf_arena_dup(&f->arena, (rf_str){ text, n });
}

static int add(struct fixture *f, const char *text, const char *title)
{
	struct rf_suppression e = { .text = rf_str_from(text), .reason = RF_STR("known"), .owner = RF_STR("shop") };
	return rf_suppression_add(f->path, &e, rf_str_from(title), NOW, &f->arena, &f->err);
}

static int expire(struct fixture *f, const char *text, uint32_t line)
{
	return rf_suppression_expire(f->path, rf_str_from(text), line, NOW, &f->arena, &f->err);
}

static void test_adding(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(add(f, "race:^shop.Add$", "data race in\nrace:everything"), 0);
	assert_str(read_list(f), "\n# data race in race:everything\n# owner=\"shop\" reason=\"known\"\nrace:^shop.Add$\n");
	assert_int_equal(add(f, "race:^shop.Add$", "again"), RF_ERR_USAGE);
	assert_says(f->err, "list:4 has race:^shop.Add$ already");
	assert_int_equal(add(f, "race:a\nrace:b", "two lines"), RF_ERR_USAGE);
	write_list(f, "# expires=2025-12-31\nrace:old"); /* without a newline at its end; it expired this midnight */
	assert_int_equal(add(f, "race:old", "anew"), 0);
	assert_true(rf_str_starts(read_list(f), "# expires=2025-12-31\nrace:old\n# anew\n"));
	write_list(f, "rase:broken\n");
	assert_int_equal(add(f, "race:x", "x"), RF_ERR_INPUT);
	assert_str(read_list(f), "rase:broken\n");
}

static void test_ending(void **state)
{
	static const struct { const char *before, *text; uint32_t line; const char *after; } cases[] = {
		{ "race:a\n", "race:a", 1, "# expires=2025-12-31\nrace:a\n" },
		{ "race:a", "race:a", 1, "# expires=2025-12-31\nrace:a" },
		{ "# x\n\n  race:a\r\nrace:b\n", "race:a", 3, "# x\n\n# expires=2025-12-31\n  race:a\r\nrace:b\n" },
		{ "# owner=o expires=2027-01-31 reason=\"r\"\nrace:a\n", "race:a", 2, "# owner=o expires=2025-12-31 reason=\"r\"\nrace:a\n" },
		{ "race:b\n# expires=\"2027-01-31\"\n# reason=r\nrace:a\nrace:a\n", "race:a", 4,
		  "race:b\n# expires=\"2025-12-31\"\n# reason=r\nrace:a\nrace:a\n" },
		{ "race:a # expires=2027-01-31\n", "race:a", 1, "race:a # expires=2025-12-31\n" },
		{ "race:a # owner=o\n", "race:a", 1, "# expires=2025-12-31\nrace:a # owner=o\n" },
	};
	struct fixture *f = *state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		write_list(f, cases[i].before);
		assert_int_equal(expire(f, cases[i].text, cases[i].line), 0);
		assert_str(read_list(f), cases[i].after);
		assert_int_equal(expire(f, cases[i].text, cases[i].line), RF_ERR_USAGE); /* it has expired, or stands elsewhere now */
		assert_str(read_list(f), cases[i].after);
	}
}

static void test_what_cant_be_ended(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(expire(f, "race:a", 1), RF_ERR_MISSING);
	write_list(f, "race:a\nrace:b\n");
	assert_int_equal(expire(f, "race:b", 1), RF_ERR_USAGE);
	assert_says(f->err, "was changed since");
	assert_int_equal(expire(f, "race:a", 99), RF_ERR_USAGE);
	assert_str(read_list(f), "race:a\nrace:b\n");
}

static void test_mode_and_link_stay(void **state)
{
	struct fixture *f = *state;
	struct stat st;
	char link[160];
	write_list(f, "race:a\n");
	assert_int_equal(chmod(f->path, 0640), 0);
	snprintf(link, sizeof(link), "%s/link", f->directory);
	assert_int_equal(symlink("list", link), 0);
	assert_int_equal(rf_suppression_expire(link, RF_STR("race:a"), 1, NOW, &f->arena, &f->err), 0);
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_str(read_list(f), "# expires=2025-12-31\nrace:a\n");
}

/* Half of the writers add, half end what was there; nothing is lost whatever the order. */
static void test_writers_at_once(void **state)
{
	struct fixture *f = *state;
	struct rf_suppressions list;
	struct rf_buf b;
	rf_buf_init(&b);
	for (int i = 0; i < WRITERS; i++)
		rf_buf_printf(&b, "race:old%d\n", i);
	rf_buf_put_char(&b, '\0');
	write_list(f, b.ptr);
	rf_buf_release(&b);
	for (int i = 0; i < 2 * WRITERS; i++) {
		if (fork() > 0)
			continue;
		char text[32];
		int rc = RF_ERR_USAGE;
		snprintf(text, sizeof(text), i % 2 ? "race:new%d" : "race:old%d", i / 2);
		for (uint32_t line = 1; i % 2 == 0 && rc == RF_ERR_USAGE && line < 1000; line++) /* others move it down */
			rc = expire(f, text, line % 50 + 1);
		_exit(i % 2 ? add(f, text, "x") != 0 : rc != 0);
	}
	int status, bad = 0;
	while (wait(&status) > 0)
		bad += status != 0;
	assert_int_equal(bad, 0);
	assert_int_equal(rf_suppressions_load(f->path, &f->arena, &list, &f->err), 0);
	assert_int_equal(list.count, 2 * WRITERS);
	uint32_t expired = 0;
	for (uint32_t i = 0; i < list.count; i++)
		expired += rf_suppression_expired(&list.entries[i], NOW);
	assert_int_equal(expired, WRITERS);
}

static void test_attributes(void **state)
{
	struct fixture *f = *state;
	const rf_str none = { NULL, 0 };
	assert_int_equal(rf_suppression_check(RF_STR("it's known"), none, none, &f->err), 0);
	assert_int_equal(rf_suppression_check(RF_STR("r"), RF_STR("2027-01-31"), RF_STR("o"), &f->err), 0);
	assert_int_equal(rf_suppression_check(none, none, none, &f->err), RF_ERR_USAGE);
	assert_int_equal(rf_suppression_check(RF_STR(" "), none, none, &f->err), RF_ERR_USAGE);
	assert_int_equal(rf_suppression_check(RF_STR("a\"b"), none, none, &f->err), RF_ERR_USAGE);
	assert_int_equal(rf_suppression_check(RF_STR("a\rb"), none, none, &f->err), RF_ERR_USAGE);
	assert_int_equal(rf_suppression_check(RF_STR("r"), RF_STR("2027-02-30"), none, &f->err), RF_ERR_USAGE);
	assert_int_equal(rf_suppression_check(RF_STR("r"), none, RF_STR("a\nb"), &f->err), RF_ERR_USAGE);
}

#define WITH_FILE(test) cmocka_unit_test_setup_teardown(test, setup_one, teardown_one)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FILE(test_adding), WITH_FILE(test_ending), WITH_FILE(test_what_cant_be_ended),
		WITH_FILE(test_mode_and_link_stay), WITH_FILE(test_writers_at_once), WITH_FILE(test_attributes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
