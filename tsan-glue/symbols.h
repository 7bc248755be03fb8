/* Symbols on demand: each code address that a report needs becomes one SYMBOL record, once. Wants the lock, and must
 * not be called while another record is being built. */
#ifndef RF_SYMBOLS_H
#define RF_SYMBOLS_H

#include "tsan-glue/runtime_abi.h"

#include <stdbool.h>

#define RF_SYMBOLS_MAX (1u << 16) /* remembered; 1 MiB. Beyond that a symbol is written again where it is used */

struct rf_symbol {
	uintptr_t pc;
	const char *function, *file; /* may be NULL */
	uint32_t line, offset;
};

/* ThreadSanitizer's own question to Go's runtime (tsan_go.cpp, SymbolizeCodeContext; race.go, raceSymbolizeCode). */
struct symbolize_code {
	uintptr_t pc;
	const char *function, *file;
	uintptr_t line, offset, result;
};
#define COMMAND_SYMBOLIZE_CODE 1u

static void rf_symbols_init(void (*callback)(uintptr_t command, void *context));
/* The symbol's id; 0 when it could not be written. */
static uint32_t rf_symbol_id(const struct rf_symbol *symbol);
/* The same for a bare address, which Go's runtime names: a function's entry, or a return address. */
static uint32_t rf_symbol_id_of_pc(uintptr_t pc);

#endif
