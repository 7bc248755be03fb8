/* Runs another program to its end and keeps what it printed. Thread-safe; the child gets no descriptors but 0, 1, 2. */
#ifndef RF_TOOLCHAIN_SPAWN_H
#define RF_TOOLCHAIN_SPAWN_H

#include "base/arena.h"
#include "base/error.h"

#define RF_SPAWN_OUTPUT_BYTES_MAX ((size_t)16 << 20) /* of each stream; the rest is read and dropped */

struct rf_spawn {
	const char *const *argv;        /* NULL-terminated; argv[0] is looked up on PATH */
	const char *directory;          /* NULL: the current one */
	const char *const *environment; /* NULL, or changes: "NAME=VALUE" sets, "NAME" unsets; NULL-terminated */
	unsigned timeout_ms;            /* 0: none */
};

struct rf_spawn_result {
	int status; /* exit status; 128 + N when signal N ended it */
	bool timed_out;
	rf_str out, err; /* in the arena; stdout and stderr */
};

/* 0 when the program ran, whatever its status; RF_ERR_MISSING when there is no such program. */
int rf_spawn_run(const struct rf_spawn *spawn, rf_arena *arena, struct rf_spawn_result *result, struct rf_error *err);

#endif
