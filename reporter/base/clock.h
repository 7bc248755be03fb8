/* The clock that only goes forward: for deadlines and for how long something took. It counts from an arbitrary start, so it
 * means nothing to another machine or after a boot; times that are stored come from struct rf_clock (store/timestamp.h).
 */
#ifndef RF_BASE_CLOCK_H
#define RF_BASE_CLOCK_H

#include <stdint.h>

uint64_t rf_monotonic_ns(void);

#endif
