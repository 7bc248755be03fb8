#include "store/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "store/database.h"
#include "store/day_totals.h"
#include "store/frozen.h"
#include "store/schema.h"
#include "store/search_names.h"
#include "store/stack_hash.h"
#include "store/views.h"

#define WAL_TRIES_MAX 200 /* times 50 ms: SQLite's busy handler doesn't wait for a change of the journal mode */
#define WAL_PAUSE_NS 50000000

/* Is it ours, and of a version that we know? An empty file is fine: it becomes ours. */
static int check_identity(struct rf_store *s, int64_t *version, struct rf_error *err)
{
	int64_t application_id, tables;
	int rc = rf_db_number(s, "SELECT count(*) FROM sqlite_schema", &tables, err);
	if (rc == 0)
		rc = rf_db_number(s, "PRAGMA application_id", &application_id, err);
	if (rc == 0)
		rc = rf_db_number(s, "PRAGMA user_version", version, err);
	if (rc < 0)
		return rc;
	if (application_id != RF_SCHEMA_APPLICATION_ID && (tables || application_id))
		return rf_fail(err, RF_ERR_INPUT, "%s is a database of another program; name another file with --db.",
			       s->path);
	if (*version > rf_schema_version())
		return rf_fail(err, RF_ERR_VERSION, "%s has schema version %lld and this redflag knows %d at most; use the "
			       "newer redflag that made it, or name another file with --db.", s->path,
			       (long long)*version, rf_schema_version());
	return 0;
}

