/* Connections for reading, one a thread of the server. Thread safe.
 *
 * A connection is opened when it is first asked for, and anew when the file was replaced, migrated or went away since: then a page
 * says so, and the next one works as soon as the database does.
 */
#ifndef RF_SERVE_STORES_H
#define RF_SERVE_STORES_H

#include <pthread.h>

#include "store/store.h"

#define RF_STORES_MAX 4 /* threads of the server, so one is always free */
#define RF_STORES_PATIENCE_MS 1000 /* for somebody who migrates or recovers; a reader waits for nothing else */

struct rf_stores {
	struct rf_store_options options;
	pthread_mutex_t lock;
	struct rf_store *stores[RF_STORES_MAX]; /* NULL: not open */
	bool taken[RF_STORES_MAX];
};

void rf_stores_init(struct rf_stores *s, const char *database, struct rf_clock clock);
void rf_stores_release(struct rf_stores *s);
/* Begins reading (rf_reading_begin) on a free connection. `ms`: for all queries until it is given back. */
int rf_stores_take(struct rf_stores *s, uint32_t ms, struct rf_store **out, struct rf_error *err);
void rf_stores_give_back(struct rf_stores *s, struct rf_store *store); /* NULL is fine */

#endif
