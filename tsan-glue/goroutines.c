#include "tsan-glue/goroutines.h"

#include "tsan-glue/counters.h"
#include "tsan-glue/owners.h"

#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define THREAD_HINTS (1u << 16) /* direct-mapped: thread number to slot; a miss falls back to a scan */

static struct {
	struct rf_goroutine *rows; /* [0] is unused */
	struct rf_labels *labels;  /* of finished rows; touched only where there are labels */
	uintptr_t text;            /* start of Go's code */
	uint32_t used;             /* rows handed out so far */
	uint32_t dead_first, dead_last, dead_count; /* a queue of finished rows, oldest first */
	uint32_t hints[THREAD_HINTS];
} table;

#ifdef RF_LAYOUT_THREAD_ID
static void *reserve_rows(size_t bytes_each)
{
	void *rows = mmap(NULL, bytes_each * (RF_GOROUTINES_MAX + 1u), PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return rows == MAP_FAILED ? NULL : rows;
}
#endif

static bool rf_goroutines_init(uintptr_t text)
{
	table.text = text;
#ifdef RF_LAYOUT_THREAD_ID
	table.labels = reserve_rows(sizeof(*table.labels));
	table.rows = table.labels ? reserve_rows(sizeof(*table.rows)) : NULL;
#endif
	return table.rows != NULL;
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
		__builtin_prefetch(&table.rows[table.dead_first]); /* the next one's, which nobody has touched for long */
		rf_owner_unref(table.rows[slot].owner);
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
	rf_count(&rf_counters.goroutines_created);
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
	row->creator = start->creator > table.text && start->creator - table.text <= UINT32_MAX ?
			       (uint32_t)(start->creator - table.text) : 0;
	row->owner = start->owner;
	rf_owner_ref(row->owner);
	row->finished = false;
	table.hints[row->thread % THREAD_HINTS] = slot;
	*start->slot = slot;
}

static bool label_put(struct rf_labels *to, const struct rf_go_label *label)
{
	uintptr_t left = RF_LABEL_BYTES_MAX - to->bytes;
	uintptr_t key = label->key.len, value = label->value.len;
	if (key >= left || value >= left || key + value + 2 > left)
		return false;
	char *p = to->text + to->bytes;
	memcpy(p, label->key.ptr, key);
	p[key] = 0;
	memcpy(p + key + 1, label->value.ptr, value);
	for (uintptr_t i = 0; i < key + 1 + value; i++)
		p[i] = p[i] || i == key ? p[i] : '?'; /* a NUL inside would make one pair two */
	p[key + 1 + value] = 0;
	to->bytes = (uint16_t)(to->bytes + key + value + 2);
	return true;
}

static bool rf_labels_copy(struct rf_labels *to, const struct rf_go_label *labels, uintptr_t label_count)
{
	bool whole = true;
	to->bytes = 0;
	for (uintptr_t i = 0; i < label_count; i++) {
		if (!label_put(to, &labels[i])) {
			whole = false;
			rf_count(&rf_counters.labels_cut);
		}
	}
	return whole;
}

static void rf_goroutine_finish(uint32_t slot, const struct rf_go_label *labels, uintptr_t label_count)
{
	struct rf_goroutine *row = row_of(slot);
	if (!row || row->finished)
		return;
	row->finished = true;
	row->labelled = label_count != 0;
	if (label_count)
		rf_labels_copy(&table.labels[slot], labels, label_count);
	if (table.dead_count++)
		table.rows[table.dead_last].next_dead = slot;
	else
		table.dead_first = slot;
	table.dead_last = slot;
}

static const struct rf_labels *rf_goroutine_labels(const struct rf_goroutine *row)
{
	static const struct rf_labels none;
	return row->labelled ? &table.labels[row - table.rows] : &none;
}

static void rf_goroutine_own(uint32_t slot, uint32_t owner)
{
	struct rf_goroutine *row = row_of(slot);
	if (!row)
		return;
	rf_owner_unref(row->owner);
	row->owner = owner;
	rf_owner_ref(owner);
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

static const struct rf_goroutine *rf_goroutine_of_goid(uint64_t goid, uint32_t slot)
{
	const struct rf_goroutine *row = row_of(slot);
	if (row && row->goid == goid)
		return row;
	for (slot = goid ? table.used : 0; slot > 0; slot--) {
		if (table.rows[slot].goid == goid)
			return &table.rows[slot];
	}
	return NULL;
}
