#include "symtab/object.h"

#include "symtab/pclntab.h"
#include "symtab/scopes.h"
#include "symtab/units.h"

#include <elfutils/libdwelf.h>
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES_MAX ((off_t)8 << 30) /* a browser with its debug information has two */

struct rf_object {
	Dwfl *dwfl;
	Dwfl_Module *module;
	Dwarf_Addr bias;       /* from the file's addresses to libdwfl's */
	struct rf_units units; /* made with the first question */
	Dwarf_Addr debug_bias;
	bool looked, has_go;
	rf_arena memory;       /* of the table of Go */
	struct rf_pclntab go;
};

static bool touched_since(const struct stat *st, uint64_t unix_ns)
{
	uint64_t modified = (uint64_t)st->st_mtim.tv_sec * 1000000000u + (uint64_t)st->st_mtim.tv_nsec;
	uint64_t changed = (uint64_t)st->st_ctim.tv_sec * 1000000000u + (uint64_t)st->st_ctim.tv_nsec;
	return modified > unix_ns || changed > unix_ns;
}

/* Looked at before it is opened: the path is whatever a spool says, and opening a device can do things. */
static int open_file(const char *path, struct stat *st)
{
	if (stat(path, st) != 0 || !S_ISREG(st->st_mode))
		return -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd >= 0 && (fstat(fd, st) != 0 || !S_ISREG(st->st_mode) || st->st_size > FILE_BYTES_MAX)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* --- debug information in a file of its own --------------------------------------------------------------------- */

#define PATH_BYTES 4096u

/* The file, if it has the module's build ID; -1. */
static int open_twin(Dwfl_Module *module, const char *path)
{
	const unsigned char *bits = NULL;
	const void *found = NULL;
	GElf_Addr place;
	struct stat st;
	int wanted = dwfl_module_build_id(module, &bits, &place), fd = open_file(path, &st);
	Elf *elf = fd >= 0 ? elf_begin(fd, ELF_C_READ_MMAP_PRIVATE, NULL) : NULL;
	ssize_t n = elf ? dwelf_elf_gnu_build_id(elf, &found) : -1;
	bool same = n > 0 && n == wanted && memcmp(found, bits, (size_t)n) == 0;
	elf_end(elf);
	if (fd >= 0 && !same)
		close(fd);
	return same ? fd : -1;
}

/* In place of libdwfl's own search, which asks servers: by the build ID below /usr/lib/debug, then by the name that the file gives, in
 * its directory, in .debug there, and in the same directory below /usr/lib/debug. */
static int find_debug_file(Dwfl_Module *module, void **user, const char *name, Dwarf_Addr base, const char *file, const char *link,
			   GElf_Word crc, char **path)
{
	static const char *const places[] = { "%.*s/%s", "%.*s/.debug/%s", "/usr/lib/debug%.*s/%s" };
	char at[PATH_BYTES];
	int fd = dwfl_build_id_find_debuginfo(module, user, name, base, file, link, crc, path);
	const char *slash = file ? strrchr(file, '/') : NULL;
	for (size_t i = 0; fd < 0 && slash && link && !strchr(link, '/') && i < sizeof(places) / sizeof(places[0]); i++) {
		int n = snprintf(at, sizeof(at), places[i], (int)(slash - file), file, link);
		fd = n > 0 && (size_t)n < sizeof(at) ? open_twin(module, at) : -1;
	}
	if (fd >= 0 && !*path)
		*path = strdup(at);
	return fd;
}

/* --- the file itself ---------------------------------------------------------------------------------------------- */

static bool is_the_file(Dwfl_Module *module, rf_str build_id, const struct stat *st, uint64_t since_unix_ns)
{
	const unsigned char *bits = NULL;
	GElf_Addr place;
	int n = dwfl_module_build_id(module, &bits, &place);
	rf_str found = { (const char *)bits, n > 0 ? (size_t)n : 0 };
	return rf_str_eq(found, build_id) && (build_id.len || !touched_since(st, since_unix_ns));
}

struct rf_object *rf_object_open(const char *path, rf_str build_id, uint64_t since_unix_ns)
{
	static const Dwfl_Callbacks callbacks = { .find_debuginfo = find_debug_file };
	struct stat st;
	struct rf_object *o = calloc(1, sizeof(*o));
	int fd = o ? open_file(path, &st) : -1;
	o = o && fd < 0 ? (free(o), NULL) : o;
	if (!o)
		return NULL;
	rf_arena_init(&o->memory, 0);
	o->dwfl = dwfl_begin(&callbacks);
	if (o->dwfl)
		o->module = dwfl_report_elf(o->dwfl, path, path, fd, 0, true);
	if (!o->module) {
		close(fd);
	} else if (dwfl_report_end(o->dwfl, NULL, NULL) == 0 && dwfl_module_getelf(o->module, &o->bias) &&
		   is_the_file(o->module, build_id, &st, since_unix_ns)) {
		return o;
	}
	rf_object_close(o);
	return NULL;
}

void rf_object_close(struct rf_object *o)
{
	if (!o)
		return;
	rf_units_release(&o->units);
	dwfl_end(o->dwfl);
	rf_arena_release(&o->memory);
	free(o);
}

static void look(struct rf_object *o)
{
	struct rf_elf elf;
	struct rf_error ignored;
	GElf_Addr bias;
	size_t size = 0;
	o->looked = true;
	rf_units_init(&o->units, dwfl_module_getdwarf(o->module, &o->debug_bias));
	const char *bytes = elf_rawfile(dwfl_module_getelf(o->module, &bias), &size);
	o->has_go = bytes && rf_elf_parse((rf_str){ bytes, size }, &o->memory, &elf, &ignored) == 0 &&
		    rf_pclntab_open(&elf, &o->memory, &o->go, &ignored) == 0;
}

/* Without the version of a symbol ("@@GLIBC_2.34"), and without what gcc and clang call parts and copies of a function, which come and
 * go with theirs. */
static rf_str without_part(rf_str name)
{
	ptrdiff_t version = rf_str_find(name, '@');
	if (version > 0 && rf_str_find(name, '/') < 0) /* an import path of Go may have one, too */
		name = rf_str_take(name, (size_t)version);
	static const char *const parts[] = { ".part.", ".constprop.", ".isra.", ".cold", ".lto_priv.", ".llvm." };
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		ptrdiff_t at = rf_str_find_str(name, rf_str_from(parts[i]));
		if (at > 0)
			name = rf_str_take(name, (size_t)at);
	}
	return name;
}

