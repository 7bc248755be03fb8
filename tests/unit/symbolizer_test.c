#include "arena_fixture.h"

#include "model/native.h"
#include "native_build.h"
#include "symtab/symbolizer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#define LATER UINT64_MAX /* nothing was touched since */

static struct native n;

static int make(void **state)
{
	native_make(&n, "-g");
	return setup(state);
}

static int drop(void **state)
{
	native_release(&n);
	return teardown(state);
}

static struct rf_module module_of(const char *path)
{
	return (struct rf_module){ .start = n.start, .end = n.end, .bias = n.bias, .path = rf_str_from(path),
				   .build_id = { (const char *)n.build_id, n.build_id_bytes } };
}

static uint32_t frames_of(struct rf_symbolizer *s, const char *path, uint64_t pc, const struct rf_frame **frames)
{
	struct rf_module module = module_of(path);
	uint32_t count = rf_symbolizer_frames(s, &module, pc, frames);
	assert_true(count > 0);
	return count;
}

static void assert_inlined(const struct rf_frame *f, uint32_t count)
{
	static const char *const names[] = { "innermost", "inner", "outer" };
	static const uint32_t lines[] = { 4, 8, 14 };
	assert_int_equal(count, 3);
	for (int i = 0; i < 3; i++) {
		assert_str(f[i].function, names[i]);
		assert_true(rf_str_ends(f[i].file, "/lib.c"));
		assert_int_equal(f[i].line, lines[i]);
	}
	assert_int_equal(f[0].pc, n.inlined - n.bias);
	assert_int_equal(f[1].pc, 0);
}

static void assert_place(const struct rf_frame *f, uint32_t count, const char *path, uint64_t pc)
{
	char name[64];
	snprintf(name, sizeof(name), "%s+0x%llx", strrchr(path, '/') + 1, (unsigned long long)(pc - n.bias));
	assert_int_equal(count, 1);
	assert_str(f->function, name);
	assert_str(f->file, path);
	assert_int_equal(f->line, 0);
	assert_int_equal(f->offset, pc - n.bias);
	assert_true(rf_frame_is_place(f));
}

static void inlined_functions_are_frames(void **state)
{
	const struct rf_frame *f, *again;
	struct rf_symbolizer *s = rf_symbolizer_open(LATER);
	(void)state;
	assert_inlined(f, frames_of(s, n.library, n.inlined, &f));
	uint32_t count = frames_of(s, n.library, n.hidden, &again);
	assert_int_equal(count, 1);
	assert_str(again->function, "hidden");
	assert_int_equal(again->line, 20);
	assert_int_equal(frames_of(s, n.library, n.inlined, &again), 3);
	assert_ptr_equal(f, again); /* remembered */
	rf_symbolizer_close(s);
}

/* What a stripped file still has: exported functions. A neighbour's name is none. */
static void a_stripped_file_has_exported_names(void **state)
{
	const struct rf_frame *f;
	char path[128];
	(void)state;
	snprintf(path, sizeof(path), "%s/libstripped.so", n.directory);
	native_run("strip -o %s %s", path, n.library);
	struct rf_symbolizer *s = rf_symbolizer_open(LATER);
	assert_int_equal(frames_of(s, path, n.inlined, &f), 1);
	assert_str(f->function, "outer");
	assert_str(f->file, path);
	assert_false(rf_frame_is_place(f));
	uint32_t count = frames_of(s, path, n.hidden, &f);
	assert_place(f, count, path, n.hidden);
	rf_symbolizer_close(s);
}

