#include "cmd/pipe_peer.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENVIRONMENT_BYTES_MAX ((size_t)1 << 20) /* longer ones are read up to here */

static bool holds_pipe(const char *pid, int fd, dev_t device, ino_t inode)
{
	char path[64];
	struct stat st;
	int n = snprintf(path, sizeof(path), "/proc/%s/fd/%d", pid, fd);
	return n > 0 && (size_t)n < sizeof(path) && stat(path, &st) == 0 && S_ISFIFO(st.st_mode) &&
	       st.st_dev == device && st.st_ino == inode;
}

/* "NAME=value" NUL …; "" when it may not be read. */
static rf_str environment_of(const char *pid, rf_arena *arena)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%.20s/environ", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = fd < 0 ? NULL : rf_arena_alloc(arena, ENVIRONMENT_BYTES_MAX + 1);
	size_t len = 0;
	ssize_t n = 1;
	while (text && n > 0 && len < ENVIRONMENT_BYTES_MAX) {
		n = read(fd, text + len, ENVIRONMENT_BYTES_MAX - len);
		len += n > 0 ? (size_t)n : 0;
	}
	if (fd >= 0)
		close(fd);
	return (rf_str){ text, text ? len : 0 };
}

static void take(struct rf_pipe_peer *out, rf_str entry, rf_arena *arena)
{
	const char **const places[] = { &out->trace_id, &out->traceparent, &out->spool, &out->tag };
	static const char *const names[] = { "TRACE_ID=", "TRACEPARENT=", "REDFLAG_SPOOL=", "REDFLAG_TAG=" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (rf_str_starts(entry, names[i]))
			*places[i] = rf_arena_cstr(arena, rf_str_skip(entry, strlen(names[i])));
	}
}

static void look_at(const char *pid, rf_arena *arena, struct rf_pipe_peer *out)
{
	rf_arena scratch;
	rf_arena_init(&scratch, 0);
	rf_str text = environment_of(pid, &scratch);
	while (text.len)
		take(out, rf_str_cut(&text, '\0'), arena);
	rf_arena_release(&scratch);
	out->found = out->trace_id || out->traceparent || out->spool;
}

void rf_pipe_peer_find(int fd, rf_arena *arena, struct rf_pipe_peer *out)
{
	struct stat st;
	char self[24];
	*out = (struct rf_pipe_peer){ 0 };
	if (fstat(fd, &st) != 0 || !S_ISFIFO(st.st_mode))
		return;
	snprintf(self, sizeof(self), "%d", (int)getpid());
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	while (dir && !out->found && (entry = readdir(dir))) {
		const char *pid = entry->d_name;
		if (pid[0] < '1' || pid[0] > '9' || rf_str_eq_cstr(rf_str_from(pid), self))
			continue;
		if (holds_pipe(pid, 1, st.st_dev, st.st_ino) || holds_pipe(pid, 2, st.st_dev, st.st_ino))
			look_at(pid, arena, out);
	}
	if (dir)
		closedir(dir);
}
