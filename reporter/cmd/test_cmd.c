/* redflag test: go test under the instrumented toolchain, from the build to the summary. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/child.h"
#include "cmd/command_list.h"
#include "cmd/gate.h"
#include "cmd/gotest.h"
#include "cmd/pass.h"
#include "cmd/progress.h"
#include "cmd/stream.h"
#include "cmd/summary.h"
#include "cmd/trace.h"
#include "toolchain/toolchain.h"

struct test_run {
	struct rf_reporter reporter;
	struct rf_pass pass;
	struct rf_gotest gotest;
	struct rf_progress progress;
	struct rf_terminal terminal;
	struct rf_toolchain toolchain;
	struct rf_buf out;
	struct rf_child child;
	rf_arena *arena;
	sigset_t signals; /* as they were */
	bool json;
	enum rf_fail_on gate;
	rf_str goflags;
	const char *gorace; /* NULL: stays as it is */
};

static void on_toolchain_progress(void *context, const char *line)
{
	(void)context;
	fprintf(stderr, "redflag: %s\n", line);
}

/* go test's own flags, with one or two dashes, before -args. */
static bool has_flag(const struct rf_args *args, const char *name)
{
	size_t n = strlen(name);
	for (int i = 0; i < args->word_count; i++) {
		const char *w = args->words[i];
		if (strcmp(w, "-args") == 0 || strcmp(w, "--args") == 0 || strcmp(w, "--") == 0)
			return false;
		w += strncmp(w, "--", 2) == 0 ? 2 : w[0] == '-';
		if (w != args->words[i] && strncmp(w, name, n) == 0 &&
		    (w[n] == '\0' || (w[n] == '=' && strcmp(w + n, "=false") != 0)))
			return true;
	}
	return false;
}

/* go's -C, which must be its first flag: we go there too, so that module, database and configuration are those of there. */
static int change_directory(struct rf_args *args, struct rf_error *err)
{
	const char *directory = NULL;
	int taken = 0;
	if (args->word_count > 1 && strcmp(args->words[0], "-C") == 0) {
		directory = args->words[1];
		taken = 2;
	} else if (args->word_count > 0 && strncmp(args->words[0], "-C=", 3) == 0) {
		directory = args->words[0] + 3;
		taken = 1;
	}
	args->words += taken;
	args->word_count -= taken;
	if (directory && chdir(directory) != 0)
		return rf_fail(err, RF_ERR_USAGE, "Cannot go to %s (-C): %s.", directory, strerror(errno));
	return 0;
}

static int prepare(struct test_run *t, struct rf_args *args, struct rf_error *err)
{
	struct rf_toolchain_request request = { .go = rf_arg(args, "go"), .progress = on_toolchain_progress };
	int rc = rf_toolchain_prepare(&request, t->arena, &t->toolchain, err);
	if (rc < 0)
		return rc;
	if (t->toolchain.probe.len && !rf_str_eq_cstr(t->toolchain.probe, "ok"))
		fprintf(stderr, "redflag: %.*s\n", RF_STR_ARG(t->toolchain.probe));
	t->goflags = t->toolchain.goflags;
	rc = rf_toolchain_take_overlay(args->words, &args->word_count, t->arena, &t->goflags, err);
	if (rc == 0)
		rc = rf_toolchain_goflags(&t->toolchain, t->goflags, t->arena, &t->goflags, err);
	return rc;
}

/* go test strips its binaries; what is left in names the global that was raced on, and tells its type (tsan-glue/globals.h).
 * Flags of the user's own are left alone. */
static bool keep_symbols(const struct test_run *t, const struct rf_args *args)
{
	return !has_flag(args, "ldflags") && !rf_str_contains(t->goflags, "-ldflags");
}

