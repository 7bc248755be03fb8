/* redflag run: any instrumented program, from its start to the findings it left in its spool. */

#include "cmd/command_list.h"
#include "cmd/gate.h"
#include "cmd/observe.h"
#include "cmd/trace.h"

static int finish(struct rf_reporter *r, enum rf_fail_on gate, const char *program, int status, rf_arena *arena,
		  struct rf_error *err)
{
	struct rf_outcome outcome;
	rf_reporter_spools(r, RF_SPOOLS_ALL);
	bool instrumented = rf_session_counts(r->session)->spools != 0;
	int rc = rf_reporter_finish(r, arena, &outcome, err);
	rf_reporter_print_notes(r);
	if (rc < 0)
		return rc;
	if (!instrumented) {
		int own = rf_fail(err, RF_ERR_MISSING, "%s left no spool, so it is not instrumented: build it with -race under "
				  "`eval \"$(redflag env)\"`, or ask `redflag doctor`.", program);
		return status ? status : own;
	}
	rf_observe_summary(r, &outcome, arena);
	if (rf_gate_findings(gate, &outcome))
		return RF_EXIT_NEW_FINDINGS;
	/* 66 is what a race binary makes of its own status 0; where races are forgiven, that is. */
	bool forgiven = (gate == RF_FAIL_ON_NEW || gate == RF_FAIL_ON_NEVER) && outcome.count;
	return status == RF_EXIT_NEW_FINDINGS && forgiven ? RF_EXIT_CLEAN : status;
}

int rf_cmd_run(const struct rf_args *args, rf_arena *arena, struct rf_error *err)
{
	struct rf_reporter r = { 0 };
	enum rf_fail_on gate;
	rf_str trace;
	int status = 0;
	if (args->word_count == 0)
		return rf_fail(err, RF_ERR_USAGE, "run wants a program: redflag run -- ./program arguments.");
	int rc = rf_trace_of_command(rf_arg(args, "trace-id"), arena, &trace, err);
	if (rc == 0)
		rc = rf_gate_parse(args, &gate, err);
	if (rc < 0)
		return rc;
	struct rf_reporter_request request = { .args = args, .command = RF_STR("run"), .trace_id = trace,
					       .make_spools = true };
	rc = rf_reporter_open(&r, &request, arena, err);
	if (rc == 0)
		rc = rf_observe(&r, args->words, (const char *[]){ NULL }, arena, &status, err);
	if (rc == 0)
		rc = finish(&r, gate, args->words[0], status, arena, err);
	rf_reporter_close(&r);
	return rc;
}
