#if RF_CGO
#include "tsan-glue/cgo_heap.h"
#include "tsan-glue/cgo_maps.h"
#include "tsan-glue/lock.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define DETECTOR_RANGES_MAX 16384u /* 256 KiB; neighbours are one */
#define SKIPPED_MAX 4096u          /* one a thread of Go */
#define PAGE 4096u
#define PAGES 512u /* of the page map, read at a time */
#define ADDRESSES_MAX ((uintptr_t)256 << 30) /* more than that is not looked through */
#define TOUCHED ((uint64_t)3 << 62) /* present or swapped: Documentation/admin-guide/mm/pagemap.rst */

struct range {
	uintptr_t start, end;
};

/* What the detector has mapped. Any thread. */
static struct {
	atomic_flag lock;
	bool lost; /* there was no room */
	uint32_t count;
	struct range ranges[DETECTOR_RANGES_MAX];
} mapped = { .lock = ATOMIC_FLAG_INIT };

static struct {
	uint32_t count;
	bool lost;
	struct range ranges[SKIPPED_MAX];
	uintptr_t threads[SKIPPED_MAX];
	uintptr_t seen; /* bytes of addresses */
	uint64_t pages[PAGES];
	char text[8192];
} walk;

#define MMAP "_ZN11__sanitizer13internal_mmapEPvmiiiy"
#define MUNMAP "_ZN11__sanitizer15internal_munmapEPvm"
uintptr_t __redflag_mmap(void *at, uintptr_t bytes, int prot, int flags, int fd, uint64_t offset) __asm__(MMAP);
uintptr_t __redflag_stock_mmap(void *at, uintptr_t bytes, int prot, int flags, int fd, uint64_t offset) __asm__("rf_orig_" MMAP);
uintptr_t __redflag_munmap(void *at, uintptr_t bytes) __asm__(MUNMAP);
uintptr_t __redflag_stock_munmap(void *at, uintptr_t bytes) __asm__("rf_orig_" MUNMAP);

static void mapped_add(struct range r)
{
	for (uint32_t i = mapped.count; i > 0 && i + 8 > mapped.count; i--) { /* the kernel maps downwards, mostly */
		struct range *old = &mapped.ranges[i - 1];
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

static void mapped_remove(struct range r)
{
	for (uint32_t i = 0; i < mapped.count; i++) {
		struct range old = mapped.ranges[i];
		if (old.end <= r.start || r.end <= old.start)
			continue;
		mapped.ranges[i--] = mapped.ranges[--mapped.count];
		if (old.start < r.start)
			mapped_add((struct range){ old.start, r.start });
		if (r.end < old.end)
			mapped_add((struct range){ r.end, old.end });
	}
}

static struct range pages_of(uintptr_t at, uintptr_t bytes)
{
	return (struct range){ at, (at + bytes + PAGE - 1) & ~(uintptr_t)(PAGE - 1) };
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
	walk.ranges[walk.count++] = (struct range){ start, end };
}

/* Moves at behind a range that it lies in, or end to the beginning of the next one. */
static bool step(struct range r, uintptr_t *at, uintptr_t *end)
{
	if (r.start <= *at && *at < r.end)
		*at = r.end;
	else if (*at < r.start && r.start < *end)
		*end = r.start;
	else
		return false;
	return r.end == *at;
}

/* The next piece of [*at, end) that is to be looked at; its end. */
static uintptr_t piece(uintptr_t *at, uintptr_t end)
{
	struct range table, heaps = { RF_CGO_HEAP_START, RF_GO_HEAP_END };
	rf_cgo_heap_table(&table.start, &table.end);
	for (bool moved = true; moved && *at < end;) {
		moved = step(heaps, at, &end) || step(table, at, &end);
		for (uint32_t i = 0; i < walk.count; i++)
			moved |= step(walk.ranges[i], at, &end);
		for (uint32_t i = 0; i < mapped.count; i++)
			moved |= step(mapped.ranges[i], at, &end);
	}
	return end;
}

static bool see_pages(int pagemap, uintptr_t at, uintptr_t end, void (*see)(uintptr_t start, uintptr_t end))
{
	while (at < end) {
		uintptr_t first = at / PAGE, count = (end - 1) / PAGE - first + 1;
		count = count < PAGES ? count : PAGES;
		ssize_t n = pread(pagemap, walk.pages, count * sizeof(uint64_t), (off_t)(first * sizeof(uint64_t)));
		if (n != (ssize_t)(count * sizeof(uint64_t)))
			return false;
		for (uintptr_t i = 0; i < count; i++) {
			uintptr_t start = (first + i) * PAGE, stop = start + PAGE;
			if (walk.pages[i] & TOUCHED)
				see(start > at ? start : at, stop < end ? stop : end);
		}
		at = (first + count) * PAGE;
	}
	return true;
}

/* Memory that others share by a file is passed over, but not what is shared without one. */
static bool is_wanted(const char *permissions, const char *path)
{
	if (permissions[0] != 'r' || permissions[1] != 'w')
		return false;
	return permissions[3] == 'p' || strncmp(path, "/dev/zero", 9) == 0 || strncmp(path, "/dev/shm/", 9) == 0 ||
	       strncmp(path, "/memfd:", 7) == 0 || strncmp(path, "/SYSV", 5) == 0;
}

/* "7f0000000000-7f0000001000 rw-p 00000000 00:00 0    [heap]" */
static bool see_line(int pagemap, char *line, void (*see)(uintptr_t start, uintptr_t end))
{
	char *rest, *path = strpbrk(line, "/[");
	uintptr_t start = strtoul(line, &rest, 16), end = *rest == '-' ? strtoul(rest + 1, &rest, 16) : 0;
	if (*rest != ' ' || end <= start)
		return false;
	if (!is_wanted(rest + 1, path ? path : ""))
		return true;
	while (start < end) {
		uintptr_t stop = piece(&start, end);
		if (stop <= start)
			continue; /* what ends here is skipped, and what begins here, too */
		walk.seen += stop - start;
		if (walk.seen > ADDRESSES_MAX || !see_pages(pagemap, start, stop, see))
			return false;
		start = stop;
	}
	return true;
}

static bool see_all(int maps, int pagemap, void (*see)(uintptr_t start, uintptr_t end))
{
	size_t held = 0;
	for (;;) {
		ssize_t n = read(maps, walk.text + held, sizeof(walk.text) - 1 - held);
		if (n < 0)
			return false;
		held += (size_t)n;
		walk.text[held] = '\0';
		char *line = walk.text, *end;
		for (; (end = strchr(line, '\n')); line = end + 1) {
			*end = '\0';
			if (!see_line(pagemap, line, see))
				return false;
		}
		if (n == 0)
			return held == (size_t)(line - walk.text);
		held -= (size_t)(line - walk.text);
		memmove(walk.text, line, held);
	}
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
	if (walk.lost || mapped.lost || !all_threads_are_gos())
		return false;
	int maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC), pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	bool done = maps >= 0 && pagemap >= 0 && see_all(maps, pagemap, see);
	if (maps >= 0)
		close(maps);
	if (pagemap >= 0)
		close(pagemap);
	return done;
}
#endif
