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
	uint64_t start_ns, next_ns, distance_ns, cgroup_limit, held;
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

/* "size resident shared …" in pages (proc_pid_statm(5)). Of a Go program nothing is said: most of it is Go's own. */
static uint64_t resident(void)
{
	char text[128], *end = text;
	if (samples.go || !rf_cgroup_read("/proc/self/statm", text, sizeof(text)))
		return 0;
	strtoull(text, &end, 10);
	return strtoull(end, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void rf_samples_take(uint64_t now_ns, double live_bytes)
{
	struct stat tasks;
	if (!rf_record_open())
		return;
	if (!samples.limit_known)
		samples.cgroup_limit = rf_cgroup_memory("/proc/self/cgroup", &rf_cgroup_limits, samples.text);
	samples.limit_known = true;
	samples.held = 0;
	rf_maps_each(see_held);
	struct rf_spool_sample *s = rf_spool_begin(RF_SPOOL_SAMPLE, sizeof(*s));
	s->elapsed_ns = now_ns - samples.start_ns;
	s->threads = stat("/proc/self/task", &tasks) == 0 && tasks.st_nlink > 2 ? tasks.st_nlink - 2 : 0;
	s->heap_live = live_bytes > 0 ? (uint64_t)live_bytes : 0;
	s->heap_in_use = samples.held;
	s->resident = resident();
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
