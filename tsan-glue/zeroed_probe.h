/* Part of the probe: what zeroed.c is going to leave out is done here, after a look whether the memory is zero. */
#ifndef RF_ZEROED_PROBE_H
#define RF_ZEROED_PROBE_H

#include "tsan-glue/zeroed.h"

static size_t zeroed_tables;
static bool zeroed_differs;

void *probe_memset(void *to, int value, size_t bytes) __asm__(RF_ZEROED_MEMSET);

void *probe_memset(void *to, int value, size_t bytes)
{
	if (rf_zeroed_is_table(value, bytes)) {
		const char *p = to;
		zeroed_tables++;
		zeroed_differs |= *p || memcmp(p, p + 1, bytes - 1) != 0;
	}
	return rf_zeroed_original(to, value, bytes);
}

static bool zeroed_works(void)
{
	return zeroed_tables && !zeroed_differs && rf_zeroed_context;
}

#endif