static char **arguments(const struct test_run *t, const struct rf_args *args)
{
	char **argv = rf_arena_array(t->arena, (size_t)args->word_count + 7, sizeof(*argv));
	int n = 0;
	if (!argv)
		return NULL;
	argv[n++] = (char *)t->toolchain.go_program;
	argv[n++] = (char *)rf_arena_cstr(t->arena, RF_STR("test"));
	argv[n++] = (char *)rf_arena_cstr(t->arena, RF_STR("-race"));
	argv[n++] = (char *)rf_arena_cstr(t->arena, RF_STR("-json"));
	if (keep_symbols(t, args))
		argv[n++] = (char *)rf_arena_cstr(t->arena, RF_STR("-ldflags=-s=false -w=false -compressdwarf=false"));
	/* A pass that the list made must not be kept by go for the day when the entry is gone. */
	if (t->gorace && !has_flag(args, "count"))
		argv[n++] = (char *)rf_arena_cstr(t->arena, RF_STR("-count=1"));
	for (int i = 0; i < args->word_count; i++)
		argv[n++] = args->words[i];
	return argv;
}

static char **environment(const struct test_run *t)
{
	size_t n = 0;
	while (t->toolchain.environment && t->toolchain.environment[n])
		n++;
	const char **changes = rf_arena_array(t->arena, n + 5, sizeof(*changes));
	if (!changes)
		return NULL;
	for (size_t i = 0; i < n; i++)
		changes[i] = t->toolchain.environment[i];
	changes[n++] = rf_arena_printf(t->arena, "GOFLAGS=%.*s", RF_STR_ARG(t->goflags)).ptr;
	changes[n++] = rf_arena_printf(t->arena, "REDFLAG_SPOOL=%s", t->reporter.spools).ptr;
	changes[n++] = rf_arena_printf(t->arena, "TRACE_ID=%.*s", RF_STR_ARG(t->reporter.trace_id)).ptr;
	changes[n] = t->gorace;
	return rf_child_environment(changes, t->arena);
}

/* --- while it runs --------------------------------------------------------------------------------------------- */

static void print_out(struct test_run *t)
{
	if (t->out.len == 0)
		return;
	rf_progress_clear(&t->progress);
	rf_print(&t->out);
	fflush(stdout);
}

static void on_event(void *context, const struct rf_test_event *event)
{
	struct test_run *t = context;
	rf_gotest_event(&t->gotest, event);
}

static void on_text(void *context, rf_str line)
{
	struct test_run *t = context;
	rf_gotest_text(&t->gotest, line);
}

static uint64_t on_idle(void *context, bool package_ended)
{
	struct test_run *t = context;
	if (package_ended)
		rf_progress_put_sightings(&t->progress, &t->reporter, &t->out);
	print_out(t);
	return rf_progress_draw(&t->progress, &t->gotest);
}

static bool on_signal(void *context, int number, bool by_terminal)
{
	struct rf_pass *pass = context;
	struct test_run *t = pass->context;
	rf_child_signal(&t->child, number, by_terminal);
	bool again = t->pass.interrupted;
	t->pass.interrupted = true;
	return again; /* go was asked to end and what it says is stored; asked twice, we end */
}

/* --- afterwards ------------------------------------------------------------------------------------------------ */

static int exit_status(struct test_run *t, const struct rf_outcome *outcome, int go_status, bool uninstrumented)
{
	const struct rf_session_counts *c = rf_session_counts(t->reporter.session);
	if (rf_gate_findings(t->gate, outcome))
		return RF_EXIT_NEW_FINDINGS;
	if (go_status == 2 && c->packages == 0)
		return RF_EXIT_USAGE; /* go test has said what is wrong */
	if (rf_gate_failed(t->gate, c, outcome, go_status))
		return RF_EXIT_TESTS_FAILED;
	return uninstrumented ? RF_EXIT_OWN_FAILURE : RF_EXIT_CLEAN;
}

