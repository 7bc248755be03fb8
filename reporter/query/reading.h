/* Reading for a long time: a page at a time, each from one state of the database and within a time of its own.
 *
 *	rf_store_open (read_only) -> (rf_reading_begin -> queries -> rf_reading_end)* -> rf_store_close
 */
#ifndef RF_QUERY_READING_H
#define RF_QUERY_READING_H

#include "store/store.h"

/* What is read from now on is one state of the database, whatever others write; all queries together may take `ms`
 * milliseconds, then they fail (RF_ERR_DATABASE, with a sentence). */
int rf_reading_begin(struct rf_store *s, uint32_t ms, struct rf_error *err);
void rf_reading_end(struct rf_store *s);
/* Is the file at this path still the one that is open, and of the version that we know? When not, close it and open it anew. */
bool rf_reading_is_current(struct rf_store *s);

#endif
