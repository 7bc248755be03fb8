#if RF_CGO
#include "tsan-glue/cgo_next.h"

#include <dlfcn.h>
#include <string.h>

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *p, size_t bytes);
void __libc_free(void *p);

/* Go's linker has no relocations for the addresses of a library's functions in data. */
static void *libc_malloc(size_t bytes)
{
	return __libc_malloc(bytes);
}

static void *libc_calloc(size_t count, size_t bytes)
{
	return __libc_calloc(count, bytes);
}

static void *libc_realloc(void *p, size_t bytes)
{
	return __libc_realloc(p, bytes);
}

static void libc_free(void *p)
{
	__libc_free(p);
}

/* First called while the program starts, on one thread. dlsym may allocate by itself: that is the C library's. */
static void rf_cgo_next_find(void)
{
	if (atomic_load_explicit(&rf_cgo_next.known, memory_order_acquire) || atomic_exchange(&rf_cgo_next.asked, true))
		return;
	rf_cgo_next.malloc = libc_malloc;
	rf_cgo_next.calloc = libc_calloc;
	rf_cgo_next.realloc = libc_realloc;
	rf_cgo_next.free = libc_free;
	void *found[] = { dlsym(RTLD_NEXT, "malloc"), dlsym(RTLD_NEXT, "calloc"), dlsym(RTLD_NEXT, "realloc"),
			  dlsym(RTLD_NEXT, "free"), dlsym(RTLD_NEXT, "malloc_usable_size") };
	if (found[0] && found[1] && found[2] && found[3]) {
		memcpy(&rf_cgo_next.malloc, &found[0], sizeof(found[0]));
		memcpy(&rf_cgo_next.calloc, &found[1], sizeof(found[0]));
		memcpy(&rf_cgo_next.realloc, &found[2], sizeof(found[0]));
		memcpy(&rf_cgo_next.free, &found[3], sizeof(found[0]));
		memcpy(&rf_cgo_next.usable, &found[4], sizeof(found[0]));
	}
	atomic_store_explicit(&rf_cgo_next.known, true, memory_order_release);
}
#endif
