#include "tsan-glue/growth.h"

#include "tsan-glue/spool.h"
#include "tsan-glue/switches.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GROWTH_FD_MIN 901 /* beside the spool's (spool.c) */
#define GROWTH_PATH_MAX 1024u

static struct {
	int fd; /* of /proc/self/statm; may be closed by the program, and its number used again */
	dev_t device;
	ino_t inode;
	uint64_t cgroup_limit;
	char cgroups[4096], path[GROWTH_PATH_MAX]; /* only at start */
} growth = { .fd = -1 };

static size_t read_file(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, out, size - 1);
	if (fd >= 0)
		close(fd);
	out[n > 0 ? n : 0] = 0;
	return n > 0 ? (size_t)n : 0;
}

/* The number in a file; 0 when there is none ("max"), or none that limits anything (version 1 says about 2^63). */
static uint64_t limit_in(const char *path)
{
	char text[32];
	if (!read_file(path, text, sizeof(text)))
		return 0;
	uint64_t limit = strtoull(text, NULL, 10);
	return limit < (uint64_t)1 << 60 ? limit : 0;
}

/* The lowest limit from the cgroup `path` up to the root. A path that isn't there (another namespace's) counts for nothing. */
static uint64_t lowest_limit(const char *root, const char *cgroup, size_t cgroup_len, const char *file)
{
	uint64_t lowest = 0;
	for (;;) {
		while (cgroup_len && cgroup[cgroup_len - 1] == '/')
			cgroup_len--;
		int n = snprintf(growth.path, sizeof(growth.path), "%s%.*s/%s", root, (int)cgroup_len, cgroup, file);
		uint64_t limit = n > 0 && (size_t)n < sizeof(growth.path) ? limit_in(growth.path) : 0;
		if (limit && (!lowest || limit < lowest))
			lowest = limit;
		if (!cgroup_len)
			return lowest;
		while (cgroup_len && cgroup[cgroup_len - 1] != '/')
			cgroup_len--;
	}
}

/* A line of /proc/self/cgroup: "0::/path" (version 2) or "5:cpu,memory:/path" (version 1). */
static uint64_t limit_of_line(const char *line, size_t len)
{
	const char *names = memchr(line, ':', len);
	const char *path = names ? memchr(names + 1, ':', len - (size_t)(names + 1 - line)) : NULL;
	if (!path)
		return 0;
	size_t path_len = len - (size_t)(path + 1 - line);
	if (path == names + 1)
		return lowest_limit("/sys/fs/cgroup", path + 1, path_len, "memory.max");
	if (memmem(names, (size_t)(path - names), "memory", 6))
		return lowest_limit("/sys/fs/cgroup/memory", path + 1, path_len, "memory.limit_in_bytes");
	return 0;
}

static uint64_t cgroup_limit(void)
{
	uint64_t lowest = 0;
	read_file("/proc/self/cgroup", growth.cgroups, sizeof(growth.cgroups));
	for (const char *line = growth.cgroups; *line;) {
		size_t len = strcspn(line, "\n");
		uint64_t limit = limit_of_line(line, len);
		if (limit && (!lowest || limit < lowest))
			lowest = limit;
		line += len + (line[len] == '\n');
	}
	return lowest;
}

static void rf_growth_init(void)
{
	struct stat st;
	growth.cgroup_limit = cgroup_limit();
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
