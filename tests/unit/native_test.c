/* Findings of C programs: which frames count, what they are called. */
#include "arena_fixture.h"

#include "finding/finding.h"
#include "model/native.h"

#define FRAMES 4
#define LIBC "/lib/x86_64-linux-gnu/libc.so.6"

static struct rf_goroutine threads[2] = { { .thread = 1, .is_thread = true }, { .thread = 2, .is_thread = true } };

static struct rf_frame frame(const char *function, const char *file, uint32_t line)
{
	return (struct rf_frame){ .function = rf_str_from(function), .file = rf_str_from(file), .line = line };
}

static void report_of(struct rf_report *r, enum rf_kind kind, struct rf_frame *a, struct rf_frame *b)
{
	struct rf_frame *frames[2] = { a, b };
	*r = (struct rf_report){ .kind = kind, .access_count = b ? 2 : 1, .program = RF_STR("parse") };
	for (uint32_t i = 0; i < r->access_count; i++) {
		struct rf_access *access = &r->accesses[i];
		*access = (struct rf_access){ .goroutine = &threads[i], .stack.frames = frames[i] };
		while (access->stack.count < FRAMES && frames[i][access->stack.count].function.len)
			access->stack.count++;
	}
}

static void what_is_of_the_system(void **state)
{
	static const char *const libraries[] = { LIBC, "/lib/libc-2.31.so", "/lib64/ld-linux-x86-64.so.2", "libpthread.so.0",
						 "/usr/lib/libstdc++.so.6", "/x/libredflag-agent.so", "libjemalloc.so.2", "[vdso]" };
	static const char *const others[] = { "/usr/lib/libz.so.1", "libcurl.so.4", "/usr/bin/parse", "libcrypto.so.3", "libmagic.so.1", "" };
	(void)state;
	for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++)
		assert_true(rf_path_is_system(rf_str_from(libraries[i])));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(rf_path_is_system(rf_str_from(others[i])));
	struct rf_frame f = frame("memcpy", "/src/mine.c", 1);
	assert_true(rf_frame_is_system(&f));
	f = frame("push_back", "/usr/include/c++/12/bits/stl_vector.h", 1);
	assert_true(rf_frame_is_system(&f));
	f = frame("memcpy_checked", "/src/mine.c", 1);
	assert_false(rf_frame_is_system(&f));
}

static void what_is_called_by_its_place(void **state)
{
	static const char *const places[] = { "libz.so.1+0x3f0a", "a+0x0" };
	static const char *const names[] = { "parse", "operator+", "main.f", "+0x1", "f+0x", "f+0xg", "" };
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct rf_frame f = frame(places[i], "", 0);
		assert_true(rf_frame_is_place(&f));
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct rf_frame f = frame(names[i], "", 0);
		assert_false(rf_frame_is_place(&f));
	}
}

static void titles_and_packages(void **state)
{
	struct rf_frame use[FRAMES] = { frame("__memmove_avx_unaligned_erms", LIBC, 0), frame("parse_header", "/src/parse.c", 12),
					frame("main", "/src/main.c", 3) };
	struct rf_frame freed[FRAMES] = { frame("cfree", LIBC, 0), frame("release", "/src/parse.c", 40) };
	struct rf_report r;
	struct rf_finding f;
	(void)state;
	report_of(&r, RF_KIND_HEAP_USE_AFTER_FREE, use, freed);
	r.accesses[1].freed = true;
	rf_finding_make(&r, &arena, &f);
	assert_str(f.title, "heap use after free: parse_header after release");
	assert_str(f.package, "parse");
	assert_false(f.wildcard);
	report_of(&r, RF_KIND_HEAP_OVERFLOW, use, NULL);
	rf_finding_make(&r, &arena, &f);
	assert_str(f.title, "heap overflow in parse_header");
	assert_false(f.wildcard);
	assert_int_equal(f.sides[0].roles[0], RF_FRAME_SYSTEM);
	assert_int_equal(f.sides[0].roles[1], RF_FRAME_LEAF);
	report_of(&r, RF_KIND_NATIVE_RACE, use, use);
	rf_finding_make(&r, &arena, &f);
	assert_str(f.title, "native race in parse_header");
	assert_int_equal(f.classes, 0);
}

/* What Go's runtime does with its own is no finding; what it does for its caller is the caller's. */
static void races_of_the_runtime(void **state)
{
	struct rf_frame user[FRAMES] = { frame("main.put", "/src/main.go", 3) };
	struct rf_frame own[FRAMES] = { frame("runtime.newstack", "/go/stack.go", 9), frame("main.put", "/src/main.go", 3) };
	struct rf_frame copy[FRAMES] = { frame("runtime.memmove", "/go/asm.s", 9), frame("runtime.typedmemmove", "/go/mbarrier.go", 9),
					 frame("main.put", "/src/main.go", 3) };
	struct rf_frame map[FRAMES] = { frame("internal/runtime/maps.(*Map).putSlotSmall", "/go/map.go", 9),
					frame("runtime.mapassign_fast64", "/go/map.go", 9), frame("main.put", "/src/main.go", 3) };
	struct rf_frame grow[FRAMES] = { frame("runtime.memmove", "/go/asm.s", 9), frame("runtime.growslice", "/go/slice.go", 9),
					 frame("main.put", "/src/main.go", 3) };
	struct rf_report r;
	(void)state;
	report_of(&r, RF_KIND_NATIVE_RACE, user, copy);
	assert_false(rf_native_race_is_of_runtime(&r));
	report_of(&r, RF_KIND_NATIVE_RACE, map, user);
	assert_false(rf_native_race_is_of_runtime(&r));
	report_of(&r, RF_KIND_NATIVE_RACE, user, own);
	assert_true(rf_native_race_is_of_runtime(&r));
	report_of(&r, RF_KIND_NATIVE_RACE, grow, user);
	assert_true(rf_native_race_is_of_runtime(&r));
	report_of(&r, RF_KIND_HEAP_USE_AFTER_FREE, own, user);
	assert_false(rf_native_race_is_of_runtime(&r));
}

