/* Lines of a descriptor, as they come, with bounded memory.
 *
 * Whole lines go to `line`, with their newline (the last one may lack it). Lines of more than RF_STREAM_LINE_BYTES_MAX go to
 * `piece`, part by part. Before each read that may block `idle` is called; its result says after how many nanoseconds it
 * wants to be called again though nothing came (0: never). SIGINT and SIGTERM are taken by the loop while it runs (they must be
 * blocked: rf_stream_block_signals) and go to `signal`, which returns whether to stop reading.
 */
#ifndef RF_CMD_STREAM_H
#define RF_CMD_STREAM_H

#include <signal.h>

#include "base/error.h"
#include "base/str.h"

#define RF_STREAM_LINE_BYTES_MAX ((size_t)4 << 20)

struct rf_stream_handler {
	void *context;
	void (*line)(void *context, rf_str line);
	void (*piece)(void *context, rf_str bytes, bool first, bool last);
	uint64_t (*idle)(void *context);
	bool (*signal)(void *context, int number, bool by_terminal);
};
/* Blocks SIGINT and SIGTERM; *old is what was blocked before, for children. */
void rf_stream_block_signals(sigset_t *old);
/* Until the end of input. RF_ERR_IO when it can't be read; a signal that ends it is no error. */
int rf_stream_read(int fd, const struct rf_stream_handler *handler, struct rf_error *err);

#endif
