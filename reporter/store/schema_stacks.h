/* The part of the schema that holds stacks. Internal to store/.
 *
 * One row a stack, with its frames as JSON, and one row a frame. The frames of a stack were a table, which is now a view of the same
 * name and columns. No text is in an index a second time: rows are found by hashes (stack_hash.h).
 */
#ifndef RF_STORE_SCHEMA_STACKS_H
#define RF_STORE_SCHEMA_STACKS_H

extern const char rf_schema_stacks[]; /* a migration; it needs rf_stack_hash_functions */

#endif