/* The symbol that holds the address; where a stripped file has none, libdwfl offers its neighbour, which is none of ours. */
static rf_str symbol_at(const struct rf_object *o, uint64_t address, rf_arena *arena)
{
	GElf_Off offset;
	GElf_Sym symbol;
	const char *name = dwfl_module_addrinfo(o->module, address + o->bias, &offset, &symbol, NULL, NULL, NULL);
	bool code = name && (GELF_ST_TYPE(symbol.st_info) == STT_FUNC || GELF_ST_TYPE(symbol.st_info) == STT_GNU_IFUNC ||
			     GELF_ST_TYPE(symbol.st_info) == STT_NOTYPE);
	return code && offset < symbol.st_size ? rf_arena_dup(arena, without_part(rf_str_from(name))) : RF_STR("");
}

static uint32_t frames_of_go(const struct rf_object *o, uint64_t address, rf_arena *arena, struct rf_frame *frame)
{
	struct rf_pclntab_func func;
	if (!o->has_go || !rf_pclntab_find(&o->go, address, &func))
		return 0;
	struct rf_pclntab_place place = rf_pclntab_place(&o->go, &func, address);
	*frame = (struct rf_frame){ .function = rf_arena_dup(arena, func.name), .file = rf_arena_dup(arena, place.file),
				    .line = place.line > 0 ? (uint32_t)place.line : 0 };
	return 1;
}

uint32_t rf_object_frames(struct rf_object *o, uint64_t address, bool plain, rf_arena *arena, struct rf_frame frames[RF_OBJECT_FRAMES_MAX])
{
	Dwarf_Die unit;
	uint32_t count = 0;
	frames[0] = (struct rf_frame){ .function = RF_STR(""), .file = RF_STR("") };
	if (!o->looked && !plain)
		look(o);
	if (!plain && rf_units_find(&o->units, address + o->bias - o->debug_bias, &unit))
		count = rf_scopes_frames(&o->units, &unit, address + o->bias - o->debug_bias, arena, frames, RF_OBJECT_FRAMES_MAX);
	if (!plain && count == 0)
		count = frames_of_go(o, address, arena, &frames[0]);
	if (count && frames[count - 1].function.len)
		return count;
	frames[0].function = symbol_at(o, address, arena); /* keeps the place, of code that is written in assembly */
	return frames[0].function.len ? 1 : 0;
}
