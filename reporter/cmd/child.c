#include "cmd/child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static bool same_name(const char *a, const char *b)
{
	size_t n = strcspn(a, "=");
	return strncmp(a, b, n) == 0 && b[n] == '=';
}

static bool is_changed(const char *entry, const char *const *changes)
{
	for (size_t i = 0; changes[i]; i++) {
		if (same_name(changes[i], entry))
			return true;
	}
	return false;
}

char **rf_child_environment(const char *const *changes, rf_arena *arena)
{
	size_t count = 0, n = 0;
	for (char **e = environ; *e; e++)
		count++;
	for (size_t i = 0; changes[i]; i++)
		count++;
	char **out = rf_arena_array(arena, count + 1, sizeof(*out));
	if (!out)
		return NULL;
	for (char **e = environ; *e; e++) {
		if (!is_changed(*e, changes))
			out[n++] = *e;
	}
	for (size_t i = 0; changes[i]; i++)
		out[n++] = (char *)rf_arena_cstr(arena, rf_str_from(changes[i]));
	return out;
}

/* In the child: never returns. What fails is told to the parent through `report`. */
_Noreturn static void become(char **argv, char **environment, int out_fd, const sigset_t *signals, int report,
			     bool own_group)
{
	if (own_group)
		setpgid(0, 0);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, signals, NULL);
	if (out_fd < 0 || dup2(out_fd, STDOUT_FILENO) >= 0) {
		environ = environment;
		execvp(argv[0], argv);
	}
	int why = errno;
	ssize_t n = write(report, &why, sizeof(why));
	_exit(n == (ssize_t)sizeof(why) ? 127 : 126);
}

static int fail_start(const char *program, int why, struct rf_error *err)
{
	if (why == ENOENT)
		return rf_fail(err, RF_ERR_MISSING, "There is no program %s; check its path, or install it.", program);
	return rf_fail(err, RF_ERR_MISSING, "Cannot start %s: %s.", program, strerror(why));
}

/* Waits until the child has become its program, or says why it can't. */
static int confirm(struct rf_child *child, const char *program, int report, struct rf_error *err)
{
	int why = 0;
	ssize_t n;
	while ((n = read(report, &why, sizeof(why))) < 0 && errno == EINTR)
		;
	if (n != (ssize_t)sizeof(why))
		return 0;
	while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
		;
	return fail_start(program, why, err);
}

int rf_child_start(struct rf_child *child, char **argv, char **environment, bool pipe_out, const sigset_t *signals,
		   struct rf_error *err)
{
	int out[2] = { -1, -1 }, report[2];
	*child = (struct rf_child){ .pid = -1, .out_fd = -1,
				    .own_group = !isatty(STDIN_FILENO) && !isatty(STDERR_FILENO) };
	if (!environment || (pipe_out && pipe2(out, O_CLOEXEC) != 0) || pipe2(report, O_CLOEXEC) != 0)
		return fail_start(argv[0], errno ? errno : ENOMEM, err);
	child->pid = fork();
	if (child->pid == 0)
		become(argv, environment, out[1], signals, report[1], child->own_group);
	int why = errno;
	close(report[1]);
	if (out[1] >= 0)
		close(out[1]);
	int rc = child->pid < 0 ? fail_start(argv[0], why, err) : confirm(child, argv[0], report[0], err);
	close(report[0]);
	child->out_fd = out[0];
	if (rc < 0 && out[0] >= 0) {
		close(out[0]);
		child->out_fd = -1;
	}
	return rc;
}

void rf_child_signal(const struct rf_child *child, int number, bool by_terminal)
{
	if (child->pid > 0 && (child->own_group || !by_terminal))
		kill(child->own_group ? -child->pid : child->pid, number);
}

static int status_of(int wait_status)
{
	return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

int rf_child_wait(struct rf_child *child)
{
	sigset_t set, old;
	siginfo_t info;
	int wait_status = 0;
	pid_t ended;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, &old);
	while ((ended = waitpid(child->pid, &wait_status, WNOHANG)) == 0 || (ended < 0 && errno == EINTR)) {
		int number = sigwaitinfo(&set, &info);
		if (number == SIGINT || number == SIGTERM)
			rf_child_signal(child, number, info.si_code == SI_KERNEL);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	if (child->out_fd >= 0)
		close(child->out_fd);
	*child = (struct rf_child){ .pid = -1, .out_fd = -1 };
	return ended < 0 ? 127 : status_of(wait_status);
}
