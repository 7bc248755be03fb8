/* Which Go a module resolves to: asks the go command, in the module's directory, once. */
#ifndef RF_TOOLCHAIN_GOENV_H
#define RF_TOOLCHAIN_GOENV_H

#include "base/arena.h"
#include "base/error.h"

#define RF_GO_MINOR_MIN 25 /* Go 1.25 is the oldest that the anchors and the glue know */

struct rf_goenv {
	rf_str program;   /* the go command that was asked: "go", or GOROOT/bin/go */
	rf_str toolchain; /* GOTOOLCHAIN to run it with; empty: as it is */
	rf_str goroot, version, goos, goarch, goamd64, goflags, cc, cgo_enabled, host_arch, modcache;
	bool linked;      /* goroot is a link of ours to a toolchain in the module cache */
};

/* `directory` NULL: the current one. `go` NULL, a GOROOT (a path) or a version ("go1.25.4", "1.25.4"). `arch` NULL or a GOARCH.
 * Errors say what to install or set: no go, a toolchain that can't be had, a go.mod that wants a newer Go. */
int rf_goenv_ask(const char *directory, const char *go, const char *arch, rf_arena *arena, struct rf_goenv *out,
		 struct rf_error *err);
/* The go command refuses an overlay of files below GOMODCACHE, where downloaded toolchains lie. For such a Go this makes the
 * symbolic link <link_directory>/<version>-<goos>-<host_arch> and has goroot, program and toolchain use it; else it does
 * nothing. Reading through the link, stacks name the link's path for files of the standard library. */
int rf_goenv_leave_modcache(struct rf_goenv *go, rf_str link_directory, rf_arena *arena, struct rf_error *err);
/* "NAME=VALUE" settings to run this Go with; NULL-terminated; NULL when out of memory. */
const char *const *rf_goenv_environment(const struct rf_goenv *go, rf_arena *arena);
/* Whether that Go can be instrumented: version, GOOS/GOARCH, cgo on. */
int rf_goenv_check(const struct rf_goenv *go, struct rf_error *err);
/* Whether its C compiler (CC) runs; not asked for another processor than this one. */
int rf_goenv_check_compiler(const struct rf_goenv *go, rf_arena *arena, struct rf_error *err);
/* Words of a setting such as CC or GOFLAGS: separated by blanks; a word may be quoted as a whole with ' or ". */
int rf_go_words(rf_str setting, const char *name, rf_arena *arena, rf_str **words, size_t *count, struct rf_error *err);

#endif
