/* redflag report: passes a stream on as it comes, and stores the findings in it. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/command_list.h"
#include "cmd/gate.h"
#include "cmd/pass.h"
#include "cmd/pipe_peer.h"
#include "cmd/stream.h"
#include "cmd/trace.h"

/* --trace-id, the environment, the process at the other end of the pipe, or a new one. */
static int choose_trace(const struct rf_args *args, struct rf_pipe_peer *peer, rf_arena *arena, rf_str *trace,
			struct rf_error *err)
{
	const char *option = rf_arg(args, "trace-id");
	int rc = rf_trace_choose(option, getenv("TRACE_ID"), getenv("TRACEPARENT"), arena, trace, err);
	rf_pipe_peer_find(STDIN_FILENO, arena, peer);
	if (rc < 0 || trace->len)
		return rc;
	if (!peer->found) { /* a shell that hasn't become go yet; when data comes, it has */
		struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
		poll(&in, 1, -1);
		rf_pipe_peer_find(STDIN_FILENO, arena, peer);
	}
	rc = rf_trace_choose(NULL, peer->trace_id, peer->traceparent, arena, trace, err);
	if (rc == 0 && trace->len == 0)
		rc = rf_trace_new(arena, trace, err);
	return rc;
}

static bool on_signal(void *context, int number, bool by_terminal)
{
	struct rf_pass *pass = context;
	(void)number;
	/* The terminal's signal reaches the program at the other end too; its last words are worth waiting for. */
	bool again = pass->interrupted;
	pass->interrupted = true;
	return !by_terminal || again;
}

/* instrumented: REDFLAG_SPOOL is set, so that spools are expected. */
static int finish(struct rf_reporter *r, struct rf_pass *pass, enum rf_fail_on gate, bool instrumented, rf_arena *arena,
		  struct rf_error *err)
{
	struct rf_outcome outcome;
	rf_session_end_stream(r->session);
	rf_reporter_spools(r, RF_SPOOLS_ALL);
	int failed = rf_reporter_finish(r, arena, &outcome, err);
	rf_pass_print_notes(pass);
	rf_reporter_print_notes(r);
	if (instrumented)
		rf_reporter_print_uninstrumented(r, RF_STR(""));
	if (failed < 0)
		return RF_EXIT_OWN_FAILURE;
	const struct rf_session_counts *c = rf_session_counts(r->session);
	if (rf_gate_findings(gate, &outcome))
		return RF_EXIT_NEW_FINDINGS;
	bool tests_failed = c->packages_failed || c->text_failed;
	return pass->build_failed || rf_gate_failed(gate, c, &outcome, tests_failed) ? RF_EXIT_TESTS_FAILED : RF_EXIT_CLEAN;
}

int rf_cmd_report(const struct rf_args *args, rf_arena *arena, struct rf_error *err)
{
	struct rf_pipe_peer peer;
	struct rf_reporter r = { 0 };
	struct rf_pass pass;
	rf_str trace;
	sigset_t old;
	if (args->word_count)
		return rf_fail(err, RF_ERR_USAGE, "report reads standard input and takes no files; `redflag ingest %s` reads "
			       "files.", args->words[0]);
	enum rf_fail_on gate;
	int rc = rf_gate_parse(args, &gate, err);
	if (rc == 0)
		rc = choose_trace(args, &peer, arena, &trace, err);
	if (rc < 0)
		return rc;
	const char *spool = getenv("REDFLAG_SPOOL");
	struct rf_reporter_request request = { .args = args, .command = RF_STR("report"), .trace_id = trace,
					       .mix_trace = true, .threaded = true, .spool = spool ? spool : peer.spool,
					       .process_tag = peer.tag };
	rc = rf_reporter_open(&r, &request, arena, err);
	if (rc < 0) {
		rf_reporter_close(&r);
		return rc;
	}
	rf_stream_block_signals(&old);
	rf_pass_init(&pass, &r, STDOUT_FILENO);
	struct rf_stream_handler handler = { .context = &pass, .line = rf_pass_line, .piece = rf_pass_piece,
					     .idle = rf_pass_idle, .signal = on_signal };
	rc = rf_stream_read(STDIN_FILENO, &handler, err);
	int status = finish(&r, &pass, gate, request.spool && request.spool[0], arena, err);
	rf_pass_release(&pass);
	rf_reporter_close(&r);
	return rc < 0 ? rc : status;
}
