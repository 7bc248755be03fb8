/* What glibc's malloc keeps in memory, as far as it is looked at without its locks: agent/samples.c counts what arenas hold,
 * reporter/cmd/agent_arenas.c looks into them from outside. malloc/arena.c and malloc/malloc.c of glibc 2.35 to 2.41, x86-64.
 */
#ifndef RF_AGENT_ARENA_H
#define RF_AGENT_ARENA_H

#include <stdint.h>

/* An arena but the main one is made of heaps: ranges of that size, at multiples of it, of which the first part can be written.
 * Each begins with a struct heap_info. */
#define RF_ARENA_HEAP_BYTES ((uint64_t)64 << 20)

struct rf_arena_heap {
	uint64_t arena; /* address of the struct malloc_state; it is behind this struct in the arena's first heap */
	uint64_t previous;
	uint64_t bytes; /* that are in use, from the start of the heap on */
	uint64_t writable_bytes, page_bytes, reserved;
};

#define RF_ARENA_STATE_BYTES 2200u   /* struct malloc_state */
#define RF_ARENA_THREADS_OFFSET 2176u /* of attached_threads in it */
#define RF_ARENA_CHUNK_BYTES 16u     /* of a block's head: size of the one in front, own size */
#define RF_ARENA_IN_USE 1u           /* in the own size: the one in front is in use */
#define RF_ARENA_FLAGS 7u

#endif
