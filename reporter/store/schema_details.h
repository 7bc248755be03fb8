/* The part of the schema that holds what an event consists of. Internal to store/.
 *
 * One row an event, with its accesses and goroutines as JSON arrays: five rows an event were most of what storing cost. The
 * tables they were are views of the same names and columns, so a place in an array below is written down once, there, and once
 * in event_details.c.
 */
#ifndef RF_STORE_SCHEMA_DETAILS_H
#define RF_STORE_SCHEMA_DETAILS_H

extern const char rf_schema_details[]; /* a migration */

#endif
