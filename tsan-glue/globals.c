#include "tsan-glue/globals.h"

#include "tsan-glue/dwarf.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SECTIONS_MAX 4096u
#define SYMBOLS_A_READ 128u

static bool read_at(int fd, void *to, size_t bytes, uint64_t offset)
{
	return pread(fd, to, bytes, (off_t)offset) == (ssize_t)bytes;
}

static int first_object_bias(struct dl_phdr_info *info, size_t size, void *context)
{
	(void)size;
	*(uintptr_t *)context = info->dlpi_addr;
	return 1;
}

static uintptr_t bias;

static void rf_globals_init(void)
{
	dl_iterate_phdr(first_object_bias, &bias);
}

static bool find_symtab(int fd, ElfW(Shdr) *symtab, ElfW(Shdr) *strings)
{
	ElfW(Ehdr) header;
	if (!read_at(fd, &header, sizeof(header), 0) || header.e_shentsize != sizeof(*symtab))
		return false;
	for (uint32_t i = 0; i < header.e_shnum && i < SECTIONS_MAX; i++) {
		if (!read_at(fd, symtab, sizeof(*symtab), header.e_shoff + i * sizeof(*symtab)))
			return false;
		if (symtab->sh_type == SHT_SYMTAB && symtab->sh_link < header.e_shnum)
			return read_at(fd, strings, sizeof(*strings),
				       header.e_shoff + symtab->sh_link * sizeof(*strings));
	}
	return false;
}

/* Finds the symbol of that type that holds `address` (as the file has it). */
static bool find_symbol(int fd, const ElfW(Shdr) *symtab, int type, uintptr_t address, ElfW(Sym) *out)
{
	ElfW(Sym) part[SYMBOLS_A_READ];
	uint64_t count = symtab->sh_size / sizeof(*out);
	for (uint64_t i = 0; i < count; i += SYMBOLS_A_READ) {
		uint64_t n = count - i < SYMBOLS_A_READ ? count - i : SYMBOLS_A_READ;
		if (!read_at(fd, part, n * sizeof(*out), symtab->sh_offset + i * sizeof(*out)))
			return false;
		for (uint64_t k = 0; k < n; k++) {
			if (ELF64_ST_TYPE(part[k].st_info) == type && address >= part[k].st_value &&
			    address - part[k].st_value < part[k].st_size) {
				*out = part[k];
				return true;
			}
		}
	}
	return false;
}

static bool find_in_file(const char *path, int type, uintptr_t address, struct rf_global *out)
{
	ElfW(Shdr) symtab, strings;
	ElfW(Sym) symbol;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	bool found = find_symtab(fd, &symtab, &strings) && find_symbol(fd, &symtab, type, address, &symbol);
	if (found) {
		out->start = symbol.st_value;
		out->size = symbol.st_size;
		ssize_t n = pread(fd, out->name, sizeof(out->name) - 1, (off_t)(strings.sh_offset + symbol.st_name));
		out->name[n > 0 ? n : 0] = 0;
	}
	close(fd);
	return found;
}

static bool rf_global_find(uintptr_t address, struct rf_global *out)
{
	bool found = find_in_file("/proc/self/exe", STT_OBJECT, address - bias, out);
	if (found)
		out->start += bias;
	return found;
}

#if RF_CGO
static bool rf_function_find(const char *path, uintptr_t address, struct rf_global *out)
{
	return find_in_file(path, STT_FUNC, address, out);
}
#endif

/* --- types ------------------------------------------------------------------------------------------------------- */

/* A section of the mapped file by name; NULL: there is none to read. */
static const uint8_t *section_of(const uint8_t *file, size_t bytes, const char *name, size_t *section_bytes)
{
	const ElfW(Ehdr) *header = (const void *)file;
	const ElfW(Shdr) *sections = (const void *)(file + header->e_shoff);
	if (bytes < sizeof(*header) || header->e_shentsize != sizeof(*sections) || header->e_shoff % 8 ||
	    header->e_shoff > bytes || header->e_shnum > (bytes - header->e_shoff) / sizeof(*sections) ||
	    header->e_shstrndx >= header->e_shnum)
		return NULL;
	const ElfW(Shdr) *names = &sections[header->e_shstrndx];
	for (uint32_t i = 1; i < header->e_shnum; i++) {
		const ElfW(Shdr) *s = &sections[i];
		uint64_t at = names->sh_offset + s->sh_name;
		if (at > bytes || bytes - at <= strlen(name) || memcmp(file + at, name, strlen(name) + 1) != 0)
			continue;
		bool fits = s->sh_type == SHT_PROGBITS && s->sh_offset <= bytes && s->sh_size <= bytes - s->sh_offset;
		*section_bytes = s->sh_size;
		return fits && !(s->sh_flags & SHF_COMPRESSED) && s->sh_size <= RF_DWARF_BYTES_MAX ? file + s->sh_offset : NULL;
	}
	return NULL;
}

/* The program runs from that file as well: it is as safe to read as our own code. */
static bool dwarf_open(struct rf_dwarf *out)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	off_t bytes = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	void *file = bytes > 0 ? mmap(NULL, (size_t)bytes, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
	if (fd >= 0)
		close(fd);
	if (file == MAP_FAILED)
		return false;
	out->info = section_of(file, (size_t)bytes, ".debug_info", &out->info_bytes);
	out->abbrevs = section_of(file, (size_t)bytes, ".debug_abbrev", &out->abbrev_bytes);
	if (out->info && out->abbrevs)
		return true;
	munmap(file, (size_t)bytes);
	return false;
}

/* Once to count them, once to keep them. */
static bool variables_list(const struct rf_dwarf *dwarf, struct rf_dwarf_list *out)
{
	rf_dwarf_variables(dwarf, out);
	size_t bytes = out->count * sizeof(*out->rows);
	void *rows = bytes ? mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) : MAP_FAILED;
	if (rows == MAP_FAILED)
		return false;
	*out = (struct rf_dwarf_list){ .rows = rows, .count_max = out->count };
	rf_dwarf_variables(dwarf, out);
	return true;
}

static void rf_global_type(struct rf_type_query *q)
{
	static struct rf_dwarf dwarf;
	static struct rf_dwarf_list list;
	static bool asked, open;
	if (!asked)
		open = dwarf_open(&dwarf) && variables_list(&dwarf, &list);
	asked = true;
	uintptr_t address = q->address - bias;
	const struct rf_dwarf_variable *v = open ? rf_dwarf_nearest(&list, address) : NULL;
	if (v)
		rf_dwarf_type(&dwarf, v, address - v->start, q);
}
