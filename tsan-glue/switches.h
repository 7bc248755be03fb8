/* The last goroutine switches before a report, out of the rings that Go's scheduler fills (one a P; see
 * runtime/redflag_switch_race.go). Wants the lock. */
#ifndef RF_SWITCHES_H
#define RF_SWITCHES_H

#include "tsan-glue/spool.h"
#include "tsan-glue/runtime_abi.h"

#define RF_SWITCHES_MAX 64u /* in one report, the latest of all Ps */

/* on false: no switches are read, but wait reasons still have names. */
static void rf_switches_init(const struct rf_start *start, bool on);
static uint64_t rf_switches_count(void); /* since the start of the process */
/* Copies them into the record that is being built. */
static struct rf_spool_ref rf_switches_put(void);
static struct rf_spool_ref rf_reason_put(uintptr_t reason); /* its name, as text of the record */

#endif
