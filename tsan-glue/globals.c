#include "tsan-glue/globals.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
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

/* Finds the data symbol that holds `address` (as the file has it). */
static bool find_symbol(int fd, const ElfW(Shdr) *symtab, uintptr_t address, ElfW(Sym) *out)
{
	ElfW(Sym) part[SYMBOLS_A_READ];
	uint64_t count = symtab->sh_size / sizeof(*out);
	for (uint64_t i = 0; i < count; i += SYMBOLS_A_READ) {
		uint64_t n = count - i < SYMBOLS_A_READ ? count - i : SYMBOLS_A_READ;
		if (!read_at(fd, part, n * sizeof(*out), symtab->sh_offset + i * sizeof(*out)))
			return false;
		for (uint64_t k = 0; k < n; k++) {
			if (ELF64_ST_TYPE(part[k].st_info) == STT_OBJECT && address >= part[k].st_value &&
			    address - part[k].st_value < part[k].st_size) {
				*out = part[k];
				return true;
			}
		}
	}
	return false;
}

static bool rf_global_find(uintptr_t address, struct rf_global *out)
{
	ElfW(Shdr) symtab, strings;
	ElfW(Sym) symbol;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	bool found = find_symtab(fd, &symtab, &strings) && find_symbol(fd, &symtab, address - bias, &symbol);
	if (found) {
		out->start = symbol.st_value + bias;
		out->size = symbol.st_size;
		ssize_t n = pread(fd, out->name, sizeof(out->name) - 1, (off_t)(strings.sh_offset + symbol.st_name));
		out->name[n > 0 ? n : 0] = 0;
	}
	close(fd);
	return found;
}
