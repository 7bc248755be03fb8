/* One try to deliver. Each function waits at most the time it is given (and what a file system takes), prints nothing, and says in
 * struct rf_attempt how it went. Secrets never get into `why`.
 *
 * - jsonl: one line an alert, appended by one write each; never a part of a line, where the file system can promise room.
 * - command: without a shell, in a process group of its own that is killed when the time is over; the body on its standard input, its
 *   output thrown away (or ours on stderr, for a test).
 * - webhook: POST of the body. 2xx is done; a time-out, no connection, 408, 425, 429 and 5xx are tried again, after Retry-After
 *   at the earliest; every other answer is no use to repeat. Redirects are not followed; certificates are checked.
 */
#ifndef RF_ALERT_SEND_H
#define RF_ALERT_SEND_H

#include "base/arena.h"
#include "base/error.h"
#include "finding/sink.h"
#include "store/outbox.h"

#define RF_ATTEMPT_WHY_BYTES 256

struct rf_attempt {
	bool done, permanent;     /* permanent: the same again would fail too */
	uint64_t retry_after_ns;  /* what the endpoint asked for; 0 nothing */
	char why[RF_ATTEMPT_WHY_BYTES];
};
__attribute__((format(printf, 3, 4))) void rf_attempt_fail(struct rf_attempt *a, bool permanent, const char *format, ...);

void rf_send_lines(const char *path, rf_str lines, struct rf_attempt *out);

struct rf_send_command {
	char **argv;           /* NULL-terminated */
	const char *directory; /* where it runs */
	rf_str body;
	uint64_t timeout_ns;
	bool keep_errors;      /* its standard error is ours */
};
void rf_send_command(const struct rf_send_command *command, struct rf_attempt *out);

struct rf_send_webhook {
	const char *url;
	const char *const *headers; /* "Name: value"; NULL-terminated */
	rf_str secret, key, body;   /* secret "": not signed */
	uint64_t timeout_ns;
	bool (*stop)(void *context); /* asked while it waits; may be NULL */
	void *context;
};
void rf_send_webhook(const struct rf_send_webhook *hook, struct rf_attempt *out);

/* $NAME, ${NAME} and $$. RF_ERR_INPUT when a variable isn't set, with its name. */
int rf_alert_expand(rf_str text, const char *(*look_up)(const char *name), rf_arena *arena, const char **out,
		    struct rf_error *err);

#endif
