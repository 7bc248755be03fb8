/* Functions at an address of a compilation unit, as DWARF has them.
 */
#ifndef RF_SYMTAB_SCOPES_H
#define RF_SYMTAB_SCOPES_H

#include <elfutils/libdw.h>

#include "base/arena.h"
#include "model/report.h"
#include "symtab/units.h"

/* The function and what is inlined there, innermost first, at most `most`. Names of languages with namespaces and classes are with
 * them ("shop::Cart::add"), without parameters. 0 when DWARF knows of no function there; the place alone is then in frames[0]. */
uint32_t rf_scopes_frames(struct rf_units *units, Dwarf_Die *unit, Dwarf_Addr address, rf_arena *arena, struct rf_frame *frames,
			  uint32_t most);

#endif
