#include "tsan-glue/views_private.h"

#include <sys/mman.h>
#include <unistd.h>

/* tsan_trace.h: events of the trace. Where a page begins in the middle of a part there is an event that says nothing, so what isn't
 * the same part is told from it. */
#define TRACE_BYTES_MAX (256u << 10) /* of a part */
#define TRACE_PAGE 4096u
#define TRACE_NOTHING 1u
#define TRACE_IS_ACCESS 1u
#define TRACE_IS_CALL 2u
#define TRACE_TYPE(event) ((event) >> 2 & 7)
#define TRACE_ACCESS_FAR 0 /* two words, as is a range */
#define TRACE_RANGE 1
#define TRACE_TIME 5

/* What is between two parts may not be there. */
static bool is_mapped(const uint64_t *from, const uint64_t *to)
{
	unsigned char pages[TRACE_BYTES_MAX / TRACE_PAGE + 2];
	uintptr_t first = (uintptr_t)from & ~(uintptr_t)(TRACE_PAGE - 1);
	return (uintptr_t)to / TRACE_PAGE == (uintptr_t)from / TRACE_PAGE ||
	       mincore((void *)first, (uintptr_t)to - first, pages) == 0;
}

/* Its words; 0: none that Go's detector makes. */
static unsigned event_words(uint64_t event)
{
	if (event & (TRACE_IS_ACCESS | TRACE_IS_CALL) || TRACE_TYPE(event) == TRACE_TIME)
		return 1;
	return TRACE_TYPE(event) == TRACE_ACCESS_FAR || TRACE_TYPE(event) == TRACE_RANGE ? 2 : 0;
}

static bool view_trace_walk(const uint64_t *from, const uint64_t *to, uint32_t *depth, uint32_t *least)
{
	if (!from || to < from || (uintptr_t)to - (uintptr_t)from > TRACE_BYTES_MAX || !is_mapped(from, to))
		return false;
	*least = *depth;
	for (const uint64_t *p = from; p < to;) {
		uint64_t event = *p;
		unsigned words = event_words(event);
		bool call = !(event & TRACE_IS_ACCESS) && (event & TRACE_IS_CALL);
		if (!words || ((uintptr_t)p % TRACE_PAGE == 0 && p != from && event != TRACE_NOTHING))
			return false;
		if (call && event >> 2)
			++*depth;
		else if (call && --*depth < *least)
			*least = *depth;
		p += words;
	}
	return true;
}
