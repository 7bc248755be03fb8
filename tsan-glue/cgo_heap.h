/* A heap for C: blocks that C code of the observed process gets from malloc, at addresses of which the detector has
 * shadow, just below Go's own heap (malloc.go, mallocinit: with -race it starts at 0xc000000000). Blocks that were given
 * back wait in a queue before they are used again, and keep who allocated them.
 *
 * All state lies beside the blocks, in memory of its own. Any thread may call at any time; one spin lock, under which
 * nothing else is called. A child after fork has no heap (the parent may have been in the middle of a change): there
 * rf_cgo_heap_usable is false, and blocks of the parent are found but never given back.
 */
#ifndef RF_CGO_HEAP_H
#define RF_CGO_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* With -race Go's heap lies there and nowhere else, and nobody else does (malloc.go, mallocinit; tsan_platform.h, MappingGo48). */
#define RF_GO_HEAP_START ((uintptr_t)0xc000000000)
#define RF_GO_HEAP_END ((uintptr_t)0xe000000000)
#ifndef RF_CGO_HEAP_START
#define RF_CGO_HEAP_START ((uintptr_t)0xbf00000000)
#endif
#define RF_CGO_HEAP_BYTES ((uintptr_t)4 << 30) /* addresses; memory is taken as it is used */
#define RF_CGO_BLOCK_BYTES_MAX ((size_t)256 << 10) /* larger ones are the C library's */
#define RF_CGO_WAITING_BYTES_MAX ((size_t)64 << 20) /* given back, not used again yet */
#define RF_CGO_FRAMES 8u

enum rf_cgo_state {
	RF_CGO_STATE_NEVER,
	RF_CGO_STATE_LIVE,
	RF_CGO_STATE_GIVEN, /* given back; not in the queue yet */
	RF_CGO_STATE_FREE   /* in the queue, or behind it */
};

struct rf_cgo_block {
	uint32_t state; /* enum rf_cgo_state */
	uint32_t next;  /* of a list; 0 ends it */
	uint32_t bytes; /* as asked for */
	uint32_t wanted;  /* allocated by Go code (C.malloc, C.CString, C.CBytes) */
	uint64_t goid;    /* who allocated it; 0 unknown */
	uint32_t allocated_by, freed_by, again_by; /* stacks of C (cgo_stacks.h): malloc, free, another free; 0 unknown */
	uintptr_t pcs[RF_CGO_FRAMES]; /* return addresses in Go, innermost first; a 0 ends them */
};

/* False: no such addresses to be had here, or not enough of them. */
static bool rf_cgo_heap_init(void);
static bool rf_cgo_heap_usable(void);
static bool rf_cgo_heap_has(uintptr_t address);
/* NULL: use another heap. *again: the memory had another user before. The block is live, its owner is to be filled in. */
static struct rf_cgo_block *rf_cgo_heap_take(size_t bytes, bool *again);
/* The block that holds the address, which may be a live one or not; NULL: none was ever there. */
static struct rf_cgo_block *rf_cgo_heap_block(uintptr_t address);
static uintptr_t rf_cgo_heap_address(const struct rf_cgo_block *block);
/* Live to given; false: it wasn't live. */
static bool rf_cgo_heap_give(struct rf_cgo_block *block);
/* Given to free: to the end of the queue. */
static void rf_cgo_heap_queue(struct rf_cgo_block *block);
/* Blocks of this heap by number, from 1; 0 is none. */
static uint32_t rf_cgo_heap_number(const struct rf_cgo_block *block);
static struct rf_cgo_block *rf_cgo_heap_numbered(uint32_t number);
/* Where the blocks' descriptions lie, which are no memory of the program's. */
static void rf_cgo_heap_table(uintptr_t *start, uintptr_t *end);
/* Walks the blocks that were ever used: the next one behind `block`, NULL begins and ends. */
static struct rf_cgo_block *rf_cgo_heap_next(const struct rf_cgo_block *block);

#endif