/* Debug information in a file of its own beside it, if it is of the same build. */
static void debug_information_may_lie_elsewhere(void **state)
{
	const struct rf_frame *f;
	char path[128];
	(void)state;
	snprintf(path, sizeof(path), "%s/libapart.so", n.directory);
	native_run("cd %s && mkdir -p .debug && objcopy --only-keep-debug libtwo.so.1 .debug/%s", n.directory, "libapart.debug");
	native_run("cd %s && strip -o %s libtwo.so.1 && objcopy --add-gnu-debuglink=.debug/libapart.debug libapart.so", n.directory,
		   "libapart.so");
	struct rf_symbolizer *s = rf_symbolizer_open(LATER);
	uint32_t count = frames_of(s, path, n.inlined, &f);
	assert_inlined(f, count);
	rf_symbolizer_close(s);
	native_run("cd %s && gcc -O2 -g -shared -fPIC -o other lib.c -DOTHER && objcopy --only-keep-debug other %s", n.directory,
		   ".debug/libapart.debug");
	s = rf_symbolizer_open(LATER);
	assert_int_equal(frames_of(s, path, n.inlined, &f), 1);
	assert_str(f->function, "outer");
	rf_symbolizer_close(s);
}

static void assert_unknown(const char *path, uint64_t since)
{
	const struct rf_frame *f;
	struct rf_symbolizer *s = rf_symbolizer_open(since);
	uint32_t count = frames_of(s, path, n.inlined, &f);
	assert_place(f, count, path, n.inlined);
	rf_symbolizer_close(s);
}

/* The same path, another build. */
static void a_replaced_file_gives_no_names(void **state)
{
	char path[128];
	(void)state;
	snprintf(path, sizeof(path), "%s/libreplaced.so", n.directory);
	native_run("cd %s && { cat lib.c; echo 'int more;'; } >more.c && gcc -g -O2 -shared -fPIC -o %s more.c", n.directory, path);
	assert_unknown(path, LATER);
}

/* Without a build ID it counts whether somebody touched the file since. */
static void a_file_without_build_id_gives_names_while_untouched(void **state)
{
	const struct rf_frame *f;
	struct timespec now;
	struct native saved = n;
	char path[128];
	(void)state;
	snprintf(path, sizeof(path), "%s/libplain.so", n.directory);
	native_run("cd %s && objcopy --remove-section=.note.gnu.build-id libtwo.so.1 %s", n.directory, path);
	clock_gettime(CLOCK_REALTIME, &now);
	n.build_id_bytes = 0;
	assert_unknown(path, ((uint64_t)now.tv_sec - 60) * 1000000000u);
	struct rf_symbolizer *s = rf_symbolizer_open(((uint64_t)now.tv_sec + 60) * 1000000000u);
	uint32_t count = frames_of(s, path, n.inlined, &f);
	assert_inlined(f, count);
	rf_symbolizer_close(s);
	assert_unknown(n.library, LATER); /* it has one, the process had none */
	n = saved;
}

static void what_is_no_file_gives_no_names(void **state)
{
	char path[128];
	(void)state;
	assert_unknown("/nowhere/libgone.so", LATER);
	assert_unknown("/dev/zero", LATER);
	snprintf(path, sizeof(path), "%s/fifo", n.directory);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_unknown(path, LATER);
	snprintf(path, sizeof(path), "%s/empty", n.directory);
	native_run(": >%s%s", path, "");
	assert_unknown(path, LATER);
	snprintf(path, sizeof(path), "%s/text", n.directory);
	native_run("echo hello >%s%s", path, "");
	assert_unknown(path, LATER);
}

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* Bytes anywhere but in the build ID, which would be another file; and files that end early. Whatever is read, it ends, and there
 * are names. */
