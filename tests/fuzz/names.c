/* One function name. Canonical names are bounded, hold no control bytes, and neither the number of a closure nor type
 * arguments nor a wrapper behind the name change them. */
#include "fuzz.h"

#include "finding/finding.h"
#include "finding/stdlib.h"

static rf_str joined(rf_arena *arena, rf_str name, const char *behind)
{
	return rf_arena_printf(arena, "%.*s%s", RF_STR_ARG(name), behind);
}

static void must_equal(rf_arena *arena, rf_str name, const char *a, const char *b)
{
	MUST(rf_str_eq(rf_canonical_name(joined(arena, name, a), arena), rf_canonical_name(joined(arena, name, b), arena)));
}

/* Brackets that are still open would swallow what is put behind the name. */
static bool is_balanced(rf_str name)
{
	long depth = 0;
	for (size_t i = 0; i < name.len; i++) {
		depth += name.ptr[i] == '(' || name.ptr[i] == '[' || name.ptr[i] == '{';
		depth -= name.ptr[i] == ')' || name.ptr[i] == ']' || name.ptr[i] == '}';
		if (depth < 0 || name.ptr[i] == '\0')
			return false;
	}
	return depth == 0 && name.len > 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	rf_str name = { (const char *)data, size };
	rf_arena arena;
	rf_arena_init(&arena, 0);
	rf_str canonical = rf_canonical_name(name, &arena);
	MUST(canonical.len <= 4 * size);
	for (size_t i = 0; i < canonical.len; i++)
		MUST((unsigned char)canonical.ptr[i] >= 0x20 && canonical.ptr[i] != 0x7f);
	rf_str package = rf_package_of(name, &arena);
	MUST(package.len <= size);
	if (rf_stdlib_has(package))
		MUST(package.len > 0 && package.ptr[0] >= 'a' && package.ptr[0] <= 'z');
	/* a name that already ends in a package part, so that what is behind it is never taken for one */
	if (is_balanced(name)) {
		name = joined(&arena, name, "/p.F");
		must_equal(&arena, name, ".func1", ".func27");
		must_equal(&arena, name, ".func1", ".func1.2.3");
		must_equal(&arena, name, ".func1", ".func3.func4.gowrap2");
		must_equal(&arena, name, "", ".gowrap1");
		must_equal(&arena, name, "", "-fm");
		must_equal(&arena, name, "[int]", "[go.shape.struct { a.b/c.x [3]int },string]");
	}
	rf_arena_release(&arena);
	return 0;
}
