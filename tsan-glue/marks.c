#include "tsan-glue/marks.h"

#include "tsan-glue/cgo_stacks.h"
#include "tsan-glue/freed.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#define SLOTS 256u        /* tsan_defs.h, kThreadSlotCount */
#define EPOCHS (1u << 14) /* tsan_defs.h, kEpochBits */
#define CELL_FREED 0x3fffffffu /* tsan_shadow.h, FreedMarker */
#define EPOCH_COLLECTED 0u     /* no thread has it; in marks of collections (redflag_gc_race.go), whose slot tells more: */
#define CYCLES 200u            /* 1 + cycle % CYCLES; above: a cycle before the last */
#define CELL_INFO 0x81u        /* tsan_shadow.h, kFreeAccess: the access of FreedInfo, which is the second cell */

static struct {
	_Atomic uintptr_t pcs[RF_MARK_COUNT];
	/* Who marked in each epoch of each slot: a page of it is touched by 4096 epochs in which something was marked. An
	 * epoch has one mark at most. Entries are bytes of their own; a report that reads one holds its slot. */
	uint8_t by_epoch[SLOTS][EPOCHS];
	enum rf_mark restored; /* of the report that is being made */
	uint32_t cycle;        /* of the same, if it was a collection: modulo CYCLES; CYCLES: an older one */
	const struct rf_cycle *cycles;
	uintptr_t cycle_count;
} marks;

#if RF_MARKS_PROVED
/* tsan_rtl.h. A free wants the slot of its thread locked (tsan_rtl_access.cpp, MemoryRangeFreed). */
void __redflag_slot_lock(void *thread) __asm__("_ZN6__tsan8SlotLockEPNS_11ThreadStateE");
void __redflag_slot_unlock(void *thread) __asm__("_ZN6__tsan10SlotUnlockEPNS_11ThreadStateE");
void __redflag_range_freed(void *thread, uintptr_t pc, uintptr_t address, uintptr_t bytes) __asm__(
	"_ZN6__tsan16MemoryRangeFreedEPNS_11ThreadStateEmmm");
void __redflag_increment_epoch(void *thread) __asm__("_ZN6__tsan14IncrementEpochEPNS_11ThreadStateE");
void __redflag_range_reset(void *thread, uintptr_t pc, uintptr_t address, uintptr_t bytes) __asm__(
	"_ZN6__tsan16MemoryResetRangeEPNS_11ThreadStateEmmm");
#endif

/* Under the slot's lock. An epoch has one mark at most, or the stack of one would be taken for that of another: RestoreStack takes
 * the last free of the address (tsan_rtl_report.cpp). What is left here from before the detector began anew costs an epoch. */
#if RF_MARKS_PROVED
static void begin_epoch(uintptr_t thread)
{
#if RF_LAYOUT_FAST
	uint32_t state = ((const struct rf_fast_state *)thread)->fast_state;
	if (!marks.by_epoch[state >> 8 & (SLOTS - 1)][state >> 16 & (EPOCHS - 1)])
		return;
#endif
	__redflag_increment_epoch((void *)thread);
}

static bool range_marked(uintptr_t thread, uintptr_t pc, uintptr_t address, uintptr_t bytes)
{
	return (RF_LAYOUT_FAST & RF_FREED_FAST) && rf_freed_mark((struct rf_fast_state *)thread, pc, address, bytes);
}

/* Without the slot's lock, which is there for the reset: a mark that comes behind one is as true as one before it, since the object
 * is handed out, or allocated again, only behind this call, and loses its mark then. The entry is written first: who meets the mark
 * reads it. False: nothing was done. */
static bool marked_alone(enum rf_mark mark, uintptr_t thread, uintptr_t pc, uintptr_t address, uintptr_t bytes)
{
#if RF_LAYOUT_FAST
	uint32_t state = ((const struct rf_fast_state *)thread)->fast_state;
	uint8_t *entry = &marks.by_epoch[state >> 8 & (SLOTS - 1)][state >> 16 & (EPOCHS - 1)];
	if (*entry)
		return false;
	*entry = (uint8_t)mark;
	atomic_signal_fence(memory_order_release);
	if (range_marked(thread, pc, address, bytes))
		return true;
	*entry = RF_MARK_NONE;
#endif
	(void)mark, (void)thread, (void)pc, (void)address, (void)bytes;
	return false;
}
#endif

