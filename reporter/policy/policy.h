/* Policies: how often one finding may raise its voice.
 *
 * A finding (fingerprint and tag) with at least `events` events within `within_ns` is silenced for `silence_ns`: the event that
 * fills the number and those of the next time are stored and counted, and when the time is over one alert says how many were
 * held back. Nothing here asks for the time or keeps state: the store does, so that processes and machines that share a
 * database share it.
 *
 * Which policy: a tag that contains canary:true is never silenced ("canary"); else the first rule of .redflag.yml that fits
 * tag and kind ("FILE:LINE"); else 3 events in 5 minutes, 15 minutes ("default").
 */
#ifndef RF_POLICY_POLICY_H
#define RF_POLICY_POLICY_H

#include "finding/tag.h"

const struct rf_policy *rf_policy_choose(const struct rf_config *config, rf_str tag, enum rf_kind kind);

enum rf_policy_decision {
	RF_POLICY_ALERT,
	RF_POLICY_BYPASS,  /* never silenced */
	RF_POLICY_HOLD,    /* silenced already */
	RF_POLICY_SILENCE, /* silenced from this event on */
};
/* `silent`: the event falls into a time of silence. `recent`: events within the policy's time, this one included. */
enum rf_policy_decision rf_policy_decide(const struct rf_policy *policy, bool silent, uint64_t recent);

#endif
