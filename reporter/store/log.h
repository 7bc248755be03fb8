/* The write-ahead log of a database that is open for writing: when it is copied into the file, and that the disk gets it early.
 * Copying waits until the log is on the disk; what was sent there while more was written isn't waited for. Sending it is no sync:
 * it changes only when the disk works. Internal to store/.
 *
 * A thread that has to wait for the one that writes can send and copy meanwhile, by a connection of its own, as SQLite has it: one
 * connection copies while another one appends. What it has copied, the writer needn't. Where nobody waits for the writer, it isn't
 * what everything waits for, and may wait for the disk itself.
 */
#ifndef RF_STORE_LOG_H
#define RF_STORE_LOG_H

#include <sqlite3.h>

#include "store/store.h"

#define RF_LOG_BYTES_MAX 65536000 /* of the log; then it is copied */

struct rf_log { /* zeroed: nothing was sent */
	int fd;
	bool is_open;
	int frames_max;    /* the log may have */
	int frames_sent;
	int frames_a_send;
};

struct rf_log_copier { /* zeroed: not open yet; of one thread */
	sqlite3 *handle;
	struct rf_log log;
	bool failed; /* once is enough: the writer copies as well */
};

void rf_log_release(struct rf_log *log);
/* From now on after each commit of the store's connection. */
int rf_log_use(struct rf_store *s, struct rf_error *err);

/* A copier does the sending. Before the writer is at work. */
void rf_log_leave_sending(struct rf_log *log);
/* Sends the log of the database at `path` to the disk. */
void rf_log_send(struct rf_log_copier *c, const char *path);
/* Copies what it has by now, unless somebody else is copying. Waits for nobody but the disk. */
void rf_log_copy(struct rf_log_copier *c, const char *path);
/* Before the writer's connection is closed, which then is the last one and clears the log away. */
void rf_log_copier_release(struct rf_log_copier *c);

#endif
