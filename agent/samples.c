#include "agent/samples.h"

#include "agent/arena.h"
#include "agent/record.h"
#include "tsan-glue/cgroup.h"
#include "tsan-glue/maps.h"
#include "tsan-glue/spool.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#define FIRST_DISTANCE_NS ((uint64_t)100000000)
#define DISTANCE_SAMPLES 32u

static struct {
	uint64_t start_ns, next_ns, distance_ns, cgroup_limit;
	uint64_t held, held_at; /* by malloc, and the pages that could be written when that was looked up */
	uint32_t count;
	bool limit_known, go;
	char text[RF_CGROUP_TEXT_BYTES];
} samples;

static void rf_samples_init(uint64_t now_ns)
{
	samples.start_ns = now_ns;
	samples.distance_ns = FIRST_DISTANCE_NS;
	samples.next_ns = now_ns + FIRST_DISTANCE_NS;
	samples.count = 0;
	samples.limit_known = false;
	samples.held_at = 0;
	samples.go = dlsym(RTLD_DEFAULT, "crosscall2") != NULL; /* src/runtime/cgo/callbacks.go */
}

/* Of malloc's: [heap], and the part that may be written of each range that an arena has reserved. */
static bool see_held(const struct rf_mapping *m)
{
	bool arena = m->range.start % RF_ARENA_HEAP_BYTES == 0 && *m->path == '\0' && strncmp(m->permissions, "rw-p", 4) == 0;
	if (arena || strcmp(m->path, "[heap]") == 0)
		samples.held += m->range.end - m->range.start;
	return true;
}

/* "size resident shared text lib data dt" in pages (proc_pid_statm(5)); all 0: not known. */
enum { STATM_RESIDENT = 1, STATM_DATA = 5, STATM_COUNT };

static void read_statm(uint64_t pages[STATM_COUNT])
{
	char text[128], *end = text;
	rf_cgroup_read("/proc/self/statm", text, sizeof(text));
	for (uint32_t i = 0; i < STATM_COUNT; i++)
		pages[i] = strtoull(end, &end, 10);
}

/* An arena that grows makes more of its range writable, and [heap] grows: where the process has as many pages of its own that it can write
 * as at the last look, the list of mappings, which takes 0.1 ms, is taken to say the same. */
static void look_up_held(uint64_t data_pages)
{
	if (data_pages && data_pages == samples.held_at)
		return;
	samples.held_at = data_pages;
	samples.held = 0;
	rf_maps_each(see_held);
}

static void rf_samples_take(uint64_t now_ns, double live_bytes)
{
	struct stat tasks;
	uint64_t pages[STATM_COUNT];
	if (!rf_record_open())
		return;
	if (!samples.limit_known)
		samples.cgroup_limit = rf_cgroup_memory("/proc/self/cgroup", &rf_cgroup_limits, samples.text);
	samples.limit_known = true;
	read_statm(pages);
	look_up_held(pages[STATM_DATA]);
	struct rf_spool_sample *s = rf_spool_begin(RF_SPOOL_SAMPLE, sizeof(*s));
	s->elapsed_ns = now_ns - samples.start_ns;
	s->threads = stat("/proc/self/task", &tasks) == 0 && tasks.st_nlink > 2 ? tasks.st_nlink - 2 : 0;
	s->heap_live = live_bytes > 0 ? (uint64_t)live_bytes : 0;
	s->heap_in_use = samples.held;
	/* Of a Go program nothing is said: most of it is Go's own. */
	s->resident = samples.go ? 0 : pages[STATM_RESIDENT] * (uint64_t)sysconf(_SC_PAGESIZE);
	s->cgroup_limit = samples.cgroup_limit;
	rf_spool_commit();
}

static void rf_samples_take_due(uint64_t now_ns, double live_bytes)
{
	if (now_ns < samples.next_ns)
		return;
	if (++samples.count % DISTANCE_SAMPLES == 0)
		samples.distance_ns *= 2;
	samples.next_ns = now_ns + samples.distance_ns;
	rf_samples_take(now_ns, live_bytes);
}
