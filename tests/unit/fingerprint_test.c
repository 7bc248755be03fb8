#include "arena_fixture.h"

#include "finding/finding.h"
#include "finding/operation.h"
#include "read/racetext.h"

static struct rf_finding finding_of(const char *text)
{
	static struct rf_report report; /* sides point to nothing in it, tests look at it through `report_of` */
	struct rf_finding f;
	bool incomplete;
	assert_true(rf_racetext_parse(rf_str_from(text), &arena, &report, &incomplete));
	rf_finding_make(&report, &arena, &f);
	return f;
}

/* Everything about a report that must not matter, and what must. */
struct sample {
	const char *leaf_a, *leaf_b, *directory;
	unsigned long address;
	unsigned goroutine_a, goroutine_b, line, closure, offset;
	bool swapped, a_writes, running, other_caller;
	unsigned recursion;
};

static const struct sample base = {
	.leaf_a = "example.com/shop.(*Cart).Add", .leaf_b = "example.com/shop.(*Cart).Total", .directory = "/src",
	.address = 0xc000012028, .goroutine_a = 7, .goroutine_b = 8, .line = 10, .closure = 1, .offset = 0x3a,
};

static void put_side(struct rf_buf *b, const struct sample *s, bool first, bool side_a)
{
	const char *op = side_a == s->a_writes ? (first ? "Write" : "Previous write") : (first ? "Read" : "Previous read");
	rf_buf_printf(b, "%s at 0x%016lx by goroutine %u:\n", op, s->address, side_a ? s->goroutine_a : s->goroutine_b);
	for (unsigned i = 0; side_a && i <= s->recursion; i++)
		rf_buf_printf(b, "  %s()\n      %s/cart.go:%u +0x%x\n", s->leaf_a, s->directory, s->line + i, s->offset);
	if (!side_a)
		rf_buf_printf(b, "  %s()\n      %s/cart.go:%u +0x%x\n", s->leaf_b, s->directory, s->line + 9, s->offset);
	rf_buf_printf(b, "  example.com/shop.%s.func%u.%u()\n      %s/x.go:%u +0x1\n", s->other_caller ? "Other" : "Serve",
		      s->closure, s->closure + 1, s->directory, s->line + 5);
	rf_buf_printf(b, "  testing.tRunner()\n      /go/src/testing/testing.go:%u +0x1\n\n", 2000 + s->line);
}

static struct rf_finding make(const struct sample *s)
{
	struct rf_buf b;
	rf_buf_init(&b);
	rf_buf_put_cstr(&b, "WARNING: DATA RACE\n");
	put_side(&b, s, true, !s->swapped);
	put_side(&b, s, false, s->swapped);
	for (int i = 0; i < 2; i++)
		rf_buf_printf(&b, "Goroutine %u (%s) created at:\n  example.com/shop.TestCart()\n      %s/x.go:%u +0x1\n\n",
			      i ? s->goroutine_b : s->goroutine_a, s->running ? "running" : "finished", s->directory, s->line);
	rf_buf_put_char(&b, '\0');
	struct rf_finding f = finding_of(b.ptr);
	rf_buf_release(&b);
	return f;
}

static void assert_same(const struct rf_finding *a, const struct rf_finding *b)
{
	assert_string_equal(a->fingerprint, b->fingerprint);
	assert_string_equal(a->coarse, b->coarse);
	assert_string_equal(a->exact, b->exact);
	for (int i = 0; i < 2; i++)
		assert_string_equal(a->side_hash[i], b->side_hash[i]);
	assert_true(rf_str_eq(a->title, b->title));
	assert_true(rf_str_eq(a->package, b->package));
}