static int finish(struct test_run *t, int go_status, struct rf_error *err)
{
	struct rf_outcome outcome;
	rf_session_end_stream(t->reporter.session);
	rf_reporter_spools(&t->reporter, RF_SPOOLS_ALL);
	if (!t->json) {
		rf_gotest_end(&t->gotest);
		rf_progress_put_sightings(&t->progress, &t->reporter, &t->out);
		print_out(t);
		rf_progress_clear(&t->progress);
	}
	int rc = rf_reporter_finish(&t->reporter, t->arena, &outcome, err);
	bool usage = go_status == 2 && rf_session_counts(t->reporter.session)->packages == 0;
	if (!t->json && rc == 0 && !usage) {
		struct rf_summary summary = { &t->terminal, &t->reporter, &outcome, true };
		rf_summary_put(&t->out, &summary, t->arena);
		print_out(t);
	}
	rf_pass_print_notes(&t->pass);
	rf_reporter_print_notes(&t->reporter);
	bool uninstrumented = rf_reporter_print_uninstrumented(&t->reporter, t->toolchain.version);
	return rc < 0 ? rc : exit_status(t, &outcome, go_status, uninstrumented);
}

static int run_go(struct test_run *t, const struct rf_args *args, struct rf_error *err)
{
	struct rf_stream_handler handler = { .context = &t->pass, .line = rf_pass_line, .piece = rf_pass_piece,
					     .idle = rf_pass_idle, .signal = on_signal };
	t->gorace = rf_reporter_gorace(&t->reporter);
	char **argv = arguments(t, args);
	if (!argv)
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory.");
	rf_stream_block_signals(&t->signals);
	int rc = rf_child_start(&t->child, argv, environment(t), true, &t->signals, err);
	if (rc < 0)
		return rc;
	rc = rf_stream_read(t->child.out_fd, &handler, err);
	int status = rf_child_wait(&t->child);
	return rc < 0 ? rc : finish(t, status, err);
}

static int open_and_run(struct test_run *t, const struct rf_args *args, rf_str trace, struct rf_error *err)
{
	struct rf_reporter_request request = { .args = args, .command = RF_STR("test"), .trace_id = trace,
					       .mix_trace = true, .make_spools = true };
	int rc = rf_reporter_open(&t->reporter, &request, t->arena, err);
	if (rc == 0) {
		bool verbose = has_flag(args, "v") || has_flag(args, "test.v") || has_flag(args, "bench") ||
			       has_flag(args, "list");
		rf_terminal_init(&t->terminal, STDOUT_FILENO);
		rf_buf_init(&t->out);
		rf_gotest_init(&t->gotest, &t->terminal, &t->out, verbose);
		rf_progress_init(&t->progress, STDERR_FILENO, t->json, &t->terminal, t->arena);
		rf_pass_init(&t->pass, &t->reporter, t->json ? STDOUT_FILENO : -1);
		t->pass.context = t;
		if (!t->json) {
			t->pass.on_event = on_event;
			t->pass.on_text = on_text;
			t->pass.on_idle = on_idle;
		}
		rc = run_go(t, args, err);
		rf_pass_release(&t->pass);
		rf_progress_release(&t->progress);
		rf_gotest_release(&t->gotest);
		rf_buf_release(&t->out);
	}
	rf_reporter_close(&t->reporter);
	return rc;
}

int rf_cmd_test(const struct rf_args *args, rf_arena *arena, struct rf_error *err)
{
	struct test_run t = { .arena = arena };
	struct rf_args mine = *args;
	rf_str trace;
	t.json = rf_arg(args, "json") || has_flag(args, "json");
	int rc = rf_trace_of_command(rf_arg(args, "trace-id"), arena, &trace, err);
	if (rc == 0)
		rc = rf_gate_parse(args, &t.gate, err);
	if (rc == 0)
		rc = change_directory(&mine, err);
	if (rc == 0)
		rc = prepare(&t, &mine, err);
	return rc < 0 ? rc : open_and_run(&t, &mine, trace, err);
}
