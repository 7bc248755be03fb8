/* A session: one reporter at work on one run, from lines and spools to stored events.
 *
 *	open -> (begin_stream -> event | text … -> end_stream)* , spools … -> finish -> ask -> close
 *
 * Text. Each package's output has a reader of its own, because that is one process's output in its order; which test a
 * line was charged to is noted but means nothing for reading. An event's uid is a hash of the stream up to the report's
 * last line (stream_id.h), so that a stream that is read again adds nothing, and one that has grown only what is new. A stream
 * without times (plain text) says the same in two runs, so there the trace ID is hashed too (mix_trace), but not for a
 * file, which is one thing however often it is read.
 *
 * Storing. Reports wait at most RF_SESSION_WAIT_NS, or until there are RF_SESSION_BATCH of them or RF_SESSION_BATCH_BYTES (the
 * first ones: RF_SESSION_BATCH_BYTES_FIRST), and are then stored in one transaction; `threaded` does that in a thread of its own,
 * while the stream is read on. A stream that is faster than the database waits for it when the next batch is full. When storing
 * fails (which takes the store's patience when others have the database) reports are kept and tried again, up to
 * RF_SESSION_PENDING_MAX or RF_SESSION_PENDING_BYTES_MAX; what is above is counted as lost. The stream waits for a try that could
 * keep a report from being lost, and for no other:
 * rf_session_finish tells in the end.
 *
 * Spools are read when their process is over (or at the end), and deleted from our own directory only after their events
 * were committed and synced to the disk. A spool of another trace in our own directory is taken only if its process is over and
 * no living reporter has that trace (each holds a lock on DIR/TRACE.lock). A spool without a trace ID belongs to our run when it is of a
 * package of our stream and started since we did (`go test … | redflag report` without any trace ID); else it is a run of
 * its own, and taken when it is a minute old.
 *
 * Not thread safe; the thread that stores is the session's own matter. No function here prints; notes for people are in rf_session_notes.
 */
#ifndef RF_SESSION_SESSION_H
#define RF_SESSION_SESSION_H

#include "finding/tag.h"
#include "policy/baseline.h"
#include "policy/suppressions.h"
#include "read/test2json.h"
#include "store/store.h"

#define RF_SESSION_WAIT_NS 1000000000u
#define RF_SESSION_BATCH 8192         /* reports that are stored without waiting longer; of a spool, a transaction: 0.2 s */
#define RF_SESSION_LIVE_EVENTS_MAX 10000u /* below it, spools are read while their processes run */
#define RF_SESSION_BATCH_BYTES ((size_t)8 << 20)
#define RF_SESSION_BATCH_BYTES_FIRST ((size_t)256 << 10)
#define RF_SESSION_PENDING_MAX 12288  /* reports that wait while the database can't be written */
#define RF_SESSION_PENDING_BYTES_MAX ((size_t)12 << 20) /* of them, and what one more may take */
#define RF_SESSION_ARENA_BYTES_MAX ((size_t)16 << 20)
#define RF_SESSION_NAMES_BYTES_MAX ((size_t)24 << 20) /* packages, and tests that failed; later ones are not told apart */

struct rf_session; /* opaque */

struct rf_session_options {
	struct rf_store *store;     /* NULL: nothing is stored (the database could not be opened), all else works */
	struct rf_clock clock;
	rf_str trace_id;            /* "": each stream or spool is a run of its own (ingest) */
	bool mix_trace;
	bool threaded;              /* the store is used by no one else between the session's calls but for finish and findings */
	struct rf_tag_sources tags;
	const struct rf_suppressions *suppressions; /* applied to what comes; may be NULL */
	const struct rf_baseline *baseline; /* events of its findings are known; may be NULL */
	rf_str command, directory, host; /* for the run's row */
	/* Inside each transaction that stored new events: those from id `first_event` on. Failing undoes it. May be NULL. */
	int (*before_commit)(void *context, struct rf_store *store, int64_t first_event, struct rf_error *err);
	void *commit_context;
};
/* The options' strings must stay valid. */
int rf_session_open(struct rf_session **out, const struct rf_session_options *options, struct rf_error *err);
void rf_session_close(struct rf_session *s); /* without storing what waits */

