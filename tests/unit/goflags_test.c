#include "directory.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "toolchain/flat_json.h"
#include "toolchain/goenv.h"
#include "toolchain/toolchain.h"

static rf_arena arena;
static char scratch[DIRECTORY_BYTES];
static struct rf_toolchain toolchain;

static const char *path_of(const char *name)
{
	return rf_arena_printf(&arena, "%s/%s", scratch, name).ptr;
}

static void write_text(const char *name, const char *text)
{
	struct rf_error err;
	assert_int_equal(rf_file_write(path_of(name), rf_str_from(text), 0644, &err), 0);
}

static int setup(void **state)
{
	(void)state;
	rf_arena_init(&arena, 0);
	directory_make(scratch);
	toolchain.directory = rf_str_from(path_of("cache/entry"));
	toolchain.overlay = rf_str_from(path_of("cache/entry/overlay.json"));
	write_text("cache/entry/overlay.json", "{\"Replace\": {\"/go/src/a.go\": \"/c/a.go\", \"/go/src/b.syso\": \"\"}}");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	directory_remove(scratch);
	rf_arena_release(&arena);
	return 0;
}

static rf_str merged(const char *goflags)
{
	struct rf_error err = { 0 };
	rf_str out;
	if (rf_toolchain_goflags(&toolchain, rf_str_from(goflags), &arena, &out, &err) != 0)
		fail_msg("%s: %s", goflags, err.text);
	return out;
}

static const char *ours(const char *before)
{
	return rf_arena_printf(&arena, "%s-overlay=%.*s", before, RF_STR_ARG(toolchain.overlay)).ptr;
}

static void test_added(void **state)
{
	(void)state;
	assert_str(merged(""), ours(""));
	assert_str(merged("-mod=mod  -v"), ours("-mod=mod -v "));
	assert_str(merged("'-ldflags=-s -w' \"-tags=it's\""), ours("'-ldflags=-s -w' -tags=it's "));
	assert_str(merged("\"-ldflags=-X 'a=b c'\""), ours("\"-ldflags=-X 'a=b c'\" "));
	assert_str(merged("-overlay="), ours(""));
}

static void test_twice_is_once(void **state)
{
	(void)state;
	assert_str(merged(ours("-v ")), ours("-v "));
	/* Of an older redflag or another Go. */
	assert_str(merged(rf_arena_printf(&arena, "-overlay=%s", path_of("cache/other/overlay.json")).ptr), ours(""));
}

/* -toolexec is added when there is a compiler of ours, but not beside one of the user's; ours of before is replaced. */
static void test_toolexec(void **state)
{
	(void)state;
	const char *before = rf_arena_printf(&arena, "\"-toolexec=%s\" -v", path_of("cache/compiler-old/toolexec")).ptr;
	assert_str(merged(before), ours("-v "));
	toolchain.toolexec = rf_str_from(path_of("cache/compiler/toolexec"));
	const char *with = rf_arena_printf(&arena, "%s -toolexec=%s", ours("-v "), toolchain.toolexec.ptr).ptr;
	assert_str(merged("-v"), with);
	assert_str(merged(before), with);
	assert_str(merged(with), with);
	assert_str(merged("-toolexec=/usr/bin/time"), ours("-toolexec=/usr/bin/time "));
	assert_str(merged("-toolexec= -v"), rf_arena_printf(&arena, "-toolexec= %s", with).ptr);
	toolchain.toolexec = rf_str_from("\"/a cache/toolexec\"");
	assert_str(merged(""), rf_arena_printf(&arena, "%s '-toolexec=\"/a cache/toolexec\"'", ours("")).ptr);
	toolchain.toolexec = RF_STR("");
}

static void test_bad_quotes(void **state)
{
	struct rf_error err = { 0 };
	rf_str out;
	(void)state;
	assert_int_equal(rf_toolchain_goflags(&toolchain, RF_STR("-v '-x"), &arena, &out, &err), RF_ERR_USAGE);
	assert_says(err, "isn't closed");
}

/* The file that a GOFLAGS' -overlay names. */
static rf_str overlay_file(rf_str goflags)
{
	rf_str text;
	struct rf_error err;
	ptrdiff_t at = rf_str_find_str(goflags, RF_STR("-overlay="));
	assert_true(at >= 0);
	const char *path = rf_arena_cstr(&arena, rf_str_skip(goflags, (size_t)at + 9));
	assert_int_equal(rf_file_read(path, 1 << 20, &arena, &text, &err), 0);
	return text;
}

