/* What the kernel says of the memory of a process's cgroup: a number in a file of each one from its own up to the root, versions 1
 * and 2. Nothing is allocated. Used by the glue, the agent and the reporter.
 */
#ifndef RF_CGROUP_H
#define RF_CGROUP_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RF_CGROUP_LIST_BYTES 4096u
#define RF_CGROUP_PATH_BYTES 1024u
#define RF_CGROUP_TEXT_BYTES (RF_CGROUP_LIST_BYTES + RF_CGROUP_PATH_BYTES)

struct rf_cgroup_files {
	const char *version_1, *version_2;
};
static const struct rf_cgroup_files rf_cgroup_limits = { "memory.limit_in_bytes", "memory.max" };

static size_t rf_cgroup_read(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, out, size - 1);
	if (fd >= 0)
		close(fd);
	out[n > 0 ? n : 0] = 0;
	return n > 0 ? (size_t)n : 0;
}

/* The number in a file; 0 when there is none ("max"), or none that limits anything (version 1 says about 2^63). */
static uint64_t rf_cgroup_number(const char *path)
{
	char text[32];
	if (!rf_cgroup_read(path, text, sizeof(text)))
		return 0;
	uint64_t number = strtoull(text, NULL, 10);
	return number < (uint64_t)1 << 60 ? number : 0;
}

/* The lowest number from the cgroup up to the root. A path that isn't there (another namespace's) counts for nothing. */
static uint64_t rf_cgroup_lowest(const char *root, const char *cgroup, size_t cgroup_len, const char *file, char *path)
{
	uint64_t lowest = 0;
	for (;;) {
		while (cgroup_len && cgroup[cgroup_len - 1] == '/')
			cgroup_len--;
		int n = snprintf(path, RF_CGROUP_PATH_BYTES, "%s%.*s/%s", root, (int)cgroup_len, cgroup, file);
		uint64_t number = n > 0 && (size_t)n < RF_CGROUP_PATH_BYTES ? rf_cgroup_number(path) : 0;
		if (number && (!lowest || number < lowest))
			lowest = number;
		if (!cgroup_len)
			return lowest;
		while (cgroup_len && cgroup[cgroup_len - 1] != '/')
			cgroup_len--;
	}
}

/* A line of /proc/PID/cgroup: "0::/path" (version 2) or "5:cpu,memory:/path" (version 1). */
static uint64_t rf_cgroup_of_line(const char *line, size_t len, const struct rf_cgroup_files *files, char *path)
{
	const char *names = memchr(line, ':', len);
	const char *cgroup = names ? memchr(names + 1, ':', len - (size_t)(names + 1 - line)) : NULL;
	if (!cgroup)
		return 0;
	size_t cgroup_len = len - (size_t)(cgroup + 1 - line);
	if (cgroup == names + 1)
		return rf_cgroup_lowest("/sys/fs/cgroup", cgroup + 1, cgroup_len, files->version_2, path);
	if (memmem(names, (size_t)(cgroup - names), "memory", 6))
		return rf_cgroup_lowest("/sys/fs/cgroup/memory", cgroup + 1, cgroup_len, files->version_1, path);
	return 0;
}

/* The lowest number in those files for the process that list (/proc/PID/cgroup) is of; 0 none or unknown. text is scratch. */
static uint64_t rf_cgroup_memory(const char *list, const struct rf_cgroup_files *files, char text[RF_CGROUP_TEXT_BYTES])
{
	uint64_t lowest = 0;
	rf_cgroup_read(list, text, RF_CGROUP_LIST_BYTES);
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");
		uint64_t number = rf_cgroup_of_line(line, len, files, text + RF_CGROUP_LIST_BYTES);
		if (number && (!lowest || number < lowest))
			lowest = number;
		line += len + (line[len] == '\n');
	}
	return lowest;
}

#endif
