/* Files of this repository that travel inside the program (EMBEDDED_FILES in reporter/sources.mk; ci/embed.sh makes the
 * table): what the instrumented toolchain is made of, and pages that the command prints. Names are paths from the top of
 * the repository. Read-only.
 */
#ifndef RF_TOOLCHAIN_EMBEDDED_H
#define RF_TOOLCHAIN_EMBEDDED_H

#include "base/str.h"

struct rf_embedded_file {
	const char *name;  /* NULL ends the table */
	const char *bytes; /* followed by a NUL that `len` doesn't count */
	size_t len;
};

extern const struct rf_embedded_file rf_embedded_files[];

/* The text of a file, or an empty slice with ptr NULL. Tables are arguments so that tests can bring their own. */
rf_str rf_embedded_text(const struct rf_embedded_file *table, const char *name);

#endif