static unsigned long next_random(unsigned long *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

/* What changes from run to run and from edit to edit does not change any hash. */
static void test_what_does_not_matter(void **state)
{
	static const char *const directories[] = { "/src", "/tmp/go-build123/b001", "/var/a b", "." };
	struct rf_finding want = make(&base);
	unsigned long x = 0x9e3779b97f4a7c15u;
	(void)state;
	for (int round = 0; round < 500; round++) {
		struct sample s = base;
		unsigned long bits = next_random(&x);
		s.address = next_random(&x) >> (bits & 15);
		s.goroutine_a = (unsigned)(next_random(&x) % 100000) + 2;
		s.goroutine_b = s.goroutine_a + 1 + (unsigned)(next_random(&x) % 50);
		s.line = (unsigned)(next_random(&x) % 5000) + 1;
		s.closure = (unsigned)(next_random(&x) % 90) + 1;
		s.offset = (unsigned)next_random(&x) & 0xfff;
		s.directory = directories[next_random(&x) % 4];
		s.swapped = bits & 32;
		s.a_writes = bits & 64;
		s.running = bits & 128;
		s.recursion = (unsigned)(bits >> 8) & 3;
		struct rf_finding f = make(&s);
		assert_same(&want, &f);
	}
}

static void test_what_matters(void **state)
{
	struct sample s = base;
	struct rf_finding want = make(&base), f;
	(void)state;
	s.leaf_a = "example.com/shop.(*Cart).Remove"; /* the top user frame: every hash */
	f = make(&s);
	assert_string_not_equal(f.fingerprint, want.fingerprint);
	assert_string_not_equal(f.coarse, want.coarse);
	assert_string_not_equal(f.exact, want.exact);
	s = base;
	s.other_caller = true; /* the caller: not the coarse one */
	f = make(&s);
	assert_string_not_equal(f.fingerprint, want.fingerprint);
	assert_string_equal(f.coarse, want.coarse);
}

/* The hash input is what docs/fingerprint.md says; sha256sum computed these. A change here needs version 2. */
static void test_golden(void **state)
{
	struct rf_finding f = make(&base);
	(void)state;
	assert_str(f.title, "data race: shop.(*Cart).Add and shop.(*Cart).Total");
	assert_str(f.package, "example.com/shop");
	assert_string_equal(f.fingerprint, "dd5115163c5dee765b1a4c84e00538f31d87786015872398d91d2677af483d9f");
	assert_string_equal(f.coarse, "197e06c9a7143a625a76f53f9d8a7582e0cc8385a3e07a070ea89fcbd713fa60");
	assert_string_equal(f.exact, "da804b1adc6f07ba831545c8a16d247dd9c68ee1a07af8d521ae863fe8c1ed76");
	assert_string_equal(f.side_hash[0], "20a6bb86df45a0a37893a0abc69443f3981a09314dac289d527bd65e07fa1b65");
	assert_false(f.wildcard);
}

/* One bug, two reports: the write races with the read and with the write. */
static void test_increment_is_one_finding(void **state)
{
	struct rf_finding f[2];
	(void)state;
	for (int i = 0; i < 2; i++) {
		char text[1024];
		snprintf(text, sizeof(text),
			 "WARNING: DATA RACE\n%s at 0x00c000012028 by goroutine 7:\n  main.f.func1()\n      /a.go:3 +0x%d\n\n"
			 "Previous write at 0x00c000012028 by goroutine 8:\n  main.f.func1()\n      /a.go:3 +0x5\n\n",
			 i ? "Write" : "Read", 3 + i);
		f[i] = finding_of(text);
	}
	assert_same(&f[0], &f[1]);
	assert_str(f[0].title, "data race in main.f.func");
}

#define PLAIN_SIDE "Previous write at 0x0000000000aa by goroutine 8:\n  main.g()\n      /a.go:9 +0x1\n"

static struct rf_finding with_top(const char *frames)
{
	char text[4096];
	snprintf(text, sizeof(text), "WARNING: DATA RACE\nRead at 0x0000000000aa by goroutine 7:\n%s\n" PLAIN_SIDE, frames);
	return finding_of(text);
}

static const struct rf_side *side_with_leaf(const struct rf_finding *f, const char *leaf)
{
	for (uint32_t i = 0; i < f->side_count; i++) {
		if (rf_str_eq_cstr(f->sides[i].leaf, leaf))
			return &f->sides[i];
	}
	fail_msg("no side starts at %s", leaf);
	return NULL;
}

static void test_operations(void **state)
{
	static const struct {
		const char *function;
		enum rf_operation operation;
	} cases[] = {
		{ "runtime.mapassign_faststr", RF_OPERATION_MAP },     { "runtime.mapIterStart", RF_OPERATION_MAP },
		{ "internal/runtime/maps.(*Iter).Next", RF_OPERATION_MAP }, { "runtime.growslice", RF_OPERATION_PLAIN },
		{ "runtime.slicecopy", RF_OPERATION_SLICE },           { "runtime.slicebytetostring", RF_OPERATION_STRING },
		{ "runtime.convT", RF_OPERATION_INTERFACE },           { "runtime.closechan", RF_OPERATION_CHANNEL },
		{ "runtime.chansend", RF_OPERATION_CHANNEL },          { "sync/atomic.AddInt64", RF_OPERATION_ATOMIC },
		{ "sync.(*Pool).Get", RF_OPERATION_SYNC },             { "runtime.raceread", RF_OPERATION_SYNC },
		{ "runtime.racereadrange", RF_OPERATION_PLAIN },       { "runtime.memmove", RF_OPERATION_PLAIN },
		{ "bytes.(*Buffer).Write", RF_OPERATION_PLAIN },
	};
	char fingerprints[16][RF_FINGERPRINT_BYTES + 1];
	char frames[256];
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(frames, sizeof(frames), "  %s()\n      /go/x.go:1 +0x0\n  main.f()\n      /a.go:1 +0x1\n", cases[i].function);
		struct rf_finding f = with_top(frames);
		assert_int_equal(side_with_leaf(&f, "main.f")->operation, cases[i].operation);
		strncpy(fingerprints[i], f.fingerprint, sizeof(fingerprints[i]));
	}
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (size_t k = 0; k < i; k++) /* the class is in the hash, the function is not */
			assert_int_equal(strcmp(fingerprints[i], fingerprints[k]) == 0, cases[i].operation == cases[k].operation);
	}
	for (int op = 0; op < RF_OPERATION_COUNT; op++)
		assert_true(strlen(rf_operation_name((enum rf_operation)op)) > 0);
}

