#include "agent/guard.h"

#include "agent/lock.h"
#include "agent/record.h"
#include "agent/settings.h"
#include "agent/thread.h"
#include "agent/unwind.h"

#include <string.h>
#include <sys/mman.h>

#define PATTERN 0xa5u
#define DETAIL_BYTES 160u
#define ACCESS_FREE (RF_SPOOL_ACCESS_WRITE | RF_SPOOL_ACCESS_FREE)

enum state {
	STATE_NEW,    /* was never given out */
	STATE_LIVE,
	STATE_FREED,
	STATE_RETIRED /* something was reported about it: its pages are open */
};

struct slot {
	enum state state;
	uint32_t bytes;
	uintptr_t block;
	struct slot *next; /* freed behind this one */
	struct rf_trace allocated, freed;
};

static struct {
	struct slot *slots;
	uint32_t count, used;        /* from `used` on they are new */
	struct slot *oldest, *youngest; /* of those that were freed; some are retired by now */
} guard;

/* Slot i has page 2i + 1; the even ones are never open, unless somebody ran into them. */
static uintptr_t page_of(const struct slot *s)
{
	return rf_guard_pages.start + (2u * (uintptr_t)(s - guard.slots) + 1u) * RF_PAGE;
}

static uintptr_t page_start(uintptr_t address)
{
	return address & ~(uintptr_t)(RF_PAGE - 1);
}

static bool rf_guard_init(uint32_t slots)
{
	size_t bytes = (2u * (size_t)slots + 1u) * RF_PAGE;
	if (!slots)
		return false;
	void *pages = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	void *table = mmap(NULL, slots * sizeof(struct slot), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED || table == MAP_FAILED)
		return false;
	guard.slots = table;
	guard.count = slots;
	rf_guard_pages.start = (uintptr_t)pages;
	rf_guard_pages.bytes = bytes;
	return true;
}

static bool open_page(uintptr_t page)
{
	return mprotect((void *)page, RF_PAGE, PROT_READ | PROT_WRITE) == 0;
}

static struct slot *slot_for_new(void)
{
	if (guard.used < guard.count)
		return &guard.slots[guard.used++];
	while (guard.oldest) {
		struct slot *s = guard.oldest;
		guard.oldest = s->next;
		if (s->state == STATE_FREED)
			return s;
	}
	return NULL;
}

static void put_freed(struct slot *s)
{
	s->next = NULL;
	if (guard.oldest)
		guard.youngest->next = s;
	else
		guard.oldest = s;
	guard.youngest = s;
}

/* At the end of its page, for accesses behind it; one in four at the beginning, for those in front. A block of no bytes has an
 * address in its page, too. */
static uintptr_t place(uintptr_t page, size_t bytes, size_t align)
{
	bool front = (rf_random() >> 33 & 3u) == 0;
	return front ? page : (page + RF_PAGE - (bytes ? bytes : 1)) & ~(align - 1);
}

static void *give(struct slot *s, size_t bytes, size_t align, bool zero)
{
	uintptr_t page = page_of(s);
	if (!open_page(page))
		return NULL;
	s->block = place(page, bytes, align < RF_MALLOC_ALIGN ? RF_MALLOC_ALIGN : align);
	s->bytes = (uint32_t)bytes;
	memset((void *)page, PATTERN, s->block - page);
	memset((void *)(s->block + bytes), PATTERN, page + RF_PAGE - s->block - bytes);
	if (zero)
		memset((void *)s->block, 0, bytes);
	s->state = STATE_LIVE;
	rf_trace_take(&s->allocated);
	rf_guard_counts.guarded++;
	return (void *)s->block;
}

static void *rf_guard_allocate(size_t bytes, size_t align, bool zero)
{
	if (bytes > RF_PAGE || align > RF_PAGE || !guard.count)
		return NULL;
	rf_lock();
	struct slot *s = slot_for_new();
	void *block = s ? give(s, bytes, align, zero) : NULL;
	if (!block)
		rf_guard_counts.full++;
	rf_unlock();
	return block;
}

/* The slot whose page holds the address, or else that of the block that is nearest to it. */
static struct slot *slot_near(uintptr_t address)
{
	uintptr_t page = (address - rf_guard_pages.start) / RF_PAGE;
	struct slot *own = &guard.slots[page / 2 < guard.count ? page / 2 : guard.count - 1], *nearest = own;
	uintptr_t distance = UINTPTR_MAX;
	for (struct slot *s = own > guard.slots ? own - 1 : own; s < guard.slots + guard.count && s <= own + 1; s++) {
		uintptr_t away = address < s->block ? s->block - address : address - (s->block + s->bytes);
		if (s == own && page % 2 && s->state != STATE_NEW)
			return s;
		if (s->state != STATE_NEW && away < distance) {
			distance = away;
			nearest = s;
		}
	}
	return nearest;
}

