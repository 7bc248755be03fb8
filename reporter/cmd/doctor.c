/* redflag doctor: what is installed, what works here, and what to do about the rest. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <nettle/version.h>
#include <sqlite3.h>
#include <yaml.h>

#include "cmd/command_list.h"
#include "cmd/place.h"
#include "cmd/reporter.h"
#include "cmd/terminal.h"
#include "read/spool_read.h"
#include "store/store.h"
#include "toolchain/anchors.h"
#include "toolchain/cache.h"
#include "base/files.h"
#include "toolchain/goenv.h"
#include "toolchain/spawn.h"
#include "toolchain/toolchain.h"
#include "tsan-glue/spool_format.h"
#include "tsan-glue/options_list.h"

#define NAME_COLUMNS 14
#define BUILD_TIMEOUT_MS 600000u
#define RUN_TIMEOUT_MS 60000u
#define CACHE_FREE_BYTES_MIN ((uint64_t)512 << 20) /* Go's build cache for an instrumented standard library takes about 200 MB */
#define LEAKS_GO_MINOR_MIN 26 /* findGoroutineLeaks in runtime/mgc.go */

enum state {
	STATE_OK,
	STATE_NOTE,    /* works, but not all of it */
	STATE_FAIL,
	STATE_SKIPPED, /* can't be looked at before something else works */
	STATE_COUNT
};

struct doctor {
	const struct rf_args *args;
	rf_arena *arena;
	struct rf_terminal terminal;
	struct rf_goenv go;
	struct rf_toolchain toolchain;
	bool has_go, has_compiler, has_toolchain;
	unsigned failed;
};

/* What a check found out; `advice` is what to do, for notes and failures. */
struct finding_out {
	enum state state;
	rf_str text, advice;
};

static struct finding_out from_error(const struct rf_error *err, rf_arena *arena)
{
	return (struct finding_out){ STATE_FAIL, rf_arena_dup(arena, rf_str_from(err->text)), RF_STR("") };
}

static struct finding_out fine(rf_str text)
{
	return (struct finding_out){ STATE_OK, text, RF_STR("") };
}

static struct finding_out note(rf_str text, rf_str advice)
{
	return (struct finding_out){ STATE_NOTE, text, advice };
}

static struct finding_out skipped(const char *what)
{
	return (struct finding_out){ STATE_SKIPPED, rf_str_from(what), RF_STR("") };
}

static struct finding_out check_go(struct doctor *d)
{
	struct rf_error err;
	if (rf_goenv_ask(NULL, rf_arg(d->args, "go"), NULL, d->arena, &d->go, &err) != 0 || rf_goenv_check(&d->go, &err) != 0)
		return from_error(&err, d->arena);
	d->has_go = true;
	return fine(rf_arena_printf(d->arena, "%.*s, %.*s/%.*s, in %.*s", RF_STR_ARG(d->go.version),
				    RF_STR_ARG(d->go.goos), RF_STR_ARG(d->go.goarch), RF_STR_ARG(d->go.goroot)));
}

static struct finding_out check_compiler(struct doctor *d)
{
	struct rf_error err;
	if (!d->has_go)
		return skipped("needs a Go first");
	if (rf_goenv_check_compiler(&d->go, d->arena, &err) != 0)
		return from_error(&err, d->arena);
	d->has_compiler = true;
	return fine(rf_arena_printf(d->arena, "%.*s (CC), cgo is on", RF_STR_ARG(d->go.cc)));
}

static struct finding_out check_cache(struct doctor *d)
{
	struct rf_cache cache;
	struct rf_error err;
	struct statvfs fs;
	if (rf_cache_open(d->arena, &cache, &err) != 0)
		return from_error(&err, d->arena);
	const char *probe = rf_arena_printf(d->arena, "%.*s/doctor", RF_STR_ARG(cache.directory)).ptr;
	if (rf_file_replace(probe, RF_STR("ok\n"), 0600, &err) != 0)
		return from_error(&err, d->arena);
	rf_tree_remove(probe);
	uint64_t free_bytes = statvfs(cache.directory.ptr, &fs) == 0 ? (uint64_t)fs.f_bavail * fs.f_frsize : UINT64_MAX;
	if (free_bytes < CACHE_FREE_BYTES_MIN)
		return note(rf_arena_printf(d->arena, "%.*s can be written, but %.0f MB are free", RF_STR_ARG(cache.directory),
			    (double)free_bytes / 1e6),
			    RF_STR("make room, or set XDG_CACHE_HOME and GOCACHE to another disk"));
	return fine(rf_arena_printf(d->arena, "%.*s can be written", RF_STR_ARG(cache.directory)));
}

