/* The migration that has tests told by name. Internal to store/. */
#ifndef RF_STORE_SCHEMA_EXECUTIONS_H
#define RF_STORE_SCHEMA_EXECUTIONS_H

extern const char rf_schema_executions[];

#endif
