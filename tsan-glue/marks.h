/* Marks of freed memory. ThreadSanitizer's shadow has one, which every access meets: a report of type use after free,
 * whose older side is whoever set the mark. C frees nothing in a Go program, so what sets marks is ours: sync.Pool and so on,
 * each a marker. Which one it was is told by a pc that it hands to the detector, which is the first frame of that side's
 * stack or the second, and lies in code that nobody else calls from: Go's runtime hands it over (runtime_abi.h). When that
 * stack is lost (history.h), it is told by the slot and the epoch of the mark, which are the mark's alone; if those are unknown,
 * too, the report is of the kind use-after-free, which is true of all.
 *
 * A new marker: an entry in both enums, a row in mark_kinds (marks.c), a name and a verb in print.c.
 */
#ifndef RF_MARKS_H
#define RF_MARKS_H

#include "tsan-glue/report_layout.h"
#include "tsan-glue/runtime_abi.h"
#include "tsan-glue/spool_format.h"

/* The probe saw a mark do what it should with this detector. */
#ifdef RF_LAYOUT_FREED
#define RF_MARKS_PROVED 1
#else
#define RF_MARKS_PROVED 0
#endif
/* … and where it is. */
#if RF_MARKS_PROVED && defined(RF_LAYOUT_SHADOW)
#define RF_MARKS_READABLE 1
#else
#define RF_MARKS_READABLE 0
#endif

enum rf_mark {
	RF_MARK_NONE,    /* not a side that marks */
	RF_MARK_UNKNOWN, /* one that marks, but nobody knows which */
	RF_MARK_PUT,
	RF_MARK_ALIAS, /* a Put, of the array behind the object */
	RF_MARK_FINALIZER,
	RF_MARK_COLLECTION, /* of the garbage collector: the sweeper writes these marks itself, and they have no stack */
	RF_MARK_FREE, /* of C memory */
	RF_MARK_COUNT
};

/* Whose accesses the marks of collections are: thread 0, which is the detector's own and does nothing. */
#define RF_MARK_THREAD 0u

static void rf_marks_init(const struct rf_start *start);
/* Where the shadow of address 0 would be; 0: the probe did not see marks of collections work. */
static uintptr_t rf_marks_shadow(void);

/* Marks memory as freed, and checks that against other accesses, as a free does. On g0, without the glue's lock; thread is
 * the ThreadState of the goroutine that the M runs. marker: where this marker calls from, always the same; pc: the first frame,
 * which is the marker or called by it. */
static void rf_mark_set(enum rf_mark mark, uintptr_t thread, uintptr_t marker, uintptr_t pc, uintptr_t address,
			uintptr_t bytes);
/* Forgets all that the detector knows of the memory. */
static void rf_mark_clear(uintptr_t address, uintptr_t bytes);
/* Whether the word at this address of the heap is marked. Only with RF_MARKS_READABLE. */
static bool rf_mark_is_set(uintptr_t address);

/* The detector is about to restore the stack of the access with this slot and epoch: under its report lock. True: it is
 * the mark of a collection, and there is no stack. */
static bool rf_mark_restored(uint8_t slot, uint16_t epoch);
/* Of the report that is being made: the collection that its older side is; NULL if it isn't known any more. */
static const struct rf_cycle *rf_mark_cycle(void);
/* "collection 12, 0.031 s before, forced by runtime.GC"; what is known of it. */
#define RF_MARK_WORDS_BYTES 96u
static void rf_mark_words(char words[RF_MARK_WORDS_BYTES]);
/* What side i of a report is, of the detector's two; further ones mark nothing. Only while the detector makes the report, as below. */
static enum rf_mark rf_mark_of(const struct ts_report *report, size_t i);
/* Whether the report is a race between the marker itself, the first side, and a use that nothing orders before it. */
static bool rf_mark_is_unordered(const struct ts_report *report, enum rf_mark mark);
/* RF_SPOOL_KIND_UNKNOWN for a report that marks have nothing to do with. */
static enum rf_spool_kind rf_mark_kind(const struct ts_report *report);

#endif
