/* MODULE records: which file an address belongs to. A module is written once a spool, before the first address in it.
 *
 * Asked of the dynamic loader without a lock (_dl_find_object). Addresses of a library that was closed meanwhile, and of
 * code that no file holds, get no module: the reporter shows them as numbers.
 */
#ifndef RF_AGENT_MODULES_H
#define RF_AGENT_MODULES_H

#include <stdint.h>

static void rf_module_write(uintptr_t pc);
/* A new spool knows none. */
static void rf_modules_forget(void);

#endif
