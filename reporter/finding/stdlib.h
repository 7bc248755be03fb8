/* Which import paths are Go's standard library. A table and not "no dot in the first element": modules may be named
 * shop/cart. The table is the union of Go 1.25 to 1.27; a package of a newer Go counts as user code until it is added.
 */
#ifndef RF_FINDING_STDLIB_H
#define RF_FINDING_STDLIB_H

#include "base/str.h"

bool rf_stdlib_has(rf_str package);

#endif
