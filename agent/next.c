#include "agent/next.h"

#include "agent/settings.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#define EARLY_BYTES 65536u /* a page a block: dlsym of glibc allocates nothing, unless it fails, and then a message */
#define EARLY_ALIGN RF_PAGE

static _Alignas(EARLY_ALIGN) char early_bytes[EARLY_BYTES];
static size_t early_used;
static bool resolving;

static void find_all(void);

static inline void rf_next_init(void)
{
	if (__builtin_expect(!rf_next.sigaction, 0))
		find_all();
}

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

/* The hooks know early blocks and keep them; of others there are none while names are looked up. */
static void *early_realloc(void *block, size_t bytes)
{
	rf_next_init();
	return resolving ? NULL : rf_next.realloc(block, bytes);
}

static void early_free(void *block)
{
	rf_next_init();
	if (!resolving)
		rf_next.free(block);
}

static struct rf_next rf_next = { .malloc = early_malloc, .calloc = early_calloc, .realloc = early_realloc, .free = early_free };

/* Symbols of functions are data pointers to dlsym: POSIX, dlsym(3). All at once, so that none is half there. */
static void find_all(void)
{
	struct rf_next found = rf_next;
	if (resolving)
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
	struct dl_find_object of_malloc, of_libc;
	void *allocator, *reference = dlsym(RTLD_NEXT, "gnu_get_libc_version");
	memcpy(&allocator, &rf_next.malloc, sizeof(allocator));
	return reference && _dl_find_object(allocator, &of_malloc) == 0 && _dl_find_object(reference, &of_libc) == 0 &&
	       of_malloc.dlfo_link_map == of_libc.dlfo_link_map;
}
