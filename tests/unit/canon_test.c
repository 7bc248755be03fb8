#include "arena_fixture.h"

#include "finding/finding.h"
#include "finding/stdlib.h"

/* Names as Go 1.25 to 1.27 print them in race reports. */
static void test_names(void **state)
{
	static const struct {
		const char *function, *canonical;
	} cases[] = {
		{ "main.main", "main.main" },
		{ "example.com/shop.(*Cart).Add", "example.com/shop.(*Cart).Add" },
		{ "example.com/shop.(*Cart).Add.func1", "example.com/shop.(*Cart).Add.func" },
		{ "main.main.func4.1", "main.main.func" },
		{ "main.main.func4.1.2", "main.main.func" },
		{ "main.main.func4.func5", "main.main.func" },
		{ "main.main.func4.gowrap1", "main.main.func" },
		{ "main.TestCleanup.gowrap1", "main.TestCleanup" },
		{ "main.f.deferwrap12", "main.f" },
		{ "main.init.0", "main.init" },
		{ "main.init.0.func1", "main.init.func" },
		{ "main.glob..func7", "main.glob.func" },
		{ "main.main-range1", "main.main" },
		{ "main.main.func2-range1", "main.main.func" },
		{ "main.(*T).Method-fm", "main.(*T).Method" },
		{ "encoding/json.structEncoder.encode-fm", "encoding/json.structEncoder.encode" },
		{ "x.TestDefer.func1.TestDefer.func1.2.3", "x.TestDefer.func" },
		{ "net/http.init.OnceValue[go.shape.bool].func3", "net/http.init.OnceValue[\u00b7].func" },
		{ "main.Map[...]", "main.Map[\u00b7]" },
		{ "main.Map[go.shape.int,go.shape.string]", "main.Map[\u00b7]" },
		{ "a.b/x.(*Stack[go.shape.map[string]struct { a.b/x.x int }]).Push", "a.b/x.(*Stack[\u00b7]).Push" },
		{ "a.b/x.(*Stack[go.shape.[]a.b/y.T]).Push.func2", "a.b/x.(*Stack[\u00b7]).Push.func" },
		{ "main.(*T\u00b72).Method", "main.(*T).Method" },
		{ "example.com/app/vendor/example.com/lib.F", "example.com/lib.F" },
		{ "vendor/golang.org/x/net/http2/hpack.F", "golang.org/x/net/http2/hpack.F" },
		{ "a.b/x@v1.2.3.F", "a.b/x.F" },
		{ "a.b/x@v1.2.4-0.20260102030405-abcdef012345/sub.F", "a.b/x/sub.F" },
		{ "a.b/x@v2.0.0+incompatible/sub.(*T).F.func1", "a.b/x/sub.(*T).F.func" },
		{ "gopkg.in/yaml%2ev3.(*Decoder).Decode", "gopkg.in/yaml%2ev3.(*Decoder).Decode" },
		{ "main.funcs", "main.funcs" }, /* a function that is only called like a closure */
		{ "main.func1x", "main.func1x" },
		{ "main.gowrapper1", "main.gowrapper1" },
		{ "_cgoexp_a0d797cfc634_goCallback", "_cgoexp_a0d797cfc634_goCallback" },
		{ "", "" },
		{ "main.bad\nname\x7f", "main.bad?name?" },
		{ "main.open[brac", "main.open[\u00b7]" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_str(rf_canonical_name(rf_str_from(cases[i].function), &arena), cases[i].canonical);
}

static void test_packages(void **state)
{
	static const struct {
		const char *function, *package;
	} cases[] = {
		{ "main.main", "main" },
		{ "example.com/shop.(*Cart).Add.func1", "example.com/shop" },
		{ "example.com/v1.2/shop.F", "example.com/v1.2/shop" },
		{ "a.b/x.Map[a.b/y.T].func1", "a.b/x" },
		{ "a.b/x.(*Stack[go.shape.struct { a.b/y.T }]).Push", "a.b/x" },
		{ "gopkg.in/yaml%2ev3.(*Decoder).Decode", "gopkg.in/yaml.v3" },
		{ "gopkg.in/x%2%2e.F", "gopkg.in/x%2." },
		{ "vendor/golang.org/x/net/idna.F", "golang.org/x/net/idna" },
		{ "a.b/x@v1.2.3/sub.F", "a.b/x/sub" },
		{ "type:.eq.a.b/x.T", "" },
		{ "memmove", "" },
		{ "", "" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_str(rf_package_of(rf_str_from(cases[i].function), &arena), cases[i].package);
}

static void test_stdlib(void **state)
{
	static const char *const yes[] = { "archive/tar", "runtime", "sync/atomic", "net/http", "weak",
					   "internal/runtime/maps", "net/http/internal/ascii", "crypto/internal/fips140",
					   "go/internal/gcimporter", "vendor/golang.org/x/net/idna", "unsafe", "uuid" };
	static const char *const no[] = { "example.com/runtime/x", "shop/sync", "shop/cart", "main", "runtime/x",
					  "testing/mine", "sync/errgroup", "image/processor", "shop/internal/db", "net/httpx",
					  "vendor/example.com/x", "internalx", "sync/atomicx", "command-line-arguments" };
	(void)state;
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (!rf_stdlib_has(rf_str_from(yes[i])))
			fail_msg("%s is in the standard library", yes[i]);
	}
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		if (rf_stdlib_has(rf_str_from(no[i])))
			fail_msg("%s is not in the standard library", no[i]);
	}
}

/* Long hostile names are handled in one pass. */
static void test_long_names(void **state)
{
	static const char *const units[] = { "@v1", "/vendor/", "func1.", "[", "(", "[]", ".", "\u00b71", "-fm", "vendor/" };
	enum { BYTES = 200000 };
	char *name = malloc(BYTES);
	(void)state;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t n = strlen(units[i]);
		for (size_t k = 0; k < BYTES; k++)
			name[k] = units[i][k % n];
		rf_str canonical = rf_canonical_name((rf_str){ name, BYTES }, &arena);
		assert_true(canonical.len <= 4 * (size_t)BYTES);
		assert_true(rf_package_of((rf_str){ name, BYTES }, &arena).len <= BYTES);
	}
	free(name);
}

static void test_memory_runs_out(void **state)
{
	rf_arena small;
	(void)state;
	rf_arena_init(&small, 8);
	assert_str(rf_canonical_name(RF_STR("example.com/shop@v1.2.3.(*Cart).Add"), &small), "");
	assert_true(small.failed);
	assert_str(rf_package_of(RF_STR("gopkg.in/yaml%2ev3.F"), &small), "");
	rf_arena_release(&small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),      cmocka_unit_test(test_packages),
		cmocka_unit_test(test_stdlib),     cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_memory_runs_out),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
