/* Names of global variables: looked up in the symbol table of the program's own file (/proc/self/exe), when a report
 * needs one. A stripped file (which `go test` makes unless told -ldflags=-s=false) has none. Reads with pread into small
 * buffers; about a millisecond for 100 000 symbols. Any thread, no lock of its own. */
#ifndef RF_GLOBALS_H
#define RF_GLOBALS_H

#include "tsan-glue/runtime_abi.h"

#include <stdbool.h>

#define RF_GLOBAL_NAME_BYTES_MAX 512u /* longer names are cut */

struct rf_global {
	uintptr_t start, size;
	char name[RF_GLOBAL_NAME_BYTES_MAX];
};

/* Learns where the program is loaded: at start, since the dynamic loader's lock may be held by a thread that waits for
 * us later on. */
static void rf_globals_init(void);
static bool rf_global_find(uintptr_t address, struct rf_global *out);
#if RF_CGO
/* The function of an ELF file that holds an address, as the file has it. */
static bool rf_function_find(const char *path, uintptr_t address, struct rf_global *out);
#endif
/* Answers kind, type and path (fields and indexes behind the variable's name) where the file has DWARF that can be read.
 * Wants the glue's lock. The file stays mapped. */
static void rf_global_type(struct rf_type_query *q);

#endif
