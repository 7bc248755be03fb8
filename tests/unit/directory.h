/* A directory of a test's own. */
#ifndef RF_TESTS_DIRECTORY_H
#define RF_TESTS_DIRECTORY_H

#include "unit.h"

#include <unistd.h>

#include "base/files.h"

#define DIRECTORY_BYTES 64

static inline void directory_make(char path[DIRECTORY_BYTES])
{
	snprintf(path, DIRECTORY_BYTES, "/tmp/redflag-unit.XXXXXX");
	assert_non_null(mkdtemp(path));
}

/* With all that is in it. */
static inline void directory_remove(const char *path)
{
	rf_tree_remove(path);
	assert_int_not_equal(access(path, F_OK), 0);
}

#endif
