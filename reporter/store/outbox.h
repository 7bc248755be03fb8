/* Alerts on their way out: a queue in the database, one row for each alert and sink (finding/sink.h).
 *
 * Rows come in the transaction that stores the event, so a killed reporter loses none. They are delivered afterwards, in batches:
 * rf_outbox_claim takes the sink's lease (one process at a time delivers to a sink, whichever machine it runs on) and fixes what
 * is in the batch and the batch's key, which stay the same however often it is tried; rf_outbox_delivered or rf_outbox_failed ends
 * the try. A lease ends by itself at its time, or when its owner is a process of this host that is over. An alert is
 * so delivered once, unless the process dies between an endpoint's answer and the commit: then once more, with the same key.
 *
 * At most RF_OUTBOX_OPEN_MAX alerts of a sink wait: what comes then is counted in one alert ("folded") that says so. */
#ifndef RF_STORE_OUTBOX_H
#define RF_STORE_OUTBOX_H

#include "store/store.h"

#define RF_OUTBOX_OPEN_MAX 10000
#define RF_OUTBOX_BATCH_MAX 100
#define RF_OUTBOX_LABELS_MAX 32 /* of an alert */

/* --- into the queue; inside a transaction ----------------------------------------------------------------------- */

struct rf_outbox_candidate {
	int64_t event_id, finding_id;
	rf_str kind, tag, severity; /* severity ptr NULL: its policy has none */
	bool is_new;     /* the first event of its finding that is an alert */
	bool regressed;  /* the first one after it was resolved */
};
/* Events from id `first` on that are alerts: neither suppressed nor known nor silenced. */
int rf_outbox_candidates(struct rf_store *s, int64_t first, rf_arena *arena, struct rf_outbox_candidate **rows,
			 uint32_t *count, struct rf_error *err);
/* Finds or makes the sink. */
int rf_outbox_sink(struct rf_store *s, rf_str name, const char *type, int64_t *sink_id, struct rf_error *err);
/* How many of its alerts are not delivered yet. */
int rf_outbox_open(struct rf_store *s, int64_t sink_id, int64_t *count, struct rf_error *err);
/* `reason`: new, regressed, seen (with the event) or silence (with the silence); the other id is 0. Nothing when it is there. */
int rf_outbox_put(struct rf_store *s, int64_t sink_id, const char *reason, int64_t event_id, int64_t silence_id,
		  struct rf_error *err);
/* Counts `count` alerts for which there is no room. */
int rf_outbox_fold(struct rf_store *s, int64_t sink_id, uint64_t count, struct rf_error *err);

/* --- out of it -------------------------------------------------------------------------------------------------- */

struct rf_outbox_label {
	rf_str key, value;
};
struct rf_outbox_side {
	rf_str operation, function;
};
struct rf_outbox_alert {
	int64_t id, event_id, silence_id, folded;
	rf_str reason, created_at;
	/* of the event; empty for the others */
	rf_str uid, time, verdict, policy, severity, source, seed, test_a, test_b, stream_package, stream_test;
	/* of the finding, also of a silence's */
	int64_t finding_id, events;
	rf_str fingerprint, kind, title, tag, status, package, first_seen;
	/* of the run and of the process, where there is one */
	rf_str trace_id, host, directory, executable, arguments, go_version;
	int64_t pid;
	/* of the silence */
	rf_str silence_policy, since, until;
	int64_t held;
	struct rf_outbox_label *labels; /* of the goroutines */
	struct rf_outbox_side *sides;
	uint32_t label_count, side_count;
};

enum rf_outbox_claimed {
	RF_OUTBOX_CLAIMED,
	RF_OUTBOX_NOTHING, /* nothing waits; the lease was given back */
	RF_OUTBOX_LATER,   /* not before `not_before_unix_ns`; the lease was given back */
	RF_OUTBOX_BUSY,    /* another process has the lease, which is its job then */
};
struct rf_outbox_claim {
	rf_str owner;         /* who asks: rf_outbox_owner */
	uint64_t lease_ns;    /* longer than a delivery may take */
	bool at_once;         /* whatever was decided about when */
	/* out */
	rf_str key;           /* of the batch */
	struct rf_outbox_alert *alerts;
	uint32_t count, failures; /* failures in a row so far */
	uint64_t not_before_unix_ns;
};
rf_str rf_outbox_key(rf_arena *arena); /* 32 random hex digits; "" when the system has none */
/* "HOST PID START RANDOM" of this process. */
rf_str rf_outbox_owner(struct rf_store *s, rf_str host, rf_arena *arena);
int rf_outbox_claim(struct rf_store *s, int64_t sink_id, struct rf_outbox_claim *claim, rf_arena *arena,
		    enum rf_outbox_claimed *how, struct rf_error *err);
/* The batch arrived; the next one not before `not_before_unix_ns`. */
int rf_outbox_delivered(struct rf_store *s, int64_t sink_id, rf_str key, uint64_t not_before_unix_ns, struct rf_error *err);
/* It did not; `permanent`: it is tried again only when somebody asks for it. */
int rf_outbox_failed(struct rf_store *s, int64_t sink_id, rf_str key, bool permanent, rf_str why, uint64_t not_before_unix_ns,
		     struct rf_error *err);
/* Gives the lease back, if it is the owner's. */
int rf_outbox_release(struct rf_store *s, int64_t sink_id, rf_str owner, struct rf_error *err);
/* What failed for good waits again, and nothing waits for its time. */
int rf_outbox_retry(struct rf_store *s, int64_t sink_id, struct rf_error *err);
/* Forgets what a sink has not delivered, and the sink. RF_ERR_MISSING when there is none of this name. */
int rf_outbox_drop(struct rf_store *s, rf_str name, int64_t *alerts, struct rf_error *err);

struct rf_outbox_sink_row {
	int64_t id, waiting, folded, failed, delivered, failures;
	rf_str name, type, not_before, error, delivered_at, oldest;
	bool leased; /* somebody is delivering to it */
};
/* By name. */
int rf_outbox_sinks(struct rf_store *s, rf_arena *arena, struct rf_outbox_sink_row **rows, uint32_t *count,
		    struct rf_error *err);

#endif
