#include "model/native.h"

#include <string.h>

rf_str rf_path_base(rf_str path)
{
	return rf_str_skip(path, (size_t)(rf_str_find_last(path, '/') + 1));
}

/* "libc" of "libc.so.6" and of "libc-2.31.so". */
static bool is_library(rf_str base, const char *name)
{
	rf_str rest = rf_str_starts(base, name) ? rf_str_skip(base, strlen(name)) : RF_STR("");
	return rf_str_starts(rest, ".so") || (rf_str_starts(rest, "-") && rf_str_contains(rest, ".so"));
}

bool rf_path_is_system(rf_str path)
{
	static const char *const names[] = { "libc", "libm", "libpthread", "libdl", "librt", "ld-linux", "ld-linux-x86-64", "ld",
					     "ld-musl-x86_64", "libstdc++", "libgcc_s", "libc++", "libc++abi", "libredflag-agent",
					     "libjemalloc", "libtcmalloc", "libtcmalloc_minimal", "libmimalloc", "libunwind" };
	rf_str base = rf_path_base(path);
	if (rf_str_eq_cstr(base, "[vdso]"))
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (is_library(base, names[i]))
			return true;
	}
	return false;
}

bool rf_frame_is_place(const struct rf_frame *f)
{
	ptrdiff_t plus = rf_str_find_last(f->function, '+');
	rf_str offset = rf_str_skip(f->function, (size_t)(plus + 1));
	return plus > 0 && rf_str_starts(offset, "0x") && rf_str_is_hex(rf_str_skip(offset, 2));
}

/* None of them can be the name of a function of Go, which has a dot. */
static bool is_system_name(rf_str name)
{
	static const char *const names[] = {
		"_start", "malloc", "calloc", "realloc", "reallocarray", "free", "cfree", "posix_memalign", "aligned_alloc",
		"memalign", "valloc", "pvalloc", "_Znwm", "_Znam", "_ZdlPv", "_ZdaPv", "_ZdlPvm", "_ZdaPvm", "operator new",
		"operator new[]", "operator delete", "operator delete[]", "memcpy", "memmove", "mempcpy", "memset", "memcmp",
		"memchr", "memrchr", "memmem", "bcopy", "bzero", "bcmp", "strlen", "strnlen", "strcpy", "strncpy", "stpcpy",
		"strcat", "strncat", "strcmp", "strncmp", "strcasecmp", "strncasecmp", "strchr", "strrchr", "strstr", "strdup",
		"strndup", "strspn", "strcspn", "strlcpy", "strlcat", "wcslen", "wmemcpy",
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (rf_str_eq_cstr(name, names[i]))
			return true;
	}
	return false;
}

bool rf_frame_is_system(const struct rf_frame *f)
{
	return rf_path_is_system(f->file) || rf_str_starts(f->file, "/usr/include/") || is_system_name(f->function);
}

/* Functions of Go's runtime that access the caller's memory: runtime/memmove_amd64.s, memclr_amd64.s, mbarrier.go, map.go. */
static bool is_for_caller(rf_str function)
{
	static const char *const starts[] = { "runtime.memmove", "runtime.memclr", "runtime.typedmem", "runtime.typedslice",
					      "runtime.reflect_typed", "runtime.reflectcall", "runtime.duff", "runtime.map",
					      "runtime.memequal", "runtime.slicecopy", "runtime.wbMove", "runtime.wbZero" };
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		if (rf_str_starts(function, starts[i]))
			return true;
	}
	return rf_str_starts(function, "internal/runtime/maps.") || rf_str_starts(function, "internal/bytealg.");
}

static bool is_in_runtime(const struct rf_stack *stack)
{
	uint32_t i = 0;
	while (i < stack->count && is_for_caller(stack->frames[i].function))
		i++;
	return i < stack->count && (rf_str_starts(stack->frames[i].function, "runtime.") ||
				    rf_str_starts(stack->frames[i].function, "internal/runtime/"));
}

bool rf_native_race_is_of_runtime(const struct rf_report *report)
{
	for (uint32_t i = 0; report->kind == RF_KIND_NATIVE_RACE && i < report->access_count; i++) {
		if (is_in_runtime(&report->accesses[i].stack))
			return true;
	}
	return false;
}