static void test_standard_library_is_not_user_code(void **state)
{
	struct rf_finding f = with_top("  reflect.Value.Int()\n      /go/v.go:1 +0x0\n  encoding/json.Marshal()\n      /go/e.go:2 +0x0\n"
				       "  main.f()\n      /a.go:1 +0x1\n");
	(void)state;
	const struct rf_side *side = side_with_leaf(&f, "main.f");
	assert_int_equal(side->roles[0], RF_FRAME_STDLIB);
	assert_int_equal(side->roles[1], RF_FRAME_STDLIB);
	assert_int_equal(side->roles[2], RF_FRAME_LEAF);
	struct rf_finding with_c = with_top("  C.drop()\n      libz.so.1:0 +0x3f0a\n  C.(unknown)()\n      a.test:0 +0x1\n"
					    "  main.f()\n      /a.go:1 +0x1\n");
	assert_int_equal(side_with_leaf(&with_c, "main.f")->roles[0], RF_FRAME_C);
	assert_int_equal(side_with_leaf(&with_c, "main.f")->roles[1], RF_FRAME_C);
	assert_string_equal(f.fingerprint, with_c.fingerprint);
	struct rf_finding other = with_top("  bytes.(*Buffer).Len()\n      /go/v.go:1 +0x0\n  main.f()\n      /a.go:1 +0x1\n");
	assert_string_equal(f.fingerprint, other.fingerprint);
}

