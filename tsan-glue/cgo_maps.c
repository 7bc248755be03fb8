#if RF_CGO
#include "tsan-glue/cgo_heap.h"
#include "tsan-glue/cgo_maps.h"
#include "tsan-glue/lock.h"
#include "tsan-glue/maps.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#define DETECTOR_RANGES_MAX 16384u /* 256 KiB; neighbours are one */
#define SKIPPED_MAX 4096u          /* one a thread of Go */
#define PAGE 4096u
#define ADDRESSES_MAX ((uintptr_t)256 << 30) /* more than that is not looked through */

/* What the detector has mapped. Any thread. */
static struct {
	atomic_flag lock;
	bool lost; /* there was no room */
	uint32_t count;
	struct rf_maps_range ranges[DETECTOR_RANGES_MAX];
} mapped = { .lock = ATOMIC_FLAG_INIT };

static struct {
	uint32_t count;
	bool lost;
	struct rf_maps_range ranges[SKIPPED_MAX];
	uintptr_t threads[SKIPPED_MAX];
	uintptr_t seen; /* bytes of addresses */
	void (*see)(uintptr_t start, uintptr_t end);
} walk;

#define MMAP "_ZN11__sanitizer13internal_mmapEPvmiiiy"
#define MUNMAP "_ZN11__sanitizer15internal_munmapEPvm"
uintptr_t __redflag_mmap(void *at, uintptr_t bytes, int prot, int flags, int fd, uint64_t offset) __asm__(MMAP);
uintptr_t __redflag_stock_mmap(void *at, uintptr_t bytes, int prot, int flags, int fd, uint64_t offset) __asm__("rf_orig_" MMAP);
uintptr_t __redflag_munmap(void *at, uintptr_t bytes) __asm__(MUNMAP);
uintptr_t __redflag_stock_munmap(void *at, uintptr_t bytes) __asm__("rf_orig_" MUNMAP);

static void mapped_add(struct rf_maps_range r)
{
	for (uint32_t i = mapped.count; i > 0 && i + 8 > mapped.count; i--) { /* the kernel maps downwards, mostly */
		struct rf_maps_range *old = &mapped.ranges[i - 1];
		if (old->start == r.end || old->end == r.start) {
			old->start = old->start == r.end ? r.start : old->start;
			old->end = old->end == r.start ? r.end : old->end;
			return;
		}
	}
	if (mapped.count < DETECTOR_RANGES_MAX)
		mapped.ranges[mapped.count++] = r;
	else
		mapped.lost = true;
}

static void mapped_remove(struct rf_maps_range r)
{
	for (uint32_t i = 0; i < mapped.count; i++) {
		struct rf_maps_range old = mapped.ranges[i];
		if (old.end <= r.start || r.end <= old.start)
			continue;
		mapped.ranges[i--] = mapped.ranges[--mapped.count];
		if (old.start < r.start)
			mapped_add((struct rf_maps_range){ old.start, r.start });
		if (r.end < old.end)
			mapped_add((struct rf_maps_range){ r.end, old.end });
	}
}

static struct rf_maps_range pages_of(uintptr_t at, uintptr_t bytes)
{
	return (struct rf_maps_range){ at, (at + bytes + PAGE - 1) & ~(uintptr_t)(PAGE - 1) };
}

uintptr_t __redflag_mmap(void *at, uintptr_t bytes, int prot, int flags, int fd, uint64_t offset)
{
	uintptr_t p = __redflag_stock_mmap(at, bytes, prot, flags, fd, offset);
	if (p <= -(uintptr_t)PAGE) { /* no error number */
		rf_spin_lock(&mapped.lock);
		mapped_add(pages_of(p, bytes));
		rf_spin_unlock(&mapped.lock);
	}
	return p;
}

/* First out of the list, then out of memory: the next to get it may be somebody else. */
uintptr_t __redflag_munmap(void *at, uintptr_t bytes)
{
	rf_spin_lock(&mapped.lock);
	mapped_remove(pages_of((uintptr_t)at, bytes));
	rf_spin_unlock(&mapped.lock);
	return __redflag_stock_munmap(at, bytes);
}

static void rf_cgo_maps_begin(void)
{
	walk.count = 0;
	walk.lost = false;
	walk.seen = 0;
}

static void rf_cgo_maps_skip(uintptr_t start, uintptr_t end, uintptr_t thread)
{
	if (walk.count == SKIPPED_MAX) {
		walk.lost = true;
		return;
	}
	walk.threads[walk.count] = thread;
	walk.ranges[walk.count++] = (struct rf_maps_range){ start, end };
}

/* The next piece of [*at, end) that is to be looked at; its end. */
static uintptr_t piece(uintptr_t *at, uintptr_t end)
{
	struct rf_maps_range table, heaps = { RF_CGO_HEAP_START, RF_GO_HEAP_END };
	rf_cgo_heap_table(&table.start, &table.end);
	for (bool moved = true; moved && *at < end;) {
		moved = rf_maps_step(heaps, at, &end) || rf_maps_step(table, at, &end);
		for (uint32_t i = 0; i < walk.count; i++)
			moved |= rf_maps_step(walk.ranges[i], at, &end);
		for (uint32_t i = 0; i < mapped.count; i++)
			moved |= rf_maps_step(mapped.ranges[i], at, &end);
	}
	return end;
}

static bool see_touched(uintptr_t start, uintptr_t end)
{
	walk.see(start, end);
	return true;
}

/* Memory that others share by a file is passed over, but not what is shared without one. */
static bool see_mapping(const struct rf_mapping *m)
{
	struct rf_maps_range r = m->range;
	if (m->permissions[0] != 'r' || m->permissions[1] != 'w' || (m->permissions[3] != 'p' && !rf_maps_is_shared_memory(m)))
		return true;
	while (r.start < m->range.end) {
		r.end = piece(&r.start, m->range.end);
		if (r.end <= r.start)
			continue; /* what ends here is skipped, and what begins here, too */
		walk.seen += r.end - r.start;
		if (walk.seen > ADDRESSES_MAX || !rf_maps_touched(r, see_touched))
			return false;
		r.start = r.end;
	}
	return true;
}

/* Go's own threads wait or run Go; what another one works on may be in its registers alone. */
static bool all_threads_are_gos(void)
{
	DIR *tasks = opendir("/proc/self/task");
	bool all = tasks != NULL;
	for (struct dirent *d; all && (d = readdir(tasks));) {
		uintptr_t thread = strtoul(d->d_name, NULL, 10);
		bool known = d->d_name[0] == '.';
		for (uint32_t i = 0; !known && i < walk.count; i++)
			known = walk.threads[i] == thread;
		all = known;
	}
	if (tasks)
		closedir(tasks);
	return all;
}

static bool rf_cgo_maps_walk(void (*see)(uintptr_t start, uintptr_t end))
{
	walk.see = see;
	return !walk.lost && !mapped.lost && all_threads_are_gos() && rf_maps_each(see_mapping);
}
#endif
