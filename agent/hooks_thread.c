/* pthread_create: a thread knows who started it. Its stack begins with a function of ours, which stacks leave out. */
#include "agent/counters.h"
#include "agent/events.h"
#include "agent/next.h"
#include "agent/settings.h"
#include "agent/thread.h"
#include "agent/unwind.h"

#include <errno.h>
#include <string.h>

struct start {
	void *(*run)(void *);
	void *argument;
	struct rf_thread_origin origin;
};

static void *run_thread(void *raw)
{
	struct start *given = raw, start = *given;
	rf_next.free(given);
	rf_me.origin = start.origin;
	rf_events_thread();
	return start.run(start.argument);
}

/* From the C library's malloc, in front of which we stand: the thread that frees it may be another. NULL: there is no memory. */
static struct start *make_start(void *(*run)(void *), void *argument)
{
	struct rf_trace trace;
	int error = errno;
	struct start *start = NULL;
	if (rf_settings.ready && rf_enter()) {
		start = rf_next.malloc(sizeof(*start));
		rf_trace_take(&trace);
		if (start) {
			*start = (struct start){ .run = run, .argument = argument, .origin.tid = rf_tid() };
			start->origin.count = trace.count < RF_ORIGIN_FRAMES ? trace.count : RF_ORIGIN_FRAMES;
			memcpy(start->origin.pcs, trace.pcs, start->origin.count * sizeof(trace.pcs[0]));
		}
		rf_leave();
	}
	errno = error;
	return start;
}

RF_EXPORT int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument)
{
	struct rf_counters_call call;
	rf_next_init();
	rf_events_look();
	struct start *start = make_start(run, argument);
	rf_counters_begin(&call);
	int result = rf_next.pthread_create(thread, attributes, start ? run_thread : run, start ? start : argument);
	rf_counters_end(&call);
	if (result != 0 && start)
		rf_next.free(start);
	return result;
}