static void test_standard_library_alone(void **state)
{
	struct rf_finding f = with_top("  runtime.memmove()\n      /go/m.s:1 +0x0\n  bytes.(*Reader).Read()\n      /go/e.go:2 +0x0\n"
				       "  net/http.(*persistConn).writeLoop()\n      /go/t.go:1 +0x1\n");
	(void)state;
	const struct rf_side *side = side_with_leaf(&f, "bytes.(*Reader).Read");
	assert_int_equal(side->roles[0], RF_FRAME_RUNTIME);
	assert_int_equal(side->roles[1], RF_FRAME_LEAF);
	assert_int_equal(side->roles[2], RF_FRAME_COUNTED);
	assert_int_equal(side->creator.len, 0);
	assert_str(f.package, "main"); /* where user code is */
}

/* Names that only look like the runtime's. */
static void test_user_packages_with_std_names(void **state)
{
	static const char *const functions[] = { "example.com/runtime/x.F", "shop/sync/cart.F", "shop/testing.F", "runtime/x.F",
						 "sync/errgroup.F", "example.com/testing.(*T).Run", "main.F" };
	(void)state;
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		char frames[256];
		snprintf(frames, sizeof(frames), "  %s()\n      /x.go:1 +0x0\n", functions[i]);
		struct rf_finding f = with_top(frames);
		assert_int_equal(side_with_leaf(&f, functions[i])->roles[0], RF_FRAME_LEAF);
	}
}

static void test_roles(void **state)
{
	struct rf_finding f = with_top("  sync/atomic.AddInt64()\n      /go/race_amd64.s:1 +0x0\n"
				       "  sync/atomic.AddInt64()\n      <autogenerated>:1 +0x0\n"
				       "  main.a()\n      /a.go:1 +0x1\n  main.a()\n      /a.go:2 +0x1\n  main.b()\n      /a.go:3 +0x1\n"
				       "  main.c()\n      /a.go:4 +0x1\n  main.d()\n      /a.go:5 +0x1\n  main.e.gowrap1()\n      /a.go:6 +0x1\n"
				       "  testing.tRunner()\n      /go/t.go:1 +0x1\n  main.main()\n      _testmain.go:100 +0x1\n"
				       "  \?\?()\n      -:0 +0x1\n");
	static const enum rf_frame_role want[] = { RF_FRAME_SYNC, RF_FRAME_GENERATED, RF_FRAME_LEAF, RF_FRAME_COUNTED,
						   RF_FRAME_COUNTED, RF_FRAME_COUNTED, RF_FRAME_DEEPER, RF_FRAME_GENERATED,
						   RF_FRAME_TESTING, RF_FRAME_TESTING, RF_FRAME_UNKNOWN };
	(void)state;
	const struct rf_side *side = side_with_leaf(&f, "main.a");
	assert_int_equal(side->name_count, sizeof(want) / sizeof(want[0]));
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		assert_int_equal(side->roles[i], want[i]);
	for (int role = 0; role < RF_FRAME_ROLE_COUNT; role++)
		assert_true(strlen(rf_frame_role_reason((enum rf_frame_role)role)) > 10);
}

/* `go f(x)` has a wrapper with one compiler and none with another. */
static void test_wrapper_makes_no_difference(void **state)
{
	struct rf_finding with = with_top("  main.f()\n      /a.go:1 +0x1\n  main.Start.gowrap1()\n      /a.go:6 +0x1\n");
	struct rf_finding without = with_top("  main.f()\n      /a.go:1 +0x1\n");
	(void)state;
	assert_string_equal(with.fingerprint, without.fingerprint);
	struct rf_finding alone = with_top("  sync/atomic.AddInt64()\n      /go/a.s:1 +0x1\n  main.Start.gowrap1()\n      /a.go:6 +0x1\n");
	assert_int_equal(side_with_leaf(&alone, "main.Start")->operation, RF_OPERATION_ATOMIC);
}

