#include "cmd/agent_arenas.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "agent/arena.h"

#define WINDOW_BYTES ((size_t)1 << 20)
#define LINE_BYTES 4352 /* a path, and what is in front of it */

struct look {
	pid_t pid;
	struct rf_arena_use *uses;
	uint32_t count;
	char *window;
	uint64_t window_start, window_bytes;
};

static bool read_from(const struct look *l, uint64_t at, void *out, size_t bytes)
{
	struct iovec to = { out, bytes }, from = { (void *)(uintptr_t)at, bytes };
	return process_vm_readv(l->pid, &to, 1, &from, 1, 0) == (ssize_t)bytes;
}

/* The size of the chunk at that address, with its flags; false: it can't be read. Reads a part of [at, end) at once. */
static bool size_at(struct look *l, uint64_t at, uint64_t end, uint64_t *size)
{
	if (at < l->window_start || at - l->window_start + RF_ARENA_CHUNK_BYTES > l->window_bytes) {
		l->window_start = at;
		l->window_bytes = end - at < WINDOW_BYTES ? end - at : WINDOW_BYTES;
		if (l->window_bytes < RF_ARENA_CHUNK_BYTES || !read_from(l, at, l->window, l->window_bytes)) {
			l->window_bytes = 0;
			return false;
		}
	}
	memcpy(size, l->window + (at - l->window_start) + sizeof(*size), sizeof(*size));
	return true;
}

static void add_chunk(struct rf_arena_use *use, uint64_t bytes, bool used)
{
	if (used) {
		use->used += bytes;
		return;
	}
	use->free += bytes;
	use->free_blocks++;
	use->free_largest = bytes > use->free_largest ? bytes : use->free_largest;
}

/* From chunk to chunk. The last one is the top, or in a heap that isn't the arena's last a fence of 16 bytes. */
static void walk(struct look *l, struct rf_arena_use *use, uint64_t at, uint64_t end)
{
	uint64_t size, next;
	l->window_bytes = 0;
	while (at + RF_ARENA_CHUNK_BYTES <= end && size_at(l, at, end, &size)) {
		uint64_t bytes = size & ~(uint64_t)RF_ARENA_FLAGS;
		if (bytes == 0 && end - at <= 2 * RF_ARENA_CHUNK_BYTES)
			return;
		if (bytes < RF_ARENA_CHUNK_BYTES || bytes % RF_ARENA_CHUNK_BYTES || bytes > end - at)
			break;
		if (end - at - bytes < RF_ARENA_CHUNK_BYTES) {
			use->top += bytes;
			return;
		}
		if (!size_at(l, at + bytes, end, &next))
			break;
		add_chunk(use, bytes, next & RF_ARENA_IN_USE);
		at += bytes;
	}
	use->torn = true;
}

static struct rf_arena_use *use_of(struct look *l, uint64_t arena)
{
	for (uint32_t i = 0; i < l->count; i++) {
		if (l->uses[i].address == arena)
			return &l->uses[i];
	}
	if (l->count == RF_ARENAS_MAX)
		return NULL;
	l->uses[l->count] = (struct rf_arena_use){ .address = arena };
	return &l->uses[l->count++];
}

/* A chunk is where the block behind its head is at a multiple of 16: malloc/arena.c, _int_new_arena. */
static void look_at_heap(struct look *l, uint64_t start, uint64_t end)
{
	struct rf_arena_heap heap;
	uint32_t threads = 0;
	if (!read_from(l, start, &heap, sizeof(heap)) || heap.bytes > end - start || heap.bytes < sizeof(heap) || heap.bytes % 4096 ||
	    heap.arena % RF_ARENA_HEAP_BYTES != sizeof(heap))
		return;
	bool first = heap.arena == start + sizeof(heap);
	struct rf_arena_use *use = use_of(l, heap.arena);
	if (!use || (first && !read_from(l, heap.arena + RF_ARENA_THREADS_OFFSET, &threads, sizeof(threads))))
		return;
	use->heaps++;
	use->threads += threads;
	use->held += heap.bytes;
	uint64_t at = first ? heap.arena + RF_ARENA_STATE_BYTES : start + sizeof(heap);
	walk(l, use, (at + RF_ARENA_CHUNK_BYTES - 1) & ~(uint64_t)(RF_ARENA_CHUNK_BYTES - 1), start + heap.bytes);
}

static void look_at_main(struct look *l, uint64_t start, uint64_t end)
{
	struct rf_arena_use *use = use_of(l, 0);
	if (!use)
		return;
	use->heaps++;
	use->held += end - start;
	walk(l, use, start, end);
}

/* "7f4cb4000000-7f4cb4cae000 rw-p 00000000 00:00 0": neighbours may have become one mapping. */
static void look_at_line(struct look *l, const char *line)
{
	char *rest;
	uint64_t start = strtoull(line, &rest, 16), end = *rest == '-' ? strtoull(rest + 1, &rest, 16) : 0;
	if (strncmp(rest, " rw-p ", 6) != 0)
		return;
	if (strstr(rest, "[heap]")) {
		look_at_main(l, start, end);
		return;
	}
	uint64_t at = (start + RF_ARENA_HEAP_BYTES - 1) & ~(RF_ARENA_HEAP_BYTES - 1);
	for (; at < end && !strpbrk(rest, "/["); at += RF_ARENA_HEAP_BYTES)
		look_at_heap(l, at, end - at < RF_ARENA_HEAP_BYTES ? end : at + RF_ARENA_HEAP_BYTES);
}

bool rf_agent_arenas(uint32_t pid, struct rf_arena_use uses[RF_ARENAS_MAX], uint32_t *count)
{
	char line[LINE_BYTES];
	struct look l = { .pid = (pid_t)pid, .uses = uses, .window = malloc(WINDOW_BYTES) };
	snprintf(line, sizeof(line), "/proc/%u/maps", pid);
	FILE *maps = l.window ? fopen(line, "re") : NULL;
	while (maps && fgets(line, sizeof(line), maps))
		look_at_line(&l, line);
	if (maps)
		fclose(maps);
	free(l.window);
	*count = l.count;
	return maps && l.count;
}
