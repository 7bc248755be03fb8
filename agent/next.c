#include "agent/next.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#define EARLY_BYTES 65536u /* a page a block: dlsym of glibc allocates nothing, unless it fails, and then a message */
#define EARLY_ALIGN 4096u

static _Alignas(EARLY_ALIGN) char early_bytes[EARLY_BYTES];
static size_t early_used;
static bool resolving;

static inline size_t rf_next_early_bytes(const void *block)
{
	uintptr_t at = (uintptr_t)block - (uintptr_t)early_bytes;
	return at < EARLY_BYTES ? EARLY_BYTES - at : 0;
}

/* Zeroed, since nothing is given twice. */
static void *early_block(size_t bytes)
{
	size_t start = (early_used + EARLY_ALIGN - 1) & ~(size_t)(EARLY_ALIGN - 1);
	if (bytes > EARLY_BYTES || start > EARLY_BYTES - bytes) {
		errno = ENOMEM;
		return NULL;
	}
	early_used = start + bytes;
	return early_bytes + start;
}

static void *early_malloc(size_t bytes)
{
	if (resolving)
		return early_block(bytes);
	rf_next_init();
	return rf_next.malloc(bytes);
}

static void *early_calloc(size_t count, size_t bytes)
{
	if (resolving)
		return bytes && count > EARLY_BYTES / bytes ? NULL : early_block(count * bytes);
	rf_next_init();
	return rf_next.calloc(count, bytes);
}

/* How large an early block was isn't known: at most up to the end of all. */
static void *early_realloc(void *block, size_t bytes)
{
	if (!resolving) {
		rf_next_init();
		return rf_next.realloc(block, bytes);
	}
	void *copy = early_block(bytes);
	if (copy && block) {
		size_t there = (size_t)((char *)copy - (char *)block);
		memcpy(copy, block, bytes < there ? bytes : there);
	}
	return copy;
}

static void early_free(void *block)
{
	if (resolving || rf_next_early_bytes(block))
		return;
	rf_next_init();
	rf_next.free(block);
}

static void *early_memalign(size_t align, size_t bytes)
{
	if (resolving)
		return align <= EARLY_ALIGN ? early_block(bytes) : NULL;
	rf_next_init();
	return rf_next.memalign(align, bytes);
}

static void *early_aligned_alloc(size_t align, size_t bytes)
{
	rf_next_init();
	return rf_next.aligned_alloc(align, bytes);
}

static int early_posix_memalign(void **block, size_t align, size_t bytes)
{
	rf_next_init();
	return rf_next.posix_memalign(block, align, bytes);
}

static void *early_valloc(size_t bytes)
{
	rf_next_init();
	return rf_next.valloc(bytes);
}

static void *early_pvalloc(size_t bytes)
{
	rf_next_init();
	return rf_next.pvalloc(bytes);
}

static size_t early_malloc_usable_size(void *block)
{
	rf_next_init();
	return rf_next.malloc_usable_size(block);
}

static struct rf_next rf_next = {
	.malloc = early_malloc,
	.calloc = early_calloc,
	.realloc = early_realloc,
	.free = early_free,
	.memalign = early_memalign,
	.aligned_alloc = early_aligned_alloc,
	.posix_memalign = early_posix_memalign,
	.valloc = early_valloc,
	.pvalloc = early_pvalloc,
	.malloc_usable_size = early_malloc_usable_size,
};

/* Symbols of functions are data pointers to dlsym: POSIX, dlsym(3). All at once, so that none is half there. */
static void rf_next_init(void)
{
	struct rf_next found = rf_next;
	if (resolving || rf_next.sigaction)
		return;
	resolving = true;
#define RF_NEXT_FIND(result, name, arguments)                                                                          \
	do {                                                                                                           \
		void *symbol = dlsym(RTLD_NEXT, #name);                                                                \
		if (symbol)                                                                                            \
			memcpy(&found.name, &symbol, sizeof(symbol));                                                  \
	} while (0);
	RF_NEXT_LIST(RF_NEXT_FIND)
#undef RF_NEXT_FIND
	rf_next = found;
	resolving = false;
}

static bool rf_next_is_libc(void)
{
	Dl_info of_malloc, of_libc;
	void *allocator, *reference = dlsym(RTLD_NEXT, "gnu_get_libc_version");
	memcpy(&allocator, &rf_next.malloc, sizeof(allocator));
	return reference && dladdr(allocator, &of_malloc) && dladdr(reference, &of_libc) &&
	       of_malloc.dli_fbase == of_libc.dli_fbase;
}
