/* A program that we start and watch: its environment, its standard output as a pipe or as ours, its end.
 *
 * While it runs, SIGINT and SIGTERM are ours to forward (rf_stream_block_signals). At a terminal it stays in our process group,
 * so that the terminal's signals reach it and what it started without us; without one it gets a group of its own, and what we
 * forward goes to all of that group. SIGPIPE, which we ignore, is restored for it.
 */
#ifndef RF_CMD_CHILD_H
#define RF_CMD_CHILD_H

#include <signal.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"

struct rf_child {
	pid_t pid;
	int out_fd; /* to read from; -1 when its output is ours */
	bool own_group;
};

/* Our environment with `changes` ("NAME=VALUE"; NULL-terminated) in place of what has these names. */
char **rf_child_environment(const char *const *changes, rf_arena *arena);
/* argv[0] is looked up on PATH. RF_ERR_MISSING when it can't be started, with why. */
int rf_child_start(struct rf_child *child, char **argv, char **environment, bool pipe_out, const sigset_t *signals,
		   struct rf_error *err);
/* Forwards a signal that we got; nothing to do when the terminal has sent it to both of us. */
void rf_child_signal(const struct rf_child *child, int number, bool by_terminal);
/* Waits for the end, forwarding signals. Exit status, 128 + N when signal N ended it. */
int rf_child_wait(struct rf_child *child);

#endif
