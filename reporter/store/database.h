/* SQLite for this stage: opening with checks and migrations, prepared statements by number, transactions with patience.
 * Internal to store/: other stages use store.h, session.h and query.h.
 *
 * Not thread safe; one connection a struct. Every call into SQLite that can fail goes through rf_db_step, which is where
 * tests make the N-th one fail (`fail_at_step`).
 */
#ifndef RF_STORE_DATABASE_H
#define RF_STORE_DATABASE_H

#include <sqlite3.h>
#include <sys/types.h>

#include "base/error.h"
#include "store/absent.h"
#include "store/halves.h"
#include "store/intern.h"
#include "store/log.h"
#include "store/queue.h"
#include "store/statements.h"
#include "store/store.h"
#include "store/classes.h"
#include "store/tally.h"
#include "store/uids.h"

#define RF_SEARCH_KNOWN 32768 /* 1.6 MiB a connection; more at work cost looks into the database */
#define RF_SEARCH_PAIRS (2 * RF_SEARCH_KNOWN)

/* What the search has noted in this transaction, and what it knows to be in the database, as hashes: direct-mapped caches, emptied by
 * another `salt`. search_names.c. */
struct rf_search {
	uint64_t salt;
	uint32_t generation; /* of the intern: somebody else wrote when it changes */
	uint64_t events[RF_SEARCH_KNOWN];
	uint64_t pairs[RF_SEARCH_PAIRS]; /* names, and whole stacks, that a finding has */
	struct rf_search_known {
		uint64_t hash;
		int64_t id;
	} names[RF_SEARCH_KNOWN];
	struct rf_search_frame {
		uint64_t hash;
		int64_t function, file; /* names.id; 0 none */
	} frames[RF_SEARCH_KNOWN / 2];
	int64_t fresh;       /* a finding whose title the next event of it brings; 0 none */
	int64_t highest;     /* of the findings that were noted */
	rf_arena arena;      /* what follows, until it is written */
	struct rf_search_name *first, **end;
	struct rf_search_pair *waiting;
	size_t count, cap;
};

struct rf_store {
	sqlite3 *handle;
	sqlite3_stmt *statements[RF_SQL_COUNT];
	unsigned concerns[RF_SQL_COUNT]; /* rf_queue_concerns, of those that are prepared */
	struct rf_clock clock;
	char *path;
	unsigned patience_ms;
	bool in_transaction;
	int64_t gone_run_id;      /* the run in hand, if gc has removed events of it: */
	uint64_t gone_before_ns;  /* those before this time were counted then */
	struct rf_log log;
	struct rf_tally tally;
	struct rf_intern intern;
	struct rf_halves halves;
	struct rf_uids uids;
	struct rf_absent absent[RF_ABSENT_COUNT];
	struct rf_queue queues[RF_QUEUE_COUNT];
	bool frozen;           /* nothing can be written, and what others write isn't noticed (frozen.h) */
	dev_t device;          /* of the file that is open for reading (reading.h) */
	ino_t inode;
	uint64_t deadline_ns;  /* monotonic; queries end then with SQLITE_INTERRUPT (reading.h); 0 none */
	uint64_t steps;        /* calls of rf_db_step so far */
	struct rf_search search;
	struct rf_counter_lines counter_lines;
	struct rf_buf json;    /* of the event in hand */
	uint64_t fail_at_step; /* tests: the step that fails; 0 none */
};

/* Gets statement `sql` ready and binds: `format` has a letter an argument: 't' rf_str, 'n' rf_str that is NULL when its ptr is
 * NULL, 's' rf_str of our own making (times, hashes, words: ASCII, never NULL), 'i' int64_t, 'u' uint64_t (stored as the same 64
 * bits), 'r' int64_t that is NULL when it is 0. Text of 't' and 'n' that is not UTF-8 or holds NUL is stored with U+FFFD
 * instead. Texts must stay valid during the call. */
int rf_db_bind(struct rf_store *s, enum rf_sql sql, sqlite3_stmt **out, struct rf_error *err, const char *format, ...);
/* 1: a row; 0: done; negative: failed. */
int rf_db_step(struct rf_store *s, sqlite3_stmt *statement, struct rf_error *err);
/* Binds and steps: 1 with the first column of the first row in *value (which may be NULL), 0 without a row. */
int rf_db_run(struct rf_store *s, enum rf_sql sql, int64_t *value, struct rf_error *err, const char *format, ...);
/* Runs an INSERT of one row, whose id comes in *id. (With RETURNING, SQLite makes ready to undo the statement alone, and so copies each
 * page that it changes, of each index.) */
int rf_db_add(struct rf_store *s, enum rf_sql sql, int64_t *id, struct rf_error *err, const char *format, ...);
/* rf_db_run for a statement that is needed once, or so seldom that it needn't be kept. */
int rf_db_once(struct rf_store *s, const char *sql, int64_t *value, struct rf_error *err, const char *format, ...);
/* Statements without parameters or rows of interest; several are separated by ";". Not counted as a step. */
int rf_db_exec(struct rf_store *s, const char *sql, struct rf_error *err);
/* The first column of the first row; 0 when that is NULL or there is no row. */
int rf_db_number(struct rf_store *s, const char *sql, int64_t *out, struct rf_error *err);
/* Column as text that is valid until the statement's next step; NULL is the slice with ptr NULL. */
rf_str rf_db_peek(sqlite3_stmt *statement, int column);
/* Column as text in `arena`; NULL comes back as the slice with ptr NULL; so does what there is no memory for,
 * and then arena->failed is set. */
rf_str rf_db_text(sqlite3_stmt *statement, int column, rf_arena *arena);
/* The sentence for what SQLite said last. */
int rf_db_fail(struct rf_store *s, int rc, struct rf_error *err);

#endif
