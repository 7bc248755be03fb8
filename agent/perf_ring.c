#include "agent/perf_ring.h"

#include "agent/settings.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool rf_perf_ring_open(struct rf_perf_ring *ring, struct perf_event_attr *attr, uint32_t pages)
{
	ring->page = NULL;
	int fd = (int)syscall(SYS_perf_event_open, attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return false;
	size_t bytes = (size_t)pages * RF_PAGE;
	char *start = mmap(NULL, RF_PAGE + bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (start == MAP_FAILED)
		return false;
	*ring = (struct rf_perf_ring){ .page = (void *)start, .data = start + RF_PAGE, .bytes = bytes };
	return true;
}

static void rf_perf_ring_close(struct rf_perf_ring *ring)
{
	if (ring->page)
		munmap(ring->page, RF_PAGE + ring->bytes);
	ring->page = NULL;
}

static bool rf_perf_ring_next(struct rf_perf_ring *ring, struct rf_perf_ring_record *record, uint64_t *broken)
{
	uint64_t filled = rf_perf_ring_filled(ring);
	if (filled == 0)
		return false;
	uint64_t head = rf_perf_ring_word(ring, ring->tail), bytes = head >> 48; /* struct perf_event_header */
	if (filled > ring->bytes || bytes < sizeof(head) || bytes % sizeof(head) != 0 || bytes > filled) {
		ring->tail += filled;
		++*broken;
		return false;
	}
	*record = (struct rf_perf_ring_record){ .type = (uint32_t)head, .misc = (uint16_t)(head >> 32), .at = ring->tail + sizeof(head),
					   .bytes = (uint32_t)(bytes - sizeof(head)) };
	ring->tail += bytes;
	return true;
}

static void rf_perf_ring_release(struct rf_perf_ring *ring)
{
	__atomic_store_n(&ring->page->data_tail, ring->tail, __ATOMIC_RELEASE);
}
