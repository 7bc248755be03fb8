/* What is made of the records in a thread's ring (perf_ring.h): the samples of one sort of event, added up by stack. Under the lock,
 * inside the agent.
 */
#ifndef RF_AGENT_EVENT_RECORD_H
#define RF_AGENT_EVENT_RECORD_H

#include "agent/events_attr.h"
#include "agent/perf_ring.h"
#include "agent/profile.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* A sort of events, of all threads. */
struct rf_event_sort {
	enum rf_events_kind kind;
	uint64_t period; /* 0: off */
	struct perf_event_attr attr;
	struct rf_profile profile;
	_Atomic uint64_t missed; /* threads that have no ring; noted as dropped next time */
};

/* The event of one thread. */
struct rf_thread_event {
	struct rf_perf_ring ring;
	uint64_t told;       /* samples of the event so far: seen or dropped */
	uint64_t *away;      /* values of the stack that the thread was switched away from; NULL: it runs, or wasn't sampled */
	uint64_t away_since; /* 0: it runs still */
};

/* All that is in the ring. */
static void rf_event_read(struct rf_event_sort *sort, struct rf_thread_event *e);
/* It is away no more, or time is up. */
static void rf_event_come_back(struct rf_thread_event *e, uint64_t now_ns);
/* Notes what was dropped; nothing before the first sample. */
static void rf_event_note(struct rf_event_sort *sort, uint64_t dropped);

#endif
