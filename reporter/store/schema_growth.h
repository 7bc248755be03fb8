/* The migration for samples of what only grows. */
#ifndef RF_STORE_SCHEMA_GROWTH_H
#define RF_STORE_SCHEMA_GROWTH_H

extern const char rf_schema_growth[];

#endif
