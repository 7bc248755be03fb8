#include "symtab/units.h"

#include <dwarf.h>
#include <stdlib.h>

#define OUTER_DEPTH_MAX 16 /* namespaces and classes around a function; more is damage */

struct rf_units_range {
	Dwarf_Addr start, end;
	Dwarf_Off die; /* of a unit, or of a function */
};

struct ranges {
	struct rf_units_range *list;
	size_t count, cap;
};

struct rf_units_index {
	struct rf_units_index *next;
	Dwarf_Off unit;
	struct ranges functions; /* sorted by start */
};

static int by_start(const void *a, const void *b)
{
	const struct rf_units_range *x = a, *y = b;
	return (x->start > y->start) - (x->start < y->start);
}

static bool add(struct ranges *r, struct rf_units_range range)
{
	if (range.start >= range.end)
		return true;
	if (r->count == r->cap) {
		size_t more = r->cap ? r->cap * 2 : 256;
		struct rf_units_range *list = more <= RF_UNITS_RANGES_MAX ? realloc(r->list, more * sizeof(*list)) : NULL;
		if (!list)
			return false;
		r->list = list;
		r->cap = more;
	}
	r->list[r->count++] = range;
	return true;
}

/* All ranges of a unit or a function. False: no room. */
static bool add_die(struct ranges *r, Dwarf_Die *die)
{
	struct rf_units_range range = { .die = dwarf_dieoffset(die) };
	Dwarf_Addr base;
	ptrdiff_t next = 0;
	bool room = true;
	while (room && (next = dwarf_ranges(die, next, &base, &range.start, &range.end)) > 0)
		room = add(r, range);
	return room;
}

static void sort(struct ranges *r)
{
	if (r->count)
		qsort(r->list, r->count, sizeof(*r->list), by_start);
}

/* The last range that begins at or before the address, if it holds it. */
static const struct rf_units_range *find(const struct rf_units_range *list, size_t count, Dwarf_Addr address)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (list[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low && address < list[low - 1].end ? &list[low - 1] : NULL;
}

void rf_units_init(struct rf_units *u, Dwarf *dwarf)
{
	Dwarf_CU *unit = NULL;
	Dwarf_Die die;
	struct ranges units = { 0 };
	bool room = true;
	while (dwarf && room && dwarf_get_units(dwarf, unit, &unit, NULL, NULL, &die, NULL) == 0)
		room = add_die(&units, &die);
	sort(&units);
	*u = (struct rf_units){ .dwarf = dwarf, .ranges = units.list, .count = units.count };
}

/* --- functions --------------------------------------------------------------------------------------------------- */

static bool holds_functions(int tag)
{
	return tag == DW_TAG_namespace || tag == DW_TAG_class_type || tag == DW_TAG_structure_type || tag == DW_TAG_union_type ||
	       tag == DW_TAG_module;
}

static bool add_functions(struct ranges *r, Dwarf_Die *around, int depth)
{
	Dwarf_Die die;
	bool room = true;
	for (int rc = dwarf_child(around, &die); rc == 0 && room; rc = dwarf_siblingof(&die, &die)) {
		int tag = dwarf_tag(&die);
		if (tag == DW_TAG_subprogram)
			room = add_die(r, &die);
		else if (holds_functions(tag) && depth < OUTER_DEPTH_MAX)
			room = add_functions(r, &die, depth + 1);
	}
	return room;
}

/* NULL: out of memory. */
static struct rf_units_index *index_of(struct rf_units *u, Dwarf_Die *unit)
{
	Dwarf_Off offset = dwarf_dieoffset(unit);
	struct rf_units_index **link = &u->indexes, *index;
	while (*link && (*link)->unit != offset)
		link = &(*link)->next;
	index = *link;
	if (index) {
		*link = index->next;
	} else {
		index = calloc(1, sizeof(*index));
		if (!index)
			return NULL;
		index->unit = offset;
		add_functions(&index->functions, unit, 0);
		sort(&index->functions);
	}
	index->next = u->indexes;
	return u->indexes = index;
}

bool rf_units_function(struct rf_units *u, Dwarf_Die *unit, Dwarf_Addr address, Dwarf_Die *function)
{
	const struct rf_units_index *index = index_of(u, unit);
	const struct rf_units_range *found = index ? find(index->functions.list, index->functions.count, address) : NULL;
	return found && dwarf_offdie(u->dwarf, found->die, function);
}

void rf_units_release(struct rf_units *u)
{
	for (struct rf_units_index *index = u->indexes, *next; index; index = next) {
		next = index->next;
		free(index->functions.list);
		free(index);
	}
	free(u->ranges);
	*u = (struct rf_units){ 0 };
}

bool rf_units_find(const struct rf_units *u, Dwarf_Addr address, Dwarf_Die *unit)
{
	const struct rf_units_range *found = find(u->ranges, u->count, address);
	return found && dwarf_offdie(u->dwarf, found->die, unit);
}
