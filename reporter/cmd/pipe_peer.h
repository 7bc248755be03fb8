/* The process at the other end of a pipe that we read: its environment, as far as it concerns us.
 *
 * A shell that runs `TRACE_ID=x go test -json ./... | redflag report` gives TRACE_ID to go and not to us. So we look at who
 * holds the pipe as its standard output or error, in /proc, and read that process's environment (as the kernel allows:
 * the same user's). It must have started the program by then: a shell that has only forked still has its own environment, so
 * the caller looks again when the first data comes.
 */
#ifndef RF_CMD_PIPE_PEER_H
#define RF_CMD_PIPE_PEER_H

#include "base/arena.h"

struct rf_pipe_peer {
	bool found;   /* a process at the other end has a trace ID or a spool */
	const char *trace_id, *traceparent, *spool, *tag; /* NULL not set */
};
/* Not found when fd is no pipe, or nobody is there (any more). */
void rf_pipe_peer_find(int fd, rf_arena *arena, struct rf_pipe_peer *out);

#endif