static void report(enum rf_spool_kind kind, const struct slot *s, uintptr_t address, uint32_t flags, const struct rf_trace *at)
{
	char detail[DETAIL_BYTES] = "";
	struct rf_record_report r = {
		.kind = kind, .side_count = 1, .memory_start = s->block, .memory_bytes = s->bytes, .allocated = &s->allocated,
		.detail = detail,
	};
	uintptr_t end = s->block + s->bytes;
	r.sides[0] = (struct rf_record_side){ .address = address, .flags = flags, .trace = at };
	if (s->freed.count && kind != RF_SPOOL_KIND_HEAP_OVERFLOW && kind != RF_SPOOL_KIND_INVALID_FREE) {
		r.sides[1] = (struct rf_record_side){ .address = s->block, .flags = ACCESS_FREE, .trace = &s->freed };
		r.side_count = 2;
	}
	if (address < s->block)
		snprintf(detail, sizeof(detail), "%zu bytes in front of a block of %u bytes", (size_t)(s->block - address), s->bytes);
	else if (address >= end)
		snprintf(detail, sizeof(detail), "%zu bytes behind the end of a block of %u bytes", (size_t)(address - end), s->bytes);
	else
		snprintf(detail, sizeof(detail), "at byte %zu of a block of %u bytes", (size_t)(address - s->block), s->bytes);
	rf_record_report(&r);
}

/* Are they all as they were left? Each is compared with the next one. */
static bool is_pattern(uintptr_t start, uintptr_t end)
{
	const uint8_t *bytes = (const uint8_t *)start;
	return start == end || (*bytes == PATTERN && memcmp(bytes, bytes + 1, end - start - 1) == 0);
}

/* The first byte beside the block that isn't as it was left; 0: all are. */
static uintptr_t changed(const struct slot *s)
{
	uintptr_t page = page_of(s);
	if (is_pattern(page, s->block) && is_pattern(s->block + s->bytes, page + RF_PAGE))
		return 0;
	for (uintptr_t at = s->block + s->bytes; at < page + RF_PAGE; at++) {
		if (*(const uint8_t *)at != PATTERN)
			return at;
	}
	for (uintptr_t at = s->block; at-- > page;) {
		if (*(const uint8_t *)at != PATTERN)
			return at;
	}
	return 0;
}

static void free_live(struct slot *s, const struct rf_trace *at)
{
	uintptr_t beyond = changed(s);
	s->freed = *at;
	s->state = STATE_FREED;
	if (beyond) {
		report(RF_SPOOL_KIND_HEAP_OVERFLOW, s, beyond, ACCESS_FREE, at);
		s->state = STATE_RETIRED;
	} else {
		put_freed(s);
		mprotect((void *)page_of(s), RF_PAGE, PROT_NONE);
	}
}

static void rf_guard_free(void *block)
{
	static struct rf_trace at; /* under the lock */
	rf_lock();
	struct slot *s = slot_near((uintptr_t)block);
	rf_trace_take(&at);
	if (s->state == STATE_LIVE && s->block == (uintptr_t)block) {
		free_live(s, &at);
	} else if (s->state == STATE_FREED && s->block == (uintptr_t)block) {
		report(RF_SPOOL_KIND_DOUBLE_FREE, s, s->block, ACCESS_FREE, &at);
		s->state = STATE_RETIRED;
		open_page(page_of(s));
	} else if (s->state == STATE_LIVE) {
		report(RF_SPOOL_KIND_INVALID_FREE, s, (uintptr_t)block, ACCESS_FREE, &at);
	}
	rf_unlock();
}

static size_t rf_guard_bytes(const void *block)
{
	rf_lock();
	const struct slot *s = slot_near((uintptr_t)block);
	size_t bytes = s->block == (uintptr_t)block && s->state != STATE_NEW ? s->bytes : 0;
	rf_unlock();
	return bytes;
}

/* True when the page could be opened; false for a page where there never was a block. */
static bool meet(uintptr_t address, bool write, const struct rf_trace *at)
{
	struct slot *s = slot_near(address);
	uintptr_t page = page_start(address);
	bool in_page = page == page_of(s);
	uint32_t flags = write ? RF_SPOOL_ACCESS_WRITE : 0;
	if (s->state == STATE_NEW || !open_page(page))
		return false;
	if (in_page && s->state == STATE_FREED)
		report(RF_SPOOL_KIND_HEAP_USE_AFTER_FREE, s, address, flags, at);
	else if (!in_page && s->state != STATE_RETIRED)
		report(s->state == STATE_LIVE ? RF_SPOOL_KIND_HEAP_OVERFLOW : RF_SPOOL_KIND_HEAP_USE_AFTER_FREE, s, address, flags, at);
	if (!in_page || s->state == STATE_FREED)
		s->state = STATE_RETIRED;
	return true;
}

static bool rf_guard_fault(uintptr_t address, bool write, const void *context)
{
	static struct rf_trace at; /* under the lock */
	if (!rf_enter()) /* a handler that interrupted the agent: there may be no lock to take */
		return open_page(page_start(address));
	rf_lock();
	rf_trace_take_from(&at, context);
	bool met = meet(address, write, &at);
	rf_unlock();
	rf_leave();
	return met;
}

static void rf_guard_touch(const void *start, size_t bytes, bool write)
{
	static struct rf_trace at; /* under the lock */
	uintptr_t from = (uintptr_t)start, end = from + bytes, pool = rf_guard_pages.start, pool_end = pool + rf_guard_pages.bytes;
	bool taken = false;
	if (end <= pool || from >= pool_end || !bytes || !rf_enter())
		return;
	rf_lock();
	for (uintptr_t address = from > pool ? from : pool; address < end && address < pool_end; address = page_start(address) + RF_PAGE) {
		const struct slot *s = slot_near(address);
		if (s->state == STATE_LIVE && page_start(address) == page_of(s))
			continue;
		if (!taken)
			rf_trace_take(&at);
		taken = true;
		meet(address, write, &at);
	}
	rf_unlock();
	rf_leave();
}
