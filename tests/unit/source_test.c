/* Lines of source around a frame's, of files that a report names: which may be any file, or none. */
#include "directory.h"

#include <sys/stat.h>
#include <unistd.h>

#include "export/paths.h"
#include "read/source.h"

struct place {
	rf_arena arena;
	char root[DIRECTORY_BYTES];
};

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));
	rf_arena_init(&p->arena, 0);
	directory_make(p->root);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;
	directory_remove(p->root);
	rf_arena_release(&p->arena);
	free(p);
	return 0;
}

static rf_str at(struct place *p, const char *name)
{
	return rf_arena_printf(&p->arena, "%s/%s", p->root, name);
}

static rf_str put_file(struct place *p, const char *name, const char *text)
{
	rf_str path = at(p, name);
	FILE *f = fopen(path.ptr, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	return path;
}

static void test_lines_around(void **state)
{
	struct place *p = *state;
	struct rf_source s;
	rf_str path = put_file(p, "a.go", "1\n2\n3\n4\n\t5\n6\n7\n8\n9");
	assert_true(rf_source_read(path, 5, UINT64_MAX, &p->arena, &s));
	assert_int_equal(s.count, RF_SOURCE_LINES_MAX);
	assert_int_equal(s.lines[0].number, 2);
	assert_str(s.lines[3].text, "\t5");
	assert_false(s.changed);
	assert_true(rf_source_read(path, 1, 0, &p->arena, &s));
	assert_int_equal(s.count, 1 + RF_SOURCE_AROUND);
	assert_true(s.changed);
	assert_true(rf_source_read(path, 9, 0, &p->arena, &s));
	assert_str(s.lines[s.count - 1].text, "9");
	assert_false(rf_source_read(path, 10, 0, &p->arena, &s)); /* the file got shorter */
	assert_false(rf_source_read(path, 0, 0, &p->arena, &s));
	assert_false(rf_source_read(path, UINT32_MAX, 0, &p->arena, &s));
}

static void test_what_is_no_source(void **state)
{
	struct place *p = *state;
	struct rf_source s;
	put_file(p, "secret", "a\n");
	put_file(p, "empty.go", "");
	assert_int_equal(mkfifo(at(p, "pipe.go").ptr, 0600), 0);
	assert_int_equal(mkdir(at(p, "directory.go").ptr, 0700), 0);
	FILE *huge = fopen(at(p, "huge.go").ptr, "w");
	assert_int_equal(ftruncate(fileno(huge), RF_SOURCE_BYTES_MAX + 1), 0);
	fclose(huge);
	static const char *const names[] = { "secret", "empty.go", "pipe.go", "directory.go", "huge.go", "none.go" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_false(rf_source_read(at(p, names[i]), 1, 0, &p->arena, &s));
	assert_false(rf_source_read(RF_STR("relative.go"), 1, 0, &p->arena, &s));
	assert_false(rf_source_read(RF_STR(""), 1, 0, &p->arena, &s));
	assert_false(rf_source_read(RF_STR("/etc/passwd\0.go"), 1, 0, &p->arena, &s));
}

static void test_below(void **state)
{
	struct place *p = *state;
	char inside[128], beside[80];
	put_file(p, "a.go", "a\n");
	snprintf(inside, sizeof(inside), "%s/a.go", p->root);
	assert_str(rf_source_path_below(p->root, RF_STR("a.go"), &p->arena), inside);
	assert_str(rf_source_path_below(p->root, RF_STR("./x/../a.go"), &p->arena), ""); /* x isn't there */
	assert_str(rf_source_path_below(p->root, RF_STR("../../etc/passwd"), &p->arena), "");
	assert_str(rf_source_path_below(p->root, RF_STR("a.go\0b"), &p->arena), "");
	assert_str(rf_source_path_below(p->root, RF_STR(""), &p->arena), "");
	assert_str(rf_source_path_below("/nowhere/at/all", RF_STR("a.go"), &p->arena), "");
	assert_int_equal(symlink("/etc/passwd", at(p, "link.go").ptr), 0);
	assert_str(rf_source_path_below(p->root, RF_STR("link.go"), &p->arena), "");
	/* A directory whose name begins alike. */
	snprintf(beside, sizeof(beside), "%s-2", p->root);
	assert_int_equal(mkdir(beside, 0700), 0);
	const char *name = strrchr(beside, '/') + 1;
	assert_str(rf_source_path_below(p->root, rf_arena_printf(&p->arena, "../%s", name), &p->arena), "");
	assert_int_equal(rmdir(beside), 0);
}

static void test_paths(void **state)
{
	struct place *p = *state;
	const struct rf_paths paths = { .root = RF_STR("/checkout"), .module = RF_STR("/checkout/shop"),
					.module_path = RF_STR("example.com/shop"), .directory = RF_STR("/ci/7/shop") };
	static const struct { const char *file, *want; bool relative; } cases[] = {
		{ "/checkout/shop/cart.go", "shop/cart.go", true },
		{ "/ci/7/shop/cart.go", "shop/cart.go", true },
		{ "example.com/shop/cart.go", "shop/cart.go", true },
		{ "/checkout-2/cart.go", "/checkout-2/cart.go", false },
		{ "/usr/local/go/src/runtime/map.go", "/usr/local/go/src/runtime/map.go", false },
		{ "", "", false },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rf_frame frame = { .file = rf_str_from(cases[i].file), .line = 3 };
		struct rf_place place = rf_paths_place(&paths, &frame, &p->arena);
		assert_str(place.file, cases[i].want);
		assert_int_equal(place.relative, cases[i].relative);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lines_around, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_no_source, setup, teardown),
		cmocka_unit_test_setup_teardown(test_below, setup, teardown),
		cmocka_unit_test_setup_teardown(test_paths, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
