/* Objects whose finalizer has run are marked as freed (marks.h). Called by runtime/redflag_finalizer_race.go. */
#include "tsan-glue/finalizers.h"

#include "tsan-glue/marks.h"
#include "tsan-glue/runtime_abi.h"

static struct {
	void (*callback)(uintptr_t command, void *context);
	uint32_t count;
	struct {
		uintptr_t entry;
		enum rf_spool_kind kind;
	} rows[RF_FINALIZERS_NAMED_MAX]; /* under ThreadSanitizer's lock of reports */
} finalizers;

static void rf_finalizers_init(void (*callback)(uintptr_t command, void *context))
{
	finalizers.callback = callback;
}

static bool rf_finalizer_named(uintptr_t pc, enum rf_spool_kind kind)
{
	struct rf_function_query f = { .pc = pc };
	if (!pc || !finalizers.callback)
		return false;
	finalizers.callback(RF_COMMAND_FUNCTION, &f);
	for (uint32_t i = 0; i < finalizers.count; i++) {
		if (finalizers.rows[i].entry == f.entry)
			return finalizers.rows[i].kind != kind;
	}
	if (f.entry && finalizers.count < RF_FINALIZERS_NAMED_MAX) {
		finalizers.rows[finalizers.count].entry = f.entry;
		finalizers.rows[finalizers.count++].kind = kind;
	}
	return false;
}

void __redflag_finalized(uintptr_t thread, const struct rf_finalized *object)
{
	rf_mark_set(RF_MARK_FINALIZER, thread, object->marker, object->function, object->address, object->bytes);
}

void __redflag_finalizer_again(uintptr_t address, uintptr_t block, uintptr_t bytes, uint32_t *again)
{
	*again = rf_mark_is_set(address);
	if (*again)
		rf_mark_clear(block, bytes);
}
