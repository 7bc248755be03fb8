/* Times as text: RFC 3339, UTC, milliseconds ("2026-01-31T12:00:00.250Z"), so that they sort as they are. And the clock,
 * which is injected: nothing in this stage asks the system for the time.
 */
#ifndef RF_STORE_TIMESTAMP_H
#define RF_STORE_TIMESTAMP_H

#include "base/arena.h"
#include "base/error.h"

struct rf_clock {
	uint64_t (*now_unix_ns)(void *context);
	void *context;
};
static inline uint64_t rf_clock_now(struct rf_clock clock) /* nanoseconds since 1970 */
{
	return clock.now_unix_ns(clock.context);
}

#define RF_TIME_BYTES 24 /* without a NUL */
rf_str rf_time_text(uint64_t unix_ns, rf_arena *arena);
/* The same in memory of the caller's. */
rf_str rf_time_put(uint64_t unix_ns, char out[RF_TIME_BYTES]);
/* Any RFC 3339 time, with any offset and any fraction, or a date alone (midnight UTC). False on anything else. */
bool rf_time_parse(rf_str text, uint64_t *unix_ns);
/* What people write for "since": a time as above, or how long before `now`: 90s, 30m, 2h, 7d, 2w. RF_ERR_USAGE with what there is. */
int rf_time_since(rf_str text, uint64_t now_unix_ns, rf_arena *arena, rf_str *out, struct rf_error *err);

#endif
