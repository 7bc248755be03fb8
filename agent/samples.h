/* Samples of what grows, as SAMPLE records (docs/growth.md): live bytes by the profile, bytes that malloc's arenas hold, bytes in
 * memory, threads, and the limit of the cgroup. Taken when a sampled allocation finds that it is time: after 0.1 s at first;
 * the time between two doubles after every 32.
 *
 * Under the lock, inside the agent. No descriptor stays open. Takes 20 us, and 0.1 ms more where /proc/self/maps is
 * read: when the process has more memory, or less, than at the last one.
 */
#ifndef RF_AGENT_SAMPLES_H
#define RF_AGENT_SAMPLES_H

#include <stdint.h>

/* At the start of the process, and in a forked child. */
static void rf_samples_init(uint64_t now_ns);
static void rf_samples_take_due(uint64_t now_ns, double live_bytes);
/* Due or not. */
static void rf_samples_take(uint64_t now_ns, double live_bytes);

#endif
