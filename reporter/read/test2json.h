/* Reader of one line of `go test -json` (test2json events; field list: cmd/test2json's documentation).
 *
 * Tolerant by design: unknown members are skipped, order is free, escapes and surrogate pairs are decoded into
 * `arena`, invalid UTF-8 is kept as it is, a NUL or other control byte is kept, half a surrogate pair becomes U+FFFD. A
 * line that isn't one JSON object with an "Action" is RF_ERR_INPUT; whoever feeds passes it on as text. A member that
 * comes twice counts the second time. Members nested deeper than RF_TEST2JSON_DEPTH_MAX are RF_ERR_INPUT.
 */
#ifndef RF_READ_TEST2JSON_H
#define RF_READ_TEST2JSON_H

#include "base/arena.h"
#include "base/error.h"

#define RF_TEST2JSON_DEPTH_MAX 32u

enum rf_action {
	RF_ACTION_OTHER, /* an action that this version doesn't know */
	RF_ACTION_START, RF_ACTION_RUN, RF_ACTION_PAUSE, RF_ACTION_CONT, RF_ACTION_PASS, RF_ACTION_BENCH,
	RF_ACTION_FAIL, RF_ACTION_OUTPUT, RF_ACTION_SKIP, RF_ACTION_ATTR, RF_ACTION_ARTIFACTS,
	RF_ACTION_BUILD_OUTPUT, RF_ACTION_BUILD_FAIL,
	RF_ACTION_COUNT
};

struct rf_test_event {
	enum rf_action action;
	rf_str time;        /* RFC 3339, as it stands; "" none */
	rf_str package;     /* or ImportPath for build events */
	rf_str test;        /* "" for the package itself */
	rf_str output;      /* decoded */
	double elapsed_s;   /* negative: none */
	bool has_trace_id;  /* the line already holds a "TraceID" member */
};

/* Slices point into `line` or into `arena`. */
int rf_test2json_parse(rf_str line, rf_arena *arena, struct rf_test_event *out, struct rf_error *err);

/* What the lines of a stream mostly share with the one before: all between the time and the output. Zeroed: no line yet. */
struct rf_test2json_before {
	size_t len, package_len, test_len;
	char bytes[512];
};

/* As rf_test2json_parse, and faster for the next line of the same stream. */
int rf_test2json_parse_next(struct rf_test2json_before *before, rf_str line, rf_arena *arena, struct rf_test_event *out,
			    struct rf_error *err);
/* Appends `line` to *out unchanged but for a member "TraceID" added before the closing brace (and the newline kept).
 * A line that already has one, or isn't an object, is appended as it is. trace_id must need no escaping. */
void rf_test2json_put_with_trace_id(struct rf_buf *out, rf_str line, const struct rf_test_event *event,
				    rf_str trace_id);

#endif
