/* The database: runs, findings, events and everything a report told, in one SQLite file.
 *
 * Places: the default is $REDFLAG_DB, else .redflag/redflag.db in the module root (the nearest parent with go.mod or go.work,
 * else the current directory). The spools of instrumented processes go to "<database>.spool/". cmd/place.c decides that;
 * this stage takes paths.
 *
 * What is what:
 * - A run is everything under one trace ID.
 * - A finding is unique by fingerprint and tag. A finding with a missing side (wildcard) joins a full one of the same
 *   kind that has its other side; when the full one comes later, the wildcard's events move to it and its row goes.
 * - An event is unique by its uid: hex(spool_id)-sequence for a spool's record; for text a hash of the stream up to and
 *   including the report. So the same spool or log stored twice adds nothing.
 * - An instrumented run tells each report twice, as text and as a record. The two are joined by rf_report_match_key within
 *   a run, one to one: the event is the record's, and text_uid remembers the text. Whichever comes first is stored; the
 *   record replaces a text-only event in place (its id stays).
 * - Status: "new" while a finding was seen in one run only, then "recurring"; "suppressed" when each of its events was
 *   suppressed, in the process or by the reporter.
 *
 * Life cycle: open, then transactions of begin, any number of calls, commit (or rollback), then close. Several processes may
 * have one file open: begin takes SQLite's write lock at once and waits up to patience_ms for it, so what a transaction
 * looked up still holds when it writes. Not thread safe. Errors are RF_ERR_DATABASE (SQLite said no), RF_ERR_VERSION (a newer
 * redflag made the file), RF_ERR_INPUT (no database of ours), RF_ERR_MISSING (there is none).
 */
#ifndef RF_STORE_STORE_H
#define RF_STORE_STORE_H

#include "base/error.h"
#include "finding/finding.h"
#include "read/spool_read.h"
#include "store/timestamp.h"

struct rf_store; /* opaque */

#define RF_STORE_PATIENCE_MS 20000 /* for the lock of others; a batch takes them milliseconds */

struct rf_store_options {
	const char *path;
	bool must_exist;      /* RF_ERR_MISSING instead of a new database */
	bool read_only;       /* nothing is ever written, not even a migration: another version is RF_ERR_VERSION */
	unsigned patience_ms; /* 0: RF_STORE_PATIENCE_MS */
	struct rf_clock clock;
	/* Called before a database of an older redflag is brought up to date, with the bytes of its file; NULL: nobody is told. It
	 * takes about 30 s a GB, and as much room on the disk again until it is done. Killed meanwhile, it is as it was. */
	void (*upgrading)(const char *path, uint64_t bytes);
};
int rf_store_open(struct rf_store **out, const struct rf_store_options *options, struct rf_error *err);
void rf_store_close(struct rf_store *s); /* NULL is fine; an open transaction is rolled back */

/* Whether what rows refer to is looked up when they are stored. A session switches it off: its rows are of the store's own
 * making, and each event refers to a dozen others. Outside a transaction; true when a store is opened. */
int rf_store_check_references(struct rf_store *s, bool on, struct rf_error *err);

int rf_store_begin(struct rf_store *s, struct rf_error *err);
int rf_store_commit(struct rf_store *s, struct rf_error *err);
void rf_store_rollback(struct rf_store *s);
/* Whether the transaction remembers twice as much of its stacks as is kept between two: time to commit. */
bool rf_store_is_full(const struct rf_store *s);
/* Commits when `rc`, what came of the transaction's work, is no error and the commit isn't one either; else rolls back. 0, or the
 * error. */
int rf_store_end(struct rf_store *s, int rc, struct rf_error *err);
/* What was committed outlives a power cut from now on, not only the process. Outside a transaction. */
int rf_store_sync(struct rf_store *s, struct rf_error *err);