void rf_session_begin_stream(struct rf_session *s);
/* One line as a test2json event; `line` is the line itself. */
void rf_session_event(struct rf_session *s, const struct rf_test_event *event, rf_str line);
/* One line that is no test2json event, without its newline. */
void rf_session_text(struct rf_session *s, rf_str line);
void rf_session_end_stream(struct rf_session *s);
/* Stores what has waited long enough. Nanoseconds until it wants to be called again; 0 when nothing waits. */
uint64_t rf_session_tick(struct rf_session *s);
/* Will the next tick store text of reports? Then spools of ours should be read first, since a record that comes first is decided by all
 * that it tells: its tag, which the text doesn't have, says by which policy, and which sinks want it. Not for a session that has seen
 * RF_SESSION_LIVE_EVENTS_MAX events, as the spools are read from their start each time. */
bool rf_session_text_is_due(struct rf_session *s);
/* Stores what waits now. */
void rf_session_flush(struct rf_session *s);

enum rf_spool_scope {
	RF_SPOOLS_OVER, /* only those whose process is over: while the stream runs */
	RF_SPOOLS_OURS, /* of our trace all, as far as they are written */
	RF_SPOOLS_ALL,  /* of our trace all, at the end */
};
/* Reads the spools of our trace in `directory`; no such directory is fine. `own`: the directory is the database's own, so
 * spools are deleted and left-over ones taken. */
void rf_session_spools(struct rf_session *s, const char *directory, bool own, enum rf_spool_scope scope);
/* Says that a reporter of our trace lives, until close. The directory must exist. */
void rf_session_lock(struct rf_session *s, const char *directory);
/* One spool by its path, whatever its trace. RF_ERR_INPUT, RF_ERR_VERSION: it is none of ours, or of a newer version. */
int rf_session_spool_file(struct rf_session *s, const char *path, struct rf_error *err);
/* Stores what is left. Fails when something could not be stored, with the sentence. */
int rf_session_finish(struct rf_session *s, struct rf_error *err);

struct rf_package {
	rf_str name;
	rf_str result;     /* "pass", "fail", "skip"; "" still open */
	double elapsed_s;
	uint32_t passed, failed, skipped; /* tests, subtests not counted */
	bool cached, no_tests_files, built; /* built: false when it failed to build, so that nothing ran */
	bool spooled;      /* a spool of its test binary was read */
};
struct rf_session_counts {
	uint64_t events_stored, events_known, events_joined, events_upgraded; /* of reports that were read */
	uint64_t suppressed;       /* of them, in the process or by the list; as rf_session_findings saw it last */
	uint64_t lost;             /* reports that could not be stored */
	uint64_t incomplete;       /* reports of which only a part could be read */
	uint64_t spools, spools_bad;
	uint64_t packages, packages_failed;
	uint64_t packages_only_raced; /* of those that failed: for races and nothing else */
	bool text_failed;          /* plain text said FAIL */
	struct rf_spool_drops drops; /* of the spools read */
	struct rf_process_counters counters;
};
/* With `threaded`, what is stored is counted here by the next flush, spools, findings or finish. */
const struct rf_session_counts *rf_session_counts(const struct rf_session *s);
/* i-th package in the order of the stream, NULL behind the last. */
const struct rf_package *rf_session_package(const struct rf_session *s, uint32_t i);
/* Ids of the findings that were seen, ascending; `is_new`[i]: for the first time in this run. Arrays of `arena`. Only
 * findings with at least one event of this session that was not suppressed. `settled`: only of spools and of packages that
 * are over, so that what a spool may still add is there. */
int rf_session_findings(struct rf_session *s, bool settled, rf_arena *arena, int64_t **ids, bool **is_new,
			uint32_t *count, struct rf_error *err);
/* Sentences, one a line: left-over spools that were taken, damaged ones. "" none. */
rf_str rf_session_notes(const struct rf_session *s);

#endif
