/* The write-ahead log of a database that is open for writing: when it is copied into the file, and that the disk gets it early.
 * Copying waits until the log is on the disk; what was sent there while more was written isn't waited for. Sending it is no sync:
 * it changes only when the disk works. Internal to store/.
 */
#ifndef RF_STORE_LOG_H
#define RF_STORE_LOG_H

#include "store/store.h"

#define RF_LOG_BYTES_MAX 65536000 /* of the log; then it is copied */

struct rf_log { /* zeroed: nothing was sent */
	int fd;
	bool is_open;
	int frames_max;    /* the log may have */
	int frames_sent;
	int frames_a_send;
};

void rf_log_release(struct rf_log *log);
/* From now on after each commit of the store's connection. */
int rf_log_use(struct rf_store *s, struct rf_error *err);

#endif
