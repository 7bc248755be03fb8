/* What a session is made of. Internal to session*.c. */
#ifndef RF_SESSION_SESSION_STATE_H
#define RF_SESSION_SESSION_STATE_H

#include "read/racetext.h"
#include "session/session.h"
#include "session/session_reason.h"
#include "session/session_tests.h"
#include "session/worker.h"
#include "store/intern.h"
#include "store/log.h"
#include "store/stream_id.h"

/* One process's output, in its order: a package's of a test2json stream, or the lines that are no events. */
struct rf_source {
	struct rf_source *next;
	struct rf_source *next_open; /* of those that aren't over, the latest used first */
	struct rf_package package;
	struct rf_racetext reader;
	struct rf_buf partial;  /* a line whose end hasn't come yet */
	char start[RF_STREAM_UID_BYTES]; /* uid of the open report's first line */
	struct rf_reasons reasons; /* why its tests failed */
	struct rf_open_tests tests; /* that run */
	bool over;              /* its end was seen; reader and partial are released */
};

struct rf_waiting { /* a report that waits to be stored, with the stacks of its batch */
	struct rf_waiting *next;
	struct rf_report report;
	struct rf_known_report known;
	const struct rf_source *source;
	rf_str trace_id;
	struct rf_event event; /* of the report, all that can be said without the database */
};

struct rf_waiting_result {
	struct rf_waiting_result *next;
	rf_str trace_id;
	struct rf_result result;
};

/* Reports and results that are stored in one transaction. A report is nearly all stacks, and most of these were seen before: the
 * reports of a batch share them, and so need a fifth of the memory. */
struct rf_batch {
	rf_arena arena;
	struct rf_intern stacks;
	struct rf_waiting *reports, **reports_end;
	struct rf_waiting_result *results, **results_end;
	uint32_t report_count;
};

struct rf_spool_seen { /* a spool that was read to its end and stays where it is */
	struct rf_spool_seen *next;
	rf_str path;
};

struct rf_event_seen {
	int64_t id;
	const struct rf_source *source; /* of text; NULL for a spool's */
};

struct rf_session {
	struct rf_session_options options;
	rf_arena arena; /* for as long as the session lives */
	uint64_t opened_ns;
	/* the stream */
	struct rf_stream_id stream;
	rf_str stream_trace;
	bool has_failures; /* a test of this run has failed, here or in an earlier stream */
	rf_str test;           /* of the event in hand */
	struct rf_source *sources, **sources_end, *open;
	struct rf_source plain;
	struct rf_build *builds;
	uint32_t build_count;
	struct rf_kept_pool open_tests; /* their names and so on */
	struct rf_kept_pool kept; /* what tests, packages and builds said that aren't over */
	uint64_t output_bytes, output_passed_bytes; /* of it, stored or about to be */
	/* what waits */
	struct rf_batch batches[2], *waiting;
	uint64_t waiting_since_ns; /* 0: nothing waits that is to be stored by itself */
	rf_arena reading;          /* the report in hand, as it was read */
	/* What is being stored, or couldn't be and is tried again. From start to wait it is the worker's, with the store and
	 * with what was done but for the counts of the stream. */
	struct rf_worker worker;
	struct rf_batch *storing;
	uint32_t storing_count;    /* reports in it */
	bool at_work, failing;     /* failing: the last try did, at failed_ns */
	struct rf_log_copier copier; /* the stream's, for while it waits for the worker */
	uint32_t batches_to_copy;  /* handed over since it was at work */
	bool pressed;              /* was tried again because there was no room; until something is stored */
	uint64_t failed_ns;
	/* what was done */
	int64_t run_id;
	struct rf_event_seen *events;
	size_t event_count, event_cap;
	int64_t event_first_new; /* of the open transaction: every later id is of a new event too; 0 none */
	struct rf_session_counts counts;
	struct rf_spool_seen *spools;
	struct rf_buf notes;
	struct rf_error failure; /* the last one of storing; code 0 none */
	bool starved;            /* there was no memory for a part of the stream, or for a spool */
	bool forgetful;          /* nor for noting an event that was stored; the worker's */
	int lock_fd;
	const char *lock_path;
};

uint64_t rf_session_now(struct rf_session *s);
rf_str rf_session_trace(struct rf_session *s); /* of the stream */
void rf_session_wait_starts(struct rf_session *s);
/* Remembers that a stored event belongs to what this session saw. */
void rf_session_saw(struct rf_session *s, int64_t event_id, const struct rf_source *source, enum rf_stored how);
/* --- session_results.c: tests and packages */
const char *rf_session_result_of(enum rf_action action); /* NULL: it is no end */
void rf_session_package_begins(struct rf_session *s, struct rf_source *source);
void rf_session_test_begins(struct rf_session *s, struct rf_source *source, const struct rf_test_event *event);
void rf_session_test_says(struct rf_session *s, struct rf_source *source, const struct rf_test_event *event);
void rf_session_test_ends(struct rf_session *s, struct rf_source *source, const struct rf_test_event *event);
void rf_session_package_ends(struct rf_session *s, struct rf_source *source, const struct rf_test_event *event, rf_str line);
/* The stream ended before the package did. */
void rf_session_package_cut(struct rf_session *s, struct rf_source *source);
void rf_session_build_says(struct rf_session *s, const struct rf_test_event *event);
void rf_session_builds_release(struct rf_session *s);

/* --- session_batch.c */
void rf_batch_init(struct rf_batch *b);
void rf_batch_release(struct rf_batch *b);
void rf_batch_forget(struct rf_batch *b);
void rf_batch_shrink(struct rf_batch *b); /* gives its memory back, if nothing waits in it */
bool rf_batch_is_empty(const struct rf_batch *b);
size_t rf_batch_bytes(const struct rf_batch *b);
bool rf_batch_failed(const struct rf_batch *b); /* out of memory; nothing more is added until it is forgotten */
/* A copy of the report, and of all that it and `event` refer to but the package, with its finding. NULL: out of memory. */
struct rf_waiting *rf_batch_add_report(struct rf_batch *b, const struct rf_report *report, const struct rf_event *event);
/* `r` is the batch's own. */
void rf_batch_add_result(struct rf_batch *b, struct rf_waiting_result *r);

/* --- session_store.c */
/* Waits until the worker has nothing. Whoever uses the store, or what was done, does this first. */
void rf_session_settle(struct rf_session *s);
/* The stream is at its end, and nothing waits: the worker copies the log of a long one, while the end is told. */
void rf_session_copy_rest(struct rf_session *s);
/* Has what waits stored soon when it is enough. */
void rf_session_store_full(struct rf_session *s);
/* A transaction of this session's; what it stored is told to before_commit. */
int rf_session_begin_storing(struct rf_session *s, struct rf_error *err);
int rf_session_commit(struct rf_session *s, struct rf_error *err);
int rf_session_put_run(struct rf_session *s, rf_str trace_id, int64_t *run_id, struct rf_error *err);
/* Finding, tag and row of one report of a spool; inside a transaction. */
int rf_session_put(struct rf_session *s, struct rf_event *event, rf_str process_tag, rf_arena *scratch, struct rf_error *err);
/* Puts a report of the stream to what waits, with its finding and tag. False: it can't wait. */
bool rf_session_wait(struct rf_session *s, const struct rf_report *report, const struct rf_event *event,
		     const struct rf_source *source);

#endif
