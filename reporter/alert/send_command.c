#include "alert/send.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#define POLL_MS_MAX 20 /* how late an end without output is noticed */

/* In the child: only calls that are safe after fork. */
static void become(const struct rf_send_command *c, int in)
{
	sigset_t none;
	int null = open("/dev/null", O_RDWR);
	setpgid(0, 0);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (null < 0 || dup2(in, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
	    (!c->keep_errors && dup2(null, STDERR_FILENO) < 0) || (c->directory && chdir(c->directory) != 0))
		_exit(126);
	execvp(c->argv[0], c->argv);
	_exit(errno == ENOENT ? 127 : 126);
}

/* Feeds the body and waits for the end. False when the time is over. */
static bool feed_and_wait(const struct rf_send_command *c, pid_t pid, int *in, uint64_t end)
{
	rf_str left = c->body;
	siginfo_t info = { 0 };
	for (uint64_t now = rf_monotonic_ns(); now < end; now = rf_monotonic_ns()) {
		/* Not reaped yet: its number, which is its group's, stays taken. */
		if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid)
			return true;
		struct pollfd p = { .fd = left.len ? *in : -1, .events = POLLOUT };
		poll(&p, 1, POLL_MS_MAX);
		ssize_t n = p.revents ? write(*in, left.ptr, left.len) : 0;
		if (n > 0)
			left = rf_str_skip(left, (size_t)n);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			left.len = 0; /* it doesn't want to know more; its status counts */
		if (left.len == 0 && *in >= 0) {
			close(*in);
			*in = -1;
		}
	}
	return false;
}

static void judge(const struct rf_send_command *c, bool over, int status, struct rf_attempt *out)
{
	if (!over)
		rf_attempt_fail(out, false, "%s was not done within %llu ms and was killed.", c->argv[0],
				(unsigned long long)(c->timeout_ns / 1000000u));
	else if (WIFSIGNALED(status))
		rf_attempt_fail(out, false, "%s was ended by signal %d.", c->argv[0], WTERMSIG(status));
	else if (WEXITSTATUS(status) == 127)
		rf_attempt_fail(out, false, "%s was not found.", c->argv[0]);
	else if (WEXITSTATUS(status) == 126)
		rf_attempt_fail(out, false, "%s could not be run; is it executable?", c->argv[0]);
	else if (WEXITSTATUS(status) != 0)
		rf_attempt_fail(out, false, "%s ended with status %d.", c->argv[0], WEXITSTATUS(status));
}

void rf_send_command(const struct rf_send_command *c, struct rf_attempt *out)
{
	int in[2], status = 0;
	*out = (struct rf_attempt){ .done = true };
	if (pipe2(in, O_CLOEXEC) != 0) {
		rf_attempt_fail(out, false, "Cannot make a pipe: %s.", strerror(errno));
		return;
	}
	pid_t pid = fork();
	if (pid == 0)
		become(c, in[0]);
	close(in[0]);
	if (pid < 0) {
		rf_attempt_fail(out, false, "Cannot start a process: %s.", strerror(errno));
	} else {
		setpgid(pid, pid); /* both do it, so that it is so for whoever comes first */
		fcntl(in[1], F_SETFL, O_NONBLOCK);
		bool over = feed_and_wait(c, pid, &in[1], rf_monotonic_ns() + c->timeout_ns);
		kill(-pid, SIGKILL); /* also what it left running */
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			continue;
		judge(c, over, status, out);
	}
	if (in[1] >= 0)
		close(in[1]);
}
