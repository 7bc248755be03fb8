/* Go's compiler, built anew with a pass of ours that leaves out race instrumentation which can't matter
 * (runtime-patch/compiler): faster programs, the same races. It is made when asked for (a minute of CPU time), and used from
 * then on for that Go, by a script that `go build -toolexec` starts each tool with: in the place of this Go's compiler it starts
 * ours, whose version line differs, so that the go command keeps what the two have built apart. GOROOT stays as it is. amd64 only.
 */
#ifndef RF_TOOLCHAIN_COMPILER_H
#define RF_TOOLCHAIN_COMPILER_H

#include "toolchain/cache.h"
#include "toolchain/goenv.h"

/* One Go's, in the cache. */
struct rf_compiler {
	const struct rf_goenv *go;
	struct rf_cache *cache;
	rf_str key, directory; /* of its entry */
	rf_str toolexec;       /* what -toolexec wants; empty when it hasn't been made */
	rf_arena *arena;
	struct rf_error *err;
};

/* Looks whether it is there. `go`, `cache` and `arena` must outlive it. */
int rf_compiler_find(struct rf_compiler *compiler, const struct rf_goenv *go, struct rf_cache *cache, rf_arena *arena,
		     struct rf_error *err);
/* Makes it; RF_ERR_VERSION when this Go's compiler isn't as known, or can't be built. The cache must not be locked. */
int rf_compiler_make(struct rf_compiler *compiler);
/* Takes away all that were made for this version of Go. */
void rf_compiler_remove(struct rf_compiler *compiler);

#endif
