/* Times as text: RFC 3339, UTC, milliseconds ("2026-01-31T12:00:00.250Z"), so that they sort as they are. And the clock,
 * which is injected: nothing in this stage asks the system for the time.
 */
#ifndef RF_STORE_TIMESTAMP_H
#define RF_STORE_TIMESTAMP_H

#include "base/arena.h"

struct rf_clock {
	uint64_t (*now_unix_ns)(void *context);
	void *context;
};

rf_str rf_time_text(uint64_t unix_ns, rf_arena *arena);
/* Any RFC 3339 time, with any offset and any fraction, or a date alone (midnight UTC). False on anything else. */
bool rf_time_parse(rf_str text, uint64_t *unix_ns);

#endif
