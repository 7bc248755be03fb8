/* What programs of the agent leave that others don't: threads, and profiles.
 */
#ifndef RF_STORE_SCHEMA_NATIVE_H
#define RF_STORE_SCHEMA_NATIVE_H

extern const char rf_schema_threads[];
extern const char rf_schema_profiles[];

#endif