static void note_epoch(enum rf_mark mark, uintptr_t address)
{
#ifdef RF_LAYOUT_SHADOW
	const uint32_t *cells = (const uint32_t *)RF_LAYOUT_SHADOW(address);
	if (cells[0] == CELL_FREED && (cells[1] & 0xff) == CELL_INFO)
		marks.by_epoch[cells[1] >> 8 & (SLOTS - 1)][cells[1] >> 16 & (EPOCHS - 1)] = (uint8_t)mark;
#endif
	(void)mark, (void)address;
}

static void rf_mark_set(enum rf_mark mark, uintptr_t thread, uintptr_t marker, uintptr_t pc, uintptr_t address,
			uintptr_t bytes)
{
	(void)thread, (void)pc, (void)bytes;
	if (atomic_load_explicit(&marks.pcs[mark], memory_order_relaxed) != marker)
		atomic_store_explicit(&marks.pcs[mark], marker, memory_order_relaxed);
#if RF_MARKS_PROVED
	if (marked_alone(mark, thread, pc, address, bytes))
		return;
	__redflag_slot_lock((void *)thread);
	begin_epoch(thread);
	if (!range_marked(thread, pc, address, bytes))
		__redflag_range_freed((void *)thread, pc, address, bytes);
	note_epoch(mark, address);
	__redflag_slot_unlock((void *)thread);
#else
	(void)note_epoch, (void)rf_freed_mark, (void)address;
#endif
}

static void rf_mark_clear(uintptr_t address, uintptr_t bytes)
{
	(void)address, (void)bytes;
#if RF_MARKS_PROVED
	__redflag_range_reset(NULL, 0, address, bytes); /* as __tsan_malloc does */
#endif
}

static bool rf_mark_is_set(uintptr_t address)
{
#ifdef RF_LAYOUT_SHADOW
	const uint32_t *cells = (const uint32_t *)RF_LAYOUT_SHADOW(address);
	return cells[0] == CELL_FREED;
#else
	(void)address;
	return false;
#endif
}

static void rf_marks_init(const struct rf_start *start)
{
	marks.cycles = start->cycles;
	marks.cycle_count = start->cycle_count;
}

static uintptr_t rf_marks_shadow(void)
{
#if defined RF_LAYOUT_SHADOW && defined RF_LAYOUT_COLLECTED
	return (uintptr_t)RF_LAYOUT_SHADOW((uintptr_t)0);
#else
	return 0;
#endif
}

static const struct rf_cycle *rf_mark_cycle(void)
{
	const struct rf_cycle *found = NULL;
	for (uintptr_t i = 0; i < marks.cycle_count; i++) {
		const struct rf_cycle *c = &marks.cycles[i];
		if (c->unix_ns && c->cycle % CYCLES == marks.cycle && (!found || c->cycle > found->cycle))
			found = c;
	}
	return found;
}

static void rf_mark_words(char words[RF_MARK_WORDS_BYTES])
{
	const struct rf_cycle *c = rf_mark_cycle();
	struct timespec now;
	if (!c || clock_gettime(CLOCK_REALTIME, &now)) {
		snprintf(words, RF_MARK_WORDS_BYTES, "an earlier collection");
		return;
	}
	int64_t ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec - c->unix_ns;
	snprintf(words, RF_MARK_WORDS_BYTES, "collection %u, %.3f s before%s", c->cycle, ns > 0 ? (double)ns / 1e9 : 0.0,
		 c->forced ? ", by runtime.GC" : "");
}

static bool rf_mark_restored(uint8_t slot, uint16_t epoch)
{
	if (epoch == EPOCH_COLLECTED) {
		marks.restored = RF_MARK_COLLECTION;
		marks.cycle = slot <= CYCLES ? slot - 1u : CYCLES;
		return true;
	}
	uint8_t mark = marks.by_epoch[slot][epoch & (EPOCHS - 1)];
	marks.restored = mark ? (enum rf_mark)mark : RF_MARK_UNKNOWN;
	return false;
}

