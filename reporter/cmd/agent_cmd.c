/* redflag agent: programs that are no race builds, with the preloaded agent in them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/counters_attr.h"
#include "agent/options_list.h"
#include "agent/events_attr.h"
#include "agent/perf_probe.h"
#include "cmd/agent_heap.h"
#include "cmd/agent_set.h"
#include "cmd/agent_memory.h"
#include "cmd/agent_target.h"
#include "cmd/agent_top.h"
#include "cmd/command_list.h"
#include "cmd/gate.h"
#include "cmd/observe.h"
#include "cmd/place.h"
#include "cmd/shell_env.h"
#include "cmd/trace.h"
#include "toolchain/agent.h"

#define DUMPS_MAX 256u /* of processes that run; of further ones only the spools are read */

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
		uint64_t n = 0;
		if (value && (!rf_str_u64(rf_str_from(value), &n) || n > numbers[i].max)) {
			rf_buf_release(&text);
			return rf_fail(err, RF_ERR_USAGE, "--%s wants a number from 0 to %llu, not %s.", numbers[i].name,
				       (unsigned long long)numbers[i].max, value);
		}
		if (value)
			rf_buf_printf(&text, "%s=%llu,", numbers[i].name, (unsigned long long)n);
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

/* The variables that put the agent into a program, "NAME=VALUE". */
struct variables {
	rf_str preload, options;
};

static int make_variables(const struct rf_args *args, rf_arena *arena, struct variables *v, struct rf_error *err)
{
	const char *others = getenv("LD_PRELOAD");
	rf_str library;
	int rc = settings(args, arena, &v->options, err);
	if (rc == 0)
		rc = rf_agent_library(arena, &library, err);
	if (rc == 0)
		v->preload = rf_arena_printf(arena, "LD_PRELOAD=%.*s%s%s", RF_STR_ARG(library), others && *others ? ":" : "",
					     others ? others : "");
	return rc;
}

static bool is_wanted(const struct rf_args *args, const char *option)
{
	const char *rate = rf_arg(args, option);
	return rate && strtoull(rate, NULL, 10) != 0;
}

static void note_refused_traps(const struct rf_args *args)
{
	static const char *const why[] = {
		[RF_PERF_KERNEL_IS_OLD] = "the kernel is older than 5.18",
		[RF_PERF_IS_REFUSED] = "perf_event_open is refused. /proc/sys/kernel/perf_event_paranoid has to be 2 or less, and a "
				       "container's filter of system calls to let it pass",
		[RF_PERF_NO_BREAKPOINTS] = "there are no hardware breakpoints",
	};
	static const char *const names[] = { "watch", "cpu" };
	for (int i = 0; i < 2; i++) {
		enum rf_perf_refusal refusal = is_wanted(args, names[i]) ? rf_perf_probe(i == 0) : RF_PERF_ALLOWED;
		if (refusal != RF_PERF_ALLOWED)
			fprintf(stderr, "redflag: --%s finds nothing here: %s.\n", names[i], why[refusal]);
	}
}

static void note_refused_events(const struct rf_args *args)
{
	static const char *const names[RF_EVENTS_KIND_COUNT] = {
		[RF_EVENTS_OFFCPU] = "offcpu", [RF_EVENTS_FAULTS] = "faults", [RF_EVENTS_SYSTEM] = "system",
		[RF_EVENTS_SYSCALLS] = "syscalls" };
	static const char *const why[] = {
		[RF_EVENTS_USER_CODE] = "sees the faults of user code alone here: those in the kernel are told where "
					"/proc/sys/kernel/perf_event_paranoid is 1 or less, or to users with CAP_PERFMON",
		[RF_EVENTS_REFUSED] = "finds nothing here: perf_event_open is refused. /proc/sys/kernel/perf_event_paranoid has to be 1 or less, "
				      "or the user to have CAP_PERFMON, and a container's filter of system calls to let it pass",
		[RF_EVENTS_NO_TRACEPOINTS] = "finds nothing here: /sys/kernel/tracing isn't mounted, or this user may not read it",
	};
	for (int kind = 0; kind < RF_EVENTS_KIND_COUNT; kind++) {
		enum rf_events_rights rights = is_wanted(args, names[kind]) ? rf_events_probe((enum rf_events_kind)kind) : RF_EVENTS_ALL;
		if (rights != RF_EVENTS_ALL)
			fprintf(stderr, "redflag: --%s %s.\n", names[kind], why[rights]);
	}
}

static void note_refused_counters(const struct rf_args *args)
{
	static const char *const why[] = {
		[RF_COUNTERS_NO_CYCLES] = "counts no cycles here: the kernel has no counters of this processor, as in most virtual machines. "
					  "It measures time by the task clock, and page faults, switches and migrations",
		[RF_COUNTERS_REFUSED] = "knows neither cycles nor migrations here: perf_event_open is refused. "
					"/proc/sys/kernel/perf_event_paranoid has to be 1 or less, or the user to have CAP_PERFMON, and a "
					"container's filter of system calls to let it pass. It measures time on the processor, page faults "
					"and switches without",
	};
	enum rf_counters_rights rights = is_wanted(args, "counters") ? rf_counters_probe() : RF_COUNTERS_ALL;
	if (rights != RF_COUNTERS_ALL)
		fprintf(stderr, "redflag: --counters %s.\n", why[rights]);
}

