/* Memory that is zero already. The detector's Context stands in bss; yet its constructor clears 10 MiB of tables there
 * (DenseSlabAlloc of tsan_dense_alloc.h, made by MetaMap::MetaMap), and so has the kernel give them all at once, of which most
 * programs never use a hundredth. The function that it clears memory by is wrapped (renames.txt), and leaves such calls out. The
 * probe proves, for each detector, that what they clear is zero.
 */
#ifndef RF_ZEROED_H
#define RF_ZEROED_H

#include <stdbool.h>
#include <stddef.h>

#ifdef RF_LAYOUT_ZEROED
#define RF_ZEROED_PROVED 1
#else
#define RF_ZEROED_PROVED 0
#endif

#define RF_ZEROED_BYTES_MIN ((size_t)1 << 20)
#define RF_ZEROED_MEMSET "__sanitizer_internal_memset"

/* Where the detector is, NULL until Context is made (tsan_rtl.cpp); one thread has the process until then. */
extern void *rf_zeroed_context __asm__("_ZN6__tsan3ctxE");

void *rf_zeroed_original(void *to, int value, size_t bytes) __asm__("rf_orig_" RF_ZEROED_MEMSET);

/* Whether a call of it clears a table of Context. */
static inline bool rf_zeroed_is_table(int value, size_t bytes)
{
	return value == 0 && bytes >= RF_ZEROED_BYTES_MIN && !rf_zeroed_context;
}

#endif
