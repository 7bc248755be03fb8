#include "tsan-glue/goroutines.h"

#include "tsan-glue/counters.h"

#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define THREAD_HINTS (1u << 16) /* direct-mapped: thread number to slot; a miss falls back to a scan */

static struct {
	struct rf_goroutine *rows; /* [0] is unused */
	uint32_t used;             /* rows handed out so far */
	uint32_t dead_first, dead_last, dead_count; /* a queue of finished rows, oldest first */
	uint32_t hints[THREAD_HINTS];
} table;

static bool rf_goroutines_init(void)
{
#ifdef RF_LAYOUT_THREAD_ID
	void *rows = mmap(NULL, sizeof(struct rf_goroutine) * (RF_GOROUTINES_MAX + 1u), PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (rows == MAP_FAILED)
		return false;
	table.rows = rows;
	return true;
#else
	return false;
#endif
}

static struct rf_goroutine *row_of(uint32_t slot)
{
	return table.rows && slot && slot <= table.used ? &table.rows[slot] : NULL;
}

static uint32_t row_take(void)
{
	if (table.dead_count > RF_DEAD_KEPT || (table.used == RF_GOROUTINES_MAX && table.dead_count)) {
		uint32_t slot = table.dead_first;
		table.dead_first = table.rows[slot].next_dead;
		table.dead_count--;
		return slot;
	}
	return table.used < RF_GOROUTINES_MAX ? ++table.used : 0;
}

/* ThreadState::tid, at the offset that the probe found. */
static uint32_t thread_number(uintptr_t thread)
{
#ifdef RF_LAYOUT_THREAD_ID
	return *(const uint32_t *)(thread + RF_LAYOUT_THREAD_ID);
#else
	(void)thread;
	return UINT32_MAX;
#endif
}

static uint64_t coarse_unix_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME_COARSE, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void rf_goroutine_add(const struct rf_goroutine_start *start)
{
	uint32_t slot = table.rows && start->thread ? row_take() : 0;
	if (!slot) {
		rf_count(&rf_counters.goroutines_unregistered);
		return;
	}
	const struct rf_goroutine *parent = row_of(start->parent_slot);
	struct rf_goroutine *row = &table.rows[slot];
	row->thread = thread_number(start->thread);
	row->parent_thread = parent ? parent->thread : UINT32_MAX;
	row->goid = start->goid;
	row->parent_goid = start->parent_goid;
	row->created_unix_ns = coarse_unix_ns();
	row->g = start->g;
	row->entry = start->entry;
	row->owner = start->owner;
	row->finished = false;
	row->label_bytes = parent ? parent->label_bytes : 0;
	row->labels_cut = parent && parent->labels_cut;
	if (row->label_bytes)
		memcpy(row->labels, parent->labels, row->label_bytes);
	table.hints[row->thread % THREAD_HINTS] = slot;
	*start->slot = slot;
}

static void rf_goroutine_finish(uint32_t slot)
{
	struct rf_goroutine *row = row_of(slot);
	if (!row || row->finished)
		return;
	row->finished = true;
	if (table.dead_count++)
		table.rows[table.dead_last].next_dead = slot;
	else
		table.dead_first = slot;
	table.dead_last = slot;
}

static bool label_put(struct rf_goroutine *row, const struct rf_go_string *key, const struct rf_go_string *value)
{
	uintptr_t left = RF_LABEL_BYTES_MAX - row->label_bytes;
	if (key->len >= left || value->len >= left || key->len + value->len + 2 > left)
		return false;
	char *p = row->labels + row->label_bytes;
	memcpy(p, key->ptr, key->len);
	p[key->len] = 0;
	memcpy(p + key->len + 1, value->ptr, value->len);
	p[key->len + 1 + value->len] = 0;
	row->label_bytes = (uint16_t)(row->label_bytes + key->len + value->len + 2);
	return true;
}

static void rf_goroutine_label(uint32_t slot, const struct rf_go_string *pairs, uintptr_t pair_count)
{
	struct rf_goroutine *row = row_of(slot);
	if (!row)
		return;
	row->label_bytes = 0;
	row->labels_cut = false;
	for (uintptr_t i = 0; i < pair_count; i++) {
		if (!label_put(row, &pairs[2 * i], &pairs[2 * i + 1])) {
			row->labels_cut = true;
			rf_count(&rf_counters.labels_cut);
		}
	}
}

static void rf_goroutine_own(uint32_t slot, uint32_t owner)
{
	struct rf_goroutine *row = row_of(slot);
	if (row)
		row->owner = owner;
}

static const struct rf_goroutine *rf_goroutine_of_thread(uint32_t thread)
{
	const struct rf_goroutine *row = row_of(table.hints[thread % THREAD_HINTS]);
	if (row && row->thread == thread)
		return row;
	for (uint32_t slot = table.used; slot > 0; slot--) {
		if (table.rows[slot].thread == thread)
			return &table.rows[slot];
	}
	return NULL;
}
