/* Go types of package variables: from the DWARF of the program's own file, where the linker left it (`go test` leaves it out
 * unless told -ldflags=-w=false) and did not compress it (-compressdwarf=false).
 *
 * Only units of Go's compiler are read (DW_LANG_Go, version 2 to 5), of which types say their reflect.Kind
 * (cmd/internal/dwarf/dwarf.go, DW_AT_go_kind). No byte is trusted: what leads out of its section, or has a form that
 * Go's linker doesn't write, ends the search without an answer. Under the glue's lock.
 */
#ifndef RF_DWARF_H
#define RF_DWARF_H

#include "tsan-glue/runtime_abi.h"

#include <stdbool.h>
#include <stddef.h>

#define RF_DWARF_BYTES_MAX ((size_t)128 << 20) /* of a section; larger ones are not read */
#define RF_DWARF_DEPTH_MAX 32u /* structs, arrays and names of types inside each other */

struct rf_dwarf {
	const uint8_t *info, *abbrevs;
	size_t info_bytes, abbrev_bytes;
};

/* A package variable. */
struct rf_dwarf_variable {
	uintptr_t start;    /* as the file has it */
	uint32_t type;      /* where in info */
	uint32_t abbrevs;   /* of its unit */
};

struct rf_dwarf_list {
	struct rf_dwarf_variable *rows;
	size_t count, count_max; /* there are; have room */
};

/* Lists all of them. Some 4 ms for a megabyte. */
static void rf_dwarf_variables(const struct rf_dwarf *dwarf, struct rf_dwarf_list *out);
/* The variable that begins at or nearest below an address, or NULL. Whether it reaches there is for rf_dwarf_type to say. */
static const struct rf_dwarf_variable *rf_dwarf_nearest(const struct rf_dwarf_list *list, uintptr_t address);
/* Sets kind and type of what is at that offset in the variable, and adds fields and indexes to path. False: unknown. */
static bool rf_dwarf_type(const struct rf_dwarf *dwarf, const struct rf_dwarf_variable *variable, uintptr_t offset,
			  struct rf_type_query *q);

#endif
