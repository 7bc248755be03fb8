/* The ways out. exit and the return from main look for leaks first; _exit ends the process at once, and so does the end of this
 * library, which has its say late, behind most destructors.
 */
#include "agent/counters.h"
#include "agent/cpu.h"
#include "agent/events.h"
#include "agent/heap.h"
#include "agent/io.h"
#include "agent/waits.h"
#include "agent/leaks.h"
#include "agent/lock.h"
#include "agent/next.h"
#include "agent/record.h"
#include "agent/settings.h"
#include "agent/thread.h"

#include <errno.h>

static int (*real_main)(int count, char **arguments, char **environment);

static void finish(void)
{
	if (!rf_settings.ready || rf_settings.pid != getpid() || !rf_enter())
		return;
	rf_lock();
	rf_heap_finish();
	rf_cpu_finish();
	rf_io_finish();
	rf_counters_finish();
	rf_waits_finish();
	rf_events_finish();
	rf_record_finish();
	rf_unlock();
	rf_leave();
}

static __attribute__((destructor)) void stop(void)
{
	finish();
}

static void look_for_leaks(void *frame)
{
	int error = errno;
	if (rf_settings.leaks && rf_settings.ready && rf_settings.pid == getpid() && rf_enter()) {
		rf_leaks_look((uintptr_t)frame, rf_settings.leaks, rf_settings.leak_cost);
		rf_leave();
	}
	errno = error;
}

RF_EXPORT void exit(int status)
{
	rf_next_init();
	look_for_leaks(__builtin_frame_address(0));
	rf_next.exit(status);
	__builtin_unreachable();
}

static int call_main(int count, char **arguments, char **environment)
{
	int status = real_main(count, arguments, environment);
	look_for_leaks(__builtin_frame_address(0));
	return status;
}

/* crt1.o's _start calls it: sysdeps/x86_64/start.S of glibc. No header has it. */
int __libc_start_main(int (*program)(int, char **, char **), int count, char **arguments, void (*init)(void), void (*fini)(void),
		      void (*loader_fini)(void), void *stack_end);

RF_EXPORT int __libc_start_main(int (*program)(int, char **, char **), int count, char **arguments, void (*init)(void),
				void (*fini)(void), void (*loader_fini)(void), void *stack_end)
{
	rf_next_init();
	real_main = program;
	return rf_next.__libc_start_main(rf_settings.leaks ? call_main : program, count, arguments, init, fini, loader_fini, stack_end);
}

RF_EXPORT void _exit(int status)
{
	rf_next_init();
	finish();
	rf_next._exit(status);
	__builtin_unreachable();
}

RF_EXPORT void _Exit(int status) __attribute__((alias("_exit")));
