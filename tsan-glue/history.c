#include "tsan-glue/history.h"

#include "tsan-glue/marks.h"
#include "tsan-glue/zeroed.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define EVENT_ACCESS 0u            /* tsan_trace.h, EventType::kAccessExt */
#define THREAD_INVALID UINT32_MAX /* tsan_defs.h, kInvalidTid */

static struct {
	atomic_bool on;
	atomic_bool forgotten; /* since the detector began anew for want of epochs */
	bool bounded;          /* set before there is a second thread */
} history;

#define STOCK_PARTS 3u /* of a trace: Trace::kMinParts (tsan_trace.h) */

#define RESTORE_STACK                                                                                                  \
	"_ZN6__tsan12RestoreStackENS_9EventTypeENS_3SidENS_5EpochEmmmPjPNS_17VarSizeStackTraceEPNS_8MutexSetEPm"
#define DO_RESET "_ZN6__tsan7DoResetEPNS_11ThreadStateEm"

bool rf_restore_stack(uint64_t event, uint8_t slot, uint16_t epoch, uintptr_t address, uintptr_t size, uintptr_t access,
		      uint32_t *thread, void *stack, void *mutexes, uintptr_t *tag) __asm__("rf_orig_" RESTORE_STACK);
bool __redflag_restore_stack(uint64_t event, uint8_t slot, uint16_t epoch, uintptr_t address, uintptr_t size,
			     uintptr_t access, uint32_t *thread, void *stack, void *mutexes,
			     uintptr_t *tag) __asm__(RESTORE_STACK);
#define SWITCH_PART "_ZN6__tsan19TraceSwitchPartImplEPNS_11ThreadStateE"

void rf_switch_part(void *thread) __asm__("rf_orig_" SWITCH_PART);
void __redflag_switch_part(void *thread) __asm__(SWITCH_PART);
void rf_do_reset(void *thread, uintptr_t epoch) __asm__("rf_orig_" DO_RESET);
void __redflag_do_reset(void *thread, uintptr_t epoch) __asm__(DO_RESET);

static void rf_history_init(bool on, bool bounded)
{
	atomic_store_explicit(&history.on, on, memory_order_relaxed);
	history.bounded = on && bounded;
}

static uint64_t *history_number(const void *in, size_t at)
{
	return (uint64_t *)((uintptr_t)in + at);
}

/* A trace that has history_size + 3 parts, just as many, gets an old part for its next one (tsan_rtl.cpp, TracePartAlloc). So one
 * that has more than three when history_size is 0 counts as if it had three, and what it has beyond is used again by those that
 * need a part next. The detector changes these numbers under a lock; a change that is lost here makes a trace a part longer
 * or shorter. */
static void history_bound(const void *context, void *thread, uint64_t parts_shared)
{
	uint64_t *parts = history_number(*(void **)history_number(thread, RF_HISTORY_THREAD_CONTEXT), RF_HISTORY_CONTEXT_PARTS);
	bool few = *history_number(context, RF_HISTORY_CTX_PARTS) < parts_shared;
	*history_number(context, RF_HISTORY_CTX_SIZE) = few ? RF_HISTORY_SIZE : 0;
	if (!few && *parts > STOCK_PARTS) {
		*history_number(context, RF_HISTORY_CTX_EXCESS) += *parts - STOCK_PARTS;
		*parts = STOCK_PARTS;
	}
}

/* Called by TraceSwitchPart at the end of a part. */
void __redflag_switch_part(void *thread)
{
	if (history.bounded)
		history_bound(rf_zeroed_context, thread, RF_HISTORY_PARTS_SHARED);
	rf_switch_part(thread);
}

/* Called by ReportRace, which holds the slot, the registry of threads and the list of slots. The original finds the
 * thread first, in the slot's journal, and leaves the stack empty when it fails; an empty stack is printed as one that
 * could not be restored (tsan_report.cpp, PrintStack).
 *
 * A cell of the shadow is only a proof as long as the detector never began anew: afterwards it may have been left there
 * by a thread that ran on meanwhile (tsan_rtl.h, at last_spurious_race); only the missing stack gives it away. */
bool __redflag_restore_stack(uint64_t event, uint8_t slot, uint16_t epoch, uintptr_t address, uintptr_t size,
			     uintptr_t access, uint32_t *thread, void *stack, void *mutexes, uintptr_t *tag)
{
	*thread = THREAD_INVALID;
	if (rf_mark_restored(slot, epoch)) {
		*thread = RF_MARK_THREAD;
		return true;
	}
	if (rf_restore_stack(event, slot, epoch, address, size, access, thread, stack, mutexes, tag))
		return true;
	return event == EVENT_ACCESS && *thread != THREAD_INVALID &&
	       atomic_load_explicit(&history.on, memory_order_relaxed) &&
	       !atomic_load_explicit(&history.forgotten, memory_order_relaxed);
}

/* Called where all slots have used up their epochs: after about four million synchronisation operations. */
void __redflag_do_reset(void *thread, uintptr_t epoch)
{
	atomic_store_explicit(&history.forgotten, true, memory_order_relaxed);
	rf_do_reset(thread, epoch);
}
