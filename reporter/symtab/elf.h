/* ELF files, 64-bit little-endian: sections, loaded segments, symbols and relocations, all bounds-checked.
 *
 * rf_elf_parse reads a file that the caller holds in memory (rf_file_read, mmap); everything it returns points into that
 * memory or into the arena. No byte of the file is trusted: an offset, size, index or name that leaves the file is
 * RF_ERR_INPUT. Relocatable objects, executables (PIE or not) and shared objects are read alike. Not read: 32-bit and
 * big-endian files, compressed sections.
 */
#ifndef RF_SYMTAB_ELF_H
#define RF_SYMTAB_ELF_H

#include <elf.h>

#include "base/arena.h"
#include "base/error.h"

struct rf_elf_section {
	rf_str name;
	uint32_t type, link, info;
	uint64_t flags, address, size, alignment, entry_bytes;
	rf_str bytes; /* empty for SHT_NOBITS and SHT_NULL */
};

struct rf_elf_segment {
	uint32_t flags; /* PF_* */
	uint64_t address, memory_bytes;
	rf_str bytes;
};

struct rf_elf {
	rf_str file;
	uint16_t type, machine; /* ET_*, EM_* */
	size_t section_count, segment_count; /* segments: PT_LOAD only */
	struct rf_elf_section *sections;
	struct rf_elf_segment *segments;
};

struct rf_elf_symbol {
	rf_str name;
	uint64_t value, size;
	uint8_t binding, type, visibility; /* STB_*, STT_*, STV_* */
	uint32_t section;                  /* index, or SHN_UNDEF, SHN_ABS, SHN_COMMON; SHN_XINDEX is refused */
};

struct rf_elf_reloc {
	uint64_t offset;
	uint32_t type, symbol;
	int64_t addend;
};

int rf_elf_parse(rf_str file, rf_arena *arena, struct rf_elf *out, struct rf_error *err);
/* The first section of that name, or NULL. */
const struct rf_elf_section *rf_elf_section_named(const struct rf_elf *elf, const char *name);
/* The first section of that type, or NULL. */
const struct rf_elf_section *rf_elf_section_typed(const struct rf_elf *elf, uint32_t type);
/* The file's bytes at a run-time address, up to the end of its segment; empty when nothing is loaded there. */
rf_str rf_elf_at(const struct rf_elf *elf, uint64_t address);
/* Symbols of a SHT_SYMTAB or SHT_DYNSYM section. */
int rf_elf_symbols(const struct rf_elf *elf, const struct rf_elf_section *section, rf_arena *arena,
		   struct rf_elf_symbol **symbols, size_t *count, struct rf_error *err);
/* Relocations of a SHT_RELA section. */
int rf_elf_relocs(const struct rf_elf_section *section, rf_arena *arena, struct rf_elf_reloc **relocs, size_t *count,
		  struct rf_error *err);

#endif
