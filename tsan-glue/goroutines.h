/* Registered goroutines: from ThreadSanitizer's thread numbers to what Go knows of them.
 *
 * A row is taken in newproc1 and kept after the goroutine's end until RF_DEAD_KEPT others have ended, since a report
 * may name a goroutine that is long over. Rows live in reserved address space (touched as used), never move, and are
 * addressed by slot, 1 and up. Labels are copied when a goroutine ends; while it runs, Go's runtime has them
 * (RF_COMMAND_GOROUTINE). All functions want the lock.
 */
#ifndef RF_GOROUTINES_H
#define RF_GOROUTINES_H

#include "tsan-glue/runtime_abi.h"

#include <stdbool.h>

#define RF_GOROUTINES_MAX (1u << 20) /* live at once; 288 MiB of address space. More are counted as unregistered */
#define RF_DEAD_KEPT 8192u           /* TSan forgets the stack of an ended goroutine earlier than that */
#define RF_LABEL_BYTES_MAX 206u      /* key NUL value NUL …; a pair that doesn't fit is left out, and counted */

struct rf_goroutine {
	uint32_t thread, parent_thread; /* UINT32_MAX unknown */
	uint64_t goid, parent_goid, created_unix_ns;
	uintptr_t g, entry;
	uint32_t owner, next_dead;
	bool finished, labelled; /* labelled: it had labels when it ended */
	uint32_t creator; /* of the go statement: bytes behind the start of Go's code; 0 unknown */
};
_Static_assert(sizeof(struct rf_goroutine) == 64, "a cache line: the cost of a goroutine");

struct rf_labels {
	uint16_t bytes;
	char text[RF_LABEL_BYTES_MAX];
};

static bool rf_goroutines_init(uintptr_t text); /* false: no address space, or the layout was not proved */
static void rf_goroutine_add(const struct rf_goroutine_start *start);
static void rf_goroutine_finish(uint32_t slot, const struct rf_go_label *labels, uintptr_t label_count);
static void rf_goroutine_own(uint32_t slot, uint32_t owner);
/* The row of ThreadSanitizer's thread number; NULL when it isn't known (timers, threads of C, rows long gone). */
static const struct rf_goroutine *rf_goroutine_of_thread(uint32_t thread);
/* The row of Go's number, in that slot or (slot 0) wherever it is; NULL when it isn't known any more. */
static const struct rf_goroutine *rf_goroutine_of_goid(uint64_t goid, uint32_t slot);
/* The labels of a finished row. */
static const struct rf_labels *rf_goroutine_labels(const struct rf_goroutine *row);
/* False: cut. */
static bool rf_labels_copy(struct rf_labels *to, const struct rf_go_label *labels, uintptr_t label_count);

#endif