static void test_merge(void **state)
{
	struct rf_pairs pairs;
	struct rf_error err;
	(void)state;
	write_text("theirs.json", "{\"Replace\": {\"/m/x.go\": \"/t/\\\"x\\u0041.go\", \"rel.go\": \"\"}}\n");
	rf_str goflags = merged(rf_arena_printf(&arena, "-v -overlay=%s", path_of("theirs.json")).ptr);
	assert_true(rf_str_starts(goflags, "-v -overlay="));
	assert_int_equal(rf_flat_json_read(overlay_file(goflags), "Replace", &arena, &pairs, &err), 0);
	assert_int_equal(pairs.count, 4);
	assert_str(rf_pairs_get(&pairs, "/go/src/a.go"), "/c/a.go");
	assert_str(rf_pairs_get(&pairs, "/go/src/b.syso"), "");
	assert_str(rf_pairs_get(&pairs, "/m/x.go"), "/t/\"xA.go");
	/* Relative paths become absolute; what stands for "deleted" stays. */
	assert_int_equal(pairs.items[3].key.ptr[0], '/');
	assert_true(rf_str_ends(pairs.items[3].key, "/rel.go"));
	assert_str(pairs.items[3].value, "");
}

/* `eval "$(redflag env)"` twice must keep what the user had first. */
static void test_merge_again(void **state)
{
	(void)state;
	write_text("theirs.json", "{\"Replace\": {\"/m/x.go\": \"/t/x.go\"}}");
	rf_str once = merged(rf_arena_printf(&arena, "-overlay=%s", path_of("theirs.json")).ptr);
	assert_true(rf_str_eq(once, merged(rf_arena_cstr(&arena, once))));
	assert_true(rf_str_contains(overlay_file(once), "/t/x.go"));
}

static void refuses(const char *goflags, const char *part)
{
	struct rf_error err = { 0 };
	rf_str out;
	assert_true(rf_toolchain_goflags(&toolchain, rf_str_from(goflags), &arena, &out, &err) < 0);
	assert_says(err, part);
}

static void test_merge_refused(void **state)
{
	(void)state;
	write_text("both.json", "{\"Replace\": {\"/go/src/a.go\": \"/t/x.go\"}}");
	write_text("broken.json", "{\"Replace\": {\"/go/src/a.go\": }}");
	refuses(rf_arena_printf(&arena, "-overlay=%s", path_of("both.json")).ptr, "/go/src/a.go");
	refuses(rf_arena_printf(&arena, "-overlay=%s", path_of("broken.json")).ptr, "broken.json");
	refuses("-overlay=/nowhere/x.json", "/nowhere/x.json");
	refuses(rf_arena_printf(&arena, "-overlay=%s", path_of("cache/entry/merged-000000000000.json")).ptr, "is gone");
}

static void test_arguments(void **state)
{
	char *words[] = { (char *)(uintptr_t) "-v", (char *)(uintptr_t) "-overlay", (char *)(uintptr_t) "/a b", (char *)(uintptr_t) "./...",
			  (char *)(uintptr_t) "--overlay=/c", (char *)(uintptr_t) "-args", (char *)(uintptr_t) "-overlay=/d", NULL };
	int count = 7;
	rf_str goflags = RF_STR("-x");
	struct rf_error err;
	(void)state;
	assert_int_equal(rf_toolchain_take_overlay(words, &count, &arena, &goflags, &err), 0);
	assert_str(goflags, "-x '-overlay=/a b' -overlay=/c");
	assert_int_equal(count, 4);
	assert_string_equal(words[0], "-v");
	assert_string_equal(words[1], "./...");
	assert_string_equal(words[2], "-args");
	assert_string_equal(words[3], "-overlay=/d");
	assert_null(words[4]);
}

static void test_json(void **state)
{
	static const char *const bad[] = { "", "{", "[]", "{\"a\"}", "{\"a\":\"b\"", "{\"a\":\"b\"}x", "{\"a\":\"\\q\"}", "{\"a\":\"\\u12\"}",
					   "{\"a\":\"b\",}", "{\"a" };
	struct rf_pairs pairs;
	struct rf_error err;
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(rf_flat_json_read(rf_str_from(bad[i]), NULL, &arena, &pairs, &err), RF_ERR_INPUT);
	rf_str good = RF_STR(" {\"n\": 1, \"l\": [1,{\"x\":[]}], \"a\": \"b\\n\\u00e4\", \"o\": {\"a\":\"no\"}} ");
	assert_int_equal(rf_flat_json_read(good, NULL, &arena, &pairs, &err), 0);
	assert_int_equal(pairs.count, 1);
	assert_str(rf_pairs_get(&pairs, "a"), "b\n\xc3\xa4");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_added),	    cmocka_unit_test(test_twice_is_once), cmocka_unit_test(test_toolexec),
		cmocka_unit_test(test_bad_quotes),  cmocka_unit_test(test_merge),
		cmocka_unit_test(test_merge_again), cmocka_unit_test(test_merge_refused),
		cmocka_unit_test(test_arguments),   cmocka_unit_test(test_json),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
