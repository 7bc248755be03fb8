#include "toolchain/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#define ENVIRONMENT_CHANGES_MAX 32
#define NS_PER_MS 1000000u

static bool names_same(const char *variable, const char *change)
{
	size_t n = strcspn(change, "=");
	return strncmp(variable, change, n) == 0 && variable[n] == '=';
}

static const char **make_environment(const char *const *changes, rf_arena *arena)
{
	size_t count = 0, out = 0;
	while (environ[count])
		count++;
	const char **list = rf_arena_array(arena, count + ENVIRONMENT_CHANGES_MAX + 1, sizeof(*list));
	for (size_t i = 0; i < count && list; i++) {
		bool changed = false;
		for (size_t c = 0; changes && changes[c] && !changed; c++)
			changed = names_same(environ[i], changes[c]);
		if (!changed)
			list[out++] = environ[i];
	}
	for (size_t c = 0; changes && changes[c] && c < ENVIRONMENT_CHANGES_MAX && list; c++) {
		if (strchr(changes[c], '='))
			list[out++] = changes[c];
	}
	return list;
}

/* False at the end of the stream. */
static bool take(int fd, struct rf_buf *to)
{
	char chunk[16384];
	ssize_t n = read(fd, chunk, sizeof(chunk));
	if (n > 0 && to->len < RF_SPAWN_OUTPUT_BYTES_MAX)
		rf_buf_put(to, chunk, (size_t)n);
	return n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN));
}

/* Reads both streams to their ends; false when the time is over first. */
static bool drain(int out_fd, int err_fd, struct rf_buf *out, struct rf_buf *err, unsigned timeout_ms)
{
	struct pollfd fds[2] = { { .fd = out_fd, .events = POLLIN }, { .fd = err_fd, .events = POLLIN } };
	struct rf_buf *buffers[2] = { out, err };
	uint64_t end_ns = rf_monotonic_ns() + (uint64_t)timeout_ms * NS_PER_MS;
	while (fds[0].fd >= 0 || fds[1].fd >= 0) {
		uint64_t now_ns = rf_monotonic_ns();
		if (timeout_ms && now_ns >= end_ns)
			return false;
		if (poll(fds, 2, timeout_ms ? (int)((end_ns - now_ns) / NS_PER_MS) + 1 : -1) < 0 && errno != EINTR)
			return false;
		for (size_t i = 0; i < 2; i++) {
			if (fds[i].fd >= 0 && fds[i].revents && !take(fds[i].fd, buffers[i]))
				fds[i].fd = -1;
		}
	}
	return true;
}

static int start(const struct rf_spawn *spawn, const char **environment, int out_fd, int err_fd, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t defaults;
	int rc = posix_spawn_file_actions_init(&actions);
	if (rc)
		return rc;
	posix_spawnattr_init(&attributes);
	/* main ignores SIGPIPE; a child must not inherit that. */
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	rc = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(&actions, out_fd, 1);
	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(&actions, err_fd, 2);
	if (rc == 0 && spawn->directory)
		rc = posix_spawn_file_actions_addchdir_np(&actions, spawn->directory);
	if (rc == 0)
		rc = posix_spawnp(pid, spawn->argv[0], &actions, &attributes, (char *const *)(uintptr_t)spawn->argv,
				  (char *const *)(uintptr_t)environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return rc;
}

static int wait_for(pid_t pid)
{
	int status;
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return 127;
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int fail_start(const struct rf_spawn *spawn, int number, struct rf_error *err)
{
	if (spawn->directory && access(spawn->directory, X_OK) != 0)
		return rf_fail(err, RF_ERR_IO, "can't enter the directory %s: %s", spawn->directory, strerror(errno));
	if (number == ENOENT)
		return rf_fail(err, RF_ERR_MISSING, "there is no program %s on PATH", spawn->argv[0]);
	return rf_fail(err, RF_ERR_IO, "can't start %s: %s", spawn->argv[0], strerror(number));
}

int rf_spawn_run(const struct rf_spawn *spawn, rf_arena *arena, struct rf_spawn_result *result, struct rf_error *err)
{
	int out_pipe[2] = { -1, -1 }, err_pipe[2] = { -1, -1 };
	const char **environment = make_environment(spawn->environment, arena);
	struct rf_buf out, errors;
	pid_t pid;
	*result = (struct rf_spawn_result){ 0 };
	rf_buf_init(&out);
	rf_buf_init(&errors);
	if (!environment || pipe2(out_pipe, O_CLOEXEC) != 0 || pipe2(err_pipe, O_CLOEXEC) != 0) {
		if (out_pipe[0] >= 0) {
			close(out_pipe[0]);
			close(out_pipe[1]);
		}
		return rf_fail(err, RF_ERR_IO, "can't make pipes to run %s: %s", spawn->argv[0], strerror(errno));
	}
	int number = start(spawn, environment, out_pipe[1], err_pipe[1], &pid);
	close(out_pipe[1]);
	close(err_pipe[1]);
	if (number == 0) {
		result->timed_out = !drain(out_pipe[0], err_pipe[0], &out, &errors, spawn->timeout_ms);
		if (result->timed_out)
			kill(pid, SIGKILL);
		result->status = wait_for(pid);
		result->out = rf_arena_dup(arena, rf_buf_str(&out));
		result->err = rf_arena_dup(arena, rf_buf_str(&errors));
	}
	close(out_pipe[0]);
	close(err_pipe[0]);
	rf_buf_release(&out);
	rf_buf_release(&errors);
	return number ? fail_start(spawn, number, err) : 0;
}
