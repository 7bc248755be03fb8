/* Alerts: from what the store decided to the sinks of .redflag.yml (finding/sink.h).
 *
 *	init -> (queue, inside the transactions of a session) … -> silences -> deliver -> lines -> release
 *
 * Two ways lead to a sink. Events with the verdict alert or bypassed go directly; those that are silenced are held back, and when a
 * silence is over one alert says how many they were. Suppressed and known events give none. Without "alerts:" in the file
 * there is one sink: stderr, for the ends of silences.
 *
 * Sinks other than stderr are served from the outbox (store/outbox.h): whatever a try comes to, nothing is lost. Delivery is bounded:
 * no try begins after the deadline, and one that has begun is given its sink's time-out. Tries in a row that fail are ever further
 * apart, in all processes that share the database: 1, 2, 4 … seconds, at most 15 minutes, a random part of it less. A run waits for
 * the next try only where the one before it got through, so an endpoint that is down costs the first run its time and the next ones
 * one try at most.
 * Batches of up to RF_OUTBOX_BATCH_MAX are at least RF_ALERTS_PAUSE_NS apart, for a command or a webhook.
 *
 * Nothing here prints. Not thread safe. */
#ifndef RF_ALERT_ALERTS_H
#define RF_ALERT_ALERTS_H

#include "alert/send.h"
#include "finding/tag.h"
#include "store/outbox.h"

#define RF_ALERTS_END_NS ((uint64_t)10 * 1000000000u)    /* deliver's time at the end of a run */
#define RF_ALERTS_PAUSE_NS ((uint64_t)200 * 1000000u)
#define RF_ALERTS_BACKOFF_MAX_NS ((uint64_t)900 * 1000000000u)
#define RF_ALERTS_LINES_MAX 100                           /* on stderr, of a run; more are counted */
#define RF_ALERTS_ENDED_MAX 10                            /* ends of silences on stderr; more are added up in one line */

struct rf_alerts_options {
	struct rf_store *store;         /* NULL: nothing is queued or delivered */
	const struct rf_config *config;
	struct rf_clock clock;
	rf_str host;
	const char *directory;          /* where relative paths of sinks begin */
	const char *(*look_up)(const char *name); /* environment variables */
	void (*sleep)(uint64_t ns);
	bool (*stop)(void *context);    /* asked while delivering: whoever waits has lost patience; may be NULL */
	void *context;
};

struct rf_alerts_line { /* for stderr */
	int64_t event_id, finding_id;
	const char *reason;
};
struct rf_alerts {
	struct rf_alerts_options options;
	rf_arena arena;
	struct rf_alerts_line *lines;
	uint32_t line_count;
	uint64_t lines_more;
	uint64_t queued;     /* alerts that came into the queue; some of them perhaps undone */
	struct rf_buf ended; /* a line for each silence that is over, the first RF_ALERTS_ENDED_MAX of them */
	uint64_t ended_count, ended_more_held;
};

void rf_alerts_init(struct rf_alerts *a, const struct rf_alerts_options *options);
void rf_alerts_release(struct rf_alerts *a);
/* Is there anything to do when events come? If not, a session needs no hook. */
bool rf_alerts_wanted(const struct rf_alerts *a);
/* before_commit of a session; context is the struct rf_alerts. */
int rf_alerts_queue(void *context, struct rf_store *store, int64_t first_event, struct rf_error *err);
/* Ends silences whose time is over: each is told once, by whichever process comes first. */
int rf_alerts_silences(struct rf_alerts *a, struct rf_error *err);
/* What stderr gets, a line each. */
void rf_alerts_put_lines(struct rf_alerts *a, struct rf_buf *out);

struct rf_alerts_delivery {
	uint64_t time_ns;       /* how long tries may begin */
	bool patient;           /* the time begins anew with each batch that arrives: until all is done */
	bool at_once;           /* also what failed for good, and before its time */
	/* out */
	uint64_t delivered, left; /* alerts; left: those of our sinks that wait or failed */
	struct rf_buf notes;    /* a sentence and a newline for each sink that failed or was not tried; the caller releases it */
};
/* Tries what waits for the sinks of the configuration. RF_ERR_DATABASE and the like; a sink that fails is no error. */
int rf_alerts_deliver(struct rf_alerts *a, struct rf_alerts_delivery *d, struct rf_error *err);
/* One try of alerts that are in no queue. */
void rf_alerts_try(struct rf_alerts *a, const struct rf_sink *sink, rf_str key, const struct rf_outbox_alert *alerts,
		   uint32_t count, bool keep_errors, rf_arena *scratch, struct rf_attempt *out);

#endif
