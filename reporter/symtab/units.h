/* Which compilation unit of a file's DWARF holds an address, and which function of that. Indexes of our own: .debug_aranges, which
 * libdw relies on, is left out by clang and by Go, and dwarf_getscopes walks the whole unit for each address.
 */
#ifndef RF_SYMTAB_UNITS_H
#define RF_SYMTAB_UNITS_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stddef.h>

#define RF_UNITS_RANGES_MAX ((size_t)1 << 20) /* of a file, 24 MiB; code of units behind them has symbols, and no lines */

struct rf_units {
	Dwarf *dwarf;
	struct rf_units_range *ranges; /* sorted by start */
	size_t count;
	struct rf_units_index *indexes; /* of the functions of units that were asked for, the last one first */
};

/* An empty index where there is no DWARF (NULL), or no memory. */
void rf_units_init(struct rf_units *u, Dwarf *dwarf);
void rf_units_release(struct rf_units *u);
/* The DIE of the function, its definition. */
bool rf_units_function(struct rf_units *u, Dwarf_Die *unit, Dwarf_Addr address, Dwarf_Die *function);
/* The unit's DIE. */
bool rf_units_find(const struct rf_units *u, Dwarf_Addr address, Dwarf_Die *unit);

#endif
