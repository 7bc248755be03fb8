/* What the fuzz targets share. Each is one file with LLVMFuzzerTestOneInput, linked with the whole library up to
 * finding; `tests/fuzz.sh` builds and runs them. An invariant that does not hold stops with file and line.
 */
#ifndef RF_TESTS_FUZZ_H
#define RF_TESTS_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

#define MUST(condition)                                                                                               \
	do {                                                                                                          \
		if (!(condition)) {                                                                                   \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);               \
			abort();                                                                                      \
		}                                                                                                     \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An error code comes with a sentence. */
static inline void must_say(int rc, const struct rf_error *err)
{
	MUST(rc < 0 && err->code == (enum rf_err)rc);
	MUST(strlen(err->text) > 10 && strlen(err->text) < RF_ERROR_BYTES_MAX);
}

#endif
