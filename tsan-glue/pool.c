#include "tsan-glue/pool.h"
#include "tsan-glue/finding.h"
#include "tsan-glue/marks.h"
#include "tsan-glue/runtime_abi.h"

#include <stdatomic.h>

#define CELL 8u       /* bytes that share a mark */
#define ALIASES 1024u /* that were marked last, by address: one that has no place is reported beside its object */

/* Written by any M, read at a report: whoever sees half an entry sees no array there. */
static struct {
	_Atomic uintptr_t array, bytes, object, extent;
} aliases[ALIASES];

static void (*pool_callback)(uintptr_t command, void *context);

static void rf_pool_init(void (*callback)(uintptr_t command, void *context))
{
	pool_callback = callback;
}

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

/* The number of the array that the address is in; ALIASES: in none. */
static size_t alias_at(uintptr_t address)
{
	size_t i = 0;
	for (; i < ALIASES; i++) {
		uintptr_t array = atomic_load(&aliases[i].array);
		if (array && address >= array && address - array < atomic_load(&aliases[i].bytes))
			break;
	}
	return i;
}

static bool rf_pool_told(const struct ts_report *report)
{
	const struct ts_access *use = report->accesses.begin[0];
	size_t i = alias_at(use->address);
	return i < ALIASES && was_used(atomic_load(&aliases[i].object), atomic_load(&aliases[i].extent));
}

static bool is_of_pool(enum rf_spool_kind kind)
{
	return kind == RF_SPOOL_KIND_USE_AFTER_PUT || kind == RF_SPOOL_KIND_USE_AFTER_PUT_ALIAS ||
	       kind == RF_SPOOL_KIND_DOUBLE_PUT || kind == RF_SPOOL_KIND_PUT_WHILE_USED;
}

static const struct ts_report *rf_pool_report(const struct ts_report *report, enum rf_spool_kind kind)
{
	struct rf_got_query query = { 0 };
	if (!pool_callback || !is_of_pool(kind))
		return report;
	for (size_t i = 0; i < 2; i++) { /* they overlap: the greater address is in both */
		const struct ts_access *a = report->accesses.begin[i];
		query.address = a->address > query.address ? a->address : query.address;
	}
	size_t alias = alias_at(query.address);
	if (alias < ALIASES)
		query.address = atomic_load(&aliases[alias].object);
	pool_callback(RF_COMMAND_GOT, &query);
	if (!query.object)
		return report;
	const struct rf_finding_side get = { .action = RF_SPOOL_ACTION_GET, .goid = query.goid, .slot = query.slot,
					     .pcs = query.pcs, .pc_count = RF_BRIEF_FRAMES };
	return rf_finding_extended(report, query.object, &get);
}
