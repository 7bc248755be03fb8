/* Objects whose finalizer has run are marked as freed (marks.h). Called by runtime/redflag_finalizer_race.go. */
#include "tsan-glue/marks.h"
#include "tsan-glue/runtime_abi.h"

void __redflag_finalized(uintptr_t thread, const struct rf_finalized *object)
{
	rf_mark_set(RF_MARK_FINALIZER, thread, object->marker, object->function, object->address, object->bytes);
}

void __redflag_finalizer_again(uintptr_t address, uintptr_t block, uintptr_t bytes)
{
	if (rf_mark_is_set(address))
		rf_mark_clear(block, bytes);
}
