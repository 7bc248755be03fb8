/* How a sync.Mutex is unlocked. Stock's Unlock synchronises on the mutex twice: it releases it (race.Release, ReleaseStore of
 * tsan_rtl_mutex.cpp), and then the atomic that changes its state acquires and releases it again. Here it is one call, with which
 * the change counts as what an atomic store is for the detector (AtomicStore of tsan_interface_atomic.cpp): an access, a release,
 * then the change itself.
 *
 * Whoever locks the mutex next acquires all that came before the Unlock, as ever. What isn't there any more orders nothing
 * that a mutex orders: the unlocker after those who came to wait meanwhile.
 */
#ifndef RF_UNLOCK_H
#define RF_UNLOCK_H

#include <stdint.h>

/* What Go's sync/atomic.AddInt32 has on its stack; old is the value before, which its code makes the new one. */
struct rf_unlock {
	int32_t *state;
	int32_t delta, unused;
	int32_t old;
};

/* Called by sync/atomic.AddInt32 (race_amd64.s) in the place of __tsan_go_atomic32_fetch_add, on the g0 stack. thread is the calling
 * goroutine's. May lock in the detector; never allocates in Go's heap. */
void __redflag_unlock(void *thread, uintptr_t caller_pc, uintptr_t pc, struct rf_unlock *arguments);

#endif
