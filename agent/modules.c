#include "agent/modules.h"

#include "agent/settings.h"
#include "tsan-glue/process.h"
#include "tsan-glue/spool.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#define MODULES_MAX 512u /* of those that stacks are in; further ones are written again and again */

static struct {
	uintptr_t start, end;
} known[MODULES_MAX];
static uint32_t known_count;
static char path_bytes[PATH_MAX];

static void rf_modules_forget(void)
{
	known_count = 0;
}

/* A file's notes; its program headers are in its first page, which is mapped with it. */
static struct rf_spool_ref put_gnu_build_id(const struct dl_find_object *object)
{
	const char *base = object->dlfo_map_start;
	const ElfW(Ehdr) *header = (const void *)base;
	if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_phoff + header->e_phnum * sizeof(ElfW(Phdr)) > RF_PAGE)
		return (struct rf_spool_ref){ 0, 0 };
	uint32_t bytes;
	const char *id = rf_process_note((const void *)(base + header->e_phoff), header->e_phnum, object->dlfo_link_map->l_addr,
					 NT_GNU_BUILD_ID, "GNU", &bytes);
	return rf_spool_put(id, bytes);
}

/* The program itself has no name there. */
static struct rf_spool_ref put_module_path(const char *name)
{
	if (name && *name)
		return rf_spool_put_text(name);
	ssize_t n = readlink("/proc/self/exe", path_bytes, sizeof(path_bytes));
	return rf_spool_put(path_bytes, n > 0 ? (size_t)n : 0);
}

static void rf_module_write(uintptr_t pc)
{
	struct dl_find_object object;
	for (uint32_t i = 0; i < known_count; i++) {
		if (pc >= known[i].start && pc < known[i].end)
			return;
	}
	if (_dl_find_object((void *)pc, &object) != 0)
		return;
	struct rf_spool_module *m = rf_spool_begin(RF_SPOOL_MODULE, sizeof(*m));
	m->start = (uintptr_t)object.dlfo_map_start;
	m->end = (uintptr_t)object.dlfo_map_end;
	m->bias = object.dlfo_link_map->l_addr;
	m->path = put_module_path(object.dlfo_link_map->l_name);
	m->build_id = put_gnu_build_id(&object);
	if (rf_spool_commit() && known_count < MODULES_MAX) {
		known[known_count].start = (uintptr_t)object.dlfo_map_start;
		known[known_count++].end = (uintptr_t)object.dlfo_map_end;
	}
}
