#include "symtab/elf.h"

#include <string.h>

/* The part [offset, offset + size) of the file; false when it isn't wholly inside. */
static bool slice(rf_str file, uint64_t offset, uint64_t size, rf_str *out)
{
	if (offset > file.len || size > file.len - offset)
		return false;
	*out = (rf_str){ file.ptr + offset, (size_t)size };
	return true;
}

/* The NUL-terminated name at `offset` of a string table. */
static bool table_name(rf_str table, uint64_t offset, rf_str *out)
{
	if (offset >= table.len) {
		*out = RF_STR("");
		return offset == 0;
	}
	rf_str rest = rf_str_skip(table, (size_t)offset);
	ptrdiff_t end = rf_str_find(rest, '\0');
	if (end < 0)
		return false;
	*out = rf_str_take(rest, (size_t)end);
	return true;
}

static int read_section(rf_str file, const Elf64_Shdr *header, struct rf_elf_section *out, struct rf_error *err)
{
	*out = (struct rf_elf_section){ .name = RF_STR(""), .bytes = RF_STR("") };
	out->type = header->sh_type;
	out->link = header->sh_link;
	out->info = header->sh_info;
	out->flags = header->sh_flags;
	out->address = header->sh_addr;
	out->size = header->sh_size;
	out->alignment = header->sh_addralign;
	out->entry_bytes = header->sh_entsize;
	if (header->sh_type == SHT_NULL || header->sh_type == SHT_NOBITS)
		return 0;
	if (!slice(file, header->sh_offset, header->sh_size, &out->bytes))
		return rf_fail(err, RF_ERR_INPUT, "a section of the ELF file lies outside the file; it is cut or damaged");
	return 0;
}

/* Section 0 holds the counts that don't fit the file header (more than 65279 sections). */
static int section_headers(rf_str file, const Elf64_Ehdr *head, rf_str *headers, uint32_t *names_index,
			   struct rf_error *err)
{
	Elf64_Shdr first;
	rf_str first_bytes;
	uint64_t count = head->e_shnum, size;
	*names_index = head->e_shstrndx;
	*headers = RF_STR("");
	if (head->e_shoff == 0)
		return 0;
	if (head->e_shentsize != sizeof(Elf64_Shdr) || !slice(file, head->e_shoff, sizeof(first), &first_bytes))
		return rf_fail(err, RF_ERR_INPUT, "the ELF file's section headers lie outside the file; it is cut or damaged");
	memcpy(&first, first_bytes.ptr, sizeof(first));
	if (count == 0)
		count = first.sh_size;
	if (*names_index == SHN_XINDEX)
		*names_index = first.sh_link;
	if (__builtin_mul_overflow(count, sizeof(Elf64_Shdr), &size) || !slice(file, head->e_shoff, size, headers))
		return rf_fail(err, RF_ERR_INPUT, "the ELF file's section headers lie outside the file; it is cut or damaged");
	return 0;
}

static int read_sections(const Elf64_Ehdr *head, rf_arena *arena, struct rf_elf *out, struct rf_error *err)
{
	rf_str headers;
	uint32_t names_index;
	int rc = section_headers(out->file, head, &headers, &names_index, err);
	if (rc)
		return rc;
	size_t count = headers.len / sizeof(Elf64_Shdr);
	out->sections = rf_arena_array(arena, count, sizeof(*out->sections));
	if (!out->sections)
		return rf_fail(err, RF_ERR_MEMORY, "not enough memory for %zu ELF sections", count);
	out->section_count = count;
	for (size_t i = 0; i < count; i++) {
		Elf64_Shdr header;
		memcpy(&header, headers.ptr + i * sizeof(header), sizeof(header));
		rc = read_section(out->file, &header, &out->sections[i], err);
		if (rc)
			return rc;
	}
	for (size_t i = 0; i < count && names_index < count; i++) {
		Elf64_Shdr header;
		memcpy(&header, headers.ptr + i * sizeof(header), sizeof(header));
		if (!table_name(out->sections[names_index].bytes, header.sh_name, &out->sections[i].name))
			return rf_fail(err, RF_ERR_INPUT, "section %zu of the ELF file has no valid name; it is damaged", i);
	}
	return 0;
}

static int read_segments(const Elf64_Ehdr *head, rf_arena *arena, struct rf_elf *out, struct rf_error *err)
{
	rf_str headers;
	if (head->e_phnum == 0)
		return 0;
	if (head->e_phentsize != sizeof(Elf64_Phdr) ||
	    !slice(out->file, head->e_phoff, (uint64_t)head->e_phnum * sizeof(Elf64_Phdr), &headers))
		return rf_fail(err, RF_ERR_INPUT, "the ELF file's program headers lie outside the file; it is cut or damaged");
	out->segments = rf_arena_array(arena, head->e_phnum, sizeof(*out->segments));
	if (!out->segments)
		return rf_fail(err, RF_ERR_MEMORY, "not enough memory for %u ELF segments", head->e_phnum);
	for (size_t i = 0; i < head->e_phnum; i++) {
		Elf64_Phdr header;
		memcpy(&header, headers.ptr + i * sizeof(header), sizeof(header));
		if (header.p_type != PT_LOAD)
			continue;
		struct rf_elf_segment *segment = &out->segments[out->segment_count++];
		segment->flags = header.p_flags;
		segment->address = header.p_vaddr;
		segment->memory_bytes = header.p_memsz;
		if (!slice(out->file, header.p_offset, header.p_filesz, &segment->bytes))
			return rf_fail(err, RF_ERR_INPUT, "a segment of the ELF file lies outside the file; it is cut or damaged");
	}
	return 0;
}

