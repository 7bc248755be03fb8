#include "toolchain/goenv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "toolchain/anchors.h"
#include "base/files.h"
#include "toolchain/flat_json.h"
#include "toolchain/spawn.h"

/* A toolchain of 70 MB may have to be downloaded. */
#define GO_TIMEOUT_MS 600000u

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

int rf_go_words(rf_str setting, const char *name, rf_arena *arena, rf_str **words, size_t *count, struct rf_error *err)
{
	*count = 0;
	*words = rf_arena_array(arena, setting.len / 2 + 2, sizeof(rf_str));
	if (!*words)
		return rf_fail(err, RF_ERR_MEMORY, "not enough memory to read %s", name);
	while ((setting = rf_str_trim(setting)).len) {
		char quote = setting.ptr[0] == '\'' || setting.ptr[0] == '"' ? setting.ptr[0] : 0;
		size_t n = 0;
		if (quote) {
			setting = rf_str_skip(setting, 1);
			ptrdiff_t end = rf_str_find(setting, quote);
			if (end < 0)
				return rf_fail(err, RF_ERR_USAGE, "%s has a quote (%c) that isn't closed; see `go env %s`", name, quote,
					       name);
			n = (size_t)end;
		} else {
			while (n < setting.len && !is_space(setting.ptr[n]))
				n++;
		}
		(*words)[(*count)++] = rf_str_take(setting, n);
		setting = rf_str_skip(setting, n + (quote ? 1 : 0));
	}
	return 0;
}

static bool is_version(const char *go)
{
	return rf_str_starts(rf_str_from(go), "go1") || rf_str_starts(rf_str_from(go), "1.");
}

static void choose_program(const char *go, rf_arena *arena, struct rf_goenv *out)
{
	out->program = RF_STR("go");
	out->toolchain = RF_STR("");
	if (go && is_version(go)) {
		out->toolchain = rf_arena_printf(arena, "%s%s", go[0] == 'g' ? "" : "go", go);
	} else if (go) {
		out->program = rf_arena_printf(arena, "%s/bin/go", go);
		out->toolchain = RF_STR("local");
	}
}

/* The last line of what the go command said is the one with the reason. */
static int fail_go(const struct rf_goenv *go, const struct rf_spawn_result *result, struct rf_error *err)
{
	rf_str said = rf_str_trim(result->err);
	ptrdiff_t newline = rf_str_find_last(said, '\n');
	rf_str last = newline < 0 ? said : rf_str_skip(said, (size_t)newline + 1);
	if (result->timed_out)
		return rf_fail(err, RF_ERR_IO, "`go env` didn't end within %u s; run it by hand to see what it waits for",
			       GO_TIMEOUT_MS / 1000);
	if (go->toolchain.len && !rf_str_eq_cstr(go->toolchain, "local"))
		return rf_fail(err, RF_ERR_MISSING,
			       "can't get the Go toolchain %.*s (%.*s); try `GOTOOLCHAIN=%.*s go version`, or give the GOROOT of "
			       "an installed one with --go",
			       RF_STR_ARG(go->toolchain), RF_STR_ARG(last), RF_STR_ARG(go->toolchain));
	return rf_fail(err, RF_ERR_MISSING, "the go command failed: %.*s", RF_STR_ARG(last));
}

static int run_go(const struct rf_goenv *go, const char *directory, const char *arch, rf_arena *arena, rf_str *json,
		  struct rf_error *err)
{
	const char *argv[] = { rf_arena_cstr(arena, go->program), "env", "-json", "GOROOT", "GOVERSION", "GOOS", "GOARCH", "GOFLAGS",
			       "GOAMD64", "CC", "CGO_ENABLED", "GOHOSTARCH", "GOMODCACHE", NULL };
	const char *environment[3] = { NULL };
	size_t n = 0;
	if (go->toolchain.len)
		environment[n++] = rf_arena_printf(arena, "GOTOOLCHAIN=%.*s", RF_STR_ARG(go->toolchain)).ptr;
	if (arch)
		environment[n++] = rf_arena_printf(arena, "GOARCH=%s", arch).ptr;
	struct rf_spawn spawn = { .argv = argv, .directory = directory, .environment = environment, .timeout_ms = GO_TIMEOUT_MS };
	struct rf_spawn_result result;
	int rc = rf_spawn_run(&spawn, arena, &result, err);
	if (rc == RF_ERR_MISSING && rf_str_eq_cstr(go->program, "go"))
		return rf_fail(err, RF_ERR_MISSING, "there is no go command on PATH; install Go 1.%d or newer (https://go.dev/dl) or "
			       "give its GOROOT with --go", RF_GO_MINOR_MIN);
	if (rc == RF_ERR_MISSING)
		return rf_fail(err, RF_ERR_MISSING, "there is no %s; --go wants a GOROOT (`go env GOROOT`) or a version such as "
			       "go1.26.0", argv[0]);
	if (rc == 0 && (result.status != 0 || result.timed_out))
		return fail_go(go, &result, err);
	*json = result.out;
	return rc;
}

