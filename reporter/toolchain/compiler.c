#include "toolchain/compiler.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/files.h"
#include "toolchain/overlay.h"
#include "toolchain/spawn.h"

#define BUILD_TIMEOUT_MS 1200000u
#define SETTINGS_MAX 16
/* Longer than any one build takes that still uses another one. */
#define IDLE_SECONDS_MIN 3600

/* $1 is the tool that the go command wants to start. Another Go's compiler stays that one's. */
static const char script[] =
	"#!/bin/sh\n"
	"# Started by `go build -toolexec`, in front of each tool: in the place of Go's compiler, the one beside this file.\n"
	"ours=${0%%/*}/compile\n"
	"case $1 in\n"
	"*/compile) [ \"$1\" -ef '%.*s/pkg/tool/linux_amd64/compile' ] || exec \"$@\" ;;\n"
	"*) exec \"$@\" ;;\n"
	"esac\n"
	"shift\n"
	"[ \"$1\" = -V=full ] || exec \"$ours\" \"$@\"\n"
	"line=$(\"$ours\" \"$@\") && echo \"$line redflag-%.*s\"\n";

static rf_str path_in(const struct rf_compiler *c, rf_str directory, const char *name)
{
	return rf_arena_printf(c->arena, "%.*s/%s", RF_STR_ARG(directory), name);
}

/* The value of -toolexec is a list of words, each of which may be quoted; nothing stands for a quote. */
static bool can_be_named(const struct rf_compiler *c)
{
	return !rf_str_contains(c->directory, "'") && !rf_str_contains(c->directory, "\"") && !rf_str_contains(c->go->goroot, "'");
}

static void find_toolexec(struct rf_compiler *c)
{
	rf_str path = path_in(c, c->directory, "toolexec");
	if (access(path.ptr, X_OK) != 0 || !can_be_named(c))
		return;
	utimensat(AT_FDCWD, path.ptr, NULL, 0);
	c->toolexec = rf_str_contains(path, " ") ? rf_arena_printf(c->arena, "\"%.*s\"", RF_STR_ARG(path)) : path;
}

static int init_overlay(const struct rf_compiler *c, struct rf_overlay *overlay)
{
	return rf_overlay_init_compiler(overlay, rf_embedded_files, c->go, c->arena, c->err);
}

int rf_compiler_find(struct rf_compiler *compiler, const struct rf_goenv *go, struct rf_cache *cache, rf_arena *arena,
		     struct rf_error *err)
{
	struct rf_overlay overlay;
	*compiler = (struct rf_compiler){ .go = go, .cache = cache, .arena = arena, .err = err };
	if (!rf_str_eq_cstr(go->goarch, "amd64") || !rf_str_eq_cstr(go->host_arch, "amd64"))
		return 0;
	int rc = init_overlay(compiler, &overlay);
	if (rc == 0)
		rc = rf_overlay_key(&overlay, &compiler->key, err);
	if (rc)
		return rc;
	compiler->directory = path_in(compiler, cache->directory, compiler->key.ptr);
	find_toolexec(compiler);
	return 0;
}

/* All entries of compilers for this version begin like this. */
static bool is_same_version(const struct rf_compiler *c, const char *name)
{
	rf_str prefix = rf_arena_printf(c->arena, RF_OVERLAY_COMPILER "%.*s-", RF_STR_ARG(c->go->version));
	return rf_str_starts(rf_str_from(name), prefix.ptr);
}

static void remove_if_idle(void *context, const char *name)
{
	const struct rf_compiler *c = context;
	struct stat st;
	rf_str path = path_in(c, c->cache->directory, name);
	if (is_same_version(c, name) && !rf_str_eq_cstr(c->key, name) &&
	    (stat(path_in(c, path, "toolexec").ptr, &st) != 0 || time(NULL) - st.st_mtime >= IDLE_SECONDS_MIN))
		rf_tree_remove(path.ptr);
}