static void a_damaged_file_is_survived(void **state)
{
	char path[128];
	struct rf_error err;
	rf_str whole;
	(void)state;
	snprintf(path, sizeof(path), "%s/libdamaged.so", n.directory);
	assert_int_equal(rf_file_read(n.library, 1 << 20, &arena, &whole, &err), 0);
	char *bytes = test_malloc(whole.len);
	for (uint32_t round = 0, seed = 1; round < 300; round++) {
		const struct rf_frame *f;
		size_t len = round % 10 == 9 ? next_random(&seed) % whole.len : whole.len;
		memcpy(bytes, whole.ptr, whole.len);
		for (uint32_t i = 0; i < 1 + round % 40 && round % 10 != 9; i++)
			bytes[1024 + next_random(&seed) % (whole.len - 1024)] = (char)next_random(&seed);
		assert_int_equal(rf_file_write(path, (rf_str){ bytes, len }, 0644, &err), 0);
		struct rf_symbolizer *s = rf_symbolizer_open(LATER);
		assert_true(frames_of(s, path, n.inlined, &f) <= 32);
		assert_true(f->function.len > 0);
		assert_true(frames_of(s, path, n.hidden, &f) <= 32);
		rf_symbolizer_close(s);
	}
	test_free(bytes);
}

/* The C library keeps its symbols alone: the same with and without its debug information. */
static void the_c_library_has_no_lines(void **state)
{
	const struct rf_frame *f;
	char path[128];
	(void)state;
	snprintf(path, sizeof(path), "%s/libc.so.6", n.directory);
	native_run("cp %s %s", n.library, path);
	struct rf_symbolizer *s = rf_symbolizer_open(LATER);
	assert_int_equal(frames_of(s, path, n.inlined, &f), 1);
	assert_str(f->function, "outer");
	assert_str(f->file, path);
	assert_int_equal(f->line, 0);
	assert_true(rf_frame_is_system(f));
	rf_symbolizer_close(s);
}

static const char cpp_source[] =
	"namespace shop { class Cart { public: __attribute__((noinline)) void *add(int); }; }\n"
	"extern \"C\" char *here(void) { return (char *)__builtin_return_address(0) - 1; }\n"
	"void *shop::Cart::add(int n) { char *p = here(); __asm__ volatile(\"\" ::: \"memory\"); return n ? p : 0; }\n"
	"extern \"C\" void *ask(void) { shop::Cart c; return c.add(1); }\n";

static void names_of_cpp_have_their_classes(void **state)
{
	const struct rf_frame *f;
	char path[128];
	struct rf_error err;
	struct native cpp = { 0 };
	(void)state;
	if (system("command -v c++ >/dev/null") != 0)
		skip();
	snprintf(path, sizeof(path), "%s/lib.cc", n.directory);
	snprintf(cpp.library, sizeof(cpp.library), "%s/libcart.so", n.directory);
	assert_int_equal(rf_file_write(path, (rf_str){ cpp_source, sizeof(cpp_source) - 1 }, 0644, &err), 0);
	native_run("c++ -g -O2 -shared -fPIC -o %s %s", cpp.library, path);
	cpp.handle = dlopen(cpp.library, RTLD_NOW | RTLD_LOCAL);
	assert_non_null(cpp.handle);
	assert_int_equal(dl_iterate_phdr(native_look, &cpp), 1);
	struct rf_module module = { cpp.start, cpp.end, cpp.bias, rf_str_from(cpp.library),
				    { (const char *)cpp.build_id, cpp.build_id_bytes } };
	struct rf_symbolizer *s = rf_symbolizer_open(LATER);
	assert_int_equal(rf_symbolizer_frames(s, &module, native_ask(&cpp, "ask"), &f), 1);
	assert_str(f->function, "shop::Cart::add");
	assert_int_equal(f->line, 3);
	rf_symbolizer_close(s);
	dlclose(cpp.handle);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inlined_functions_are_frames),
		cmocka_unit_test(a_stripped_file_has_exported_names),
		cmocka_unit_test(debug_information_may_lie_elsewhere),
		cmocka_unit_test(a_replaced_file_gives_no_names),
		cmocka_unit_test(a_file_without_build_id_gives_names_while_untouched),
		cmocka_unit_test(what_is_no_file_gives_no_names),
		cmocka_unit_test(a_damaged_file_is_survived),
		cmocka_unit_test(the_c_library_has_no_lines),
		cmocka_unit_test(names_of_cpp_have_their_classes),
	};
	return cmocka_run_group_tests(tests, make, drop);
}
