/* Numbers that rows of stacks and frames are found by, in an index. Internal to store/.
 *
 * They only say where to look: who looks compares what is there, because reports are text that anybody can write, and so are
 * collisions. They are stored, so they stay as they are; in old databases a migration computes them.
 *
 * What is likely to be stored together is near together, so that a transaction touches few pages of the index: frames of the same
 * file, and stacks whose newest frame has just been stored.
 */
#ifndef RF_STORE_STACK_HASH_H
#define RF_STORE_STACK_HASH_H

#include <sqlite3.h>

#include "base/str.h"

/* Of texts as they are stored. */
int64_t rf_frame_hash(rf_str function, rf_str file, int64_t line);
/* Of stacks.frames and stacks.cut as they are stored; `newest` is the highest id among the frames. */
int64_t rf_stack_hash(rf_str frames, int64_t cut, int64_t newest);
/* Both for the SQL of this connection, with the same names and arguments; the result is SQLite's. */
int rf_stack_hash_functions(sqlite3 *handle);

#endif
