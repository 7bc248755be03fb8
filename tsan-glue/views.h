/* View inconsistencies (REDFLAG=views=1): fields that are written together under one lock, and read in two sections of it, between
 * which both changed. The reader has a pair of values that never was.
 *
 * Nothing is supposed. Told is what one goroutine did, in one call of one function (it, or a function that it calls, has
 * each of the reads):
 * - it read a in a section of the lock, and b, but not a, in its next section of it;
 * - meanwhile another goroutine's section wrote both, and changed both, which have other values than before since then;
 * - each section that ever wrote a or b wrote both, three of them at least before the first read;
 * - from the beginning of the first section to the end of the second, the reader did nothing by which it tells others of something,
 *   heard of nothing, and didn't wait but for locks: else it may know what happened in between, or have made it happen;
 * - it read nothing of the first section's again, in this call: what is checked and done again is no mistake. So a finding
 *   waits for the end of the call.
 *
 * What instrumented code reads and writes comes here first, in full calls; so there are no short cuts for accesses then. A lock
 * whose sections can't be told (locked by one goroutine and unlocked by another, too many at once) isn't watched from then on.
 * A lock's record is changed by whoever has the lock for writing; a goroutine's row by itself alone.
 */
#ifndef RF_VIEWS_H
#define RF_VIEWS_H

#include "tsan-glue/finding.h"
#include "tsan-glue/report_layout.h"
#include "tsan-glue/runtime_abi.h"

#include <stdbool.h>

/* The probe saw what is read of a ThreadState, and the events in its trace. Only where there are short cuts: amd64. */
#if RF_FINDING_PROVED && defined(RF_LAYOUT_VIEWS)
#define RF_VIEWS_PROVED 1
#else
#define RF_VIEWS_PROVED 0
#endif

#define RF_VIEW_LOCKS (1u << 14) /* at a time, those that are in no section give way to others; 12 MiB, touched as used */
#define RF_VIEW_ROWS (1u << 12)  /* goroutines at a time that take locks; 16 MiB, touched as used */
#define RF_VIEW_FIELDS_MAX 16u   /* of a lock: the first that are written */
#define RF_VIEW_HELD_MAX 3u      /* locks at a time in a goroutine; one more isn't watched any longer */
#define RF_VIEW_PAST_MAX 2u      /* locks whose last section a goroutine remembers */
#define RF_VIEW_SIDES_MAX 3u     /* fields whose first read of a section is remembered */
#define RF_VIEW_FRAMES_MAX 24u
#define RF_VIEW_TOLD_MAX 8u      /* findings of a lock */

/* false: there is no memory. */
static bool rf_views_init(void);

#endif
