/* What a side did, told from the names of the runtime's functions on top of its stack.
 */
#ifndef RF_FINDING_OPERATION_H
#define RF_FINDING_OPERATION_H

#include "finding/finding.h"

/* The operation that a frame of that name stands for; RF_OPERATION_PLAIN for every other name. Sets *found. */
enum rf_operation rf_operation_of(rf_str function, bool *found);

#endif
