#include "cmd/stream.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define READ_BYTES ((size_t)256 << 10)
#define NS_PER_MS 1000000u

struct reading {
	const struct rf_stream_handler *handler;
	int fd, signal_fd;
	char *buffer;      /* RF_STREAM_LINE_BYTES_MAX + READ_BYTES */
	size_t start, end; /* what isn't handed on yet */
	size_t scanned;    /* from start: no newline in there */
	bool in_long_line;
};

static void stop_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
}

void rf_stream_block_signals(sigset_t *old)
{
	sigset_t set;
	stop_signals(&set);
	sigprocmask(SIG_BLOCK, &set, old);
}

static void hand_on(struct reading *r, size_t len, bool ends_line)
{
	rf_str bytes = { r->buffer + r->start, len };
	const struct rf_stream_handler *h = r->handler;
	if (r->in_long_line || !ends_line)
		h->piece(h->context, bytes, !r->in_long_line, ends_line);
	else
		h->line(h->context, bytes);
	r->in_long_line = !ends_line;
	r->start += len;
	r->scanned = 0;
}

/* Hands on every whole line, and the start of one that is too long. */
static void hand_on_lines(struct reading *r)
{
	const char *newline;
	while (r->start + r->scanned < r->end &&
	       (newline = memchr(r->buffer + r->start + r->scanned, '\n', r->end - r->start - r->scanned)))
		hand_on(r, (size_t)(newline - (r->buffer + r->start)) + 1, true);
	r->scanned = r->end - r->start;
	if (r->scanned > RF_STREAM_LINE_BYTES_MAX || (r->in_long_line && r->scanned))
		hand_on(r, r->scanned, false);
	if (r->start) { /* always the same memory, which so stays in the cache */
		memmove(r->buffer, r->buffer + r->start, r->end - r->start);
		r->end -= r->start;
		r->start = 0;
	}
}

/* 1 data or end of input, 0 neither (yet), negative: stop. */
static int wait_for_input(struct reading *r)
{
	uint64_t wait_ns = r->handler->idle(r->handler->context);
	struct pollfd fds[] = { { .fd = r->fd, .events = POLLIN }, { .fd = r->signal_fd, .events = POLLIN } };
	struct signalfd_siginfo info;
	int timeout = wait_ns ? (int)(wait_ns / NS_PER_MS + 1) : -1;
	if (poll(fds, 2, timeout) < 0)
		return errno == EINTR ? 0 : 1;
	if (fds[1].revents && read(r->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		/* Signals of the terminal come from the kernel, and its whole foreground has got them. */
		if (r->handler->signal(r->handler->context, (int)info.ssi_signo, info.ssi_code == SI_KERNEL))
			return -1;
	}
	return fds[0].revents != 0;
}

static int read_all(struct reading *r, struct rf_error *err)
{
	for (;;) {
		int ready = wait_for_input(r);
		if (ready < 0)
			return 0;
		if (ready == 0)
			continue;
		ssize_t n = read(r->fd, r->buffer + r->end, READ_BYTES);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return rf_fail(err, RF_ERR_IO, "Cannot read the stream: %s.", strerror(errno));
		if (n == 0)
			return 0;
		r->end += (size_t)n;
		hand_on_lines(r);
	}
}

int rf_stream_read(int fd, const struct rf_stream_handler *handler, struct rf_error *err)
{
	sigset_t set;
	stop_signals(&set);
	struct reading r = { .handler = handler, .fd = fd,
			     .signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK),
			     .buffer = malloc(RF_STREAM_LINE_BYTES_MAX + 2 * READ_BYTES) };
	int rc = r.buffer ? read_all(&r, err) : rf_fail(err, RF_ERR_MEMORY, "Out of memory.");
	if (r.end > r.start || r.in_long_line)
		hand_on(&r, r.end - r.start, true);
	handler->idle(handler->context);
	if (r.signal_fd >= 0)
		close(r.signal_fd);
	free(r.buffer);
	return rc;
}
