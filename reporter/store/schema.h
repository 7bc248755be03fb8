/* The schema of the database, as a list of migrations: entry N turns version N into version N + 1 (PRAGMA user_version).
 * What the tables mean is in docs/database.md. A migration that was released is never edited. Views: see views.h; those that the
 * first four migrations make are replaced.
 */
#ifndef RF_STORE_SCHEMA_H
#define RF_STORE_SCHEMA_H

#define RF_SCHEMA_APPLICATION_ID 0x52464442 /* "RFDB": PRAGMA application_id, what `file` and we know it by */

#define RF_SCHEMA_VIEWS_IN_MIGRATIONS 4 /* the migrations that expect the views of the one before */

extern const char *const rf_schema_migrations[]; /* ends with NULL */
int rf_schema_version(void); /* the newest; what a database has after rf_store_open */

#endif
