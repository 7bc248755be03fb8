/* Several databases as one: what a single reporter would have that had seen everything, in the order of time.
 *
 * The events of all inputs are stored anew, the oldest first, by the same code that stores what a reporter reads; so an event that is
 * in several inputs is there once, a text and the record of the same report become one event, and wildcards find the
 * findings that they belong to. That makes the result independent of the order of the inputs, and of giving one twice.
 * - Runs are one by trace ID: from the earliest start to the latest end; command, directory and host are those of the earliest.
 * - An event keeps the verdict that it got, because it was decided by what its reporter knew. Where inputs differ, the one that
 *   hides least counts: alert, bypassed, silenced, known, suppressed.
 * - A finding that a person said is a duplicate is one in the result; where inputs differ, of the finding with the smaller
 *   fingerprint.
 * - A finding's title is that of the input that saw it first.
 * - What gc has removed stays counted. Of a finding, run, day and verdict the larger count of the inputs holds, and never fewer
 *   than there are events.
 * - Alerts that wait for delivery stay in their databases, which deliver them.
 * Inputs are only read, each in one state, while others may write to them; one of an older version is migrated in a copy.
 */
#ifndef RF_UPKEEP_MERGE_H
#define RF_UPKEEP_MERGE_H

#include "store/store.h"

#define RF_MERGE_INPUTS_MAX 64

struct rf_merge_options {
	const char *const *inputs;
	uint32_t count;
	const char *to; /* must not exist; written as "TO.part" and then renamed */
	struct rf_clock clock;
};
struct rf_merge {
	int64_t runs, findings, events; /* of the result */
	int64_t events_read;            /* of all inputs */
	uint64_t bytes;
};
int rf_merge_run(const struct rf_merge_options *options, struct rf_merge *out, struct rf_error *err);

#endif
