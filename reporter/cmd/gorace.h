/* GORACE for a process that we start: the user's settings, with our suppressions in them.
 *
 * ThreadSanitizer reads one file, so what it gets is a copy below the database: the entries of our list that hold today and
 * that it can decide, then what a file that GORACE named already has in it. Never is the user's own file written.
 */
#ifndef RF_CMD_GORACE_H
#define RF_CMD_GORACE_H

#include "policy/suppressions.h"

/* The value of GORACE; ptr NULL: leave it as it is, there is nothing to add. `gorace` is what is set now, or NULL.
 * Fails when the file that it names can't be read, or the copy not be written. */
int rf_gorace_make(const struct rf_suppressions *list, const char *database, const char *gorace, uint64_t now_unix_ns,
		   rf_arena *arena, rf_str *value, struct rf_error *err);

#endif
