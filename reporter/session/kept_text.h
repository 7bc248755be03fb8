/* Text that may grow without end, of which the beginning and the end are kept. Internal to session/.
 *
 * The first and the last RF_KEPT_BYTES_MAX / 2 bytes; less where a pool is used up, which bounds all texts that share it. A
 * zeroed struct is empty; put, then release. Out of memory is as an empty pool: what doesn't fit is only counted.
 */
#ifndef RF_SESSION_KEPT_TEXT_H
#define RF_SESSION_KEPT_TEXT_H

#include "base/arena.h"

#define RF_KEPT_BYTES_MAX ((size_t)64 << 10)

struct rf_kept_pool {
	size_t bytes, bytes_max;
};

struct rf_kept {
	char *ptr;
	size_t len, cap; /* len < cap: all of it, else [0, cap / 2) is the beginning and the rest a ring of the end */
	size_t at;       /* in the ring: the oldest byte */
	bool full;       /* cap doesn't grow any more */
	uint64_t total;  /* bytes that were put */
};

void rf_kept_put(struct rf_kept *k, struct rf_kept_pool *pool, rf_str text);
/* At most bytes_max bytes and a line "[redflag: N bytes left out]" in place of what isn't there; cut at lines where they
 * aren't long. */
rf_str rf_kept_text(const struct rf_kept *k, size_t bytes_max, rf_arena *arena);
void rf_kept_release(struct rf_kept *k, struct rf_kept_pool *pool);

#endif
