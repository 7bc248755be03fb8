/* Passing a stream on: each test2json event with the trace ID added, everything else as it is; and feeding it to the
 * session. Output is gathered and written before the next read may block. A reader that goes away (EPIPE) ends the
 * writing, not the storing.
 */
#ifndef RF_CMD_PASS_H
#define RF_CMD_PASS_H

#include "cmd/reporter.h"

struct rf_pass {
	struct rf_reporter *reporter;
	int out_fd;           /* -1: nothing is passed on, only fed */
	struct rf_buf out;
	rf_arena line_arena;
	struct rf_test2json_before before;
	bool out_closed, interrupted, build_failed;
	struct rf_error out_error; /* writing failed for another reason than EPIPE */
	uint64_t lines_long;  /* too long to be parsed */
	bool package_ended;   /* since the last idle */
	/* Called for each event and each other line, after the session has had it; may be NULL. */
	void (*on_event)(void *context, const struct rf_test_event *event);
	void (*on_text)(void *context, rf_str line);
	uint64_t (*on_idle)(void *context, bool package_ended); /* as idle of the stream; spools of ended packages were read */
	void *context;
};

void rf_pass_init(struct rf_pass *p, struct rf_reporter *reporter, int out_fd);
void rf_pass_release(struct rf_pass *p);
/* For struct rf_stream_handler; context is the struct rf_pass. */
void rf_pass_line(void *context, rf_str line);
void rf_pass_piece(void *context, rf_str bytes, bool first, bool last);
uint64_t rf_pass_idle(void *context);
/* To stderr: what was passed on without being read. */
void rf_pass_print_notes(const struct rf_pass *p);

#endif
