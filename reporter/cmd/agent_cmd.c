/* redflag agent: programs that are no race builds, with the preloaded agent in them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/options_list.h"
#include "cmd/agent_heap.h"
#include "cmd/agent_target.h"
#include "cmd/command_list.h"
#include "cmd/gate.h"
#include "cmd/observe.h"
#include "cmd/trace.h"
#include "toolchain/agent.h"

static const struct {
	const char *name;
	uint64_t max;
} numbers[] = {
#define ROW(field, name, placeholder, preset, max, help) { name, max },
	RF_AGENT_OPTION_LIST(ROW)
#undef ROW
};

static int settings(const struct rf_args *args, rf_arena *arena, rf_str *out, struct rf_error *err)
{
	struct rf_buf text;
	rf_buf_init(&text);
	rf_buf_put_cstr(&text, RF_AGENT_VARIABLE "=");
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		const char *value = rf_arg(args, numbers[i].name);
		char *end = NULL;
		errno = 0;
		unsigned long long n = value ? strtoull(value, &end, 10) : 0;
		if (value && (errno || end == value || *end || *value == '-' || n > numbers[i].max)) {
			rf_buf_release(&text);
			return rf_fail(err, RF_ERR_USAGE, "--%s wants a number from 0 to %llu, not %s.", numbers[i].name,
				       (unsigned long long)numbers[i].max, value);
		}
		if (value)
			rf_buf_printf(&text, "%s=%llu,", numbers[i].name, n);
	}
	*out = rf_arena_dup(arena, rf_buf_str(&text));
	rf_buf_release(&text);
	return 0;
}

static int finish(struct rf_reporter *r, const struct rf_args *args, int status, rf_arena *arena, struct rf_error *err)
{
	struct rf_outcome outcome;
	enum rf_fail_on gate = RF_FAIL_ON_NEVER;
	rf_agent_heap_settle_all(r->spools, arena);
	rf_reporter_spools(r, RF_SPOOLS_ALL);
	int rc = rf_reporter_finish(r, arena, &outcome, err);
	rf_reporter_print_notes(r);
	if (rc == 0 && rf_arg(args, "fail-on"))
		rc = rf_gate_parse(args, &gate, err);
	if (rc < 0)
		return rc;
	if (outcome.count)
		rf_observe_summary(r, &outcome, arena);
	return rf_gate_findings(gate, &outcome) ? RF_EXIT_NEW_FINDINGS : status;
}

static int run(const struct rf_args *args, char **argv, rf_arena *arena, struct rf_error *err)
{
	struct rf_reporter r = { 0 };
	rf_str trace, library, options;
	int status = 0;
	int rc = rf_agent_target_check(argv[0], arena, err);
	if (rc == 0)
		rc = rf_trace_choose(rf_arg(args, "trace-id"), getenv("TRACE_ID"), getenv("TRACEPARENT"), arena, &trace, err);
	if (rc == 0 && trace.len == 0)
		rc = rf_trace_new(arena, &trace, err);
	if (rc == 0)
		rc = settings(args, arena, &options, err);
	if (rc == 0)
		rc = rf_agent_library(arena, &library, err);
	if (rc < 0)
		return rc;
	const char *others = getenv("LD_PRELOAD");
	rf_str preload = rf_arena_printf(arena, "LD_PRELOAD=%.*s%s%s", RF_STR_ARG(library), others && *others ? ":" : "",
					 others ? others : "");
	struct rf_reporter_request request = { .args = args, .command = RF_STR("agent"), .trace_id = trace, .make_spools = true };
	rc = rf_reporter_open(&r, &request, arena, err);
	if (rc == 0)
		rc = rf_observe(&r, argv, (const char *[]){ preload.ptr, options.ptr, NULL }, arena, &status, err);
	if (rc == 0)
		rc = finish(&r, args, status, arena, err);
	rf_reporter_close(&r);
	return rc;
}

static int report(const struct rf_args *spools, rf_arena *arena, struct rf_error *err)
{
	for (int i = 0; i < spools->word_count; i++)
		rf_agent_heap_settle(spools->words[i], arena);
	return rf_cmd_ingest(spools, arena, err);
}

int rf_cmd_agent(const struct rf_args *args, rf_arena *arena, struct rf_error *err)
{
	const char *verb = args->word_count ? args->words[0] : "";
	struct rf_args rest = *args;
	rest.words++;
	rest.word_count--;
	if (strcmp(verb, "run") == 0 && rest.word_count)
		return run(args, rest.words, arena, err);
	if (strcmp(verb, "report") == 0 && rest.word_count)
		return report(&rest, arena, err);
	return rf_fail(err, RF_ERR_USAGE, "agent wants run and a program, or report and spools: redflag agent run -- ./program arguments.");
}
