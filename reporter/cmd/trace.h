/* The trace ID of a run: taken from who started us, or made.
 *
 * From --trace-id, else TRACE_ID, else the trace-id field of TRACEPARENT (W3C Trace Context), else, when standard input is a
 * pipe, the same two variables of the process at its other end: in `TRACE_ID=x go test … | redflag report` the shell
 * sets TRACE_ID for go alone. Else a new one, 32 lower-case hex digits.
 */
#ifndef RF_CMD_TRACE_H
#define RF_CMD_TRACE_H

#include "base/arena.h"
#include "base/error.h"

#define RF_TRACE_BYTES_MAX 128

/* 1 to 128 characters of [A-Za-z0-9._:-]: fit for JSON, file names and shells as it stands. */
bool rf_trace_is_valid(rf_str id);
/* The trace-id field, or "" when the value isn't of the W3C form or the ID is all zero. */
rf_str rf_trace_of_traceparent(rf_str traceparent);
/* From the three in their order; NULL and "" are not given. *out is "" when there is none. RF_ERR_USAGE for an ID that isn't
 * valid; a malformed TRACEPARENT counts as none, as the W3C wants it. */
int rf_trace_choose(const char *option, const char *trace_id, const char *traceparent, rf_arena *arena, rf_str *out,
		    struct rf_error *err);
int rf_trace_new(rf_arena *arena, rf_str *out, struct rf_error *err);
/* Of a command that starts programs: chosen from `option` and the environment, else a new one. */
int rf_trace_of_command(const char *option, rf_arena *arena, rf_str *out, struct rf_error *err);

#endif
