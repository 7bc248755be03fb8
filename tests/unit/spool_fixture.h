/* What the tests of the spool reader share: an arena, a spool in memory (spool_build.h), and ways to read it. */
#ifndef RF_TESTS_SPOOL_FIXTURE_H
#define RF_TESTS_SPOOL_FIXTURE_H

#include "arena_fixture.h"

#include "read/spool_read.h"
#include "spool_build.h"

static struct spool_build b;

static struct rf_spool *opened(rf_str bytes)
{
	struct rf_spool *s;
	struct rf_error err = { 0 };
	if (rf_spool_open_bytes(&s, bytes, &err))
		fail_msg("%s", err.text);
	return s;
}

/* All reports of the bytes; -1 when they are refused. */
static inline int count_reports(rf_str bytes, struct rf_spool_drops *drops)
{
	struct rf_spool *s;
	struct rf_error err = { 0 };
	struct rf_report r;
	int count = 0;
	*drops = (struct rf_spool_drops){ 0 };
	rf_arena_reset(&arena);
	if (rf_spool_open_bytes(&s, bytes, &err)) {
		assert_true(strlen(err.text) > 20);
		return -1;
	}
	while (rf_spool_next(s, &arena, &r)) {
		assert_true(r.access_count <= RF_REPORT_ACCESSES_MAX);
		for (uint32_t i = 0; i < r.access_count; i++)
			assert_non_null(r.accesses[i].goroutine);
		count++;
	}
	*drops = *rf_spool_dropped(s);
	rf_spool_close(s);
	return count;
}

#endif
