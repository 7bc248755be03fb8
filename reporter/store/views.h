/* The views of the database. There is one text of them, the current one: whenever the schema version of a database changes, all
 * views are dropped and made anew, in the transaction of the migration. So a change of a view wants a new schema version, which may
 * have nothing else to do. Views whose names don't begin with "v_" are the user's and are left alone.
 *
 * Names and columns are documented in docs/database.md and stay: columns are only added, at the end.
 * Internal to store/; inside a transaction.
 */
#ifndef RF_STORE_VIEWS_H
#define RF_STORE_VIEWS_H

#include "store/database.h"

extern const char *const rf_view_texts[]; /* a CREATE VIEW each; ends with NULL */

int rf_views_drop(struct rf_store *s, struct rf_error *err);
int rf_views_make(struct rf_store *s, struct rf_error *err);

#endif
