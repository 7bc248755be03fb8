/* The command table: one row a command. Parser, --help, man page and completion are made from it. */
#include <string.h>

#include "agent/options_list.h"
#include "cmd/command_list.h"
#include "model/report.h"
#include "store/status.h"

#define OPTION_DB { "db", "FILE", "the database; default: $REDFLAG_DB, else .redflag/redflag.db in the module" }
#define OPTION_TAG { "tag", "TAG", "tag of findings that no profiler label names, such as order-service:checkout" }
#define OPTION_TRACE { "trace-id", "ID", "the run belongs to this trace; default: $TRACE_ID, $TRACEPARENT, or a new one" }
#define OPTION_END { NULL, NULL, NULL }

#define OPTION_FAIL_ON { "fail-on", "WHAT", "new: known findings fail nothing; any: all do; never: none does; default: see below" }
#define OPTION_BASELINE { "baseline", "FILE", "findings in it are known; default: .redflag.baseline, where there is one" }

static const struct rf_option ingest_options[] = { OPTION_DB, OPTION_TAG, OPTION_TRACE, OPTION_BASELINE, OPTION_END };

static const struct rf_option report_options[] = { OPTION_DB, OPTION_TAG, OPTION_TRACE, OPTION_FAIL_ON, OPTION_BASELINE,
						   OPTION_END };

static const char report_help[] =
	"Reads `go test -race -json` (or plain text) from standard input, passes it on to\n"
	"standard output as it comes, and stores the findings. Each test2json event gets\n"
	"the member \"TraceID\"; everything else passes unchanged.\n"
	"\n"
	"  TRACE_ID=build-1234 go test -race -json ./... | redflag report\n"
	"\n"
	"Without --trace-id, TRACE_ID or TRACEPARENT, the trace ID of the process at the\n"
	"other end of the pipe counts, and at last a new one is made. Exits with 66 when\n"
	"there are new findings, with 1 when tests failed or known findings occurred. With\n"
	"--fail-on a test that failed for a race alone counts as that race (only -json tells).";

static const char ingest_help[] =
	"Reads logs of `go test -race` (with or without -json) and spools, and stores the\n"
	"findings. The same file read twice adds nothing; a log that has grown adds what is\n"
	"new. Each file is a run of its own unless --trace-id names one. - is standard input.\n"
	"\n"
	"Spools that wait in the database's own directory are taken in, too (without files, also\n"
	"those in $REDFLAG_SPOOL): after `eval \"$(redflag env)\"` and a plain `go test -race ./...`,\n"
	"`redflag ingest` is all it takes.";

static const struct rf_option test_options[] = {
	OPTION_DB,
	OPTION_TAG,
	OPTION_TRACE,
	OPTION_FAIL_ON,
	OPTION_BASELINE,
	{ "go", "GOROOT|VERSION", "this Go instead of the one that the module resolves to, such as go1.25.4" },
	{ "json", NULL, "pass go test's JSON stream on, with trace IDs, instead of a report for people" },
	OPTION_END,
};

static const char test_help[] =
	"Runs `go test -race` under the instrumented toolchain, which is prepared on first use,\n"
	"stores the findings, and ends with a summary. Flags and packages of go test are passed\n"
	"on as they are; redflag's own options are written with two dashes.\n"
	"\n"
	"  redflag test ./...\n"
	"  redflag test --tag checkout -run TestCart -count 20 ./cart\n"
	"\n"
	"Exits with 66 when there are new findings, with 1 when tests failed for another reason\n"
	"or known findings occurred, with 3 when redflag itself failed or a package ran without\n"
	"instrumentation. --fail-on=new is the gate for code with known races: 66 for new findings,\n"
	"1 for tests that failed for another reason than a race, else 0.";

static const char run_help[] =
	"Runs a program that was built with -race under the instrumented toolchain (see\n"
	"`redflag env`) and stores what it leaves in its spool. Its input and output are\n"
	"untouched; the summary goes to standard error.\n"
	"\n"
	"  eval \"$(redflag env)\" && go build -race -o server ./cmd/server\n"
	"  redflag run -- ./server --port 8080\n"
	"\n"
	"Exits with 66 when there are new findings, else with the program's own status.";