static struct finding_out check_toolchain(struct doctor *d)
{
	struct rf_toolchain_request request = { .go = rf_arg(d->args, "go") };
	struct rf_error err;
	if (!d->has_compiler)
		return skipped("needs a Go and a C compiler first");
	if (rf_toolchain_prepare(&request, d->arena, &d->toolchain, &err) != 0)
		return from_error(&err, d->arena);
	d->has_toolchain = true;
	return fine(rf_arena_printf(d->arena, "%s: %.*s", d->toolchain.fresh ? "made now" : "there", RF_STR_ARG(d->toolchain.overlay)));
}

static struct finding_out check_probe(struct doctor *d)
{
	if (!d->has_toolchain)
		return skipped("needs the toolchain first");
	if (rf_str_eq_cstr(d->toolchain.probe, "ok"))
		return fine(RF_STR("every layout that the glue reads is proved on this Go's detector"));
	return note(d->toolchain.probe,
		    RF_STR("programs run as with stock Go, without records of what races; use a Go that this redflag knows, or a newer redflag"));
}

static struct finding_out unproved(rf_str what)
{
	return note(what, RF_STR("use a Go that this redflag knows, or a newer redflag"));
}

static struct finding_out check_fast(struct doctor *d)
{
	if (!d->has_toolchain)
		return skipped("needs the toolchain first");
	if (rf_str_eq_cstr(d->toolchain.fast, "127"))
		return fine(RF_STR("accesses and calls that can't race are decided without the detector"));
	if (!rf_str_eq_cstr(d->go.goarch, "amd64"))
		return note(RF_STR("there are none for this processor: programs are as fast as with stock Go"),
			    RF_STR("nothing needs to be done"));
	if (rf_str_eq_cstr(d->toolchain.fast, "121"))
		return note(RF_STR("only calls, and accesses that the detector knows already, are decided without it"),
			    RF_STR("GOAMD64=v1 is faster under -race"));
	if (rf_str_eq_cstr(d->toolchain.fast, "123"))
		return unproved(RF_STR("accesses and calls that can't race are decided without the detector, ranges aren't"));
	return unproved(RF_STR("not proved on this Go's detector: programs are as fast as with stock Go"));
}

static struct finding_out check_tsan(struct doctor *d)
{
	rf_str tsan = d->toolchain.tsan;
	if (!d->has_toolchain)
		return skipped("needs the toolchain first");
	if (rf_str_eq_cstr(tsan, "source"))
		return fine(RF_STR("built from its sources: what synchronises is faster"));
	if (tsan.len)
		return unproved(rf_arena_printf(d->arena, "the one from sources isn't used: %.*s", RF_STR_ARG(tsan)));
	return fine(RF_STR("Go's own (`redflag toolchain --tsan source` makes programs faster)"));
}

static struct finding_out check_rebuilt(struct doctor *d)
{
	rf_str goflags, path = d->toolchain.toolexec;
	struct rf_error err;
	if (!d->has_toolchain)
		return skipped("needs the toolchain first");
	if (!path.len)
		return fine(RF_STR("Go's own (`redflag toolchain --compiler on` makes programs faster)"));
	if (rf_toolchain_goflags(&d->toolchain, d->toolchain.goflags, d->arena, &goflags, &err) == 0 &&
	    !rf_str_contains(goflags, rf_arena_cstr(d->arena, path)))
		return note(RF_STR("redflag's isn't used, as your -toolexec in GOFLAGS is"), RF_STR("take -toolexec out of GOFLAGS"));
	return fine(rf_arena_printf(d->arena, "redflag's: %.*s", RF_STR_ARG(path)));
}

static struct finding_out check_exit(struct doctor *d)
{
	if (!d->has_toolchain)
		return skipped("needs the toolchain first");
	if (rf_str_eq_cstr(d->toolchain.exit, "1"))
		return fine(RF_STR("programs wait at their end only while something can still run"));
	return unproved(RF_STR("not proved on this Go's detector: programs wait a second at their end, as with stock Go"));
}

