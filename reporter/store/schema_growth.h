/* The migrations for samples of what only grows. */
#ifndef RF_STORE_SCHEMA_GROWTH_H
#define RF_STORE_SCHEMA_GROWTH_H

extern const char rf_schema_growth[];
extern const char rf_schema_queues[];

#endif
