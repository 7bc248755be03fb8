#include "cmd/courier.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define LOOK_NS 20000000 /* between looks whether it is done */

static bool is_done(struct rf_courier *c)
{
	if (c->pid && waitpid(c->pid, NULL, WNOHANG) != 0)
		c->pid = 0;
	return c->pid == 0;
}

/* In a group of its own: a Ctrl-C is meant for the tests. Whatever it has to say, the end of the run says again. */
static pid_t start(const char *database)
{
	char *argv[] = { (char *)(uintptr_t)"redflag", (char *)(uintptr_t)"alerts", (char *)(uintptr_t)"deliver",
			 (char *)(uintptr_t)"--db", (char *)(uintptr_t)database, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	pid_t pid = 0;
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		posix_spawn_file_actions_addopen(&files, fd, "/dev/null", O_RDWR, 0);
	if (posix_spawn(&pid, "/proc/self/exe", &files, &attributes, argv, environ) != 0)
		pid = 0; /* the end of the run delivers */
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return pid;
}

uint64_t rf_courier_send(struct rf_courier *c, const char *database, uint64_t queued)
{
	if (queued == c->queued)
		return 0;
	uint64_t now = rf_monotonic_ns(), pause_ns = c->started_ns ? c->started_ns + RF_COURIER_PAUSE_NS : 0;
	if (!is_done(c))
		return RF_COURIER_PAUSE_NS;
	if (now < pause_ns)
		return pause_ns - now;
	c->pid = start(database);
	c->started_ns = now;
	c->queued = queued;
	return 0;
}

uint64_t rf_courier_wait(struct rf_courier *c, uint64_t time_ns)
{
	const struct timespec pause = { 0, LOOK_NS };
	uint64_t start_ns = rf_monotonic_ns(), now = start_ns;
	for (; !is_done(c) && now - start_ns < time_ns; now = rf_monotonic_ns())
		nanosleep(&pause, NULL);
	return now - start_ns;
}
