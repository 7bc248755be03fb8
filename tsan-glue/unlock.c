#include "tsan-glue/unlock.h"

#include "tsan-glue/fast_state.h"

#define ACCESS_WRITE_ATOMIC 2u /* tsan_defs.h, AccessType: kAccessWrite | kAccessAtomic */

void rf_unlock_access(void *thread, uintptr_t pc, void *address, uintptr_t bytes, uintptr_t kind) __asm__(
	"_ZN6__tsan12MemoryAccessEPNS_11ThreadStateEmmmm");
void rf_unlock_enter(void *thread, uintptr_t pc) __asm__("__tsan_func_enter");
void rf_unlock_exit(void *thread) __asm__("__tsan_func_exit");
void rf_unlock_release(void *thread, void *address) __asm__("__tsan_release");

/* The access comes before the release, and so is before all that the next owner does. */
void __redflag_unlock(void *thread, uintptr_t caller_pc, uintptr_t pc, struct rf_unlock *arguments)
{
	const struct rf_fast_state *s = thread;
	if (s->ignore_sync) {
		arguments->old = __atomic_fetch_add(arguments->state, arguments->delta, __ATOMIC_SEQ_CST);
		return;
	}
	rf_unlock_enter(thread, caller_pc);
	rf_unlock_access(thread, pc, arguments->state, sizeof(*arguments->state), ACCESS_WRITE_ATOMIC);
	rf_unlock_release(thread, arguments->state);
	arguments->old = __atomic_fetch_add(arguments->state, arguments->delta, __ATOMIC_SEQ_CST);
	rf_unlock_exit(thread);
}
