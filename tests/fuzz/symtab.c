/* A program's symbol table. Whatever the bytes: functions are found where they say they are, and nothing is read outside. */
#include "fuzz.h"

#include "symtab/pclntab.h"

#define FUNCTIONS_MAX 200 /* enough to see every kind; a damaged count may say millions */

static void ask(const struct rf_pclntab *table, size_t i)
{
	struct rf_pclntab_func func, found;
	if (!rf_pclntab_func(table, i, &func))
		return;
	struct rf_pclntab_place place = rf_pclntab_place(table, &func, func.entry);
	MUST(place.line >= 0);
	MUST(place.file.len > 0 || place.line == 0);
	MUST(func.args_bytes >= RF_PCLNTAB_ARGS_UNKNOWN);
	if (rf_pclntab_find(table, func.entry, &found))
		MUST(found.entry <= func.entry && func.entry < found.end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rf_elf elf;
	struct rf_pclntab table;
	struct rf_error err = { 0 };
	rf_arena arena;
	rf_arena_init(&arena, 64 << 20);
	int rc = rf_elf_parse((rf_str){ (const char *)data, size }, &arena, &elf, &err);
	if (rc == 0)
		rc = rf_pclntab_open(&elf, &arena, &table, &err);
	if (rc)
		must_say(rc, &err);
	for (size_t i = 0; rc == 0 && i < table.func_count && i < FUNCTIONS_MAX; i++)
		ask(&table, i);
	rf_arena_release(&arena);
	return 0;
}
