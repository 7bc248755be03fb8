#include "store/log.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "store/database.h"
#include "store/log_writes.h"

#define SEND_BYTES 4194304 /* a run of the usual size never sends; a disk likes it better in large pieces */

/* SQLite has no lock on the log itself, so closing it loses none. */
void rf_log_release(struct rf_log *log)
{
	if (log->is_open)
		close(log->fd);
	log->is_open = false;
}

static void send_off(struct rf_log *log, sqlite3 *handle)
{
	if (!log->is_open) {
		log->fd = open(sqlite3_filename_wal(sqlite3_db_filename(handle, "main")), O_RDONLY | O_CLOEXEC);
		log->is_open = log->fd >= 0;
	}
	if (log->is_open)
		sync_file_range(log->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
}

/* In place of SQLite's own (sqlite3_wal_autocheckpoint), with the same answer when copying fails: none, the next commit tries. */
static int committed(void *context, sqlite3 *handle, const char *name, int frames)
{
	struct rf_log *log = context;
	if (frames < log->frames_sent) /* it begins anew */
		log->frames_sent = 0;
	if (frames >= log->frames_max) {
		sqlite3_wal_checkpoint_v2(handle, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	} else if (frames - log->frames_sent >= log->frames_a_send) {
		send_off(log, handle);
		log->frames_sent = frames;
	}
	return SQLITE_OK;
}

int rf_log_use(struct rf_store *s, struct rf_error *err)
{
	int64_t bytes;
	int rc = rf_db_number(s, "PRAGMA page_size", &bytes, err);
	if (rc < 0 || bytes <= 0)
		return rc;
	s->log.frames_max = (int)(RF_LOG_BYTES_MAX / bytes);
	s->log.frames_a_send = (int)(SEND_BYTES / bytes);
	sqlite3_wal_hook(s->handle, committed, &s->log);
	rf_log_join_writes(s->handle);
	return 0;
}

static bool open_copier(struct rf_log_copier *c, const char *path)
{
	if (!c->handle && !c->failed) {
		/* A checkpoint does nothing before the connection has seen that there is a log: the first read tells it. */
		c->failed = sqlite3_open_v2(path, &c->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK ||
			    sqlite3_exec(c->handle, "PRAGMA synchronous = NORMAL; PRAGMA user_version", NULL, NULL, NULL) != SQLITE_OK;
	}
	return !c->failed;
}

void rf_log_leave_sending(struct rf_log *log)
{
	log->frames_a_send = INT_MAX;
}

void rf_log_send(struct rf_log_copier *c, const char *path)
{
	if (open_copier(c, path))
		send_off(&c->log, c->handle);
}

void rf_log_copy(struct rf_log_copier *c, const char *path)
{
	if (open_copier(c, path))
		sqlite3_wal_checkpoint_v2(c->handle, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

void rf_log_copier_release(struct rf_log_copier *c)
{
	rf_log_release(&c->log);
	sqlite3_close(c->handle);
	*c = (struct rf_log_copier){ 0 };
}
