/* Go's own symbol table (pclntab): functions, argument sizes, files and lines. It is in every Go program, stripped or not.
 *
 * Read: the layout of Go 1.20 and newer (magic 0xfffffff1; internal/abi/symtab.go, runtime/symtab.go, debug/gosym/pclntab.go),
 * from programs linked internally or externally, PIE or not, with or without section headers. Slices point into the file's
 * memory. No byte is trusted: what leads out of the table reads as empty.
 * Not read: which functions were inlined at a pc (file and line are those of the innermost one, as in Go's tools; the function is
 * the outermost), plugins, programs with more than one text section.
 */
#ifndef RF_SYMTAB_PCLNTAB_H
#define RF_SYMTAB_PCLNTAB_H

#include "symtab/elf.h"

#define RF_PCLNTAB_ARGS_UNKNOWN (-1)

struct rf_pclntab {
	uint64_t text;     /* address of the first function; entries are offsets from it */
	uint64_t quantum;  /* smallest step of a pc, bytes */
	size_t func_count;
	rf_str names, units, files, steps, functions; /* the parts of the table, each up to the end of the whole */
};

struct rf_pclntab_func {
	rf_str name;             /* as runtime.FuncForPC says it: "main.(*T).Do", "main.Map[...]" */
	uint64_t entry, end;     /* [entry, end) */
	int32_t args_bytes;      /* arguments and results on the stack; RF_PCLNTAB_ARGS_UNKNOWN */
	int32_t start_line;      /* of the func keyword; 0 unknown */
	uint32_t file_table, line_table, unit; /* for rf_pclntab_place */
};

struct rf_pclntab_place {
	rf_str file; /* empty: unknown */
	int32_t line;
};

/* Finds the table in a program. RF_ERR_INPUT when there is none, RF_ERR_VERSION when it is of Go 1.19 or older. */
int rf_pclntab_open(const struct rf_elf *elf, rf_arena *arena, struct rf_pclntab *out, struct rf_error *err);
/* The i-th function; they are sorted by entry. False when the table is damaged there. */
bool rf_pclntab_func(const struct rf_pclntab *table, size_t i, struct rf_pclntab_func *out);
/* The function that holds a pc. */
bool rf_pclntab_find(const struct rf_pclntab *table, uint64_t pc, struct rf_pclntab_func *out);
struct rf_pclntab_place rf_pclntab_place(const struct rf_pclntab *table, const struct rf_pclntab_func *func, uint64_t pc);

#endif
