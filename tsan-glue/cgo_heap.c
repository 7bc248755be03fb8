#if RF_CGO || RF_CGO_HEAP_ALONE
#include "tsan-glue/cgo_heap.h"
#include "tsan-glue/lock.h"

#include <sys/mman.h>
#include <unistd.h>

#define CHUNK_SHIFT 20u
#define CHUNK_BYTES ((size_t)1 << CHUNK_SHIFT) /* all blocks of a chunk are of one size */
#define CHUNK_COUNT ((uint32_t)(RF_CGO_HEAP_BYTES >> CHUNK_SHIFT))
#define BLOCK_BYTES_MIN 32u
#define CHUNK_BLOCKS_MAX ((uint32_t)(CHUNK_BYTES / BLOCK_BYTES_MIN))
#define SMALL_MAX 128u /* sizes in steps of 16 up to here, then four to each doubling */
#define SMALL_SIZES 7u
#define SIZES (SMALL_SIZES + 4u * 11u) /* 128 << 11 is RF_CGO_BLOCK_BYTES_MAX */

_Static_assert(((size_t)SMALL_MAX << 11) == RF_CGO_BLOCK_BYTES_MAX, "the last size is the largest block");
_Static_assert((uint64_t)CHUNK_COUNT * CHUNK_BLOCKS_MAX < UINT32_MAX, "a block's number has 32 bits");

struct list {
	uint32_t first, last;
};

static struct {
	atomic_flag lock;
	_Atomic bool ready;
	_Atomic uint8_t *alive; /* a page that is all zero in a child */
	struct rf_cgo_block *blocks; /* CHUNK_BLOCKS_MAX of each chunk */
	uint32_t chunk_count; /* used */
	uint8_t chunk_size[CHUNK_COUNT]; /* the size of a chunk's blocks, by number */
	uint32_t chunk_used[CHUNK_COUNT]; /* blocks of it that were ever taken */
	uint32_t open[SIZES]; /* the chunk that new blocks of a size come from, from 1 */
	struct list free[SIZES], waiting;
	size_t waiting_bytes;
} heap = { .lock = ATOMIC_FLAG_INIT };

static uint32_t size_of(size_t bytes)
{
	if (bytes <= SMALL_MAX)
		return bytes <= BLOCK_BYTES_MIN ? 0 : (uint32_t)((bytes + 15) / 16 - 2);
	uint32_t log = 63u - (uint32_t)__builtin_clzl(bytes - 1); /* 7: up to 256 */
	return SMALL_SIZES + 4 * (log - 7) + (uint32_t)((bytes - 1) >> (log - 2) & 3);
}

static uint32_t bytes_of(uint32_t size)
{
	if (size < SMALL_SIZES)
		return 16 * (size + 2);
	uint32_t step = size - SMALL_SIZES;
	return (32u << step / 4) * (5 + step % 4);
}

static void *reserve_at(uintptr_t at, size_t bytes)
{
	void *p = mmap((void *)at, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (at ? MAP_FIXED_NOREPLACE : 0), -1, 0);
	if (p != MAP_FAILED && at && (uintptr_t)p != at) { /* a kernel that doesn't know the flag */
		munmap(p, bytes);
		return NULL;
	}
	return p == MAP_FAILED ? NULL : p;
}

static bool rf_cgo_heap_init(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	heap.alive = reserve_at(0, page);
	/* Without it a child of fork could use what the parent left half done. Linux 4.14. */
	if (!heap.alive || madvise((void *)heap.alive, page, MADV_WIPEONFORK) != 0)
		return false;
	heap.blocks = reserve_at(0, (size_t)CHUNK_COUNT * CHUNK_BLOCKS_MAX * sizeof(*heap.blocks));
	if (!heap.blocks || !reserve_at(RF_CGO_HEAP_START, RF_CGO_HEAP_BYTES))
		return false;
	*heap.alive = 1;
	atomic_store_explicit(&heap.ready, true, memory_order_release);
	return true;
}

static bool rf_cgo_heap_usable(void)
{
	return atomic_load_explicit(&heap.ready, memory_order_acquire) && *heap.alive;
}

static bool rf_cgo_heap_has(uintptr_t address)
{
	return address - RF_CGO_HEAP_START < RF_CGO_HEAP_BYTES &&
	       atomic_load_explicit(&heap.ready, memory_order_acquire);
}

static uint32_t rf_cgo_heap_number(const struct rf_cgo_block *block)
{
	return block ? (uint32_t)(block - heap.blocks) + 1 : 0;
}

static struct rf_cgo_block *rf_cgo_heap_numbered(uint32_t number)
{
	return number ? &heap.blocks[number - 1] : NULL;
}

