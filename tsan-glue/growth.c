#include "tsan-glue/growth.h"

#include "tsan-glue/cgroup.h"
#include "tsan-glue/spool.h"
#include "tsan-glue/switches.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GROWTH_FD_MIN 901 /* beside the spool's (spool.c) */

static struct {
	int fd; /* of /proc/self/statm; may be closed by the program, and its number used again */
	dev_t device;
	ino_t inode;
	uint64_t cgroup_limit;
	char text[RF_CGROUP_TEXT_BYTES]; /* only at start */
} growth = { .fd = -1 };

static void rf_growth_init(void)
{
	struct stat st;
	growth.cgroup_limit = rf_cgroup_memory("/proc/self/cgroup", &rf_cgroup_limits, growth.text);
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	growth.fd = fcntl(fd, F_DUPFD_CLOEXEC, GROWTH_FD_MIN);
	close(fd);
	if (growth.fd < 0)
		return;
	if (fstat(growth.fd, &st)) {
		close(growth.fd);
		growth.fd = -1;
		return;
	}
	growth.device = st.st_dev;
	growth.inode = st.st_ino;
}

/* "size resident shared …" in pages (proc_pid_statm(5)). */
static uint64_t rf_growth_resident(void)
{
	char text[128];
	struct stat st;
	int fd = growth.fd;
	if (fd < 0 || fstat(fd, &st) || st.st_dev != growth.device || st.st_ino != growth.inode)
		return 0;
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	if (n <= 0)
		return 0;
	text[n] = 0;
	char *end;
	strtoull(text, &end, 10);
	return strtoull(end, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void sample_write(const struct rf_sample *sample, uint64_t resident)
{
	struct rf_spool_sample *s = rf_spool_begin(RF_SPOOL_SAMPLE, sizeof(*s));
	s->elapsed_ns = (uint64_t)sample->elapsed_ns;
	s->goroutines = sample->goroutines;
	s->threads = sample->threads;
	s->timers = sample->timers;
	s->blocked_send = sample->blocked_send;
	s->blocked_receive = sample->blocked_receive;
	s->blocked_select = sample->blocked_select;
	s->blocked_lock = sample->blocked_lock;
	s->heap_live = sample->heap_live;
	s->heap_in_use = sample->heap_in_use;
	s->stacks = sample->stacks;
	s->go_mapped = sample->go_mapped;
	s->resident = resident;
	s->itabs = sample->itabs;
	s->reflected = sample->reflected;
	s->modules = sample->modules;
	s->memory_limit = sample->memory_limit == INT64_MAX ? 0 : (uint64_t)sample->memory_limit;
	s->cgroup_limit = growth.cgroup_limit;
	s->queued = sample->queued;
	rf_spool_commit();
}

static void origins_write(enum rf_spool_type type, uint64_t elapsed_ns, const struct rf_origin *origins, uintptr_t origin_count)
{
	if (!origin_count)
		return;
	uint32_t count = origin_count < RF_SPOOL_ORIGINS_MAX ? (uint32_t)origin_count : RF_SPOOL_ORIGINS_MAX;
	struct rf_spool_origins *record = rf_spool_begin(type, sizeof(*record));
	record->elapsed_ns = elapsed_ns;
	struct rf_spool_origin *out = rf_spool_array(count, sizeof(*out), &record->origins);
	for (uint32_t i = 0; i < count && out; i++) {
		out[i].live = origins[i].live;
		out[i].line = (uint32_t)origins[i].line;
		out[i].function = rf_spool_put((const void *)origins[i].function, origins[i].function_bytes);
		out[i].file = rf_spool_put((const void *)origins[i].file, origins[i].file_bytes);
		out[i].waiting = rf_reason_put(origins[i].waiting);
	}
	rf_spool_commit();
}

static void rf_growth_write(const struct rf_sample *sample, uint64_t resident, const struct rf_origin *origins,
			    uintptr_t origin_count, uintptr_t queue_count)
{
	if (!rf_spool_active())
		return;
	sample_write(sample, resident);
	origins_write(RF_SPOOL_ORIGINS, (uint64_t)sample->elapsed_ns, origins, origin_count);
	origins_write(RF_SPOOL_QUEUES, (uint64_t)sample->elapsed_ns, origins + origin_count, queue_count);
}
