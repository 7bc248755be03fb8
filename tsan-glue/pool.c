#include "tsan-glue/pool.h"

#include "tsan-glue/runtime_abi.h"

#include <stdatomic.h>

/* The pc inside Put: there is one call of the hook. */
static _Atomic uintptr_t pool_put_pc;

#if RF_POOL_PROVED
/* tsan_rtl.h. A free wants the slot of its thread locked (tsan_rtl_access.cpp, MemoryRangeFreed). */
void __redflag_slot_lock(void *thread) __asm__("_ZN6__tsan8SlotLockEPNS_11ThreadStateE");
void __redflag_slot_unlock(void *thread) __asm__("_ZN6__tsan10SlotUnlockEPNS_11ThreadStateE");
void __redflag_range_freed(void *thread, uintptr_t pc, uintptr_t address, uintptr_t bytes) __asm__(
	"_ZN6__tsan16MemoryRangeFreedEPNS_11ThreadStateEmmm");
void __redflag_increment_epoch(void *thread) __asm__("_ZN6__tsan14IncrementEpochEPNS_11ThreadStateE");
void __redflag_range_reset(void *thread, uintptr_t pc, uintptr_t address, uintptr_t bytes) __asm__(
	"_ZN6__tsan16MemoryResetRangeEPNS_11ThreadStateEmmm");
#endif

void __redflag_pool_put(uintptr_t thread, uintptr_t pc, uintptr_t address, uintptr_t bytes)
{
	(void)thread, (void)address, (void)bytes;
	if (atomic_load_explicit(&pool_put_pc, memory_order_relaxed) != pc)
		atomic_store_explicit(&pool_put_pc, pc, memory_order_relaxed);
#if RF_POOL_PROVED
	__redflag_slot_lock((void *)thread);
	__redflag_range_freed((void *)thread, pc, address, bytes);
	/* Or the stack of a Put would be taken for that of one before it in the same epoch: RestoreStack takes the last free
	 * of the address (tsan_rtl_report.cpp). */
	__redflag_increment_epoch((void *)thread);
	__redflag_slot_unlock((void *)thread);
#endif
}

void __redflag_pool_get(uintptr_t address, uintptr_t bytes)
{
	(void)address, (void)bytes;
#if RF_POOL_PROVED
	__redflag_range_reset(NULL, 0, address, bytes); /* as __tsan_malloc does */
#endif
}

static bool rf_pool_is_put(const struct ts_access *access)
{
	uintptr_t pc = atomic_load_explicit(&pool_put_pc, memory_order_relaxed);
	const struct ts_frame *f = access->stack ? access->stack->frames : NULL;
	return pc && f && f->info.address == pc;
}

static enum rf_spool_kind rf_pool_kind(const struct ts_report *report)
{
	const struct ts_vector *v = &report->accesses;
	if (!v->begin || v->end - v->begin < 2)
		return RF_SPOOL_KIND_UNKNOWN;
	bool put = rf_pool_is_put(v->begin[0]);
	if (report->type == TS_REPORT_USE_AFTER_FREE) /* only pools mark memory, so the stack of the Put may be missing */
		return put ? RF_SPOOL_KIND_DOUBLE_PUT : RF_SPOOL_KIND_USE_AFTER_PUT;
	return report->type == TS_REPORT_RACE && put ? RF_SPOOL_KIND_PUT_WHILE_USED : RF_SPOOL_KIND_UNKNOWN;
}
