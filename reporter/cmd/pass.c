#include "cmd/pass.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/stream.h"

#define OUT_BYTES ((size_t)256 << 10) /* more than that is written though more input is there */

void rf_pass_init(struct rf_pass *p, struct rf_reporter *reporter, int out_fd)
{
	*p = (struct rf_pass){ .reporter = reporter, .out_fd = out_fd };
	rf_buf_init(&p->out);
	rf_arena_init(&p->line_arena, 0);
}

void rf_pass_release(struct rf_pass *p)
{
	rf_buf_release(&p->out);
	rf_arena_release(&p->line_arena);
}

static void write_out(struct rf_pass *p)
{
	size_t done = 0;
	while (!p->out_closed && done < p->out.len) {
		ssize_t n = write(p->out_fd, p->out.ptr + done, p->out.len - done);
		if (n >= 0) {
			done += (size_t)n;
		} else if (errno == EAGAIN) {
			struct pollfd fd = { .fd = p->out_fd, .events = POLLOUT };
			poll(&fd, 1, -1);
		} else if (errno != EINTR) {
			p->out_closed = true;
			if (errno != EPIPE)
				rf_fail(&p->out_error, RF_ERR_IO, "Cannot write the stream: %s. Its findings were "
					"stored.", strerror(errno));
		}
	}
	rf_buf_reset(&p->out);
}

static void put_out(struct rf_pass *p, rf_str bytes)
{
	if (p->out_fd < 0 || p->out_closed)
		return;
	rf_buf_put_str(&p->out, bytes);
	if (p->out.len >= OUT_BYTES)
		write_out(p);
}

static void pass_event(struct rf_pass *p, const struct rf_test_event *event, rf_str line)
{
	if (p->out_fd >= 0 && !p->out_closed) {
		rf_test2json_put_with_trace_id(&p->out, line, event, p->reporter->trace_id);
		if (p->out.len >= OUT_BYTES)
			write_out(p);
	}
	p->build_failed |= event->action == RF_ACTION_BUILD_FAIL;
	p->package_ended |= event->test.len == 0 && (event->action == RF_ACTION_PASS || event->action == RF_ACTION_FAIL);
	rf_session_event(p->reporter->session, event, line);
	if (p->on_event)
		p->on_event(p->context, event);
}

void rf_pass_line(void *context, rf_str line)
{
	struct rf_pass *p = context;
	struct rf_test_event event;
	struct rf_error ignored; /* not zeroed, at every line */
	rf_arena_reset(&p->line_arena);
	if (line.len && line.ptr[0] == '{' &&
	    rf_test2json_parse_next(&p->before, line, &p->line_arena, &event, &ignored) == 0) {
		pass_event(p, &event, line);
		return;
	}
	put_out(p, line);
	rf_session_text(p->reporter->session, rf_str_line(line));
	if (p->on_text)
		p->on_text(p->context, rf_str_line(line));
}

void rf_pass_piece(void *context, rf_str bytes, bool first, bool last)
{
	struct rf_pass *p = context;
	(void)last;
	p->lines_long += first;
	put_out(p, bytes);
}

uint64_t rf_pass_idle(void *context)
{
	struct rf_pass *p = context;
	bool ended = p->package_ended;
	write_out(p);
	p->package_ended = false;
	if (ended)
		rf_reporter_spools(p->reporter, RF_SPOOLS_OVER);
	uint64_t ours = rf_reporter_tick(p->reporter);
	uint64_t theirs = p->on_idle ? p->on_idle(p->context, ended) : 0;
	return ours && (ours < theirs || !theirs) ? ours : theirs;
}

void rf_pass_print_notes(const struct rf_pass *p)
{
	if (p->lines_long)
		fprintf(stderr, "redflag: %llu line%s of more than %zu MiB %s passed on without being read.\n",
			(unsigned long long)p->lines_long, p->lines_long == 1 ? "" : "s",
			RF_STREAM_LINE_BYTES_MAX >> 20, p->lines_long == 1 ? "was" : "were");
	if (p->out_error.code)
		fprintf(stderr, "redflag: %s\n", p->out_error.text);
}
