/* Arena: memory for one run, one request or one scratch phase; nothing is freed singly.
 *
 * Life cycle: rf_arena_init, any number of rf_arena_*, then rf_arena_reset (memory kept, contents gone) or
 * rf_arena_release. Not thread safe.
 * Running out (of memory, or of the cap) has one path: the allocation returns NULL and `failed` stays set until
 * the next reset; rf_arena_dup and friends then return empty slices. A caller checks `failed` at the end of a step.
 */
#ifndef RF_BASE_ARENA_H
#define RF_BASE_ARENA_H

#include "base/str.h"

typedef struct rf_arena {
	struct rf_arena_block *first, *current;
	size_t used_total; /* bytes handed out since the last reset */
	size_t cap_bytes;  /* hard bound on used_total; 0 means RF_ARENA_CAP_DEFAULT */
	bool failed;
} rf_arena;

/* 1 GiB: far above any one report or request; a runaway input fails here and not in the machine's memory. */
#define RF_ARENA_CAP_DEFAULT ((size_t)1 << 30)

void rf_arena_init(rf_arena *a, size_t cap_bytes);
void rf_arena_reset(rf_arena *a);
void rf_arena_release(rf_arena *a);
/* Zeroed, aligned to 16 bytes. NULL when out of memory. */
void *rf_arena_alloc(rf_arena *a, size_t bytes);
/* Zeroed array; NULL on overflow or when out of memory. */
void *rf_arena_array(rf_arena *a, size_t count, size_t element_bytes);
rf_str rf_arena_dup(rf_arena *a, rf_str s);
/* NUL-terminated copy; "" when out of memory. A NUL inside s ends it for C. */
const char *rf_arena_cstr(rf_arena *a, rf_str s);
/* Two lower-case digits a byte; NUL-terminated. */
rf_str rf_arena_hex(rf_arena *a, const void *bytes, size_t count);
__attribute__((format(printf, 2, 3))) rf_str rf_arena_printf(rf_arena *a, const char *format, ...);

#endif
