/* A small library of C, compiled with debug information and loaded, whose functions say from where they were called.
 *
 *	native_make(&n, directory) -> n.inlined and so on -> native_release(&n)
 */
#ifndef RF_TESTS_NATIVE_BUILD_H
#define RF_TESTS_NATIVE_BUILD_H

#include "directory.h"

#include <dlfcn.h>
#include <link.h>

static const char native_source[] =
	"__attribute__((noinline)) char *here(void) { return (char *)__builtin_return_address(0) - 1; }\n"
	"static inline __attribute__((always_inline)) char *innermost(void)\n"
	"{\n"
	"	return here();\n" /* line 4 */
	"}\n"
	"static inline __attribute__((always_inline)) char *inner(void)\n"
	"{\n"
	"	char *p = innermost();\n" /* line 8 */
	"	__asm__ volatile(\"\" ::: \"memory\");\n"
	"	return p;\n"
	"}\n"
	"char *outer(void)\n"
	"{\n"
	"	char *p = inner();\n" /* line 14 */
	"	__asm__ volatile(\"\" ::: \"memory\");\n"
	"	return p;\n"
	"}\n"
	"static __attribute__((noinline, noclone, used)) char *hidden(void)\n"
	"{\n"
	"	char *p = here();\n" /* line 20 */
	"	__asm__ volatile(\"\" ::: \"memory\");\n"
	"	return p;\n"
	"}\n"
	"char *calls_hidden(void)\n"
	"{\n"
	"	return hidden();\n"
	"}\n";

struct native {
	char directory[DIRECTORY_BYTES], library[DIRECTORY_BYTES + 16];
	void *handle;
	uint64_t bias;
	uint64_t start, end;  /* of its code */
	uint64_t inlined;     /* as mapped: in innermost, inlined into inner, inlined into outer */
	uint64_t hidden;      /* in a function that is not exported */
	unsigned char build_id[64];
	size_t build_id_bytes;
};

static inline void native_run(const char *format, const char *a, const char *b)
{
	char command[512];
	snprintf(command, sizeof(command), format, a, b);
	if (system(command) != 0)
		fail_msg("%s failed", command);
}

static inline void native_read_note(struct native *n, const ElfW(Phdr) *p, uint64_t bias)
{
	const char *at = (const char *)(bias + p->p_vaddr), *end = at + p->p_memsz;
	while (at + sizeof(ElfW(Nhdr)) <= end) {
		ElfW(Nhdr) h;
		memcpy(&h, at, sizeof(h));
		const char *text = at + sizeof(h) + ((h.n_namesz + 3u) & ~3u);
		if (h.n_type == NT_GNU_BUILD_ID && h.n_descsz <= sizeof(n->build_id)) {
			memcpy(n->build_id, text, h.n_descsz);
			n->build_id_bytes = h.n_descsz;
		}
		at = text + ((h.n_descsz + 3u) & ~3u);
	}
}

static inline int native_look(struct dl_phdr_info *info, size_t size, void *context)
{
	struct native *n = context;
	(void)size;
	if (strcmp(info->dlpi_name, n->library) != 0)
		return 0;
	n->bias = info->dlpi_addr;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		if (p->p_type == PT_LOAD && p->p_flags & PF_X) {
			n->start = n->bias + p->p_vaddr;
			n->end = n->start + p->p_memsz;
		}
		if (p->p_type == PT_NOTE)
			native_read_note(n, p, n->bias);
	}
	return 1;
}

static inline uint64_t native_ask(struct native *n, const char *function)
{
	char *(*f)(void) = NULL;
	void *symbol = dlsym(n->handle, function);
	assert_non_null(symbol);
	memcpy(&f, &symbol, sizeof(f));
	return (uint64_t)f();
}

static inline void native_make(struct native *n, const char *flags)
{
	char source[DIRECTORY_BYTES + 16];
	rf_str text = { native_source, sizeof(native_source) - 1 };
	struct rf_error err;
	memset(n, 0, sizeof(*n));
	directory_make(n->directory);
	snprintf(source, sizeof(source), "%s/lib.c", n->directory);
	snprintf(n->library, sizeof(n->library), "%s/libtwo.so.1", n->directory);
	assert_int_equal(rf_file_write(source, text, 0644, &err), 0);
	native_run("cd %s && ${CC:-gcc} -O2 -shared -fPIC -fno-optimize-sibling-calls -o libtwo.so.1 %s lib.c", n->directory, flags);
	n->handle = dlopen(n->library, RTLD_NOW | RTLD_LOCAL);
	assert_non_null(n->handle);
	assert_int_equal(dl_iterate_phdr(native_look, n), 1);
	n->inlined = native_ask(n, "outer");
	n->hidden = native_ask(n, "calls_hidden");
}

static inline void native_release(struct native *n)
{
	dlclose(n->handle);
	directory_remove(n->directory);
}

#endif
