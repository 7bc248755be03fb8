/* The agent: a library that `redflag agent run` has the dynamic loader put in front of a program's own (LD_PRELOAD). One
 * translation unit in the order of these includes; all is static but the hooks, so that no name of ours can meet one of
 * the program. x86-64 and glibc 2.35 or newer.
 *
 * Nothing of ours runs beside the program: no thread, no timer, no open file before there is something to write.
 * Memory comes from static tables and mmap, never from malloc.
 */
#include "agent/settings.h"

#include "agent/thread.h"
#include "agent/lock.h"
#include "agent/next.h"
#include "agent/guard.h"
#include "agent/record.h"
#include "agent/profile.h"
#include "agent/heap.h"
#include "agent/countdown.h"
#include "agent/samples.h"
#include "agent/roots.h"
#include "agent/leaks.h"
#include "agent/unwind.h"
#include "agent/rows.h"
#include "agent/unwind_copy.h"
#include "agent/modules.h"
#include "agent/signals.h"
#include "agent/fault.h"
#include "agent/decode.h"
#include "agent/perf.h"
#include "agent/watch_code.h"
#include "agent/watch.h"
#include "agent/cpu.h"
#include "agent/calls.h"
#include "agent/io.h"
#include "agent/counters.h"
#include "agent/waits.h"
#include "agent/perf_ring.h"
#include "agent/event_record.h"
#include "agent/events.h"
#include "agent/options.h"

#include "tsan-glue/spool.c"
#include "tsan-glue/process.c"
#include "tsan-glue/maps.c"

#include "agent/thread.c"
#include "agent/next.c"
#include "agent/rows.c"
#include "agent/unwind.c"
#include "agent/unwind_copy.c"
#include "agent/modules.c"
#include "agent/record.c"
#include "agent/guard.c"
#include "agent/samples.c"
#include "agent/profile.c"
#include "agent/heap.c"
#include "agent/heap_control.c"
#include "agent/heap_mappings.c"
#include "agent/countdown.c"
#include "agent/roots.c"
#include "agent/leaks.c"
#include "agent/signals.c"
#include "agent/fault.c"
#include "agent/decode.c"
#include "agent/perf.c"
#include "agent/watch_code.c"
#include "agent/watch.c"
#include "agent/cpu.c"
#include "agent/calls.c"
#include "agent/io.c"
#include "agent/counters_group.c"
#include "agent/counters.c"
#include "agent/waits.c"
#include "agent/perf_ring.c"
#include "agent/event_record.c"
#include "agent/events.c"
#include "agent/options.c"
#include "agent/hooks_malloc.c"
#include "agent/hooks_io.c"
#include "agent/hooks_dl.c"
#include "agent/hooks_map.c"
#include "agent/hooks_mutex.c"
#include "agent/hooks_thread.c"
#include "agent/hooks_exit.c"

#include <pthread.h>
#include <sys/auxv.h>

/* Inside, so that no handler of a signal that comes meanwhile waits for the lock; a fork in one that interrupted the agent goes without. */
static void before_fork(void)
{
	rf_me.forking = rf_enter();
	if (rf_me.forking)
		rf_lock();
}

static void after_fork(void)
{
	if (rf_me.forking) {
		rf_unlock();
		rf_leave();
	}
}

static void in_child(void)
{
	rf_lock_reset();
	rf_me.tid = 0;
	rf_settings.pid = getpid();
	rf_record_forked();
	rf_heap_forked();
	rf_watch_forked();
	rf_cpu_forked();
	rf_io_forked();
	rf_counters_forked();
	rf_waits_forked();
	rf_events_forked();
	if (rf_me.forking)
		rf_leave();
}

/* A sanitizer has its own malloc and its own SIGSEGV. */
static bool has_sanitizer(void)
{
	return dlsym(RTLD_DEFAULT, "__asan_init") || dlsym(RTLD_DEFAULT, "__tsan_init") || dlsym(RTLD_DEFAULT, "__msan_init");
}

static __attribute__((constructor)) void start(void)
{
	struct rf_agent_options options;
	const char *text = getenv(RF_AGENT_VARIABLE);
	rf_next_init();
	rf_settings.off = !text || getauxval(AT_SECURE) || has_sanitizer();
	rf_mutexes_settle();
	rf_calls_settle();
	if (rf_settings.off)
		return;
	rf_agent_options_read(&options, text);
	rf_settings.pid = getpid();
	rf_record_init();
	pthread_atfork(before_fork, after_fork, in_child);
	if (options.guard_rate && rf_next_is_libc() && rf_guard_init((uint32_t)options.guard_slots) && rf_fault_init())
		rf_settings.guard_ready = true;
	rf_settings.guard = rf_settings.guard_ready ? options.guard_rate : 0;
	rf_settings.heap = options.alloc_sample != 0;
	rf_settings.leaks = rf_settings.heap ? options.leaks : 0;
	rf_settings.leak_cost = options.leak_cost;
	rf_settings.mappings = rf_settings.heap && rf_next_is_libc(); /* others' memory comes by mmap, and would be counted twice */
	rf_heap_init(options.alloc_sample);
	rf_watch_init(options.watch);
	rf_cpu_init(options.cpu);
	rf_io_init(options.io);
	rf_counters_init(options.counters);
	rf_waits_init(options.lock_sample);
	rf_settings.ready = true;
	rf_events_init((const uint64_t[]){ [RF_EVENTS_OFFCPU] = options.offcpu, [RF_EVENTS_FAULTS] = options.faults,
					   [RF_EVENTS_SYSTEM] = options.system, [RF_EVENTS_SYSCALLS] = options.syscalls });
	rf_mutexes_settle();
	rf_calls_settle();
}