#define AGENT_OPTION(field, name, placeholder, preset, max, help) { name, placeholder, help },
static const struct rf_option agent_options[] = {
	OPTION_DB, OPTION_TAG, OPTION_TRACE, OPTION_BASELINE,
	{ "fail-on", "WHAT", "new, any: end with 66 for these findings; default: the program's own exit status" },
	RF_AGENT_OPTION_LIST(AGENT_OPTION)
	OPTION_END,
};

static const char agent_help[] =
	"Runs a program that is no race build, of C or of Go with cgo, with the agent put in front\n"
	"of its libraries (LD_PRELOAD), and stores what it finds: use after free, double and invalid\n"
	"free, accesses beyond the end, and leaks, of a sample of the blocks that malloc gives; with --watch\n"
	"also races of threads that are proved, by watchpoints of the processor. The program\n"
	"runs as without it, at full speed; its input, output and exit status are its own.\n"
	"\n"
	"  redflag agent run --tag shop -- ./server --port 8080\n"
	"  redflag agent run --guard-rate 1 --guard-slots 4096 -- ./test-suite\n"
	"  redflag agent run --watch 10 --cpu 99 --io 100 -- ./server\n"
	"  redflag agent report spools/*.spool\n"
	"\n"
	"env prints the variables that do it, for a service or container of your own; report then stores\n"
	"what was left. top shows what such processes do now; with the number of a process, of any program of\n"
	"glibc's, how its arenas are filled. set changes the rates of one that runs, or turns it off and on;\n"
	"report stores a snapshot of those that run. Programs that are linked statically have no\n"
	"dynamic loader that could do it; set-user-ID programs don't let it.";

static const struct rf_option list_options[] = {
	OPTION_DB,
	{ "kind", "KIND", "only this kind: " RF_KIND_LIST("or") },
	{ "class", "CLASS", "only data races of this class: " RF_CLASS_LIST("or") },
	{ "tag", "TAG", "only this tag; * stands for anything" },
	{ "test", "TEST", "only findings that this test owns a side of; * stands for anything" },
	{ "status", "STATUS", "only " RF_STATUS_LIST("or") " ones" },
	{ "since", "TIME", "only seen since: 30m, 2h, 7d ago, a date, or a time in RFC 3339" },
	{ "search", "TEXT", "only with these words in a function, file, test, tag, package or title" },
	{ "json", NULL, "as JSON: an array of objects with the columns of the view v_findings" },
	OPTION_END,
};

static const char list_help[] =
	"Prints the findings of the database, the latest first. A finding is new while only\n"
	"one run has seen it (baseline, if the baseline of that run has it), recurring afterwards,\n"
	"resolved when it has not been seen for so long\n"
	"that chance hardly explains it, regressed when it came back after that, and suppressed when every report of it was\n"
	"suppressed. Where no owner is known (plain `go test` output), --test\n"
	"looks at the test that was running.\n"
	"\n"
	"--search takes any part of a name, such as cart.Add, cart.go or payment-timeout, a line\n"
	"pasted from a stack, and several words, which must all be there.\n"
	"\n"
	"  redflag list --status new --since 1d --json\n"
	"  redflag list --search 'cart.Add payment'";

static const struct rf_option db_options[] = { OPTION_DB, OPTION_END };

static const struct rf_option show_options[] = {
	OPTION_DB,
	{ "run", "TRACE_ID|last", "the run of this trace ID, or the last one" },
	OPTION_END
};

