#include "cmd/bytes.h"

const char *rf_bytes_text(uint64_t bytes, rf_arena *arena)
{
	static const char *const units[] = { "kB", "MB", "GB", "TB" };
	double value = (double)bytes / 1000;
	size_t unit = 0;
	if (bytes < 1000)
		return rf_arena_printf(arena, "%llu B", (unsigned long long)bytes).ptr;
	while (value >= 999.5 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		value /= 1000;
		unit++;
	}
	return rf_arena_printf(arena, value < 9.95 ? "%.1f %s" : "%.0f %s", value, units[unit]).ptr;
}
