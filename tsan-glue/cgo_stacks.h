/* Stacks of C code between Go's call and malloc or free, for findings of C memory. They are walked by the C compiler's own
 * unwinder (libgcc_s, taken by dlopen when it is there) from what it wrote for exceptions (.eh_frame): exact without frame
 * pointers and in stripped files; code that has none of it ends the walk early. Walked is only in calls of C that Go made, on
 * the thread that made them, never inside of the unwinder itself.
 *
 * A stack is known by its number; equal ones have the same. Names are those of symbol tables, looked up when there is a report.
 */
#ifndef RF_CGO_STACKS_H
#define RF_CGO_STACKS_H

#include "tsan-glue/report_layout.h"
#include "tsan-glue/runtime_abi.h"
#include "tsan-glue/spool_format.h"

#include <stdbool.h>

#define RF_CGO_C_FRAMES 6u      /* nearest to malloc or free; a deeper stack is cut */
#define RF_CGO_STACKS (1u << 13) /* different ones; further ones are unknown. 448 KiB, touched as used */
#define RF_CGO_C_NAME_BYTES_MAX 128u /* longer names are cut */

#if RF_CGO
static void rf_cgo_stacks_init(const struct rf_start *start);
/* The stack of whoever called malloc or free from `caller` (a return address) on this thread, without the stub that Go called,
 * whose entry is known; 0: unknown, or nothing but that stub. */
static uint32_t rf_cgo_stack_now(const void *caller, uintptr_t stub);
/* Return addresses: those of the stack, then Go's. Both end at a 0 or at their bound. */
static void rf_cgo_stack_join(uint32_t stack, const uintptr_t *go, size_t go_count, uintptr_t *out, size_t out_count);
#endif
/* The frame of C at an address inside a call; false: it is none. Strings are valid for the report that is being made. */
static bool rf_cgo_frame(uintptr_t pc, struct ts_frame *out);

/* Symbols of those by which the block of C memory that begins there was allocated, at most RF_CGO_C_FRAMES. Wants the glue's lock. */
static uint32_t rf_cgo_alloc_frames(uintptr_t address, uint32_t *ids);

/* While a report is handled, the stacks of its frees begin with C's part. In pairs, under ThreadSanitizer's lock of reports. */
static void rf_cgo_frames_add(const struct ts_report *report, enum rf_spool_kind kind);
static void rf_cgo_frames_remove(const struct ts_report *report);
/* Behind what the one before has added. */
static const struct ts_frame *rf_cgo_frames_skip(const struct ts_frame *frame);

#endif