static const char show_help[] =
	"Prints everything that is known about a finding: both sides with their stacks and\n"
	"source lines, the goroutines with their labels and tests, the memory, the switches\n"
	"between goroutines before it, occurrences, and related findings. FINDING is its\n"
	"number, or four or more digits of its fingerprint. On a terminal of 100 columns or more\n"
	"the sides stand beside each other.\n"
	"\n"
	"Of a run it prints how it ended, its findings, and what grew all the time in its\n"
	"instrumented processes: goroutines and where they were started, timers, memory and\n"
	"more (docs/growth.md). RUN is its whole trace ID.\n"
	"\n"
	"  redflag show 12\n"
	"  redflag show --run last";

static const char explain_help[] =
	"For a finding: which frames of its stacks count for its fingerprint and which are\n"
	"dropped, and why. For a kind: what it means and what to do about it.\n"
	"\n"
	"  redflag explain 12\n"
	"  redflag explain use-after-put";

static const struct rf_option export_options[] = {
	{ "format", "FORMAT", "json, sarif, junit, github, markdown, html, ctrf, otlp, pprof or folded" },
	OPTION_DB,
	{ "run", "TRACE_ID|last|all", "findings of this run alone, or of the whole database; default: see above" },
	{ "status", "STATUS", "only " RF_STATUS_LIST("or") " ones" },
	{ "o", "FILE", "write there (aside, then renamed) instead of to standard output" },
	{ "profile", "KIND", "of pprof and folded: heap, cpu, io, contention, offcpu, faults, system, syscalls, counters or processor; "
		"default: the first that there is" },
	{ "value", "NAME", "of these: inuse_space, alloc_space, cpu, calls and so on; default: the most telling" },
	{ "pid", "PID", "of these: one process; default: all of the run" },
	{ "root", "DIR", "paths below it are written relative to it; default: $GITHUB_WORKSPACE, else the git checkout, else the "
			 "module" },
	OPTION_END,
};

static const char export_help[] =
	"Writes findings for another program, or as a page for people. The formats:\n"
	"\n"
	"  json      all that is known, for scripts (whole database)\n"
	"  sarif     SARIF 2.1.0 for code scanning (whole database)\n"
	"  junit     JUnit XML: failed tests, and a case a finding (last run)\n"
	"  github    annotations of GitHub Actions, and $GITHUB_STEP_SUMMARY (last run)\n"
	"  markdown  a comment for a pull request (last run)\n"
	"  html      one page for people, without scripts (whole database)\n"
	"  ctrf      Common Test Report Format (last run)\n"
	"  otlp      OTLP/JSON: spans that join the trace (last run)\n"
	"  pprof     a profile of a program, for `go tool pprof` (last run)\n"
	"  folded    the same as a line a stack, for flame graphs (last run)\n"
	"\n"
	"In brackets what is exported unless --run says otherwise.\n"
	"\n"
	"  redflag export --format sarif -o redflag.sarif\n"
	"  redflag export --format markdown --run last > comment.md\n"
	"  redflag export --format pprof -o heap.pb.gz && go tool pprof -top heap.pb.gz";

static const struct rf_option serve_options[] = {
	OPTION_DB,
	{ "addr", "HOST:PORT", "where to listen; default: 127.0.0.1:7878; port 0 is any free one" },
	OPTION_END,
};

static const char serve_help[] =
	"Shows the database in a browser: trends, findings with search, one finding with both\n"
	"stacks, runs, suppressions, health. Listens on this machine alone and sends nothing\n"
	"elsewhere. The pages work without scripts.\n"
	"\n"
	"Reading needs nothing. Adding and ending suppressions needs the token that is printed at\n"
	"the start. The database is only read. Ctrl-C ends it.";

static const struct rf_option suppress_options[] = {
	OPTION_DB,
	{ "reason", "TEXT", "why this race is tolerated; must be given" },
	{ "expires", "DATE", "the last day on which the entry holds, such as 2027-01-31" },
	{ "owner", "NAME", "who answers for it" },
	OPTION_END,
};

static const char suppress_help[] =
	"Appends an entry to the suppression list (.redflag.supp, or what \"suppressions:\" in\n"
	".redflag.yml names), in ThreadSanitizer's format: of the two functions that met in the\n"
	"race the one that fewer other findings have. From then on the race doesn't fail its test; it is still\n"
	"recorded, as suppressed.\n"
	"\n"
	"  redflag suppress 12 --reason \"may be off by one\" --expires 2027-01-31";

