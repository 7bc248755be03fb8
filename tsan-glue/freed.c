#include "tsan-glue/freed.h"

#include "tsan-glue/clocks.h"

#define FREED_CELL 0x3fffffffu /* tsan_shadow.h, FreedMarker */
#define FREED_INFO 0x81u       /* kFreeAccess */
#define FREED_SID 0xff00u      /* of a cell, or of fast_state */
#define FREED_STATE 0x3fffff00u /* sid and epoch */
#define FREED_EVENT 0x44u      /* kAccessRange, is_free (tsan_trace.h, EventAccessRange) */
#define FREED_TRACE_END 0xff0u /* TracePart::kAlignment */
#define FREED_SHADOW 0x200000000000u /* tsan_platform.h: where the shadow of address 0 would be */
#define FREED_PAIR 16u               /* bytes whose cells fill a vector */

#ifdef __x86_64__
#include <immintrin.h>

#define FREED_WIDE __attribute__((target("avx2")))

/* Whether all cells are empty or the thread's own, which can't race: the lesser of a cell and of what its thread differs in is 0. */
FREED_WIDE static bool freed_own(const struct rf_fast_state *s, const __m256i *cells, uintptr_t pairs)
{
	__m256i sid = _mm256_set1_epi32(FREED_SID), own = _mm256_set1_epi32((int)(s->fast_state & FREED_SID));
	__m256i other = _mm256_setzero_si256();
	for (uintptr_t i = 0; i < pairs; i++) {
		__m256i cell = _mm256_loadu_si256(cells + i);
		__m256i differs = _mm256_xor_si256(_mm256_and_si256(cell, sid), own);
		other = _mm256_or_si256(other, _mm256_min_epu32(cell, differs));
	}
	return _mm256_testz_si256(other, other);
}

FREED_WIDE static void freed_store(const struct rf_fast_state *s, __m256i *cells, uintptr_t pairs)
{
	int info = (int)((s->fast_state & FREED_STATE) | FREED_INFO);
	__m256i mark = _mm256_setr_epi32(FREED_CELL, info, 0, 0, FREED_CELL, info, 0, 0);
	for (uintptr_t i = 0; i < pairs; i++)
		_mm256_storeu_si256(cells + i, mark);
}

/* The event is of two words, and must not be the last one of its page. */
static bool rf_freed_mark(struct rf_fast_state *s, uintptr_t pc, uintptr_t address, uintptr_t bytes)
{
	__m256i *cells = (__m256i *)(2 * address + FREED_SHADOW);
	uintptr_t pairs = bytes / FREED_PAIR;
	if (!rf_clocks_are_wide() || pairs * FREED_PAIR != bytes || bytes - 1 >= RF_FREED_BYTES_MAX)
		return false;
	if (!((uintptr_t)(s->trace_pos + 1) & FREED_TRACE_END) || !freed_own(s, cells, pairs))
		return false;
	s->trace_prev_pc = pc;
	*s->trace_pos++ = (uint64_t)pc << 20 | bytes << 7 | FREED_EVENT;
	*s->trace_pos++ = address;
	freed_store(s, cells, pairs);
	return true;
}
#else
static bool rf_freed_mark(struct rf_fast_state *s, uintptr_t pc, uintptr_t address, uintptr_t bytes)
{
	(void)s, (void)pc, (void)address, (void)bytes;
	return false;
}
#endif
