#include "unit.h"

#include "symtab/pclntab.h"
#include "tests/unit/pclntab_build.h"

static rf_arena arena;
static uint8_t file[PCLNTAB_FILE_BYTES];

static int setup(void **state)
{
	(void)state;
	rf_arena_init(&arena, 0);
	pclntab_sample(file);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rf_arena_release(&arena);
	return 0;
}

static int open_bytes(const uint8_t *bytes, size_t len, rf_arena *memory, struct rf_pclntab *table, struct rf_error *err)
{
	struct rf_elf elf;
	int rc = rf_elf_parse((rf_str){ (const char *)bytes, len }, memory, &elf, err);
	return rc ? rc : rf_pclntab_open(&elf, memory, table, err);
}

static void open_sample(struct rf_pclntab *table)
{
	struct rf_error err;
	if (open_bytes(file, sizeof(file), &arena, table, &err) != 0)
		fail_msg("%s", err.text);
}

static void test_functions(void **state)
{
	struct rf_pclntab table;
	struct rf_pclntab_func func;
	(void)state;
	open_sample(&table);
	assert_int_equal(table.func_count, 2);
	assert_true(rf_pclntab_func(&table, 0, &func));
	assert_str(func.name, "main.main");
	assert_int_equal(func.entry, PCLNTAB_TEXT);
	assert_int_equal(func.end, PCLNTAB_TEXT + 0x80);
	assert_int_equal(func.args_bytes, 0);
	assert_int_equal(func.start_line, 10);
	assert_true(rf_pclntab_func(&table, 1, &func));
	assert_str(func.name, "main.(*T).Do[...]");
	assert_int_equal(func.args_bytes, RF_PCLNTAB_ARGS_UNKNOWN);
	assert_false(rf_pclntab_func(&table, 2, &func));
}

static void test_find(void **state)
{
	struct rf_pclntab table;
	struct rf_pclntab_func func;
	(void)state;
	open_sample(&table);
	assert_false(rf_pclntab_find(&table, PCLNTAB_TEXT - 1, &func));
	assert_true(rf_pclntab_find(&table, PCLNTAB_TEXT, &func));
	assert_str(func.name, "main.main");
	assert_true(rf_pclntab_find(&table, PCLNTAB_TEXT + 0x7f, &func));
	assert_str(func.name, "main.main");
	assert_true(rf_pclntab_find(&table, PCLNTAB_TEXT + 0x80, &func));
	assert_str(func.name, "main.(*T).Do[...]");
	assert_false(rf_pclntab_find(&table, PCLNTAB_TEXT + 0xc0, &func));
	assert_false(rf_pclntab_find(&table, 0, &func));
	assert_false(rf_pclntab_find(&table, UINT64_MAX, &func));
}

static void test_place(void **state)
{
	struct rf_pclntab table;
	struct rf_pclntab_func func;
	(void)state;
	open_sample(&table);
	assert_true(rf_pclntab_func(&table, 0, &func));
	assert_str(rf_pclntab_place(&table, &func, func.entry).file, "/src/main.go");
	assert_int_equal(rf_pclntab_place(&table, &func, func.entry).line, 10);
	assert_int_equal(rf_pclntab_place(&table, &func, func.entry + 0x1f).line, 10);
	assert_int_equal(rf_pclntab_place(&table, &func, func.entry + 0x20).line, 8);
	assert_str(rf_pclntab_place(&table, &func, func.entry + 0x80).file, "");
	/* A function without tables. */
	assert_true(rf_pclntab_func(&table, 1, &func));
	assert_str(rf_pclntab_place(&table, &func, func.entry).file, "");
}

static void test_refused(void **state)
{
	uint8_t changed[PCLNTAB_FILE_BYTES];
	struct rf_pclntab table;
	struct rf_error err;
	(void)state;
	assert_int_equal(open_bytes((const uint8_t *)"#!/bin/sh\n", 10, &arena, &table, &err), RF_ERR_INPUT);
	assert_says(err, "not an ELF file");
	memcpy(changed, file, sizeof(file));
	changed[PCLNTAB_AT] = 0xf2;
	assert_int_equal(open_bytes(changed, sizeof(changed), &arena, &table, &err), RF_ERR_INPUT);
	assert_says(err, "no Go symbol table");
	memcpy(changed, file, sizeof(file));
	changed[PCLNTAB_MODULE_AT + 8] ^= 1;
	assert_int_equal(open_bytes(changed, sizeof(changed), &arena, &table, &err), RF_ERR_INPUT);
	assert_says(err, "module data");
	changed[EI_CLASS] = ELFCLASS32;
	assert_int_equal(open_bytes(changed, sizeof(changed), &arena, &table, &err), RF_ERR_INPUT);
	assert_says(err, "64-bit");
}

/* Asks everything of a table that may be damaged. */
static void ask_all(const struct rf_pclntab *table)
{
	struct rf_pclntab_func func;
	for (size_t i = 0; i < table->func_count; i++) {
		if (!rf_pclntab_func(table, i, &func))
			continue;
		rf_pclntab_place(table, &func, func.entry);
		rf_pclntab_place(table, &func, func.end - 1);
		rf_pclntab_find(table, func.entry, &func);
	}
}

/* Any byte may be wrong, the file may end anywhere: never a read outside of it (the sanitizers watch). */
static void test_damaged(void **state)
{
	uint32_t random = 99;
	unsigned opened = 0;
	rf_arena own;
	(void)state;
	rf_arena_init(&own, 0);
	for (unsigned round = 0; round < 20000; round++) {
		struct rf_pclntab table;
		struct rf_error err;
		size_t len = round % 5 == 0 ? round % PCLNTAB_FILE_BYTES : PCLNTAB_FILE_BYTES;
		uint8_t *exact = malloc(len ? len : 1);
		memcpy(exact, file, len);
		for (unsigned i = 0; i < 1 + round % 3 && len > 0x140; i++) {
			random = random * 1664525 + 1013904223;
			/* Where the content is: headers and table. */
			size_t at = random & 0x80000000 ? (random >> 8) % 120 : PCLNTAB_AT + (random >> 8) % 0x160;
			if (at < len)
				exact[at] = (uint8_t)(random >> 3);
		}
		if (open_bytes(exact, len, &own, &table, &err) == 0) {
			opened++;
			ask_all(&table);
		}
		rf_arena_reset(&own);
		free(exact);
	}
	rf_arena_release(&own);
	assert_true(opened > 2000 && opened < 20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_functions), cmocka_unit_test(test_find),	  cmocka_unit_test(test_place),
		cmocka_unit_test(test_refused),	  cmocka_unit_test(test_damaged),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