/* Go code and C code of one program: Go's package counts where Go's code does. */
static void cgo_has_both(void **state)
{
	struct rf_frame use[FRAMES] = { frame("crunch", "/src/crunch.c", 5), frame("_cgo_e48_Cfunc_crunch", "/tmp/cgo-gcc-prolog", 53),
					frame("runtime.asmcgocall", "/go/asm_amd64.s", 9), frame("main.target", "/src/main.go", 13) };
	struct rf_frame go[FRAMES] = { frame("runtime.memmove", "/go/memmove_amd64.s", 9), frame("example.com/shop.Add", "/src/a.go", 1) };
	struct rf_report r;
	struct rf_finding f;
	(void)state;
	report_of(&r, RF_KIND_HEAP_OVERFLOW, use, NULL);
	rf_finding_make(&r, &arena, &f);
	assert_str(f.package, "parse");
	assert_int_equal(f.sides[0].roles[0], RF_FRAME_LEAF);
	assert_int_equal(f.sides[0].roles[1], RF_FRAME_GENERATED);
	assert_int_equal(f.sides[0].roles[2], RF_FRAME_RUNTIME);
	assert_int_equal(f.sides[0].roles[3], RF_FRAME_COUNTED);
	report_of(&r, RF_KIND_HEAP_OVERFLOW, go, NULL);
	rf_finding_make(&r, &arena, &f);
	assert_str(f.package, "example.com/shop");
	assert_str(f.title, "heap overflow in shop.Add");
}

/* A version of the C library, its debug information, lines and addresses make no other finding; another function does. Code without
 * names counts where there is nothing better. */
static void fingerprints(void **state)
{
	struct rf_frame a[FRAMES] = { frame("strlen", LIBC, 0), frame("parse_header", "/src/parse.c", 12), frame("main", "/src/main.c", 3) };
	struct rf_frame b[FRAMES] = { frame("libc.so.6+0x15f0a1", LIBC, 0), frame("parse_header", "/other/parse.c", 99),
				      frame("libz.so.1+0x10", "/usr/lib/libz.so.1", 0), frame("main", "/src/main.c", 4) };
	struct rf_frame c[FRAMES] = { frame("libc.so.6+0x15f0a1", LIBC, 0), frame("libz.so.1+0x10", "/usr/lib/libz.so.1", 0) };
	struct rf_report r;
	struct rf_finding fa, fb, fc;
	(void)state;
	report_of(&r, RF_KIND_HEAP_OVERFLOW, a, NULL);
	rf_finding_make(&r, &arena, &fa);
	report_of(&r, RF_KIND_HEAP_OVERFLOW, b, NULL);
	rf_finding_make(&r, &arena, &fb);
	assert_string_equal(fa.fingerprint, fb.fingerprint);
	assert_int_equal(fb.sides[0].roles[2], RF_FRAME_C);
	report_of(&r, RF_KIND_HEAP_OVERFLOW, c, NULL);
	rf_finding_make(&r, &arena, &fc);
	assert_str(fc.title, "heap overflow in libz.so.1+0x10");
	assert_int_equal(fc.sides[0].roles[0], RF_FRAME_SYSTEM);
	a[1] = frame("parse_body", "/src/parse.c", 12);
	report_of(&r, RF_KIND_HEAP_OVERFLOW, a, NULL);
	rf_finding_make(&r, &arena, &fa);
	assert_string_not_equal(fa.fingerprint, fb.fingerprint);
}

/* A stack of nothing but the C library has who started the thread. */
static void a_thread_is_no_goroutine(void **state)
{
	struct rf_frame libc[FRAMES] = { frame("strlen", LIBC, 0), frame("start_thread", LIBC, 0) };
	struct rf_frame created[FRAMES] = { frame("start_workers", "/src/pool.c", 8) };
	struct rf_goroutine thread = { .thread = 7, .is_thread = true, .created = { .frames = created, .count = 1 } };
	struct rf_report r;
	struct rf_finding f;
	(void)state;
	report_of(&r, RF_KIND_HEAP_OVERFLOW, libc, NULL);
	r.accesses[0].goroutine = &thread;
	rf_finding_make(&r, &arena, &f);
	assert_str(f.title, "heap overflow in strlen (thread of start_workers)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_of_the_system),
		cmocka_unit_test(what_is_called_by_its_place),
		cmocka_unit_test(titles_and_packages), cmocka_unit_test(races_of_the_runtime),
		cmocka_unit_test(cgo_has_both),
		cmocka_unit_test(fingerprints),
		cmocka_unit_test(a_thread_is_no_goroutine),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