static const struct rf_option duplicate_options[] = {
	OPTION_DB,
	{ "of", "OTHER", "the finding that it is" },
	{ "reason", "TEXT", "why" },
	{ "undo", NULL, "it is a finding of its own after all" },
	OPTION_END,
};

static const char duplicate_help[] =
	"Says that a finding is another one: one bug with two fingerprints or two tags. Its events count as\n"
	"events of the other then: it is new only if that is new, and gives no alert of its own. `redflag show`\n"
	"names findings that may be duplicates. Nothing is moved, so --undo brings back what was.\n"
	"\n"
	"  redflag duplicate 7 --of 4 --reason \"the same counter, by way of the cache\"";

static const struct rf_option baseline_options[] = {
	OPTION_DB,
	{ "run", "TRACE_ID|last", "only findings of this run, not of the whole database" },
	OPTION_END,
};

static const char baseline_help[] =
	"save writes the findings of the database (suppressed ones left out) to a file that can be\n"
	"committed: .redflag.baseline beside .redflag.yml, or FILE. What is in it is known from then\n"
	"on, also where the database is empty. diff compares: new, unresolved and resolved\n"
	"findings, and those whose package or test was not run; exits with 66 when there are\n"
	"new ones.\n"
	"\n"
	"  redflag test ./...; redflag baseline save; git add .redflag.baseline\n"
	"  redflag test --fail-on=new ./...";

static const struct rf_option backup_options[] = {
	OPTION_DB,
	{ "o", "FILE", "the copy; default: beside the database, with the time in its name" },
	{ "verify", "FILE", "make no copy; check whether this one is whole" },
	OPTION_END,
};

static const char backup_help[] =
	"Copies the database while others write to it. The copy holds what was stored when\n"
	"it began; it is written aside, checked, and only then gets its name, so that the\n"
	"same name can be used every night. It is an ordinary database: --db reads it.\n"
	"\n"
	"  redflag backup -o /backup/redflag.db\n"
	"  redflag backup --verify /backup/redflag.db";

static const struct rf_option gc_options[] = {
	OPTION_DB,
	{ "keep", "TIME", "remove what is older, such as 90d, 26w or 12h" },
	{ "max-size", "SIZE", "then remove the oldest until the database uses no more, such as 500MB or 2GiB" },
	{ "dry-run", NULL, "only count what --keep would remove" },
	{ "vacuum", NULL, "write the file anew at the end, as small as it can be; nobody else can write meanwhile" },
	OPTION_END,
};

static const char gc_help[] =
	"Removes old events with their stacks, and old runs with their results. Findings\n"
	"stay, with their counts, first and last time, and latest event: one that comes\n"
	"again is not new. So does what is younger than an hour. Others can read and write\n"
	"meanwhile, and it may be broken off at any time. Spools that were set aside as\n"
	"damaged, and those of processes that are over, go when they are as old.\n"
	"\n"
	"  redflag gc --keep 90d --max-size 500MB\n"
	"\n"
	"With \"database:\" in .redflag.yml (keep: 90d, max_size: 500MB) every run does this\n"
	"at its end, at most once a day and for about two seconds.";

static const struct rf_option merge_options[] = {
	{ "o", "FILE", "the result; a file that isn't there yet" },
	OPTION_END,
};

static const char merge_help[] =
	"Puts databases together: those of parallel CI jobs, or of several machines. The\n"
	"result is what one reporter would have that had seen everything, whatever the order,\n"
	"and even if two of them hold the same. The inputs are only read; they may be older,\n"
	"and in use. How differences are settled: docs/database.md.\n"
	"\n"
	"  redflag merge shard-*/redflag.db -o all.db && redflag list --db all.db";

