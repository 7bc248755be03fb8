#include "unit.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/pipe_peer.h"
#include "cmd/trace.h"

#define PARENT "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
#define PARENT_TRACE "4bf92f3577b34da6a3ce929d0e0e4736"

static void test_valid(void **state)
{
	char longest[RF_TRACE_BYTES_MAX + 2];
	(void)state;
	memset(longest, 'a', sizeof(longest));
	assert_true(rf_trace_is_valid((rf_str){ longest, RF_TRACE_BYTES_MAX }));
	assert_false(rf_trace_is_valid((rf_str){ longest, RF_TRACE_BYTES_MAX + 1 }));
	assert_true(rf_trace_is_valid(RF_STR("build-12.3_a:b")));
	assert_false(rf_trace_is_valid(RF_STR("")));
	assert_false(rf_trace_is_valid(RF_STR("a/b")));
	assert_false(rf_trace_is_valid(RF_STR("a\"b")));
	assert_false(rf_trace_is_valid((rf_str){ "a\0b", 3 }));
}

static void test_traceparent(void **state)
{
	(void)state;
	assert_str(rf_trace_of_traceparent(RF_STR(PARENT)), PARENT_TRACE);
	assert_str(rf_trace_of_traceparent(RF_STR("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more")),
		   PARENT_TRACE);
	assert_str(rf_trace_of_traceparent(RF_STR("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")), "");
	assert_str(rf_trace_of_traceparent(RF_STR("00-00000000000000000000000000000000-00f067aa0ba902b7-01")), "");
	assert_str(rf_trace_of_traceparent(RF_STR("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01")), "");
	assert_str(rf_trace_of_traceparent(RF_STR("00-4bf92f3577b34da6a3ce929d0e0e4736")), "");
	assert_str(rf_trace_of_traceparent(RF_STR("")), "");
}

static void test_order(void **state)
{
	rf_arena arena;
	rf_str trace;
	struct rf_error err = { 0 };
	(void)state;
	rf_arena_init(&arena, 0);
	assert_int_equal(rf_trace_choose("opt", "env", PARENT, &arena, &trace, &err), 0);
	assert_str(trace, "opt");
	assert_int_equal(rf_trace_choose(NULL, "env", PARENT, &arena, &trace, &err), 0);
	assert_str(trace, "env");
	assert_int_equal(rf_trace_choose(NULL, "", PARENT, &arena, &trace, &err), 0);
	assert_str(trace, PARENT_TRACE);
	assert_int_equal(rf_trace_choose(NULL, NULL, "nonsense", &arena, &trace, &err), 0);
	assert_str(trace, "");
	assert_int_equal(rf_trace_choose("", NULL, NULL, &arena, &trace, &err), RF_ERR_USAGE);
	assert_int_equal(rf_trace_choose(NULL, "a b", NULL, &arena, &trace, &err), RF_ERR_USAGE);
	assert_says(err, "TRACE_ID");
	rf_arena_release(&arena);
}

static void test_new(void **state)
{
	rf_arena arena;
	rf_str a, b;
	struct rf_error err = { 0 };
	(void)state;
	rf_arena_init(&arena, 0);
	assert_int_equal(rf_trace_new(&arena, &a, &err), 0);
	assert_int_equal(rf_trace_new(&arena, &b, &err), 0);
	assert_int_equal(a.len, 32);
	assert_false(rf_str_eq(a, b));
	assert_true(rf_trace_is_valid(a));
	rf_arena_release(&arena);
}

/* The other end of a pipe is a program with a trace ID of its own; it is there until it is told to go. */
static void test_pipe_peer(void **state)
{
	rf_arena arena;
	struct rf_pipe_peer peer;
	int fds[2], hold[2], status;
	char ready;
	(void)state;
	rf_arena_init(&arena, 0);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(pipe(hold), 0);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(hold[0], STDIN_FILENO);
		dup2(fds[1], STDOUT_FILENO);
		close(hold[1]);
		close(fds[0]);
		close(fds[1]);
		/* A builtin that waits: while a process begins another program, its environment can't be read. */
		execle("/bin/sh", "sh", "-c", "echo; read -r line", (char *)NULL,
		       ((const char *[]){ "PATH=/bin:/usr/bin", "TRACE_ID=of-the-peer", "REDFLAG_SPOOL=/tmp/x", NULL }));
		_exit(127);
	}
	close(fds[1]);
	close(hold[0]);
	assert_int_equal(read(fds[0], &ready, 1), 1);
	rf_pipe_peer_find(fds[0], &arena, &peer);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	assert_true(peer.found);
	assert_string_equal(peer.trace_id, "of-the-peer");
	assert_string_equal(peer.spool, "/tmp/x");
	assert_null(peer.traceparent);
	rf_pipe_peer_find(fds[0], &arena, &peer);
	assert_false(peer.found);
	close(fds[0]);
	close(hold[1]);
	rf_arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid), cmocka_unit_test(test_traceparent), cmocka_unit_test(test_order),
		cmocka_unit_test(test_new),   cmocka_unit_test(test_pipe_peer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
