#if RF_CGO || RF_AGENT
#include "tsan-glue/maps.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAPS_PAGE 4096u
#define MAPS_PAGES 512u /* of the page map, read at a time */
#define MAPS_TOUCHED ((uint64_t)3 << 62) /* present or swapped: Documentation/admin-guide/mm/pagemap.rst */

static struct {
	int pagemap; /* -1 until something is asked of it */
	uint64_t pages[MAPS_PAGES];
	char text[8192];
} maps;

static bool rf_maps_touched(struct rf_maps_range range, bool (*see)(uintptr_t start, uintptr_t end))
{
	uintptr_t at = range.start, end = range.end;
	if (maps.pagemap < 0)
		maps.pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	while (at < end) {
		uintptr_t first = at / MAPS_PAGE, count = (end - 1) / MAPS_PAGE - first + 1, run = 0;
		count = count < MAPS_PAGES ? count : MAPS_PAGES;
		ssize_t n = pread(maps.pagemap, maps.pages, count * sizeof(uint64_t), (off_t)(first * sizeof(uint64_t)));
		if (n != (ssize_t)(count * sizeof(uint64_t)))
			return false;
		for (uintptr_t i = 0; i < count; i += run + 1) {
			for (run = 0; i + run < count && maps.pages[i + run] & MAPS_TOUCHED;)
				run++;
			uintptr_t start = (first + i) * MAPS_PAGE, stop = start + run * MAPS_PAGE;
			if (run && !see(start > at ? start : at, stop < end ? stop : end))
				return false;
		}
		at = (first + count) * MAPS_PAGE;
	}
	return true;
}

static bool rf_maps_step(struct rf_maps_range skipped, uintptr_t *at, uintptr_t *end)
{
	if (skipped.start <= *at && *at < skipped.end)
		*at = skipped.end;
	else if (*at < skipped.start && skipped.start < *end)
		*end = skipped.start;
	else
		return false;
	return skipped.end == *at;
}

static bool rf_maps_is_shared_memory(const struct rf_mapping *m)
{
	return m->permissions[3] == 's' && (strncmp(m->path, "/dev/zero", 9) == 0 || strncmp(m->path, "/dev/shm/", 9) == 0 ||
					    strncmp(m->path, "/memfd:", 7) == 0 || strncmp(m->path, "/SYSV", 5) == 0);
}

/* "7f0000000000-7f0000001000 rw-p 00000000 00:00 0    [heap]" */
static bool maps_line(char *line, bool (*see)(const struct rf_mapping *mapping))
{
	char *rest;
	struct rf_mapping m = { .path = line };
	m.range.start = strtoul(line, &rest, 16);
	m.range.end = *rest == '-' ? strtoul(rest + 1, &rest, 16) : 0;
	if (*rest != ' ' || m.range.end <= m.range.start)
		return false;
	m.permissions = rest + 1;
	for (int field = 0; field < 5; field++) {
		m.path += strcspn(m.path, " ");
		m.path += strspn(m.path, " ");
	}
	return see(&m);
}

static bool maps_lines(int file, bool (*see)(const struct rf_mapping *mapping))
{
	size_t held = 0;
	for (;;) {
		ssize_t n = read(file, maps.text + held, sizeof(maps.text) - 1 - held);
		if (n < 0)
			return false;
		held += (size_t)n;
		maps.text[held] = '\0';
		char *line = maps.text, *end;
		for (; (end = strchr(line, '\n')); line = end + 1) {
			*end = '\0';
			if (!maps_line(line, see))
				return false;
		}
		if (n == 0)
			return held == (size_t)(line - maps.text);
		held -= (size_t)(line - maps.text);
		memmove(maps.text, line, held);
	}
}

static bool rf_maps_each(bool (*see)(const struct rf_mapping *mapping))
{
	int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	maps.pagemap = -1;
	bool done = file >= 0 && maps_lines(file, see);
	if (file >= 0)
		close(file);
	if (maps.pagemap >= 0)
		close(maps.pagemap);
	return done;
}
#endif
