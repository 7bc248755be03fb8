/* A ring buffer of perf_event_open(2), read in place. The kernel writes records of 8 bytes and more, multiples of 8, at ever growing
 * positions, of which the lower bits are the place; so a record may begin at the end of the ring and go on at its start, but no
 * word of it does. Words are read where they lie.
 *
 *	rf_perf_ring_open -> rf_perf_ring_next until it is false, rf_perf_ring_release: any number of times -> rf_perf_ring_close
 *
 * The event lives as long as the mapping: no descriptor is kept, which the program could close. A ring that is full takes nothing more;
 * the kernel counts what it left out and says so in front of the next record that fits. One reader at a time: the caller's lock.
 */
#ifndef RF_AGENT_PERF_RING_H
#define RF_AGENT_PERF_RING_H

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rf_perf_ring {
	struct perf_event_mmap_page *page; /* NULL: there is none. The kernel's part and ours: data_head and data_tail */
	const char *data;
	uint64_t bytes, tail;              /* bytes: a power of two; tail: read so far */
};

struct rf_perf_ring_record {
	uint32_t type; /* PERF_RECORD_* */
	uint16_t misc;
	uint64_t at;   /* of its first word behind the head, for rf_perf_ring_word */
	uint32_t bytes; /* behind the head */
};

/* Of an event of this thread. pages: a power of two. False: refused, or there are too many; errno says which. */
static bool rf_perf_ring_open(struct rf_perf_ring *ring, struct perf_event_attr *attr, uint32_t pages);
static void rf_perf_ring_close(struct rf_perf_ring *ring);
/* How much there is to be read. */
static inline uint64_t rf_perf_ring_filled(const struct rf_perf_ring *ring)
{
	return __atomic_load_n(&ring->page->data_head, __ATOMIC_ACQUIRE) - ring->tail;
}
/* The next record; false: there is none. What can't be a record ends all that was there, and counts in *broken. */
static bool rf_perf_ring_next(struct rf_perf_ring *ring, struct rf_perf_ring_record *record, uint64_t *broken);
static inline uint64_t rf_perf_ring_word(const struct rf_perf_ring *ring, uint64_t at)
{
	return *(const uint64_t *)(const void *)(ring->data + (at & (ring->bytes - 1)));
}
/* The kernel may write over what was read. */
static void rf_perf_ring_release(struct rf_perf_ring *ring);

#endif
