/* The part of the schema that findings are searched by (search.h, which also makes the names of findings that are there already).
 * Internal to store/. */
#ifndef RF_STORE_SCHEMA_SEARCH_H
#define RF_STORE_SCHEMA_SEARCH_H

extern const char rf_schema_search[]; /* a migration */

#endif