/* As a WaitGroup misuse is printed: only runtime frames on a stack. Who started the goroutine tells bugs apart. */
static void test_no_user_frame(void **state)
{
	struct rf_finding f[2];
	(void)state;
	for (int i = 0; i < 2; i++) {
		char text[1024];
		snprintf(text, sizeof(text),
			 "WARNING: DATA RACE\nRead at 0x0000000000aa by goroutine 7:\n  runtime.raceread()\n      <autogenerated>:1 +0x1e\n\n"
			 PLAIN_SIDE "\nGoroutine 7 (running) created at:\n  example.com/shop.Test%c()\n      /a.go:3 +0x1\n", 'A' + i);
		f[i] = finding_of(text);
	}
	assert_string_not_equal(f[0].fingerprint, f[1].fingerprint);
	assert_string_not_equal(f[0].coarse, f[1].coarse);
	const struct rf_side *side = side_with_leaf(&f[0], "runtime.raceread");
	assert_str(side->creator, "example.com/shop.TestA");
	assert_int_equal(side->operation, RF_OPERATION_SYNC);
	assert_false(f[0].wildcard);
	assert_str(f[0].title, "data race (plain, sync): main.g and runtime.raceread (goroutine of shop.TestA)");
}

static void test_wildcards(void **state)
{
	static const char *const missing[] = { "  [failed to restore the stack]\n", "  \?\?()\n      -:0 +0x46f0a1\n", "" };
	struct rf_finding full = with_top("  main.f()\n      /a.go:1 +0x1\n");
	(void)state;
	for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
		struct rf_finding f = with_top(missing[i]);
		assert_true(f.wildcard);
		assert_false(f.sides[0].missing);
		assert_true(f.sides[1].missing); /* a missing side sorts last */
		assert_string_equal(f.side_hash[1], "");
		assert_string_equal(f.side_hash[0], full.side_hash[1]); /* main.g */
		assert_string_not_equal(f.fingerprint, full.fingerprint);
		assert_str(f.title, "data race: main.g and an unknown stack");
	}
	struct rf_finding both = finding_of("WARNING: DATA RACE\nRead at 0x0000000000aa by goroutine 7:\n\n"
					    "Previous write at 0x0000000000aa by goroutine 8:\n");
	assert_true(both.wildcard);
	assert_string_equal(both.side_hash[0], "");
	assert_string_equal(both.side_hash[1], "");
}

/* The title names the creators of two missing sides in an order of its own, not in the report's. */
static void test_two_missing_sides(void **state)
{
	static const char *const creators[][2] = { { "main.a", "main.b" }, { "main.b", "main.a" }, { "", "main.a" } };
	struct rf_finding f[3];
	(void)state;
	for (size_t i = 0; i < sizeof(creators) / sizeof(creators[0]); i++) {
		char text[1024];
		snprintf(text, sizeof(text), "WARNING: DATA RACE\nRead at 0x0000000000aa by goroutine 7:\n\n"
			 "Previous write at 0x0000000000aa by goroutine 8:\n\n"
			 "Goroutine 7 (running) created at:\n  %s()\n      /a.go:3 +0x1\n\n"
			 "Goroutine 8 (running) created at:\n  %s()\n      /a.go:4 +0x1\n", creators[i][0], creators[i][1]);
		f[i] = finding_of(text);
	}
	assert_str(f[0].title,
		   "data race: an unknown stack (goroutine of main.a) and an unknown stack (goroutine of main.b)");
	assert_true(rf_str_eq(f[0].title, f[1].title));
	assert_string_equal(f[0].fingerprint, f[2].fingerprint);
}

static void test_one_access_or_none(void **state)
{
	struct rf_report empty = { .kind = RF_KIND_USE_AFTER_FREE };
	struct rf_finding f = finding_of("WARNING: DATA RACE\nRead at 0x0000000000aa by goroutine 7:\n  main.f()\n      /a.go:1 +0x1\n");
	(void)state;
	assert_int_equal(f.side_count, 1);
	assert_true(f.wildcard);
	assert_str(f.sides[0].leaf, "main.f");
	rf_finding_make(&empty, &arena, &f);
	assert_int_equal(f.side_count, 0);
	assert_true(f.wildcard);
	assert_int_equal(strlen(f.fingerprint), RF_FINGERPRINT_BYTES);
}

