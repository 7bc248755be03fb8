/* Marking a range as freed where nothing can race with that, as __tsan::MemoryRangeFreed (tsan_rtl_access.cpp) does, 32 bytes of shadow
 * at a time where the processor can (AVX2): its words are empty mostly, since whoever got the object from a pool had it cleared.
 *
 * The probe compares shadow, trace and ThreadState with the detector's own (freed_probe.h). amd64 only.
 */
#ifndef RF_FREED_H
#define RF_FREED_H

#include "tsan-glue/fast_state.h"

#include <stdbool.h>
#include <stdint.h>

#define RF_FREED_FAST 64 /* the bit of RF_LAYOUT_FAST */
#define RF_FREED_BYTES_MAX 1024u /* as many the detector marks */

/* On the thread itself. address and bytes are of whole words of 8. False: nothing was changed, and the detector has to look. */
static bool rf_freed_mark(struct rf_fast_state *s, uintptr_t pc, uintptr_t address, uintptr_t bytes);

#endif