static struct finding_out check_views(struct doctor *d)
{
	if (!d->has_toolchain)
		return skipped("needs the toolchain first");
	if (rf_str_eq_cstr(d->toolchain.views, "1"))
		return fine(RF_STR("REDFLAG=views=1 can tell sections of locks"));
	if (!rf_str_eq_cstr(d->go.goarch, "amd64"))
		return note(RF_STR("REDFLAG=views=1 has no effect on this processor"), RF_STR("nothing needs to be done"));
	if (rf_str_eq_cstr(d->toolchain.fast, "121"))
		return note(RF_STR("REDFLAG=views=1 has no effect with this GOAMD64"), RF_STR("GOAMD64=v1 has it"));
	return unproved(RF_STR("not proved on this Go's detector: REDFLAG=views=1 has no effect"));
}

/* What no part of the toolchain can make up for where Go itself can't do it. */
static struct finding_out check_leaks(struct doctor *d)
{
	if (!d->has_go)
		return skipped("needs a Go first");
	int minor = rf_go_minor(d->go.version);
	if (minor >= 0 && minor < LEAKS_GO_MINOR_MIN)
		return note(rf_arena_printf(d->arena, "the collector of %.*s can't tell goroutines that are blocked for "
			    "good: no findings of kind goroutine-leak", RF_STR_ARG(d->go.version)),
			    RF_STR("use Go 1.26 or newer for them"));
	return fine(RF_STR("this Go's collector tells which goroutines are blocked for good"));
}

static int write_hello(const char *directory, rf_arena *arena, struct rf_error *err)
{
	static const char program[] = "package main\n\nvar counter int\n\nfunc main() {\n\tdone := make(chan bool)\n"
				      "\tgo func() { counter++; done <- true }()\n\tcounter++\n\t<-done\n}\n";
	int rc = rf_file_write(rf_arena_printf(arena, "%s/go.mod", directory).ptr, RF_STR("module redflag.test/doctor\n\ngo 1.25\n"), 0644,
			       err);
	return rc ? rc : rf_file_write(rf_arena_printf(arena, "%s/main.go", directory).ptr, rf_str_from(program), 0644, err);
}

static int build_hello(struct doctor *d, const char *directory, struct rf_error *err)
{
	rf_str goflags;
	struct rf_spawn_result result;
	const char *environment[8] = { NULL };
	size_t n = 0;
	/* The user's flags could be for another module (-mod=vendor); what is asked here is whether ours work. */
	int rc = rf_toolchain_goflags(&d->toolchain, RF_STR(""), d->arena, &goflags, err);
	if (rc)
		return rc;
	while (d->toolchain.environment[n] && n < 4) {
		environment[n] = d->toolchain.environment[n];
		n++;
	}
	environment[n++] = rf_arena_printf(d->arena, "GOFLAGS=%.*s", RF_STR_ARG(goflags)).ptr;
	environment[n++] = "GOWORK=off";
	const char *argv[] = { d->toolchain.go_program, "build", "-race", "-o", "hello", ".", NULL };
	struct rf_spawn spawn = { .argv = argv, .directory = directory, .environment = environment, .timeout_ms = BUILD_TIMEOUT_MS };
	rc = rf_spawn_run(&spawn, d->arena, &result, err);
	if (rc == 0 && result.status != 0)
		return rf_fail(err, RF_ERR_IO, "go build -race failed: %.*s", RF_STR_ARG(rf_str_take(rf_str_trim(result.err), 600)));
	return rc;
}

static int run_hello(struct doctor *d, const char *directory, struct rf_error *err)
{
	const char *argv[] = { "./hello", NULL };
	const char *environment[] = { rf_arena_printf(d->arena, "REDFLAG_SPOOL=%s/spool", directory).ptr, "GORACE=atexit_sleep_ms=0",
				      "REDFLAG", "TRACE_ID", "TRACEPARENT", NULL };
	struct rf_spawn spawn = { .argv = argv, .directory = directory, .environment = environment, .timeout_ms = RUN_TIMEOUT_MS };
	struct rf_spawn_result result;
	int rc = rf_spawn_run(&spawn, d->arena, &result, err);
	if (rc == 0 && !rf_str_contains(result.err, "WARNING: DATA RACE"))
		return rf_fail(err, RF_ERR_INPUT, "the race detector found no race in a program that has one (exit status %d)",
			       result.status);
	return rc;
}

/* The number of reports in the one spool below `directory`, or -1 when there is none. */
static int count_reports(const char *directory, rf_arena *arena)
{
	struct rf_error err;
	struct rf_report report;
	int reports = -1;
	DIR *dir = opendir(rf_arena_printf(arena, "%s/spool", directory).ptr);
	for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL;) {
		struct rf_spool *spool;
		if (!rf_str_ends(rf_str_from(entry->d_name), RF_SPOOL_SUFFIX) ||
		    rf_spool_open(&spool, rf_arena_printf(arena, "%s/spool/%s", directory, entry->d_name).ptr, &err) != 0)
			continue;
		for (reports = 0; rf_spool_next(spool, arena, &report);)
			reports++;
		rf_spool_close(spool);
	}
	if (dir)
		closedir(dir);
	return reports;
}

