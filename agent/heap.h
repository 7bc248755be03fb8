/* Native memory: a sample of what malloc gives, by stack, and which of it is still there.
 *
 * A block is sampled when the thread has allocated a distance that is drawn from an exponential distribution (mean: the
 * period), so every byte is as likely as any other. free has to know a sampled block at sight: it is one whose address is a multiple
 * of 512, or 16 bytes behind one (where glibc has blocks of their own mapping). Where malloc gives another, memalign
 * gives such a one. So of the others only one in 32 is looked up. It is asked for with some bytes more, so that what the
 * allocator knows of the memory behind is no address in the block.
 *
 * The tables are a file (heap_file.h) from the first sample on. Snapshots go to the spool (RF_SPOOL_PROFILE_HEAP) at the end and
 * between, at distances that double up to an hour.
 * Memory: at most RF_HEAP_STACKS_MAX stacks and RF_HEAP_LIVE_MAX blocks at a time, 1.5 MB when all are there; what has no room
 * is counted. Called inside the agent (thread.h); the lock is taken here.
 */
#ifndef RF_AGENT_HEAP_H
#define RF_AGENT_HEAP_H

#include "agent/heap_file.h"
#include "agent/settings.h"
#include "agent/unwind.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RF_HEAP_LIVE_MAX 12288u   /* 6 GiB of live memory at the default period */

/* Sampled blocks begin at multiples of this, or 16 bytes behind one. A larger power of two would be met by fewer of the others; but of
 * 1 KiB and more glibc first puts all that was freed in order (malloc_consolidate), and the program's small blocks never lie as close
 * together again as they did. */
#define RF_HEAP_ALIGN 512u

/* Could it be a sampled block? */
static inline bool rf_heap_may_have(const void *block)
{
	return ((uintptr_t)block & (RF_HEAP_ALIGN - 1) & ~(uintptr_t)RF_MALLOC_ALIGN) == 0;
}

/* Of a block that rf_heap_may_have: false when it isn't one; a look without the lock. */
static inline bool rf_heap_seems_to_have(const void *block);
static void rf_heap_init(uint64_t period);
/* Takes over what `redflag agent set` has changed meanwhile. True: the distances of this thread are to be drawn anew. */
static bool rf_heap_follow(void);
/* There is a file, through which it may be told to go on when it is paused. */
static bool rf_heap_is_controlled(void);
/* Bytes, or nanoseconds, until the next sample. */
static uint64_t rf_heap_distance(uint64_t mean);
/* A sampled block, by the next allocator; NULL as that fails. */
static void *rf_heap_allocate(size_t bytes, size_t align, bool zero);
/* Before a block is freed that rf_heap_may_have. True when it was sampled. */
static bool rf_heap_forget(const void *block);
/* Changes the size of a block that rf_heap_may_have, or that is due; as realloc of the next allocator. */
static void *rf_heap_realloc(void *block, size_t bytes, bool due);
/* A sampled block that is there. */
struct rf_heap_block {
	uintptr_t start;
	uint64_t bytes;
	uint32_t stack, tid; /* who allocated it */
};
/* The next one from *at (0) on; false: there is no more. One thread alone, or under the lock. */
static bool rf_heap_next_live(uint32_t *at, struct rf_heap_block *out);
static void rf_heap_trace(const struct rf_heap_block *block, struct rf_trace *out);
/* How many bytes a sampled block of that size stands for. */
static double rf_heap_estimate(uint64_t bytes);
/* Memory that was mapped: sampled. */
static void rf_heap_map(void *start, size_t bytes);
static bool rf_heap_has_mappings(void);
static void rf_heap_unmap(const void *start, size_t bytes);
/* The last snapshot. Under the lock. */
static void rf_heap_finish(void);
/* In a forked child: what it has is its own from now on. */
static void rf_heap_forked(void);

#endif
