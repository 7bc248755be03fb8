/* Counters of everything that was dropped; written to the spool. Fields as in struct rf_spool_counters. Changed with
 * relaxed atomics, from any thread. */
#ifndef RF_COUNTERS_H
#define RF_COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

static struct rf_counters {
	_Atomic uint64_t goroutines_created, goroutines_unregistered, reports, reports_dropped, symbols_dropped,
		labels_cut, tests_dropped;
} rf_counters;

static inline void rf_count(_Atomic uint64_t *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

#endif