static uintptr_t rf_cgo_heap_address(const struct rf_cgo_block *block)
{
	uint32_t index = (uint32_t)(block - heap.blocks), chunk = index / CHUNK_BLOCKS_MAX;
	return RF_CGO_HEAP_START + ((uintptr_t)chunk << CHUNK_SHIFT) +
	       (uintptr_t)(index % CHUNK_BLOCKS_MAX) * bytes_of(heap.chunk_size[chunk]);
}

static void list_add(struct list *list, struct rf_cgo_block *block)
{
	uint32_t number = rf_cgo_heap_number(block);
	block->next = 0;
	if (list->last)
		rf_cgo_heap_numbered(list->last)->next = number;
	else
		list->first = number;
	list->last = number;
}

static struct rf_cgo_block *list_take(struct list *list)
{
	struct rf_cgo_block *block = rf_cgo_heap_numbered(list->first);
	if (block) {
		list->first = block->next;
		if (!list->first)
			list->last = 0;
		block->next = 0;
	}
	return block;
}

static struct rf_cgo_block *take_new(uint32_t size)
{
	uint32_t chunk = heap.open[size];
	if (!chunk || heap.chunk_used[chunk - 1] == CHUNK_BYTES / bytes_of(size)) {
		if (heap.chunk_count == CHUNK_COUNT)
			return NULL;
		heap.open[size] = chunk = ++heap.chunk_count;
		heap.chunk_size[chunk - 1] = (uint8_t)size;
	}
	return &heap.blocks[(chunk - 1) * CHUNK_BLOCKS_MAX + heap.chunk_used[chunk - 1]++];
}

static struct rf_cgo_block *rf_cgo_heap_take(size_t bytes, bool *again)
{
	if (bytes > RF_CGO_BLOCK_BYTES_MAX || !rf_cgo_heap_usable())
		return NULL;
	uint32_t size = size_of(bytes);
	rf_spin_lock(&heap.lock);
	struct rf_cgo_block *block = list_take(&heap.free[size]);
	*again = block != NULL;
	if (!block)
		block = take_new(size);
	if (block) {
		block->state = RF_CGO_STATE_LIVE;
		block->bytes = (uint32_t)bytes;
		block->goid = 0;
		block->wanted = 0;
		block->allocated_by = block->freed_by = block->again_by = 0;
		block->pcs[0] = 0;
	}
	rf_spin_unlock(&heap.lock);
	return block;
}

static struct rf_cgo_block *rf_cgo_heap_block(uintptr_t address)
{
	uintptr_t offset = address - RF_CGO_HEAP_START;
	uint32_t chunk = (uint32_t)(offset >> CHUNK_SHIFT), index;
	if (!rf_cgo_heap_has(address) || chunk >= heap.chunk_count)
		return NULL;
	index = (uint32_t)((offset & (CHUNK_BYTES - 1)) / bytes_of(heap.chunk_size[chunk]));
	return index < heap.chunk_used[chunk] ? &heap.blocks[chunk * CHUNK_BLOCKS_MAX + index] : NULL;
}

static bool rf_cgo_heap_give(struct rf_cgo_block *block)
{
	rf_spin_lock(&heap.lock);
	bool live = block->state == RF_CGO_STATE_LIVE;
	if (live)
		block->state = RF_CGO_STATE_GIVEN;
	rf_spin_unlock(&heap.lock);
	return live;
}

static size_t whole_bytes(const struct rf_cgo_block *block)
{
	return bytes_of(heap.chunk_size[(uint32_t)(block - heap.blocks) / CHUNK_BLOCKS_MAX]);
}

static void rf_cgo_heap_queue(struct rf_cgo_block *block)
{
	rf_spin_lock(&heap.lock);
	block->state = RF_CGO_STATE_FREE;
	list_add(&heap.waiting, block);
	heap.waiting_bytes += whole_bytes(block);
	while (heap.waiting_bytes > RF_CGO_WAITING_BYTES_MAX) {
		struct rf_cgo_block *first = list_take(&heap.waiting);
		size_t bytes = whole_bytes(first);
		heap.waiting_bytes -= bytes;
		list_add(&heap.free[size_of(bytes)], first);
	}
	rf_spin_unlock(&heap.lock);
}

static void rf_cgo_heap_table(uintptr_t *start, uintptr_t *end)
{
	*start = (uintptr_t)heap.blocks;
	*end = (uintptr_t)(heap.blocks + (size_t)CHUNK_COUNT * CHUNK_BLOCKS_MAX);
}

static struct rf_cgo_block *rf_cgo_heap_next(const struct rf_cgo_block *block)
{
	uint32_t index = rf_cgo_heap_number(block), chunk = index / CHUNK_BLOCKS_MAX;
	if (!atomic_load_explicit(&heap.ready, memory_order_acquire))
		return NULL;
	while (chunk < heap.chunk_count && index % CHUNK_BLOCKS_MAX >= heap.chunk_used[chunk])
		index = ++chunk * CHUNK_BLOCKS_MAX;
	return chunk < heap.chunk_count ? &heap.blocks[index] : NULL;
}
#endif