static enum rf_mark mark_by_pc(const struct ts_access *access)
{
	const struct ts_frame *f = access->stack ? rf_cgo_frames_skip(access->stack->frames) : NULL, *second = f ? f->next : NULL;
	for (uint32_t mark = RF_MARK_PUT; f && mark < RF_MARK_COUNT; mark++) {
		uintptr_t pc = atomic_load_explicit(&marks.pcs[mark], memory_order_relaxed);
		if (pc && (pc == f->info.address || (second && pc == second->info.address)))
			return (enum rf_mark)mark;
	}
	return RF_MARK_NONE;
}

static enum rf_mark rf_mark_of(const struct ts_report *report, size_t i)
{
	const struct ts_access *access = report->accesses.begin[i];
	enum rf_mark mark = i < 2 ? mark_by_pc(access) : RF_MARK_NONE;
	if (i >= 2 || report->type != TS_REPORT_USE_AFTER_FREE)
		return mark;
	if (i == 0) /* a Put of what the collector freed is a use of it */
		return mark != RF_MARK_NONE && mark == rf_mark_of(report, 1) ? mark : RF_MARK_NONE;
	if (mark != RF_MARK_NONE)
		return mark;
	return access->stack && access->stack->frames ? RF_MARK_UNKNOWN : marks.restored;
}

static bool rf_mark_is_unordered(const struct ts_report *report, enum rf_mark mark)
{
	const struct ts_vector *v = &report->accesses;
	return report->type == TS_REPORT_RACE && v->begin && v->begin < v->end && rf_mark_of(report, 0) == mark;
}

static enum rf_spool_kind rf_mark_kind(const struct ts_report *report)
{
	static const struct {
		enum rf_spool_kind used, again, raced; /* afterwards; marked twice by the same; marked while it was used */
	} mark_kinds[RF_MARK_COUNT] = {
		[RF_MARK_UNKNOWN] = { RF_SPOOL_KIND_USE_AFTER_FREE, RF_SPOOL_KIND_USE_AFTER_FREE, RF_SPOOL_KIND_UNKNOWN },
		[RF_MARK_COLLECTION] = { RF_SPOOL_KIND_USE_AFTER_GC, RF_SPOOL_KIND_USE_AFTER_GC, RF_SPOOL_KIND_UNKNOWN },
		[RF_MARK_PUT] = { RF_SPOOL_KIND_USE_AFTER_PUT, RF_SPOOL_KIND_DOUBLE_PUT, RF_SPOOL_KIND_PUT_WHILE_USED },
		[RF_MARK_ALIAS] = { RF_SPOOL_KIND_USE_AFTER_PUT_ALIAS, RF_SPOOL_KIND_DOUBLE_PUT, RF_SPOOL_KIND_PUT_WHILE_USED },
		[RF_MARK_FINALIZER] = { RF_SPOOL_KIND_USE_AFTER_FINALIZE, RF_SPOOL_KIND_USE_AFTER_FINALIZE, RF_SPOOL_KIND_UNKNOWN },
		[RF_MARK_FREE] = { RF_SPOOL_KIND_USE_AFTER_FREE, RF_SPOOL_KIND_DOUBLE_FREE, RF_SPOOL_KIND_UNKNOWN },
	};
	const struct ts_vector *v = &report->accesses;
	if (!v->begin || v->end - v->begin < 2)
		return RF_SPOOL_KIND_UNKNOWN;
	enum rf_mark first = rf_mark_of(report, 0), older = rf_mark_of(report, 1);
	if (report->type == TS_REPORT_RACE)
		return mark_kinds[first].raced;
	if (report->type != TS_REPORT_USE_AFTER_FREE)
		return RF_SPOOL_KIND_UNKNOWN;
	return first == older ? mark_kinds[older].again : mark_kinds[older].used;
}
