#include "store/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define START_FIELD 22        /* of /proc/PID/stat, counted from 1: start time in ticks since boot (proc(5)) */
#define STAT_BYTES 1024
#define SLACK_NS 2000000000ll /* boot time is given in seconds, start times in ticks */

static bool read_file(const char *path, char *buffer, size_t bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buffer, bytes - 1);
	if (fd >= 0)
		close(fd);
	buffer[n > 0 ? n : 0] = '\0';
	return n > 0;
}

static int64_t boot_unix_s(void)
{
	char text[16384]; /* the line comes behind the interrupts' counters, which are cut to fit by reading on */
	int64_t boot = 0;
	FILE *f = fopen("/proc/stat", "re");
	while (f && fgets(text, sizeof(text), f)) {
		if (strncmp(text, "btime ", 6) == 0)
			boot = strtoll(text + 6, NULL, 10);
	}
	if (f)
		fclose(f);
	return boot;
}

/* What stands behind field 2 of /proc/PID/stat, the name, which may hold blanks and parentheses; NULL when it can't be read. */
static char *read_stat(uint32_t pid, char text[STAT_BYTES])
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	return read_file(path, text, STAT_BYTES) ? strrchr(text, ')') : NULL;
}

/* It has ended, and its parent hasn't asked for its status yet. */
static bool is_zombie(const char *stat)
{
	return stat && strncmp(stat, ") Z", 3) == 0;
}

/* 0 when it can't be read. */
static int64_t start_unix_ns_of(const char *at)
{
	for (int field = 2; at && field < START_FIELD; field++)
		at = strchr(at + 1, ' ');
	int64_t boot = boot_unix_s(), hz = sysconf(_SC_CLK_TCK);
	if (!at || !boot || hz <= 0)
		return 0;
	return boot * 1000000000ll + strtoll(at, NULL, 10) * (1000000000ll / hz);
}

bool rf_process_over(uint32_t pid, uint64_t start_unix_ns)
{
	if (pid == 0 || pid > INT32_MAX)
		return true;
	if (kill((pid_t)pid, 0) != 0 && errno == ESRCH)
		return true;
	char text[STAT_BYTES];
	const char *stat = read_stat(pid, text);
	int64_t start = start_unix_ns_of(stat);
	return is_zombie(stat) || (start && start > (int64_t)start_unix_ns + SLACK_NS);
}