static void remove_any(void *context, const char *name)
{
	const struct rf_compiler *c = context;
	if (is_same_version(c, name))
		rf_tree_remove(path_in(c, c->cache->directory, name).ptr);
}

void rf_compiler_remove(struct rf_compiler *compiler)
{
	rf_cache_each(compiler->cache, remove_any, compiler);
	compiler->toolexec = RF_STR("");
}

/* With nothing of the user's own settings: it is a program for this machine. */
static int run_go(const struct rf_compiler *c, rf_str building)
{
	static const char *const settings[] = { "GOFLAGS=", "GOOS", "GOARCH", "GOAMD64", "GOEXPERIMENT", "GOWORK=off", "CGO_ENABLED=0" };
	const char *argv[] = { rf_arena_cstr(c->arena, c->go->program), "build", "-pgo=off", "-overlay=overlay.json", "-o", "compile",
			       "cmd/compile", NULL };
	const char *environment[SETTINGS_MAX];
	const char *const *theirs = rf_goenv_environment(c->go, c->arena);
	size_t n = 0;
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		environment[n++] = settings[i];
	for (size_t i = 0; theirs && theirs[i] && n < SETTINGS_MAX - 1; i++)
		environment[n++] = theirs[i];
	environment[n] = NULL;
	struct rf_spawn spawn = { .argv = argv, .directory = building.ptr, .environment = environment, .timeout_ms = BUILD_TIMEOUT_MS };
	struct rf_spawn_result result;
	int rc = rf_spawn_run(&spawn, c->arena, &result, c->err);
	if (rc == 0 && result.timed_out)
		return rf_fail(c->err, RF_ERR_IO, "building the compiler of %.*s took too long", RF_STR_ARG(c->go->version));
	if (rc == 0 && result.status != 0)
		return rf_fail(c->err, RF_ERR_VERSION, "the compiler of %.*s can't be built with redflag's pass, Go's own is used: %.*s",
			       RF_STR_ARG(c->go->version), RF_STR_ARG(rf_str_trim(result.err)));
	return rc;
}

static int build(struct rf_compiler *c)
{
	struct rf_overlay overlay;
	rf_str building;
	int rc = rf_cache_begin(c->cache, c->arena, &building, c->err);
	if (rc)
		return rc;
	rc = init_overlay(c, &overlay);
	if (rc == 0)
		rc = rf_overlay_build(&overlay, building, building);
	if (rc == 0)
		rc = run_go(c, building);
	rf_tree_remove(path_in(c, building, "src").ptr);
	rf_tree_remove(path_in(c, building, "overlay.json").ptr);
	if (rc == 0)
		rc = rf_file_write(path_in(c, building, "toolexec").ptr,
				   rf_arena_printf(c->arena, script, RF_STR_ARG(c->go->goroot), RF_STR_ARG(c->key)), 0755, c->err);
	if (rc == 0)
		rc = rf_cache_publish(c->cache, building, c->key, c->arena, c->err);
	if (rc)
		rf_tree_remove(building.ptr);
	else
		rf_cache_each(c->cache, remove_if_idle, c);
	return rc;
}

int rf_compiler_make(struct rf_compiler *compiler)
{
	if (!compiler->key.len)
		return rf_fail(compiler->err, RF_ERR_VERSION, "there is no compiler of redflag's for linux/%.*s; Go's own is used",
			       RF_STR_ARG(compiler->go->goarch));
	if (!can_be_named(compiler))
		return rf_fail(compiler->err, RF_ERR_USAGE, "%.*s or %.*s has a quote in it, which -toolexec can't; set XDG_CACHE_HOME to "
			       "another path", RF_STR_ARG(compiler->directory), RF_STR_ARG(compiler->go->goroot));
	int rc = rf_cache_lock(compiler->cache, compiler->arena, compiler->err);
	if (rc)
		return rc;
	/* Somebody else may have made it while we waited. */
	find_toolexec(compiler);
	if (!compiler->toolexec.len)
		rc = build(compiler);
	rf_cache_unlock(compiler->cache);
	find_toolexec(compiler);
	return rc;
}
