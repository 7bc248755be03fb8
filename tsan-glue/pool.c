#include "tsan-glue/pool.h"
#include "tsan-glue/marks.h"
#include "tsan-glue/runtime_abi.h"

#include <stdatomic.h>

#define CELL 8u       /* bytes that share a mark */
#define ALIASES 1024u /* that were marked last, by address: one that has no place is reported beside its object */

/* Written by any M, read at a report: whoever sees half an entry sees no array there. */
static struct {
	_Atomic uintptr_t array, bytes, object, extent;
} aliases[ALIASES];

void __redflag_pool_put(uintptr_t thread, uintptr_t pc, uintptr_t address, uintptr_t bytes)
{
	rf_mark_set(RF_MARK_PUT, thread, pc, pc, address, bytes);
}

void __redflag_pool_get(uintptr_t address, uintptr_t bytes)
{
	rf_mark_clear(address, bytes);
}

void __redflag_pool_alias(uintptr_t thread, const struct rf_alias *a)
{
	size_t i = a->array / CELL % ALIASES;
	if (rf_mark_is_set(a->array)) /* the object was put twice, and that has been reported */
		return;
	atomic_store(&aliases[i].array, 0);
	atomic_store(&aliases[i].bytes, a->bytes);
	atomic_store(&aliases[i].object, a->object);
	atomic_store(&aliases[i].extent, a->extent);
	atomic_store(&aliases[i].array, a->array);
	rf_mark_set(RF_MARK_ALIAS, thread, a->pc, a->pc, a->array, a->bytes);
}

/* Of an array that nobody has marked the detector keeps what it knows: nothing says that it is the object's own. */
void __redflag_pool_unalias(uintptr_t array, uintptr_t bytes)
{
	for (uintptr_t p = array; p < array + bytes; p += CELL) {
		if (rf_mark_is_set(p)) {
			rf_mark_clear(array, bytes);
			return;
		}
	}
}

static bool was_used(uintptr_t object, uintptr_t extent)
{
	for (uintptr_t p = object; p < object + extent; p += CELL) {
		if (!rf_mark_is_set(p)) /* a report takes the mark away */
			return true;
	}
	return false;
}

static bool rf_pool_told(const struct ts_report *report)
{
	const struct ts_access *use = report->accesses.begin[0];
	for (size_t i = 0; i < ALIASES; i++) {
		uintptr_t array = atomic_load(&aliases[i].array);
		if (array && use->address >= array && use->address - array < atomic_load(&aliases[i].bytes))
			return was_used(atomic_load(&aliases[i].object), atomic_load(&aliases[i].extent));
	}
	return false;
}
