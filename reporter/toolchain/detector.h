/* A detector built from LLVM's sources (runtime-patch/tsan/build.sh), with a lock that costs less than the shipped one's. It is made when
 * asked for (apt gets 165 MB, of which nothing is kept; half a minute of CPU time), and overlays are made with it from then on, for every
 * Go, if the probe says of it what it says of Go's own; otherwise with Go's own. amd64 only, and not for GOAMD64=v3.
 */
#ifndef RF_TOOLCHAIN_DETECTOR_H
#define RF_TOOLCHAIN_DETECTOR_H

#include "toolchain/cache.h"
#include "toolchain/goenv.h"

/* What is in the cache. */
struct rf_detector {
	const struct rf_goenv *go;
	struct rf_cache *cache;
	rf_str key, directory; /* of its entry */
	rf_str object;         /* path; empty when it hasn't been made */
	rf_arena *arena;
	struct rf_error *err;
};

/* Looks whether it is there. `go`, `cache` and `arena` must outlive it. */
int rf_detector_find(struct rf_detector *detector, const struct rf_goenv *go, struct rf_cache *cache, rf_arena *arena,
		     struct rf_error *err);
/* Makes it; RF_ERR_VERSION when the sources can't be had, or aren't as known. The cache must not be locked. */
int rf_detector_make(struct rf_detector *detector);
/* Takes it away, and those of other versions of redflag. Overlays that were made with it stay until they are stale. */
void rf_detector_remove(struct rf_detector *detector);

#endif
