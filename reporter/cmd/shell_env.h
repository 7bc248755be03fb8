/* Lines for a POSIX shell that make plain `go test -race` run instrumented: what `redflag env` prints. */
#ifndef RF_CMD_SHELL_ENV_H
#define RF_CMD_SHELL_ENV_H

#include "toolchain/toolchain.h"

/* Appends `s` as one word of sh, whatever it holds. */
void rf_shell_put_word(struct rf_buf *out, rf_str s);
struct rf_shell_env {
	const char *database; /* NULL, or the value of --db */
	bool spool;           /* REDFLAG_SPOOL too */
	rf_str warning;       /* out: why there is no REDFLAG_SPOOL, else empty */
};

/* Appends export lines: GOFLAGS (the user's, with our overlay), how to reach this Go where `go` on PATH isn't it, and
 * REDFLAG_SPOOL unless it is set already. A place for spools that can't be made is a warning: programs run all the same. */
int rf_shell_env_put(const struct rf_toolchain *t, struct rf_shell_env *wanted, rf_arena *arena, struct rf_buf *out,
		     struct rf_error *err);

#endif
