/* A small program with a Go symbol table, made byte by byte: what the unit test and the fuzz target read.
 *
 * One loaded segment at PCLNTAB_BASE holds the whole file: headers, the table at 0x200, the module data at 0x800, code at
 * 0x1000. There are no section headers, so the table has to be found by its magic.
 */
#ifndef RF_TESTS_PCLNTAB_BUILD_H
#define RF_TESTS_PCLNTAB_BUILD_H

#include <elf.h>
#include <stdint.h>
#include <string.h>

#define PCLNTAB_BASE 0x400000u
#define PCLNTAB_AT 0x200u
#define PCLNTAB_MODULE_AT 0x800u
#define PCLNTAB_TEXT_AT 0x1000u
#define PCLNTAB_FILE_BYTES 0x1100u
#define PCLNTAB_TEXT ((uint64_t)PCLNTAB_BASE + PCLNTAB_TEXT_AT)

static inline void pclntab_put(uint8_t *at, uint64_t value, size_t bytes)
{
	memcpy(at, &value, bytes);
}

/* runtime._func at `at` of the functions part. */
static inline void pclntab_put_func(uint8_t *at, uint32_t entry, uint32_t name, uint32_t args, uint32_t file, uint32_t line)
{
	pclntab_put(at, entry, 4);
	pclntab_put(at + 4, name, 4);
	pclntab_put(at + 8, args, 4);
	pclntab_put(at + 20, file, 4);
	pclntab_put(at + 24, line, 4);
	pclntab_put(at + 32, 1, 4); /* its compilation unit begins at index 1 */
	pclntab_put(at + 36, 10, 4);
}

static inline void pclntab_put_table(uint8_t *t)
{
	/* Two pc-value tables: file 0 for 0x80 bytes; line 10 for 0x20 bytes, then line 8 for 0x60. A value starts at -1; a step
	 * is stored as 2n, or -2n-1 below zero. */
	static const uint8_t steps[] = { 0, 2, 0x80, 1, 0, 22, 0x20, 3, 0x60, 0 };
	pclntab_put(t, 0xfffffff1, 4);
	t[6] = 1;
	t[7] = 8;
	pclntab_put(t + 8, 2, 8);
	pclntab_put(t + 16, 1, 8);
	const uint64_t parts[] = { 0x50, 0x90, 0xa0, 0xc0, 0xe0 };
	for (size_t i = 0; i < 5; i++)
		pclntab_put(t + 32 + i * 8, parts[i], 8);
	memcpy(t + 0x50, "\0main.main\0main.(*T).Do[...]", 29);
	pclntab_put(t + 0x90, UINT32_MAX, 4);
	pclntab_put(t + 0x94, 1, 4);
	memcpy(t + 0xa0, "\0/src/main.go", 14);
	memcpy(t + 0xc0, steps, sizeof(steps));
	const uint32_t functions[] = { 0, 0x20, 0x80, 0x60, 0xc0 };
	memcpy(t + 0xe0, functions, sizeof(functions));
	pclntab_put_func(t + 0xe0 + 0x20, 0, 1, 0, 1, 5);
	pclntab_put_func(t + 0xe0 + 0x60, 0x80, 11, 0x80000000u, 0, 0);
}

static inline void pclntab_put_module(uint8_t *m)
{
	const uint64_t table = (uint64_t)PCLNTAB_BASE + PCLNTAB_AT;
	pclntab_put(m, table, 8);
	pclntab_put(m + 8, table + 0x50, 8);
	pclntab_put(m + 104, table + 0xe0, 8);
	pclntab_put(m + 176, PCLNTAB_TEXT, 8);
}

static inline void pclntab_sample(uint8_t file[PCLNTAB_FILE_BYTES])
{
	Elf64_Ehdr head = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT }, .e_type = ET_EXEC,
			    .e_machine = EM_X86_64, .e_version = EV_CURRENT, .e_phoff = sizeof(Elf64_Ehdr),
			    .e_ehsize = sizeof(Elf64_Ehdr), .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 1 };
	Elf64_Phdr segment = { .p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = PCLNTAB_BASE, .p_filesz = PCLNTAB_FILE_BYTES,
			       .p_memsz = PCLNTAB_FILE_BYTES };
	memset(file, 0, PCLNTAB_FILE_BYTES);
	memcpy(file, &head, sizeof(head));
	memcpy(file + sizeof(head), &segment, sizeof(segment));
	pclntab_put_table(file + PCLNTAB_AT);
	pclntab_put_module(file + PCLNTAB_MODULE_AT);
}

#endif
