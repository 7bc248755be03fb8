/* dlclose: what is remembered of a library's code goes with it, also what its destructors have added. */
#include "agent/next.h"
#include "agent/rows.h"

RF_EXPORT int dlclose(void *library)
{
	rf_next_init();
	rf_rows_forget();
	int result = rf_next.dlclose(library);
	rf_rows_forget();
	return result;
}
