#include "symtab/units.h"

#include <stdlib.h>

struct rf_units_range {
	Dwarf_Addr start, end;
	Dwarf_Off unit;
};

static int by_start(const void *a, const void *b)
{
	const struct rf_units_range *x = a, *y = b;
	return (x->start > y->start) - (x->start < y->start);
}

static bool add(struct rf_units *u, size_t *cap, struct rf_units_range range)
{
	if (range.start >= range.end)
		return true;
	if (u->count == *cap) {
		size_t more = *cap ? *cap * 2 : 256;
		struct rf_units_range *ranges = more <= RF_UNITS_RANGES_MAX ? realloc(u->ranges, more * sizeof(*ranges)) : NULL;
		if (!ranges)
			return false;
		u->ranges = ranges;
		*cap = more;
	}
	u->ranges[u->count++] = range;
	return true;
}

void rf_units_init(struct rf_units *u, Dwarf *dwarf)
{
	Dwarf_CU *unit = NULL;
	Dwarf_Die die;
	size_t cap = 0;
	bool room = true;
	*u = (struct rf_units){ .dwarf = dwarf };
	while (dwarf && room && dwarf_get_units(dwarf, unit, &unit, NULL, NULL, &die, NULL) == 0) {
		struct rf_units_range range = { .unit = dwarf_dieoffset(&die) };
		Dwarf_Addr base;
		ptrdiff_t next = 0;
		while (room && (next = dwarf_ranges(&die, next, &base, &range.start, &range.end)) > 0)
			room = add(u, &cap, range);
	}
	if (u->count)
		qsort(u->ranges, u->count, sizeof(*u->ranges), by_start);
}

void rf_units_release(struct rf_units *u)
{
	free(u->ranges);
	*u = (struct rf_units){ 0 };
}

bool rf_units_find(const struct rf_units *u, Dwarf_Addr address, Dwarf_Die *unit)
{
	size_t low = 0, high = u->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (u->ranges[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low && address < u->ranges[low - 1].end && dwarf_offdie(u->dwarf, u->ranges[low - 1].unit, unit);
}