struct rf_run {
	rf_str trace_id, command, directory, host;
	uint64_t start_unix_ns; /* 0: now */
};
/* Finds or makes the run of this trace ID. */
int rf_store_run(struct rf_store *s, const struct rf_run *run, int64_t *run_id, struct rf_error *err);
/* Adds a process, or brings what changes about it up to date. */
int rf_store_process(struct rf_store *s, int64_t run_id, const struct rf_process *process,
		     const struct rf_process_counters *counters, const struct rf_spool_drops *drops,
		     int64_t *process_id, struct rf_error *err);

struct rf_result {
	rf_str package, test; /* test "" for the package itself */
	rf_str result;        /* "pass", "fail", "skip"; "unfinished" of a test in a package that failed; "cut": the stream ended */
	double elapsed_s;     /* negative: unknown */
	uint64_t time_unix_ns;
	uint32_t passed, failed, skipped; /* tests, for a package */
	uint64_t started;     /* with the test what makes it unique in its run: the same result twice adds nothing */
	rf_str output;        /* what it said, or a part of it; "" nothing */
	uint64_t output_bytes; /* that it said */
	bool failed_before;   /* a test of the run has failed: it may be this one, and then its row says that it passed later */
};
int rf_store_result(struct rf_store *s, int64_t run_id, const struct rf_result *result, struct rf_error *err);

/* Has a test of this run failed already? */
int rf_store_run_has_failures(struct rf_store *s, rf_str trace_id, bool *out, struct rf_error *err);

/* The finding of a report, as rf_finding_make_brief gives it, and remembered: the same stacks again
 * cost next to nothing. Inside a transaction; valid until it ends, or until `arena` is reset. */
struct rf_known_report;
int rf_store_finding(struct rf_store *s, const struct rf_report *report, rf_arena *arena, const struct rf_finding **finding,
		     struct rf_known_report **stacks, struct rf_error *err);
/* What the store knows of stacks that another intern has; as above. */
int rf_store_stacks(struct rf_store *s, const struct rf_report *report, const struct rf_known_report *elsewhere,
		    struct rf_known_report *stacks, struct rf_error *err);

/* Which list of suppressions rf_store_suppression asks from now on; it must stay valid. NULL: none. */
struct rf_suppression;
struct rf_suppressions;
void rf_store_use_suppressions(struct rf_store *s, const struct rf_suppressions *list);
/* As rf_suppressions_match, but remembered as rf_store_finding, which gave `stacks`. */
const struct rf_suppression *rf_store_suppression(struct rf_store *s, const struct rf_report *report,
						  const struct rf_known_report *stacks, rf_str tag, uint64_t now_unix_ns);

struct rf_policy;
struct rf_event {
	const struct rf_report *report;
	const struct rf_known_report *stacks; /* of rf_store_finding or rf_store_stacks; NULL: not asked */
	const struct rf_finding *finding;
	int64_t run_id, process_id; /* process 0: none, as for text */
	rf_str uid;
	rf_str cut_uid;   /* uid that the same report has had while only its beginning was there; "" none */
	rf_str tag;
	rf_str seed;      /* of the schedule profile; ptr NULL unknown */
	rf_str package, test; /* where its text stood */
	uint64_t time_unix_ns;
	rf_str suppression; /* the entry of the suppression list that fits, as TYPE:PATTERN; ptr NULL none */
	bool known;       /* its finding is in the baseline */
	const struct rf_policy *policy; /* NULL: none, every event is an alert */
	bool keep_text;   /* it could only be read in part */
	/* An event of another database: */
	rf_str decided;   /* its verdict there (a literal), which stays; ptr NULL: decide. `policy` then only names what decided it */
	rf_str text_uid;  /* of a record: the text that was joined to it there; "" none */
};
enum rf_stored {
	RF_STORED_NEW,       /* a new row */
	RF_STORED_KNOWN,     /* the uid was there: nothing was added; or it was, and gc has removed it: the id is 0 */
	RF_STORED_JOINED,    /* text of an event that a spool told before */
	RF_STORED_UPGRADED,  /* a spool's record in place of its text */
};
int rf_store_event(struct rf_store *s, const struct rf_event *event, int64_t *event_id, enum rf_stored *how,
		   struct rf_error *err);

#endif
