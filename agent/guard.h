/* Guarded blocks: sampled allocations that have a page of their own between two pages that nobody may touch (GWP-ASan's design,
 * https://arxiv.org/abs/2311.09394). A use after free, an access beyond the block, a second free and a free of what is no block
 * become reports with the stacks of allocation, free and access.
 *
 * The program goes on as it would have without the agent: at the first bad access the page is opened, so that the
 * access reads and writes the block as it was left, and the slot is used no more. A block that was freed stays closed
 * until its slot is the oldest of those that are free. Bytes between the block and the ends of its page hold a pattern,
 * which is looked at when the block is freed: a write of one byte beyond is found there.
 *
 * Memory: `slots` pages, and 700 bytes a slot of which most are stacks. All calls inside the agent (thread.h); the lock
 * is taken here.
 */
#ifndef RF_AGENT_GUARD_H
#define RF_AGENT_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static struct {
	uintptr_t start, bytes; /* of all guarded pages; 0 bytes: there are none */
} rf_guard_pages;

/* Is it in the guarded pages? Then free, realloc and malloc_usable_size are ours. */
static inline bool rf_guard_has(const void *block)
{
	return (uintptr_t)block - rf_guard_pages.start < rf_guard_pages.bytes;
}

/* Is one of those bytes in them? */
static inline bool rf_guard_meets(const void *start, size_t bytes)
{
	return rf_guard_has(start) || rf_guard_pages.start - (uintptr_t)start < bytes;
}

/* False when the address space can't be had. */
static bool rf_guard_init(uint32_t slots);
/* A block, zeroed when asked for; NULL when there is no slot for it. align is a power of two. */
static void *rf_guard_allocate(size_t bytes, size_t align, bool zero);
static void rf_guard_free(void *block);
/* Bytes of a block; 0 when it is none. */
static size_t rf_guard_bytes(const void *block);
/* A fault at an address in the pages, with its ucontext_t. True: the access can be made again. */
static bool rf_guard_fault(uintptr_t address, bool write, const void *context);
/* The kernel is about to read or write those bytes for the program, which would fail without a fault. */
static void rf_guard_touch(const void *start, size_t bytes, bool write);

struct rf_guard_counts {
	uint64_t guarded, full; /* allocations that got a slot, and that found none */
};
static struct rf_guard_counts rf_guard_counts;

#endif
