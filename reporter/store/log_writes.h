/* Writes of the write-ahead log, joined. SQLite writes each page by two calls, its head of 24 bytes and the page, of which each costs
 * the kernel as much as a large one: here 128 KiB are one.
 *
 * What is written is in the file when a commit's last page is, before it is read, and before a sync. So all that another connection,
 * thread or process may look at is there, and a write that fails makes a call fail that SQLite looks at before the commit counts.
 * What belongs to no commit is forgotten with the lock that only one writer has: behind it that part of the file is somebody
 * else's. Internal to store/.
 */
#ifndef RF_STORE_LOG_WRITES_H
#define RF_STORE_LOG_WRITES_H

#include <sqlite3.h>

/* From now on, of the connection's main database; once a connection, which has read or written in WAL mode. Without a log, or without
 * memory, nothing changes. */
void rf_log_join_writes(sqlite3 *handle);

#endif
