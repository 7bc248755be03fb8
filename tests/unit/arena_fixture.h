/* An arena for the tests of one program: setup and teardown for cmocka's groups. */
#ifndef RF_TESTS_ARENA_FIXTURE_H
#define RF_TESTS_ARENA_FIXTURE_H

#include "unit.h"

static rf_arena arena;

static int setup(void **state)
{
	(void)state;
	rf_arena_init(&arena, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rf_arena_release(&arena);
	return 0;
}

#endif