static void test_kind_and_free(void **state)
{
	struct rf_goroutine g = { .thread = 7 };
	struct rf_frame put[] = { { .function = RF_STR("sync.(*Pool).Put"), .file = RF_STR("/go/pool.go") },
				  { .function = RF_STR("example.com/shop/v2.Release"), .file = RF_STR("/a.go") } };
	struct rf_frame use[] = { { .function = RF_STR("example.com/shop/v2.Use"), .file = RF_STR("/a.go") } };
	struct rf_report r = { .kind = RF_KIND_USE_AFTER_FREE, .access_count = 2 };
	struct rf_finding f, race;
	(void)state;
	r.accesses[0] = (struct rf_access){ .goroutine = &g, .stack = { use, 1, false } };
	r.accesses[1] = (struct rf_access){ .goroutine = &g, .freed = true, .write = true, .stack = { put, 2, false } };
	rf_finding_make(&r, &arena, &f);
	assert_str(f.title, "use after free: shop.Use after shop.Release");
	struct rf_report pool = r;
	pool.accesses[1].put = true;
	pool.kind = RF_KIND_USE_AFTER_PUT;
	rf_finding_make(&pool, &arena, &race);
	assert_str(race.title, "use after put: shop.Use after shop.Release");
	assert_int_equal(race.sides[race.sides[0].access == 1 ? 0 : 1].operation, RF_OPERATION_PUT);
	assert_string_not_equal(race.fingerprint, f.fingerprint);
	pool.kind = RF_KIND_PUT_WHILE_USED;
	rf_finding_make(&pool, &arena, &race);
	assert_str(race.title, "put while used: shop.Release while shop.Use");
	assert_int_equal(side_with_leaf(&f, "example.com/shop/v2.Release")->operation, RF_OPERATION_FREE);
	r.kind = RF_KIND_DATA_RACE;
	rf_finding_make(&r, &arena, &race);
	assert_string_not_equal(f.fingerprint, race.fingerprint);
	assert_string_not_equal(f.coarse, race.coarse);
}

static void test_external_test_package(void **state)
{
	struct rf_finding f = finding_of("WARNING: DATA RACE\nRead at 0x0000000000aa by goroutine 7:\n"
					 "  example.com/shop_test.TestX.func1()\n      /src/x_test.go:1 +0x1\n\n"
					 "Previous write at 0x0000000000aa by goroutine 8:\n"
					 "  example.com/shop_test.TestX.func2()\n      /src/x_test.go:2 +0x1\n");
	(void)state;
	assert_str(f.package, "example.com/shop");
}

static void test_memory_runs_out(void **state)
{
	struct rf_report r;
	bool incomplete;
	(void)state;
	assert_true(rf_racetext_parse(RF_STR("WARNING: DATA RACE\nRead at 0x0000000000aa by goroutine 7:\n  main.f()\n      /a.go:1 +0x1\n\n"
					     PLAIN_SIDE), &arena, &r, &incomplete));
	for (size_t cap = 1; cap < 1500; cap += 9) {
		rf_arena small;
		struct rf_finding f;
		rf_arena_init(&small, cap);
		rf_finding_make(&r, &small, &f);
		assert_int_equal(strlen(f.fingerprint), RF_FINGERPRINT_BYTES);
		rf_arena_release(&small);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_does_not_matter),
		cmocka_unit_test(test_what_matters),
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_increment_is_one_finding),
		cmocka_unit_test(test_operations),
		cmocka_unit_test(test_standard_library_is_not_user_code),
		cmocka_unit_test(test_standard_library_alone),
		cmocka_unit_test(test_user_packages_with_std_names),
		cmocka_unit_test(test_roles),
		cmocka_unit_test(test_wrapper_makes_no_difference),
		cmocka_unit_test(test_no_user_frame),
		cmocka_unit_test(test_wildcards),
		cmocka_unit_test(test_two_missing_sides),
		cmocka_unit_test(test_one_access_or_none),
		cmocka_unit_test(test_kind_and_free),
		cmocka_unit_test(test_external_test_package),
		cmocka_unit_test(test_memory_runs_out),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