static int run(const struct rf_args *args, char **argv, rf_arena *arena, struct rf_error *err)
{
	struct rf_reporter r = { 0 };
	struct variables v;
	rf_str trace;
	int status = 0;
	int rc = rf_agent_target_check(argv[0], arena, err);
	if (rc == 0)
		rc = rf_trace_of_command(rf_arg(args, "trace-id"), arena, &trace, err);
	if (rc == 0)
		rc = make_variables(args, arena, &v, err);
	if (rc < 0)
		return rc;
	struct rf_reporter_request request = { .args = args, .command = RF_STR("agent"), .trace_id = trace, .make_spools = true };
	/* The agent itself says nothing in the program. */
	note_refused_traps(args);
	note_refused_events(args);
	note_refused_counters(args);
	rc = rf_reporter_open(&r, &request, arena, err);
	if (rc == 0)
		rc = rf_observe(&r, argv, (const char *[]){ v.preload.ptr, v.options.ptr, NULL }, arena, &status, err);
	if (rc == 0)
		rc = finish(&r, args, status, arena, err);
	rf_reporter_close(&r);
	return rc;
}

struct dumps {
	rf_arena *arena;
	char *paths[DUMPS_MAX];
	uint32_t count;
};

/* What an ended process has left, or what one that runs has by now. */
static void settle_or_dump(const char *spool, void *context)
{
	struct dumps *d = context;
	rf_agent_heap_settle(spool, d->arena);
	const char *copy = d->count < DUMPS_MAX ? rf_agent_heap_dump(spool, d->arena) : NULL;
	char *path = copy ? rf_arena_alloc(d->arena, strlen(copy) + 1) : NULL;
	if (path)
		d->paths[d->count++] = memcpy(path, copy, strlen(copy) + 1);
}

/* Without spools: those that wait in the database's own directory. */
static int report(const struct rf_args *spools, rf_arena *arena, struct rf_error *err)
{
	const char *database;
	int rc = spools->word_count ? 0 : rf_place_database(rf_arg(spools, "db"), false, arena, &database, err);
	if (rc < 0)
		return rc;
	struct dumps dumps = { .arena = arena };
	for (int i = 0; i < spools->word_count; i++)
		settle_or_dump(spools->words[i], &dumps);
	if (!spools->word_count)
		rf_agent_heap_each(rf_place_spools(database, arena), arena, settle_or_dump, &dumps);
	struct rf_args all = *spools;
	all.words = rf_arena_array(arena, (size_t)spools->word_count + dumps.count + 1, sizeof(*all.words));
	if (!all.words)
		return rf_fail(err, RF_ERR_MEMORY, "not enough memory for the names of the spools");
	memcpy(all.words, spools->words, (size_t)spools->word_count * sizeof(*all.words));
	memcpy(all.words + spools->word_count, dumps.paths, dumps.count * sizeof(*all.words));
	all.word_count += (int)dumps.count;
	rc = rf_cmd_ingest(&all, arena, err);
	for (uint32_t i = 0; i < dumps.count; i++)
		unlink(dumps.paths[i]);
	return rc;
}

static void put_export(struct rf_buf *out, rf_str variable)
{
	rf_str name = rf_str_cut(&variable, '=');
	rf_buf_printf(out, "export %.*s=", RF_STR_ARG(name));
	rf_shell_put_word(out, variable);
	rf_buf_put_char(out, '\n');
}

static int env(const struct rf_args *args, rf_arena *arena, struct rf_error *err)
{
	struct variables v;
	struct rf_buf out;
	const char *database, *spools = "";
	int rc = make_variables(args, arena, &v, err);
	if (rc == 0)
		rc = rf_place_database(rf_arg(args, "db"), true, arena, &database, err);
	if (rc == 0) {
		spools = rf_place_spools(database, arena);
		rc = rf_place_make_spools(spools, err);
	}
	if (rc < 0)
		return rc;
	rf_buf_init(&out);
	put_export(&out, v.preload);
	put_export(&out, v.options);
	put_export(&out, rf_arena_printf(arena, "REDFLAG_SPOOL=%s", spools));
	fwrite(out.ptr, 1, out.len, stdout);
	rf_buf_release(&out);
	return 0;
}

static int top(const struct rf_args *args, rf_arena *arena, struct rf_error *err)
{
	const char *database;
	if (args->word_count)
		return rf_agent_memory(args->words[0], arena, err);
	int rc = rf_place_database(rf_arg(args, "db"), false, arena, &database, err);
	return rc < 0 ? rc : rf_agent_top(rf_place_spools(database, arena), err);
}

/* The numbers are checked as those of run are. */
static int set(const struct rf_args *args, rf_arena *arena, struct rf_error *err)
{
	const char *database;
	rf_str ignored;
	int rc = settings(args, arena, &ignored, err);
	if (rc == 0)
		rc = rf_place_database(rf_arg(args, "db"), false, arena, &database, err);
	return rc < 0 ? rc : rf_agent_set(args, rf_place_spools(database, arena), arena, err);
}

int rf_cmd_agent(const struct rf_args *args, rf_arena *arena, struct rf_error *err)
{
	const char *verb = args->word_count ? args->words[0] : "";
	struct rf_args rest = *args;
	rest.words++;
	rest.word_count--;
	if (strcmp(verb, "run") == 0 && rest.word_count)
		return run(args, rest.words, arena, err);
	if (strcmp(verb, "env") == 0 && !rest.word_count)
		return env(args, arena, err);
	if (strcmp(verb, "top") == 0 && rest.word_count <= 1)
		return top(&rest, arena, err);
	if (strcmp(verb, "set") == 0 && (rest.word_count == 1 || rest.word_count == 2))
		return set(&rest, arena, err);
	if (strcmp(verb, "report") == 0)
		return report(&rest, arena, err);
	return rf_fail(err, RF_ERR_USAGE,
		       "agent wants run and a program, env, top, set and a process, or report, such as: redflag agent run -- ./program arguments.");
}
