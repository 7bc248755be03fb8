/* A relocatable ELF object printed as GNU assembly, from which `as` makes the same object again.
 *
 * Why: the go command takes assembly through an overlay, but never an object (.syso); see overlay.c. While it is printed,
 * some of its functions get a second name so that C beside it can take their place: a definition of X in `renames`
 * becomes rf_orig_X, and every reference to X inside the object stays a reference to X, which the C then defines.
 *
 * What is the same afterwards: every allocated section (name, flags, alignment, bytes), every relocation, every global
 * and weak symbol and every named local function or variable (binding, type, visibility, size).
 * What isn't: COMDAT groups and merging of equal strings (both only matter to a linker that sees the same thing twice),
 * sections that aren't loaded, names of local labels. For x86-64 and aarch64; instructions are printed as data, so the
 * assembler need not know them.
 */
#ifndef RF_TOOLCHAIN_OBJPRINT_H
#define RF_TOOLCHAIN_OBJPRINT_H

#include "symtab/elf.h"

#define RF_OBJPRINT_ORIGINAL "rf_orig_" /* what a renamed definition is called, before its old name */

enum rf_objprint_mode {
	RF_OBJPRINT_RENAME, /* X is left undefined: the C beside it has to define it (Go's linker takes no weak override) */
	RF_OBJPRINT_WEAK,   /* X is a weak name for rf_orig_X: the C beside it may define it (the probe) */
};

struct rf_objprint_request {
	rf_str object;                /* the file's bytes */
	rf_str head;                  /* text for the first lines: comments, build constraints */
	const rf_str *renames;
	size_t rename_count;
	enum rf_objprint_mode mode;
};

/* Appends the assembly to `out`. A rename that the object doesn't define is RF_ERR_VERSION and names the symbol. */
int rf_objprint(const struct rf_objprint_request *request, rf_arena *scratch, struct rf_buf *out, struct rf_error *err);
/* "R_X86_64_PC32" for EM_X86_64 and 2; NULL when unknown. */
const char *rf_objprint_reloc_name(uint16_t machine, uint32_t type);

#endif