int rf_elf_parse(rf_str file, rf_arena *arena, struct rf_elf *out, struct rf_error *err)
{
	Elf64_Ehdr head;
	*out = (struct rf_elf){ .file = file };
	if (file.len < sizeof(head) || memcmp(file.ptr, ELFMAG, SELFMAG) != 0)
		return rf_fail(err, RF_ERR_INPUT, "not an ELF file; give a program built by Go for Linux");
	memcpy(&head, file.ptr, sizeof(head));
	if (head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_ident[EI_DATA] != ELFDATA2LSB)
		return rf_fail(err, RF_ERR_INPUT, "the ELF file isn't 64-bit little-endian; only those are read");
	out->type = head.e_type;
	out->machine = head.e_machine;
	int rc = read_sections(&head, arena, out, err);
	return rc ? rc : read_segments(&head, arena, out, err);
}

const struct rf_elf_section *rf_elf_section_named(const struct rf_elf *elf, const char *name)
{
	for (size_t i = 0; i < elf->section_count; i++) {
		if (rf_str_eq_cstr(elf->sections[i].name, name))
			return &elf->sections[i];
	}
	return NULL;
}

const struct rf_elf_section *rf_elf_section_typed(const struct rf_elf *elf, uint32_t type)
{
	for (size_t i = 0; i < elf->section_count; i++) {
		if (elf->sections[i].type == type)
			return &elf->sections[i];
	}
	return NULL;
}

rf_str rf_elf_at(const struct rf_elf *elf, uint64_t address)
{
	for (size_t i = 0; i < elf->segment_count; i++) {
		const struct rf_elf_segment *s = &elf->segments[i];
		if (address >= s->address && address - s->address < s->bytes.len)
			return rf_str_skip(s->bytes, (size_t)(address - s->address));
	}
	return RF_STR("");
}

int rf_elf_symbols(const struct rf_elf *elf, const struct rf_elf_section *section, rf_arena *arena,
		   struct rf_elf_symbol **symbols, size_t *count, struct rf_error *err)
{
	rf_str names = section->link < elf->section_count ? elf->sections[section->link].bytes : RF_STR("");
	*count = section->bytes.len / sizeof(Elf64_Sym);
	*symbols = rf_arena_array(arena, *count, sizeof(**symbols));
	if (!*symbols)
		return rf_fail(err, RF_ERR_MEMORY, "not enough memory for %zu ELF symbols", *count);
	for (size_t i = 0; i < *count; i++) {
		struct rf_elf_symbol *out = &(*symbols)[i];
		Elf64_Sym in;
		memcpy(&in, section->bytes.ptr + i * sizeof(in), sizeof(in));
		out->value = in.st_value;
		out->size = in.st_size;
		out->binding = ELF64_ST_BIND(in.st_info);
		out->type = ELF64_ST_TYPE(in.st_info);
		out->visibility = ELF64_ST_VISIBILITY(in.st_other);
		out->section = in.st_shndx;
		if (!table_name(names, in.st_name, &out->name))
			return rf_fail(err, RF_ERR_INPUT, "symbol %zu of the ELF file has no valid name; it is damaged", i);
		if (in.st_shndx < SHN_LORESERVE ? in.st_shndx >= elf->section_count
						: in.st_shndx != SHN_ABS && in.st_shndx != SHN_COMMON)
			return rf_fail(err, RF_ERR_INPUT, "symbol %zu of the ELF file lies in section %u, which isn't there", i,
				       in.st_shndx);
	}
	return 0;
}

int rf_elf_relocs(const struct rf_elf_section *section, rf_arena *arena, struct rf_elf_reloc **relocs, size_t *count,
		  struct rf_error *err)
{
	*count = section->bytes.len / sizeof(Elf64_Rela);
	*relocs = rf_arena_array(arena, *count, sizeof(**relocs));
	if (!*relocs)
		return rf_fail(err, RF_ERR_MEMORY, "not enough memory for %zu ELF relocations", *count);
	for (size_t i = 0; i < *count; i++) {
		Elf64_Rela in;
		memcpy(&in, section->bytes.ptr + i * sizeof(in), sizeof(in));
		(*relocs)[i] = (struct rf_elf_reloc){ .offset = in.r_offset, .type = (uint32_t)ELF64_R_TYPE(in.r_info),
						      .symbol = (uint32_t)ELF64_R_SYM(in.r_info), .addend = in.r_addend };
	}
	return 0;
}
