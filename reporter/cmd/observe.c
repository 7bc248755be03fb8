#include "cmd/observe.h"

#include <stdio.h>
#include <unistd.h>

#include "cmd/child.h"
#include "cmd/stream.h"
#include "cmd/summary.h"

int rf_observe(struct rf_reporter *r, char **argv, const char *const *more, rf_arena *arena, int *status, struct rf_error *err)
{
	struct rf_child child;
	sigset_t signals;
	const char *gorace = rf_reporter_gorace(r), *changes[4 + RF_OBSERVE_MORE_MAX];
	size_t n = 0;
	changes[n++] = rf_arena_printf(arena, "REDFLAG_SPOOL=%s", r->spools).ptr;
	changes[n++] = rf_arena_printf(arena, "TRACE_ID=%.*s", RF_STR_ARG(r->trace_id)).ptr;
	if (gorace)
		changes[n++] = gorace;
	for (size_t i = 0; more[i] && i < RF_OBSERVE_MORE_MAX; i++)
		changes[n++] = more[i];
	changes[n] = NULL;
	rf_stream_block_signals(&signals);
	int rc = rf_child_start(&child, argv, rf_child_environment(changes, arena), false, &signals, err);
	if (rc == 0)
		*status = rf_child_wait(&child);
	return rc;
}

void rf_observe_summary(struct rf_reporter *r, const struct rf_outcome *outcome, rf_arena *arena)
{
	struct rf_terminal t;
	struct rf_buf out;
	rf_terminal_init(&t, STDERR_FILENO);
	rf_buf_init(&out);
	struct rf_summary summary = { &t, r, outcome, false };
	rf_summary_put(&out, &summary, arena);
	fwrite(out.ptr, 1, out.len, stderr);
	rf_buf_release(&out);
}
