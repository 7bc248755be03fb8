/* The one lock of the agent: held for microseconds, while a guarded block is handed out or taken back, a sample is counted
 * or a record is written. A mutex on a futex, so that a thread of high priority doesn't spin for one of low.
 *
 * Whoever takes it has entered the agent (thread.h), so a signal handler that interrupts the holder passes by. Nothing
 * is called under it that takes a lock of the C library, of the dynamic loader or of the program.
 */
#ifndef RF_AGENT_LOCK_H
#define RF_AGENT_LOCK_H

#include "agent/settings.h"

#include <linux/futex.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define RF_LOCK_WAIT_NS 100000000 /* then it is looked whether the holder can still be there */

static struct {
	_Atomic uint32_t state; /* 0 free, 1 held, 2 held and somebody waits */
	pid_t pid;              /* of the process whose thread took it last */
} rf_lock_state;

static void rf_lock_reset(void)
{
	atomic_store(&rf_lock_state.state, 0);
}

static void rf_lock_as(pid_t pid)
{
	uint32_t free = 0;
	if (!atomic_compare_exchange_strong(&rf_lock_state.state, &free, 1)) {
		const struct timespec wait = { 0, RF_LOCK_WAIT_NS };
		while (atomic_exchange(&rf_lock_state.state, 2) != 0) {
			syscall(SYS_futex, &rf_lock_state.state, FUTEX_WAIT_PRIVATE, 2, &wait, NULL, 0);
			if (rf_lock_state.pid != pid)
				break; /* the holder stayed behind: a fork that no handler was called for */
		}
	}
	rf_lock_state.pid = pid;
}

static void rf_lock(void)
{
	rf_lock_as(getpid());
}

/* False, and not taken, in a child that has its parent's memory (vfork): nothing is counted there. The kernel is asked once for both. */
static bool rf_lock_own(void)
{
	pid_t pid = getpid();
	if (pid != rf_settings.pid)
		return false;
	rf_lock_as(pid);
	return true;
}

static void rf_unlock(void)
{
	if (atomic_exchange(&rf_lock_state.state, 0) == 2)
		syscall(SYS_futex, &rf_lock_state.state, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

#endif
