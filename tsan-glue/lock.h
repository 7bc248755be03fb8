/* The one lock of the glue: a spin lock that yields. Held for microseconds (registration) or while one report is
 * written; taken on g0 stacks, where Go doesn't preempt. Order: ThreadSanitizer's own locks (OnReport runs under them)
 * come first, so nothing under this lock may call ThreadSanitizer. */
#ifndef RF_LOCK_H
#define RF_LOCK_H

#include <sched.h>
#include <stdatomic.h>

static atomic_flag rf_lock_flag = ATOMIC_FLAG_INIT;

static inline void rf_lock(void)
{
	while (atomic_flag_test_and_set_explicit(&rf_lock_flag, memory_order_acquire))
		sched_yield();
}

static inline void rf_unlock(void)
{
	atomic_flag_clear_explicit(&rf_lock_flag, memory_order_release);
}

#endif
