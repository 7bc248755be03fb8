/* Alerts on their way while a stream still runs: `redflag alerts deliver` as a process of its own, so that no endpoint ever delays the
 * stream. One at a time, and at most one in RF_COURIER_PAUSE_NS; what it leaves is delivered at the end of the run.
 */
#ifndef RF_CMD_COURIER_H
#define RF_CMD_COURIER_H

#include <stdint.h>
#include <sys/types.h>

#define RF_COURIER_PAUSE_NS ((uint64_t)2 * 1000000000u)

struct rf_courier {
	pid_t pid;           /* 0: none is on the way */
	uint64_t started_ns; /* when the last one was sent; monotonic */
	uint64_t queued;     /* alerts that had been queued by then */
};

/* Sends one, if there is something to deliver that it was not sent with. `queued`: how many alerts came into the queue so far.
 * Nanoseconds until it wants to be asked again; 0: when more comes. */
uint64_t rf_courier_send(struct rf_courier *c, const char *database, uint64_t queued);
/* Waits for the one on the way, at most `time_ns`; returns how long. One that isn't done by then goes on alone. */
uint64_t rf_courier_wait(struct rf_courier *c, uint64_t time_ns);

#endif