static struct finding_out try_hello(struct doctor *d, const char *directory)
{
	struct rf_error err;
	if (write_hello(directory, d->arena, &err) != 0 || build_hello(d, directory, &err) != 0 ||
	    rf_dirs_make(rf_arena_printf(d->arena, "%s/spool", directory).ptr, &err) != 0 || run_hello(d, directory, &err) != 0)
		return from_error(&err, d->arena);
	int reports = count_reports(directory, d->arena);
	if (reports < 0)
		return (struct finding_out){ STATE_FAIL, RF_STR("a program built with the overlay left no spool"),
					     RF_STR("remove the cache entry (redflag toolchain --print status) and try again; "
						    "please report it if that doesn't help") };
	if (reports == 0)
		return note(RF_STR("a program left a spool, but its race isn't in it"), RF_STR("see the line about the probe"));
	return fine(RF_STR("a program with a race was built, found it, and left it in a spool"));
}

static struct finding_out check_hello(struct doctor *d)
{
	const char *temporary = getenv("TMPDIR");
	if (!d->has_toolchain)
		return skipped("needs the toolchain first");
	char *directory = (char *)(uintptr_t)rf_arena_printf(d->arena, "%s/redflag-doctor.XXXXXX", temporary ? temporary : "/tmp").ptr;
	if (!mkdtemp(directory))
		return (struct finding_out){ STATE_FAIL, rf_arena_printf(d->arena, "can't make %s: %s", directory, strerror(errno)),
					     RF_STR("set TMPDIR to a place that can be written") };
	struct finding_out out = try_hello(d, directory);
	rf_tree_remove(directory);
	return out;
}

static struct finding_out check_database(struct doctor *d)
{
	struct rf_error err;
	struct rf_store *store;
	const char *path;
	if (rf_place_database(rf_arg(d->args, "db"), false, d->arena, &path, &err) != 0)
		return from_error(&err, d->arena);
	if (access(path, F_OK) != 0)
		return fine(rf_arena_printf(d->arena, "%s: not there yet, the first report makes it", path));
	struct rf_store_options options = { .path = path, .must_exist = true, .upgrading = rf_reporter_upgrading };
	int rc = rf_store_open(&store, &options, &err);
	if (rc != 0)
		return from_error(&err, d->arena);
	rf_store_close(store);
	return fine(rf_arena_printf(d->arena, "%s can be opened", path));
}

static struct finding_out check_libraries(struct doctor *d)
{
	rf_str text = rf_arena_printf(d->arena, "redflag %s, SQLite %s, libyaml %s, nettle %d.%d", RF_VERSION, sqlite3_libversion(),
				      yaml_get_version_string(), nettle_version_major(), nettle_version_minor());
	/* STRICT tables. */
	if (sqlite3_libversion_number() < 3037000)
		return (struct finding_out){ STATE_FAIL, text, RF_STR("SQLite 3.37 or newer is needed: apt install libsqlite3-0") };
	return fine(text);
}

static bool is_option(rf_str word)
{
	uint64_t n;
#define IS_OPTION(field, name, yes, no, help)                                                                          \
	if (rf_str_eq_cstr(word, name "=" yes) || rf_str_eq_cstr(word, name "=" no))                                   \
		return true;
	RF_OPTION_LIST(IS_OPTION)
#undef IS_OPTION
#define IS_NUMBER(field, name, max, help)                                                                              \
	if (rf_str_starts(word, name "=") && rf_str_u64(rf_str_skip(word, strlen(name "=")), &n) && n <= max)          \
		return true;
	RF_OPTION_NUMBER_LIST(IS_NUMBER)
#undef IS_NUMBER
	return false;
}

/* The first word of REDFLAG that no observed process understands; empty when there is none. */
static rf_str unknown_option(void)
{
	rf_str word, left = rf_str_from(getenv("REDFLAG"));
	do {
		word = rf_str_word(&left, RF_OPTION_SEPARATORS);
	} while (word.len && is_option(word));
	return word;
}