static const char policy_help[] =
	"test shows, for each finding, what the policies of FILE (written as .redflag.yml, which is the default) would have\n"
	"made of the events in the database: how many would have been alerts, how many held back in\n"
	"how many times of silence. Nothing is changed.";

static const char suppressions_help[] =
	"list (the default) prints the entries, and whether each is used, unused or expired. check names entries\n"
	"that have expired, never matched, lack a reason, stand there twice or are no use, and\n"
	"exits with 1 when there is one. stats counts what each has suppressed.";

static const struct rf_option sql_options[] = {
	OPTION_DB,
	{ "csv", NULL, "comma-separated values; NULL is nothing, an empty text is \"\"" },
	{ "json", NULL, "a JSON array with an object a row" },
	{ "timeout", "TIME", "stop after 500ms, 10s or 2m; default: never" },
	OPTION_END,
};

static const char sql_help[] =
	"Asks the database with SQLite's SQL and prints a table; where its columns don't fit beside\n"
	"each other, a block a row. - reads the statement from standard input. Nothing can be written,\n"
	"whatever the statement is, and reporters may write meanwhile. docs/database.md has the views\n"
	"with their columns, which stay, and the tables. Exits with 2 when the statement is wrong.\n"
	"\n"
	"  redflag sql \"SELECT name FROM pragma_table_list WHERE type = 'view'\"\n"
	"  redflag sql \"SELECT * FROM v_new_by_day ORDER BY day DESC LIMIT 14\"\n"
	"  redflag sql --csv - < weekly.sql > weekly.csv";

static const char alerts_help[] =
	"Alerts go where \"alerts:\" in .redflag.yml says: stderr, a file of JSON lines, a command, a webhook. They are\n"
	"delivered during each run and at its end; what could not be waits in the database for the next run.\n"
	"\n"
	"  list     (the default) what waits for each sink, and why\n"
	"  flush    deliver it now, also what failed for good\n"
	"  deliver  deliver what is due, as a run does\n"
	"  test     send a sample to each sink, and say how it went\n"
	"  drop     forget a sink, by its name, with what it has not delivered\n"
	"\n"
	"Exits with 3 when something is left, or a sink failed its test.\n"
	"\n"
	"What waits longest goes first, up to 100 alerts at a time. See docs/alerts.md.";

static const struct rf_option help_options[] = {
	{ "man", NULL, "print the man page" },
	{ "completion", "SHELL", "print the completion for a shell (bash)" },
	OPTION_END,
};

#define OPTION_GO { "go", "GOROOT|VERSION", "the Go to instrument; default: the one that the module resolves to" }

static const struct rf_option toolchain_options[] = {
	OPTION_GO,
	{ "print", "WHAT", "overlay: its path; env: lines for a shell; wrapper: install a command for GOTOOLCHAIN; toolexec; status" },
	{ "compiler", "on|off", "build Go's compiler anew, so that programs are faster, and use it from now on; or remove it" },
	{ "tsan", "source|stock", "build the detector from LLVM's sources, so that programs are faster, and use it from now on; or Go's own" },
	{ "to", "DIR", "where the wrapper goes; default: ~/.local/bin" },
	{ "arch", "GOARCH", "build for amd64 or arm64; default: this machine's" },
	OPTION_END,
};

static const struct rf_option env_options[] = {
	OPTION_GO,
	OPTION_DB,
	OPTION_END,
};

static const struct rf_option symtab_options[] = {
	{ "addr", "PC", "the function at this address (hexadecimal), with file and line" },
	{ "name", "NAME", "functions of this name; * is any text" },
	{ "json", NULL, "one JSON object a line" },
	OPTION_END,
};

static const struct rf_option no_options[] = { OPTION_END };

