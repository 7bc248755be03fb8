#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES_MIN ((size_t)64 * 1024)
#define ALIGNMENT ((size_t)16)

struct rf_arena_block {
	struct rf_arena_block *next;
	size_t used, cap;
	_Alignas(16) char bytes[];
};

void rf_arena_init(rf_arena *a, size_t cap_bytes)
{
	*a = (rf_arena){ .cap_bytes = cap_bytes ? cap_bytes : RF_ARENA_CAP_DEFAULT };
}

void rf_arena_reset(rf_arena *a)
{
	for (struct rf_arena_block *b = a->first; b; b = b->next)
		b->used = 0;
	a->current = a->first;
	a->used_total = 0;
	a->failed = false;
}

void rf_arena_release(rf_arena *a)
{
	for (struct rf_arena_block *b = a->first, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	rf_arena_init(a, a->cap_bytes);
}

/* The next block with room for `bytes`: one kept by a reset, or a new one behind the current. */
static struct rf_arena_block *block_with_room(rf_arena *a, size_t bytes)
{
	for (struct rf_arena_block *b = a->current; b; b = b->next) {
		if (b->cap - b->used >= bytes)
			return b;
	}
	size_t cap = bytes > BLOCK_BYTES_MIN ? bytes : BLOCK_BYTES_MIN;
	struct rf_arena_block *b = malloc(sizeof(*b) + cap);
	if (!b)
		return NULL;
	b->used = 0;
	b->cap = cap;
	b->next = a->current ? a->current->next : NULL;
	if (a->current)
		a->current->next = b;
	else
		a->first = b;
	return b;
}

void *rf_arena_alloc(rf_arena *a, size_t bytes)
{
	if (bytes > a->cap_bytes || a->used_total > a->cap_bytes - bytes) {
		a->failed = true;
		return NULL;
	}
	size_t rounded = (bytes + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	struct rf_arena_block *b = block_with_room(a, rounded);
	if (!b) {
		a->failed = true;
		return NULL;
	}
	void *p = b->bytes + b->used;
	b->used += rounded;
	a->used_total += rounded;
	a->current = b;
	return memset(p, 0, bytes);
}

void *rf_arena_array(rf_arena *a, size_t count, size_t element_bytes)
{
	size_t bytes;
	if (__builtin_mul_overflow(count, element_bytes, &bytes)) {
		a->failed = true;
		return NULL;
	}
	return rf_arena_alloc(a, bytes);
}

rf_str rf_arena_dup(rf_arena *a, rf_str s)
{
	if (s.len == 0)
		return RF_STR("");
	char *p = rf_arena_alloc(a, s.len + 1);
	if (!p)
		return RF_STR("");
	memcpy(p, s.ptr, s.len);
	return (rf_str){ p, s.len };
}

const char *rf_arena_cstr(rf_arena *a, rf_str s)
{
	return rf_arena_dup(a, s).ptr;
}

rf_str rf_arena_hex(rf_arena *a, const void *bytes, size_t count)
{
	char *p = count < SIZE_MAX / 2 ? rf_arena_alloc(a, 2 * count + 1) : NULL;
	if (!p)
		return RF_STR("");
	rf_hex_put(p, bytes, count);
	return (rf_str){ p, 2 * count };
}

rf_str rf_arena_printf(rf_arena *a, const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, format, args);
	char *p = n < 0 ? NULL : rf_arena_alloc(a, (size_t)n + 1);
	if (p)
		vsnprintf(p, (size_t)n + 1, format, again);
	va_end(again);
	va_end(args);
	return p ? (rf_str){ p, (size_t)n } : RF_STR("");
}
