/* Locks of the glue: spin locks that yield. Held for microseconds; taken on g0 stacks, where Go doesn't preempt.
 *
 * rf_lock is the one of what all reports share: held while something is registered or one report is written. Order:
 * ThreadSanitizer's own locks (OnReport runs under them) come first, so nothing under it may call ThreadSanitizer. */
#ifndef RF_LOCK_H
#define RF_LOCK_H

#include <sched.h>
#include <stdatomic.h>

static inline void rf_spin_lock(atomic_flag *lock)
{
	while (atomic_flag_test_and_set_explicit(lock, memory_order_acquire))
		sched_yield();
}

static inline void rf_spin_unlock(atomic_flag *lock)
{
	atomic_flag_clear_explicit(lock, memory_order_release);
}

static atomic_flag rf_lock_flag = ATOMIC_FLAG_INIT;

static inline void rf_lock(void)
{
	rf_spin_lock(&rf_lock_flag);
}

static inline void rf_unlock(void)
{
	rf_spin_unlock(&rf_lock_flag);
}

#endif
