/* The instrumented toolchain: an overlay for one Go, made once and kept under the cache directory.
 *
 * rf_toolchain_prepare asks the go command (in `directory`) which Go the module resolves to, and makes the overlay
 * for it unless the cache has it: copies of a few files of the standard library with our lines inserted (anchors.c),
 * files of our own (embedded in this program), the shipped detector printed as assembly (objprint.c) with the glue
 * beside it, after a probe has proved the layouts the glue reads. The key is the Go version, GOROOT and a hash of our
 * files. Safe when several processes do it at once (lock, build aside, rename); nothing half-made is left.
 * With cgo=1 in REDFLAG (amd64) it is another one, with malloc and free of our own: tsan-glue/cgo.h.
 * An entry of the same Go with another key that nobody used for an hour goes when a new one was made.
 */
#ifndef RF_TOOLCHAIN_TOOLCHAIN_H
#define RF_TOOLCHAIN_TOOLCHAIN_H

#include "base/arena.h"
#include "base/error.h"

struct rf_toolchain {
	rf_str goroot, version;  /* "go1.26.8" */
	rf_str goos, goarch;
	rf_str directory;        /* our cache entry */
	rf_str overlay;          /* absolute path of the overlay JSON */
	rf_str key;              /* name of the cache entry */
	rf_str probe;            /* "ok", or the sentence that says what was left out and why */
	rf_str exit;             /* "1": programs don't sleep at their end while nothing can run (probe.h) */
	rf_str fast;             /* which short cuts into the detector are taken (probe.h); empty: none */
	rf_str toolexec;         /* what -toolexec gets, so that the compiler is ours (compiler.h); empty: Go's own is used */
	rf_str views;            /* "1": sections of locks can be watched (probe.h) */
	rf_str tsan;             /* "source": the detector is built from its sources (detector.h); else why that isn't used, or empty */
	const char *go_program;  /* what runs this Go: "go", or GOROOT/bin/go */
	const char *const *environment; /* what to run it with: "NAME=VALUE"…, NULL-terminated, may be empty */
	rf_str goflags;          /* GOFLAGS in the module's directory, as `go env` says */
	bool fresh;              /* it was made now */
	bool cgo;                /* it watches C memory */
};

/* What is to become of the compiler of ours, which is used when it is there. */
enum rf_compiler_wish {
	RF_COMPILER_AS_IS,
	RF_COMPILER_ON,  /* it is made */
	RF_COMPILER_OFF, /* it is removed */
};

/* What is to become of the detector built from its sources, which is used when it is there. */
enum rf_tsan_wish {
	RF_TSAN_AS_IS,
	RF_TSAN_SOURCE, /* it is made */
	RF_TSAN_STOCK,  /* it is removed */
};

struct rf_toolchain_request {
	const char *directory;   /* where the user's module is; NULL is the current directory */
	const char *go;          /* NULL, a GOROOT, or a version such as "go1.25.4" (by GOTOOLCHAIN) */
	const char *arch;        /* NULL, or the GOARCH to build for */
	enum rf_compiler_wish compiler;
	enum rf_tsan_wish tsan;
	void (*progress)(void *context, const char *line); /* may be NULL */
	void *context;
};

/* Whether REDFLAG, whose value this is (NULL: unset), has cgo=1, the last one of its kind. */
bool rf_toolchain_asks_cgo(const char *options);
int rf_toolchain_prepare(const struct rf_toolchain_request *request, rf_arena *arena, struct rf_toolchain *out,
			 struct rf_error *err);
/* GOFLAGS with our -overlay added to `goflags`, and our -toolexec unless there is one of the user's. An -overlay that is already
 * there is merged: its file's entries and ours go to one new file in the cache; two entries for one file are refused
 * (RF_ERR_USAGE, names the file). */
int rf_toolchain_goflags(const struct rf_toolchain *t, rf_str goflags, rf_arena *arena, rf_str *out,
			 struct rf_error *err);
/* Takes -overlay out of the arguments of a go command (not behind -args or --) and appends it to *goflags, from where
 * rf_toolchain_goflags merges it. words[*word_count] is NULL before and after. */
int rf_toolchain_take_overlay(char **words, int *word_count, rf_arena *arena, rf_str *goflags, struct rf_error *err);

/* What is in the cache. */
struct rf_toolchain_entry {
	rf_str key, directory, goroot, version, probe;
	uint64_t bytes;
};
int rf_toolchain_entries(rf_arena *arena, struct rf_toolchain_entry **entries, size_t *count, struct rf_error *err);

#endif
