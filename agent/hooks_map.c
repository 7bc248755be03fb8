/* mmap, munmap, mremap: plain memory that a program takes from the kernel itself is in the memory profile as malloc's is. Plain is what
 * is anonymous, private, can be written, and isn't put over a reservation (MAP_FIXED): Go's heap isn't, it has a profile of its own.
 * The C library's own mappings don't come by here. One of so many calls is measured (counters.h).
 */
#include "agent/countdown.h"
#include "agent/counters.h"
#include "agent/heap.h"
#include "agent/next.h"
#include "agent/settings.h"
#include "agent/thread.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/mman.h>

#define PLAIN (MAP_PRIVATE | MAP_ANONYMOUS)
#define NOT_PLAIN (MAP_SHARED | MAP_FIXED | MAP_FIXED_NOREPLACE | MAP_NORESERVE | MAP_GROWSDOWN | MAP_STACK)

static void look_at_mapping(void *start, size_t bytes)
{
	int error = errno;
	if (!rf_settings.mappings || rf_countdown_pass(bytes) || !rf_enter())
		return;
	if (rf_countdown_see(bytes).sample)
		rf_heap_map(start, bytes);
	rf_leave();
	errno = error;
}

/* In front of what takes it away: another thread may have the address a moment later. */
static void forget_mapping(void *start, size_t bytes)
{
	int error = errno;
	if (rf_heap_has_mappings() && rf_enter()) {
		rf_heap_unmap(start, bytes);
		rf_leave();
	}
	errno = error;
}

RF_EXPORT void *mmap(void *at, size_t bytes, int protection, int flags, int fd, off_t offset)
{
	struct rf_counters_call call;
	rf_next_init();
	if (flags & MAP_FIXED)
		forget_mapping(at, bytes);
	rf_counters_begin(&call);
	void *start = rf_next.mmap(at, bytes, protection, flags, fd, offset);
	rf_counters_end(&call);
	if (start != MAP_FAILED && (flags & PLAIN) == PLAIN && !(flags & NOT_PLAIN) && protection & PROT_WRITE)
		look_at_mapping(start, bytes);
	return start;
}

RF_EXPORT void *mmap64(void *at, size_t bytes, int protection, int flags, int fd, off64_t offset) __attribute__((alias("mmap")));

RF_EXPORT int munmap(void *start, size_t bytes)
{
	struct rf_counters_call call;
	rf_next_init();
	forget_mapping(start, bytes);
	rf_counters_begin(&call);
	int result = rf_next.munmap(start, bytes);
	rf_counters_end(&call);
	return result;
}

/* What was moved or resized is another mapping. */
RF_EXPORT void *mremap(void *start, size_t old_bytes, size_t bytes, int flags, ...)
{
	struct rf_counters_call call;
	va_list rest;
	va_start(rest, flags);
	void *at = flags & MREMAP_FIXED ? va_arg(rest, void *) : NULL;
	va_end(rest);
	rf_next_init();
	bool known = rf_heap_has_mappings() && rf_heap_may_have(start);
	forget_mapping(start, old_bytes);
	rf_counters_begin(&call);
	void *result = rf_next.mremap(start, old_bytes, bytes, flags, at);
	rf_counters_end(&call);
	if (known && result != MAP_FAILED)
		look_at_mapping(result, bytes);
	return result;
}