static int use_wal(struct rf_store *s, struct rf_error *err)
{
	int rc = SQLITE_BUSY;
	for (int i = 0; i < WAL_TRIES_MAX && (rc & 0xff) == SQLITE_BUSY; i++) {
		if (i)
			nanosleep(&(struct timespec){ .tv_nsec = WAL_PAUSE_NS }, NULL);
		rc = sqlite3_exec(s->handle, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
	}
	return rc == SQLITE_OK ? 0 : rf_db_fail(s, rc, err);
}

/* Under the write lock, and looked at again there: another process may have been faster. */
static int migrate(struct rf_store *s, struct rf_error *err)
{
	int64_t version;
	char sql[96];
	int rc = rf_store_begin(s, err);
	if (rc < 0)
		return rc;
	rc = check_identity(s, &version, err);
	if (rc == 0 && rf_stack_hash_functions(s->handle) != SQLITE_OK)
		rc = rf_db_fail(s, sqlite3_errcode(s->handle), err);
	for (; rc == 0 && version < rf_schema_version(); version++) {
		/* No view refers to what a migration changes. */
		if (version >= RF_SCHEMA_VIEWS_IN_MIGRATIONS)
			rc = rf_views_drop(s, err);
		if (rc == 0)
			rc = rf_db_exec(s, rf_schema_migrations[version], err);
	}
	if (rc == 0)
		rc = rf_views_make(s, err);
	if (rc == 0)
		rc = rf_search_fill(s, err);
	if (rc == 0) {
		sqlite3_snprintf(sizeof(sql), sql, "PRAGMA application_id = %d; PRAGMA user_version = %d;",
				 RF_SCHEMA_APPLICATION_ID, rf_schema_version());
		rc = rf_db_exec(s, sql, err);
	}
	return rf_store_end(s, rc, err);
}

static int set_up_reading(struct rf_store *s, struct rf_error *err)
{
	int64_t version = 0;
	sqlite3_busy_timeout(s->handle, (int)s->patience_ms);
	sqlite3_extended_result_codes(s->handle, 1);
	int rc = check_identity(s, &version, err);
	struct stat st;
	if (rc == 0 && stat(s->path, &st) == 0) {
		s->device = st.st_dev;
		s->inode = st.st_ino;
	}
	if (rc == 0 && version < rf_schema_version())
		return rf_fail(err, RF_ERR_VERSION, "%s has schema version %lld and this redflag reads %d; `redflag list` brings it up "
			       "to date%s.", s->path, (long long)version, rf_schema_version(),
			       s->frozen ? ", as soon as it lies where it can be written: copy it" : "");
	return rc < 0 ? rc : rf_db_exec(s, "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384;", err);
}

static uint64_t file_bytes(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static int set_up(struct rf_store *s, const struct rf_store_options *options, struct rf_error *err)
{
	int64_t version = 0;
	sqlite3_busy_timeout(s->handle, (int)s->patience_ms);
	sqlite3_extended_result_codes(s->handle, 1);
	int rc = check_identity(s, &version, err);
	/* A new file can give freed pages back in small steps; it is decided before its first page is written. Most of what is
	 * written comes behind what was written last, so larger pages are fewer, each of which is two writes to the log. */
	if (rc == 0 && version == 0)
		rc = rf_db_exec(s, "PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL", err);
	if (rc == 0 && version > 0 && version < rf_schema_version() && options->upgrading)
		options->upgrading(s->path, file_bytes(s->path));
	if (rc == 0 && version < rf_schema_version()) {
		rc = use_wal(s, err);
		/* A table that a migration makes anew isn't gone for those that refer to it. */
		if (rc == 0)
			rc = rf_db_exec(s, "PRAGMA foreign_keys = OFF", err);
		if (rc == 0)
			rc = migrate(s, err);
	}
	/* NORMAL: a power cut may undo the last batches, but a killed process doesn't. */
	if (rc == 0)
		rc = rf_db_exec(s, "PRAGMA foreign_keys = ON; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY;"
			     " PRAGMA cache_size = -12288; PRAGMA journal_size_limit = 67108864;"
			     /* SQLite makes a table of the words of a CHECK at every insert; only words of ours are stored. */
			     " PRAGMA ignore_check_constraints = ON;",
			  err);
	return rc < 0 ? rc : rf_log_use(s, err);
}

static int check_exists(const struct rf_store_options *options, struct rf_error *err)
{
	struct stat st;
	if (stat(options->path, &st) != 0 && errno == ENOENT && options->must_exist)
		return rf_fail(err, RF_ERR_MISSING, "There is no database at %s; `redflag test ./...` makes one, or name "
			       "another with --db.", options->path);
	return 0;
}

int rf_store_open(struct rf_store **out, const struct rf_store_options *options, struct rf_error *err)
{
	int rc = check_exists(options, err);
	if (rc < 0)
		return rc;
	struct rf_store *s = calloc(1, sizeof(*s));
	if (!s || !(s->path = strdup(options->path))) {
		free(s);
		return rf_fail(err, RF_ERR_MEMORY, "Out of memory while opening the database.");
	}
	rf_tally_init(&s->tally);
	rf_intern_init(&s->intern);
	rf_search_init(&s->search);
	rf_queue_init(s->queues);
	s->clock = options->clock;
	s->patience_ms = options->patience_ms ? options->patience_ms : RF_STORE_PATIENCE_MS;
	/* Nobody asks how much memory SQLite has, and a lock around each allocation is for that alone. Once it is at work this call is
	 * refused, and changes nothing. */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	int flags = options->read_only ? SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX
				       : SQLITE_OPEN_READWRITE | (options->must_exist ? 0 : SQLITE_OPEN_CREATE);
	s->frozen = (options->read_only || options->must_exist) && rf_is_frozen(s->path);
	flags |= SQLITE_OPEN_NOMUTEX; /* one thread at a time, as store.h says */
	rc = s->frozen ? rf_frozen_open(s->path, flags, &s->handle) : sqlite3_open_v2(s->path, &s->handle, flags, NULL);
	if (rc != SQLITE_OK)
		rc = rf_db_fail(s, rc, err);
	else
		rc = options->read_only || s->frozen ? set_up_reading(s, err) : set_up(s, options, err);
	if (rc < 0) {
		rf_store_close(s);
		return rc;
	}
	*out = s;
	return 0;
}

void rf_store_close(struct rf_store *s)
{
	if (!s)
		return;
	rf_store_rollback(s);
	if (s->handle && sqlite3_total_changes64(s->handle))
		rf_day_totals_settle(s);
	for (int i = 0; i < RF_SQL_COUNT; i++)
		sqlite3_finalize(s->statements[i]);
	sqlite3_close(s->handle);
	rf_log_release(&s->log);
	rf_tally_release(&s->tally);
	rf_intern_release(&s->intern);
	rf_halves_release(&s->halves);
	rf_queue_release(s->queues);
	rf_search_release(&s->search);
	rf_buf_release(&s->json);
	free(s->path);
	free(s);
}

int rf_store_check_references(struct rf_store *s, bool on, struct rf_error *err)
{
	return rf_db_exec(s, on ? "PRAGMA foreign_keys = ON" : "PRAGMA foreign_keys = OFF", err);
}

bool rf_store_is_full(const struct rf_store *s)
{
	return s->intern.arena.used_total > 2 * RF_INTERN_BYTES_MAX;
}

int rf_store_begin(struct rf_store *s, struct rf_error *err)
{
	int rc = rf_db_run(s, RF_SQL_BEGIN, NULL, err, "");
	s->in_transaction = rc == 0;
	if (rc == 0 && (rc = rf_tally_begin(s, err)) < 0)
		rf_store_rollback(s);
	if (rc == 0) {
		rf_queue_drop(s->queues);
		rf_search_begin(s);
		rf_counter_lines_forget(&s->counter_lines);
	}
	return rc;
}

int rf_store_commit(struct rf_store *s, struct rf_error *err)
{
	int rc = rf_queue_flush(s, RF_QUEUE_ALL, err);
	if (rc == 0)
		rc = rf_tally_flush(s, err);
	if (rc == 0)
		rc = rf_search_flush(s, err);
	if (rc == 0)
		rc = rf_db_run(s, RF_SQL_COMMIT, NULL, err, "");
	if (rc < 0)
		return rc;
	rf_tally_end(s);
	s->in_transaction = false;
	return 0;
}

int rf_store_end(struct rf_store *s, int rc, struct rf_error *err)
{
	if (rc >= 0)
		rc = rf_store_commit(s, err);
	if (rc < 0)
		rf_store_rollback(s);
	return rc < 0 ? rc : 0;
}

/* The log alone: what isn't in it any more was synced when it was copied into the file. */
int rf_store_sync(struct rf_store *s, struct rf_error *err)
{
	sqlite3_file *log = NULL;
	int rc = sqlite3_file_control(s->handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
	if (rc == SQLITE_OK && log && log->pMethods)
		rc = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
	return rc == SQLITE_OK ? 0 : rf_fail(err, RF_ERR_DATABASE, "The database %s can't be synced to its disk (%s); look after the "
					     "disk.", s->path, sqlite3_errstr(rc));
}

void rf_store_rollback(struct rf_store *s)
{
	struct rf_error ignored;
	if (!s->in_transaction)
		return;
	for (int i = 0; i < RF_SQL_COUNT; i++)
		sqlite3_reset(s->statements[i]);
	rf_queue_drop(s->queues);
	rf_db_run(s, RF_SQL_ROLLBACK, NULL, &ignored, "");
	rf_tally_forget_all(s);
	rf_search_forget(s);
	s->in_transaction = false;
}
