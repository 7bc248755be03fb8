/* What is on in this process, as the constructor of agent.c has found it: read everywhere, written only there. And what is so in
 * every process on x86-64. */
#ifndef RF_AGENT_SETTINGS_H
#define RF_AGENT_SETTINGS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define RF_AGENT 1 /* to sources that the race detector's glue has, too */
#define RF_PAGE 4096u
#define RF_MALLOC_ALIGN 16u /* what malloc promises */

static struct {
	pid_t pid;      /* whose process this is: a child of vfork shares all this, and is another */
	bool off;       /* for good: the hooks only pass on */
	bool ready;     /* the constructor has run; before it the hooks only pass on */
	bool guard_ready; /* there are guard pages */
	bool heap;      /* allocations are sampled */
	bool mappings;  /* so are mappings of the program's own */
	uint64_t leak_cost; /* thousandths of the processor time that the search for them may take */
	bool calls;     /* the hooks of read, write and their like do more than to look at guarded buffers */
	bool mutexes;   /* the hook of pthread_mutex_lock does more than to pass on */
	uint64_t locks; /* waits for mutexes are sampled, every so many nanoseconds; 0: none */
	/* These can be changed while it runs (heap.h, rf_heap_follow). */
	_Atomic uint64_t guard; /* one of so many allocations is guarded; 0: none */
	_Atomic bool paused;    /* no allocation is sampled */
	_Atomic bool held;      /* nor anything else: whatever was asked for waits until it is on again */
	_Atomic uint64_t leaks; /* so many lost blocks of one stack are told; 0: none */
} rf_settings;

#endif
