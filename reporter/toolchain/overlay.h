/* One overlay: the files for one Go, and the JSON that `go build -overlay` reads.
 *
 * In it: files of the standard library with our lines inserted, files of our own beside them, and in runtime/race the
 * detector as assembly (the shipped objects are mapped to nothing) and the glue. Rules that the go command imposes: an object
 * (.syso) may be taken away but never replaced or added, since the command hashes the replacement and packs the original;
 * headers from outside a package aren't hashed. C and assembly carry `race` in their build constraint: without -race the
 * package isn't cgo and must not hold C.
 */
#ifndef RF_TOOLCHAIN_OVERLAY_H
#define RF_TOOLCHAIN_OVERLAY_H

#include "toolchain/anchors.h"
#include "toolchain/embedded.h"
#include "toolchain/goenv.h"

/* Goes up when the same files would make another overlay; part of the cache key. */
#define RF_OVERLAY_BUILDER_VERSION 4

/* What names of cache entries of compilers begin with. */
#define RF_OVERLAY_COMPILER "compiler-"

struct rf_overlay {
	const struct rf_embedded_file *table;
	const struct rf_goenv *go;
	struct rf_anchors anchors;
	rf_str *renames;
	size_t rename_count;
	rf_str probe; /* out: verdict on the detector for the GOAMD64 in use */
	rf_str exit;  /* out: whether its sleep at the end is ours (probe.h) */
	rf_str fast;  /* out: which short cuts it has (probe.h) */
	rf_str views; /* out: whether sections of locks can be watched (probe.h) */
	rf_str source; /* in, before the key: path of a detector built from its sources (detector.h); empty: there is none */
	rf_str tsan;  /* out: "source" when that one is in the overlay, why it isn't, or empty */
	bool of_compiler; /* of Go's compiler, not of the standard library */
	bool cgo; /* in, before init: with malloc and free of our own (tsan-glue/cgo.h) */
	rf_arena *arena;
	struct rf_error *err;
};

/* Reads the tables (anchors, renames). */
int rf_overlay_init(struct rf_overlay *overlay, const struct rf_embedded_file *table, const struct rf_goenv *go, rf_arena *arena,
		    struct rf_error *err);
/* The same for an overlay of Go's compiler (compiler.h): from runtime-patch/compiler, with no detector and nothing to probe. */
int rf_overlay_init_compiler(struct rf_overlay *overlay, const struct rf_embedded_file *table, const struct rf_goenv *go,
			     rf_arena *arena, struct rf_error *err);
/* Name of the cache entry: Go version, platform and a hash of everything that the overlay depends on. */
int rf_overlay_key(const struct rf_overlay *overlay, rf_str *key, struct rf_error *err);
/* Writes all files into `directory`; the JSON names them under `final`, where the directory will be. */
int rf_overlay_build(struct rf_overlay *overlay, rf_str directory, rf_str final);

#endif