int rf_goenv_ask(const char *directory, const char *go, const char *arch, rf_arena *arena, struct rf_goenv *out,
		 struct rf_error *err)
{
	struct rf_pairs env;
	rf_str json = RF_STR("");
	*out = (struct rf_goenv){ 0 };
	choose_program(go, arena, out);
	int rc = run_go(out, directory, arch, arena, &json, err);
	if (rc)
		return rc;
	rc = rf_flat_json_read(json, NULL, arena, &env, err);
	if (rc)
		return rf_fail_again(err, "`go env -json` printed");
	out->goroot = rf_pairs_get(&env, "GOROOT");
	out->version = rf_pairs_get(&env, "GOVERSION");
	out->goos = rf_pairs_get(&env, "GOOS");
	out->goarch = rf_pairs_get(&env, "GOARCH");
	out->goamd64 = rf_pairs_get(&env, "GOAMD64");
	out->goflags = rf_pairs_get(&env, "GOFLAGS");
	out->cc = rf_pairs_get(&env, "CC");
	out->cgo_enabled = rf_pairs_get(&env, "CGO_ENABLED");
	out->host_arch = rf_pairs_get(&env, "GOHOSTARCH");
	out->modcache = rf_pairs_get(&env, "GOMODCACHE");
	/* "go1.26.0 X:nodwarf5": experiments are named behind the version. */
	rf_str version = out->version;
	out->version = rf_str_cut(&version, ' ');
	return 0;
}

/* Another process may make the same link at the same time: made aside and renamed, the last one wins. */
static int make_link(rf_str target, rf_str path, rf_arena *arena, struct rf_error *err)
{
	char now[4096];
	ssize_t n = readlink(path.ptr, now, sizeof(now));
	if (n >= 0 && rf_str_eq(target, (rf_str){ now, (size_t)n }))
		return 0;
	const char *aside = rf_arena_printf(arena, "%.*s.%ld", RF_STR_ARG(path), (long)getpid()).ptr;
	(void)!unlink(aside);
	if (symlink(rf_arena_cstr(arena, target), aside) != 0 || rename(aside, path.ptr) != 0) {
		int number = errno;
		(void)!unlink(aside);
		return rf_fail(err, RF_ERR_IO, "can't make the link %s: %s", path.ptr, strerror(number));
	}
	return 0;
}

int rf_goenv_leave_modcache(struct rf_goenv *go, rf_str link_directory, rf_arena *arena, struct rf_error *err)
{
	rf_str below = rf_str_skip(go->goroot, go->modcache.len);
	if (!go->modcache.len || !rf_str_eq(rf_str_take(go->goroot, go->modcache.len), go->modcache) || !rf_str_starts(below, "/"))
		return 0;
	rf_str path = rf_arena_printf(arena, "%.*s/%.*s-%.*s-%.*s", RF_STR_ARG(link_directory), RF_STR_ARG(go->version),
				      RF_STR_ARG(go->goos), RF_STR_ARG(go->host_arch));
	int rc = rf_dirs_make(rf_arena_cstr(arena, link_directory), err);
	if (rc == 0)
		rc = make_link(go->goroot, path, arena, err);
	go->goroot = path;
	go->program = rf_arena_printf(arena, "%.*s/bin/go", RF_STR_ARG(path));
	go->toolchain = RF_STR("local");
	go->linked = true;
	return rc;
}

const char *const *rf_goenv_environment(const struct rf_goenv *go, rf_arena *arena)
{
	const char **list = rf_arena_array(arena, 3, sizeof(*list));
	size_t n = 0;
	if (list && go->toolchain.len)
		list[n++] = rf_arena_printf(arena, "GOTOOLCHAIN=%.*s", RF_STR_ARG(go->toolchain)).ptr;
	if (list && go->linked)
		list[n++] = rf_arena_printf(arena, "GOROOT=%.*s", RF_STR_ARG(go->goroot)).ptr;
	return list;
}

int rf_goenv_check_compiler(const struct rf_goenv *go, rf_arena *arena, struct rf_error *err)
{
	rf_str *words;
	size_t count;
	int rc = rf_go_words(go->cc, "CC", arena, &words, &count, err);
	if (rc || !rf_str_eq(go->goarch, go->host_arch))
		return rc;
	const char *argv[] = { count ? rf_arena_cstr(arena, words[0]) : "gcc", "--version", NULL };
	struct rf_spawn spawn = { .argv = argv, .timeout_ms = 30000 };
	struct rf_spawn_result result;
	rc = rf_spawn_run(&spawn, arena, &result, err);
	if (rc || result.status != 0)
		return rf_fail(err, RF_ERR_MISSING,
			       "the race detector needs a C compiler, and %s doesn't run; install it (apt install gcc libc6-dev) or "
			       "set CC", argv[0]);
	return 0;
}

int rf_goenv_check(const struct rf_goenv *go, struct rf_error *err)
{
	int minor = rf_go_minor(go->version);
	bool arch_ok = rf_str_eq_cstr(go->goarch, "amd64") || rf_str_eq_cstr(go->goarch, "arm64");
	if (!rf_str_eq_cstr(go->goos, "linux") || !arch_ok)
		return rf_fail(err, RF_ERR_VERSION, "instrumented programs run on linux/amd64 and linux/arm64, not on %.*s/%.*s; "
			       "check GOOS and GOARCH", RF_STR_ARG(go->goos), RF_STR_ARG(go->goarch));
	if (minor >= 0 && minor < RF_GO_MINOR_MIN)
		return rf_fail(err, RF_ERR_VERSION, "%.*s is too old: Go 1.%d or newer is needed; install one, or try --go go1.%d.0",
			       RF_STR_ARG(go->version), RF_GO_MINOR_MIN, RF_GO_MINOR_MIN + 1);
	/* For another processor cgo is off until a cross compiler is named, which may be done later, at the build. */
	if (rf_str_eq_cstr(go->cgo_enabled, "0") && rf_str_eq(go->goarch, go->host_arch))
		return rf_fail(err, RF_ERR_MISSING, "the race detector needs cgo, which is off: set CGO_ENABLED=1, and install a C "
			       "compiler if there is none (apt install gcc libc6-dev)");
	return 0;
}
