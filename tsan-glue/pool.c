/* Objects of sync.Pool: between Put and Get they are marked as freed (marks.h). Called by runtime/redflag_pool_race.go. */
#include "tsan-glue/marks.h"
#include "tsan-glue/runtime_abi.h"

void __redflag_pool_put(uintptr_t thread, uintptr_t pc, uintptr_t address, uintptr_t bytes)
{
	rf_mark_set(RF_MARK_PUT, thread, pc, pc, address, bytes);
}

void __redflag_pool_get(uintptr_t address, uintptr_t bytes)
{
	rf_mark_clear(address, bytes);
}