const struct rf_command rf_commands[] = {
	{
		.name = "test",
		.usage = "[options] [go test flags] [packages]",
		.summary = "Run go test instrumented, and report what it finds",
		.help = test_help,
		.options = test_options,
		.pass_unknown = true,
		.run = rf_cmd_test,
	},
	{
		.name = "run",
		.usage = "[options] -- PROGRAM [arguments]",
		.summary = "Run an instrumented program, and report what it finds",
		.help = run_help,
		.options = report_options,
		.stop_at_word = true,
		.run = rf_cmd_run,
	},
	{
		.name = "report",
		.usage = "[options]",
		.summary = "Store the findings of a test stream while passing it on",
		.help = report_help,
		.options = report_options,
		.run = rf_cmd_report,
	},
	{
		.name = "ingest",
		.usage = "[options] [FILE...]",
		.summary = "Store the findings of logs and spools",
		.help = ingest_help,
		.options = ingest_options,
		.run = rf_cmd_ingest,
	},
	{
		.name = "toolchain",
		.usage = "[options]",
		.summary = "Make the instrumented toolchain for a Go, or say where it is",
		.help = "Made once for each Go under ${XDG_CACHE_HOME:-~/.cache}/redflag, in half a second; the first build with it\n"
			"compiles the standard library anew. It is an overlay: Go's own directory stays as it is. Made again by\n"
			"itself when Go or redflag changes.\n\n"
			"--print wrapper installs goX.Y.Z-redflag, which GOTOOLCHAIN=goX.Y.Z-redflag or a toolchain line in go.mod\n"
			"starts; that instruments every build of a module without any other setting.\n\n"
			"--compiler on builds Go's compiler with a pass that leaves out race instrumentation which can't matter, once\n"
			"for each Go and each redflag; test and env then use it (docs/hooks.md, The compiler).\n\n"
			"--tsan source builds the detector itself, once for each redflag, from the sources that apt gets from Debian\n"
			"(165 MB, not kept): what synchronises is faster (docs/hooks.md, A detector from sources).",
		.options = toolchain_options,
		.run = rf_cmd_toolchain,
	},
	{
		.name = "env",
		.usage = "[options]",
		.summary = "Print shell lines that make plain `go test -race` run instrumented",
		.help = "Use it as: eval \"$(redflag env)\"\n\n"
			"Sets GOFLAGS (yours is kept, and an -overlay in it merged) and REDFLAG_SPOOL, unless it is set: where\n"
			"instrumented programs leave their records. For a toolchain that Go downloaded it also sets GOROOT,\n"
			"GOTOOLCHAIN and PATH. The lines hold for the Go that the current module resolves to; in a module that asks\n"
			"for another Go, run it again. Afterwards: redflag ingest takes the records into the database.",
		.options = env_options,
		.run = rf_cmd_env,
	},
	{
		.name = "agent",
		.usage = "run [options] -- PROGRAM... | env | top [PID] | set [options] PID [on | off] | report [SPOOL...]",
		.summary = "Run any program with the agent in it",
		.help = agent_help,
		.options = agent_options,
		.run = rf_cmd_agent,
	},
	{
		.name = "list",
		.usage = "[options]",
		.summary = "List the findings",
		.help = list_help,
		.options = list_options,
		.run = rf_cmd_list,
	},
	{
		.name = "doctor",
		.usage = "[options]",
		.summary = "Check what is installed and what works here, and say what to do",
		.help = "Builds and runs a small program with a race in it; the first time that compiles the standard library,\n"
			"which takes about 20 seconds. Exit status 0 when all works, 3 when something doesn't.",
		.options = env_options,
		.run = rf_cmd_doctor,
	},
	{
		.name = "symtab",
		.usage = "[options] PROGRAM|SPOOL",
		.summary = "Ask the symbol table: name, entry, argument size, file and line",
		.help = "From a program built by Go (stripped or not), or from the symbols that a spool brought along. Without\n"
			"--addr or --name all functions are listed. A line is, with tabs between: entry, bytes of arguments and\n"
			"results on the stack, name, file:line; ? stands for what isn't known.",
		.options = symtab_options,
		.run = rf_cmd_symtab,
	},
	{
		.name = "show",
		.usage = "[options] FINDING|RUN",
		.summary = "Show a finding, or a run, with all that is known about it",
		.help = show_help,
		.options = show_options,
		.run = rf_cmd_show,
	},
	{
		.name = "explain",
		.usage = "[options] FINDING|KIND",
		.summary = "Explain why a finding is one, or what a kind means",
		.help = explain_help,
		.options = db_options,
		.run = rf_cmd_explain,
	},
	{
		.name = "export",
		.usage = "--format FORMAT [options]",
		.summary = "Write findings in a format of other tools",
		.help = export_help,
		.options = export_options,
		.run = rf_cmd_export,
	},
	{
		.name = "serve",
		.usage = "[options]",
		.summary = "Show the database in a browser",
		.help = serve_help,
		.options = serve_options,
		.run = rf_cmd_serve,
	},
	{
		.name = "baseline",
		.usage = "[options] save|diff [FILE]",
		.summary = "Write down the known findings, or compare with them",
		.help = baseline_help,
		.options = baseline_options,
		.run = rf_cmd_baseline,
	},
	{
		.name = "backup",
		.usage = "[options]",
		.summary = "Copy the database while others write to it",
		.help = backup_help,
		.options = backup_options,
		.run = rf_cmd_backup,
	},
	{
		.name = "merge",
		.usage = "-o FILE DATABASE...",
		.summary = "Put several databases together",
		.help = merge_help,
		.options = merge_options,
		.run = rf_cmd_merge,
	},
	{
		.name = "gc",
		.usage = "[options]",
		.summary = "Remove old events and runs",
		.help = gc_help,
		.options = gc_options,
		.run = rf_cmd_gc,
	},
	{
		.name = "policy",
		.usage = "[options] test [FILE]",
		.summary = "Try policies on past events",
		.help = policy_help,
		.options = db_options,
		.run = rf_cmd_policy,
	},
	{
		.name = "duplicate",
		.usage = "[options] FINDING --of OTHER",
		.summary = "Say that a finding is another one",
		.help = duplicate_help,
		.options = duplicate_options,
		.run = rf_cmd_duplicate,
	},
	{
		.name = "suppress",
		.usage = "[options] FINDING",
		.summary = "Put a finding on the suppression list",
		.help = suppress_help,
		.options = suppress_options,
		.run = rf_cmd_suppress,
	},
	{
		.name = "suppressions",
		.usage = "[options] [list|check|stats]",
		.summary = "Look at the suppression list, and at what it has done",
		.help = suppressions_help,
		.options = db_options,
		.run = rf_cmd_suppressions,
	},
	{
		.name = "sql",
		.usage = "[options] STATEMENT|-",
		.summary = "Ask the database with SQL, read-only",
		.help = sql_help,
		.options = sql_options,
		.run = rf_cmd_sql,
	},
	{
		.name = "alerts",
		.usage = "[options] [list|flush|deliver|test|drop SINK]",
		.summary = "Look at the queue of alerts, deliver it, try the sinks",
		.help = alerts_help,
		.options = db_options,
		.run = rf_cmd_alerts,
	},
	{
		.name = "version",
		.usage = "",
		.summary = "Print the version, and those of the formats it writes",
		.help = "Fingerprints of another version are never compared with these.",
		.options = no_options,
		.run = rf_cmd_version,
	},
	{
		.name = "help",
		.usage = "[options] [COMMAND]",
		.summary = "Explain a command, or list all",
		.help = "Without a command, the list of commands.",
		.options = help_options,
		.run = rf_cmd_help,
	},
	{ .name = NULL },
};

const struct rf_command *rf_command_find(const char *name)
{
	for (const struct rf_command *c = rf_commands; c->name; c++) {
		if (strcmp(c->name, name) == 0)
			return c;
	}
	return NULL;
}

int rf_exit_of(int rf_err_code)
{
	if (rf_err_code >= 0)
		return rf_err_code;
	return rf_err_code == RF_ERR_USAGE ? RF_EXIT_USAGE : RF_EXIT_OWN_FAILURE;
}