static rf_str option_names(rf_arena *arena)
{
#define OPTION_NAME(field, name, yes, no, help) " " name "=" yes "|" no
#define NUMBER_NAME(field, name, max, help) " " name "=0.." #max
	return rf_arena_printf(arena, "the options are%s", RF_OPTION_LIST(OPTION_NAME) RF_OPTION_NUMBER_LIST(NUMBER_NAME));
#undef NUMBER_NAME
#undef OPTION_NAME
}

static struct finding_out check_settings(struct doctor *d)
{
	const char *gorace = getenv("GORACE"), *spool = getenv("REDFLAG_SPOOL");
	rf_str unknown = unknown_option();
	if (unknown.len)
		return (struct finding_out){ STATE_FAIL, rf_arena_printf(d->arena, "REDFLAG has \"%.*s\", which is no option and is "
					     "ignored", RF_STR_ARG(unknown)), option_names(d->arena) };
	if (d->has_toolchain && rf_toolchain_asks_cgo(getenv("REDFLAG")) && !d->toolchain.cgo)
		return note(RF_STR("REDFLAG has cgo=1, which does nothing here: C memory is watched on amd64 only"),
			    RF_STR("take it out, or build with --arch amd64"));
	if (d->has_toolchain && d->toolchain.cgo && !rf_str_eq_cstr(d->toolchain.probe, "ok"))
		return unproved(RF_STR("REDFLAG has cgo=1, which does nothing with this Go's detector"));
	if (spool && spool[0] && access(spool, W_OK | X_OK) != 0)
		return (struct finding_out){ STATE_FAIL, rf_arena_printf(d->arena, "REDFLAG_SPOOL=%s: %s", spool, strerror(errno)),
					     RF_STR("make that directory, or run eval \"$(redflag env)\" again") };
	if (gorace && strstr(gorace, "log_path"))
		return note(RF_STR("GORACE sets log_path, so reports don't reach the stream that redflag reads"),
			    RF_STR("take log_path out of GORACE, or give the logs to redflag ingest"));
	return fine(RF_STR("nothing in the environment is in the way"));
}

static void print_line(struct doctor *d, const char *name, const struct finding_out *f)
{
	static const char *const words[] = { "ok", "note", "FAIL", "-" };
	static const enum rf_style styles[] = { RF_STYLE_GREEN, RF_STYLE_YELLOW, RF_STYLE_RED, RF_STYLE_DIM };
	_Static_assert(sizeof(words) / sizeof(words[0]) == STATE_COUNT, "one word a state");
	struct rf_buf out;
	rf_buf_init(&out);
	rf_put_raw(&out, &d->terminal, styles[f->state], rf_arena_printf(d->arena, "%-6s", words[f->state]));
	rf_buf_printf(&out, "%-*s", NAME_COLUMNS, name);
	rf_put_wrapped(&out, &d->terminal, RF_STYLE_PLAIN, f->text, 6 + NAME_COLUMNS);
	if (f->advice.len) {
		rf_buf_printf(&out, "%*s", 6 + NAME_COLUMNS, "");
		rf_put_wrapped(&out, &d->terminal, RF_STYLE_BOLD, rf_arena_printf(d->arena, "-> %.*s", RF_STR_ARG(f->advice)),
			       6 + NAME_COLUMNS);
	}
	rf_print(&out);
	rf_buf_release(&out);
	fflush(stdout);
}

static const struct {
	const char *name;
	struct finding_out (*run)(struct doctor *d);
} checks[] = {
	{ "go", check_go },	       { "C compiler", check_compiler }, { "cache", check_cache },
	{ "toolchain", check_toolchain }, { "probe", check_probe },	 { "program", check_hello },
	{ "detector", check_tsan },	       { "compiler", check_rebuilt },
	{ "short cuts", check_fast },	  { "exit", check_exit },	  { "leaks", check_leaks },
	{ "views", check_views },	  { "settings", check_settings },
	{ "database", check_database }, { "libraries", check_libraries },
};

int rf_cmd_doctor(const struct rf_args *args, rf_arena *arena, struct rf_error *err)
{
	struct doctor d = { .args = args, .arena = arena };
	if (args->word_count)
		return rf_fail(err, RF_ERR_USAGE, "doctor takes no arguments");
	rf_terminal_init(&d.terminal, STDOUT_FILENO);
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		struct finding_out f = checks[i].run(&d);
		d.failed += f.state == STATE_FAIL;
		print_line(&d, checks[i].name, &f);
	}
	return d.failed ? RF_EXIT_OWN_FAILURE : RF_EXIT_CLEAN;
}
