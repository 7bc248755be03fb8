/* Objects whose finalizer has run: each finalizer is named by findings of one kind in a process, use-after-finalize or
 * resurrection, whichever comes first. Both are of the same mistake.
 */
#ifndef RF_FINALIZERS_H
#define RF_FINALIZERS_H

#include "tsan-glue/report_layout.h"
#include "tsan-glue/spool_format.h"

#include <stdbool.h>

#define RF_FINALIZERS_NAMED_MAX 256u /* 4 KiB; further ones may be named by both kinds */

static void rf_finalizers_init(void (*callback)(uintptr_t command, void *context));
/* Whether a finding of the other kind has named the function of this frame, the finalizer's, before. If not, it is named now.
 * Under ThreadSanitizer's lock of reports. */
static bool rf_finalizer_named(uintptr_t pc, enum rf_spool_kind kind);

#endif
