/* What a person sees of a `go test -json` stream: what go test itself prints without -json, but for the race reports.
 *
 * A failed test's output is printed when its package ends, a passing test's is dropped; with `verbose` everything is
 * printed, a package at a time. Race reports are left out: they become findings, and each is told once, by its title.
 * Memory: RF_GOTEST_BYTES_MAX a package; what is above is dropped with a line that says so.
 */
#ifndef RF_CMD_GOTEST_H
#define RF_CMD_GOTEST_H

#include "cmd/terminal.h"
#include "read/test2json.h"

#define RF_GOTEST_BYTES_MAX ((size_t)16 << 20)

struct rf_gotest {
	const struct rf_terminal *terminal;
	bool verbose;
	struct rf_gotest_package *packages; /* open ones */
	uint32_t done, failed, running;
	struct rf_buf *out;  /* what is to be printed; the caller prints and empties it */
};

void rf_gotest_init(struct rf_gotest *g, const struct rf_terminal *terminal, struct rf_buf *out, bool verbose);
void rf_gotest_release(struct rf_gotest *g);
void rf_gotest_event(struct rf_gotest *g, const struct rf_test_event *event);
void rf_gotest_text(struct rf_gotest *g, rf_str line); /* without newline */
/* End of the stream: packages whose end never came are printed as far as they got. */
void rf_gotest_end(struct rf_gotest *g);
/* Name of a package that runs, for a progress line; "" none. */
rf_str rf_gotest_running(const struct rf_gotest *g);

#endif
