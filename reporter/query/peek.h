/* Opening a database only to look at it: as it is, of whatever version, never migrated and never written. Internal to query/.
 *
 * The result is closed with rf_store_close; statements of statements.h fit it only when *version is rf_schema_version().
 */
#ifndef RF_QUERY_PEEK_H
#define RF_QUERY_PEEK_H

#include "store/database.h"

/* RF_ERR_MISSING: no such file; RF_ERR_INPUT: no database of ours, or damaged. A version that is newer than ours is no error
 * here. */
int rf_store_peek(struct rf_store **out, const char *path, int64_t *version, struct rf_error *err);
/* PRAGMA integrity_check and foreign_key_check. RF_ERR_INPUT with what they say first. */
int rf_store_peek_check(struct rf_store *s, struct rf_error *err);

/* A packed copy of what is committed, into an empty or new file `to`; not synced, and not in WAL mode. */
int rf_store_peek_copy(struct rf_store *s, const char *to, struct rf_error *err);

#endif
