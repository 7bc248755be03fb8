/* Opening a database that may lie where nothing can be written: a read-only file system, a directory of somebody else. Internal to store/
 * and query/.
 *
 * SQLite reads a database in WAL mode through a -shm file beside it, which it has to make. Where it can't, and there is no log whose
 * content would be missed, the file alone is all there is, and is read as it lies there (immutable): what another process writes
 * meanwhile isn't noticed, so such a connection isn't kept for long.
 */
#ifndef RF_STORE_FROZEN_H
#define RF_STORE_FROZEN_H

#include <sqlite3.h>
#include <stdbool.h>

bool rf_is_frozen(const char *path); /* false when there is no such file */
/* As sqlite3_open_v2; `flags` don't count where the file is frozen: it is opened to be read then. */
int rf_frozen_open(const char *path, int flags, sqlite3 **handle);

#endif
