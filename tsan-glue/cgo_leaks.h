/* Blocks of C memory that nothing points to any more, at the end of the process. Go's runtime stops the world and says where
 * to look (runtime_abi.h, __redflag_cgo_leaks); here blocks are marked as reached, from what is found there and from
 * each other. Everything that looks like an address in a block is one, so a block may be missed, but none is named that
 * something points to. Named are those with a Go stack that no other lost block points to.
 */
#ifndef RF_CGO_LEAKS_H
#define RF_CGO_LEAKS_H

#include <stdint.h>

#define RF_CGO_LEAKS_MAX 256u /* places of allocation; further ones aren't named */

static void rf_cgo_leaks_init(void (*callback)(uintptr_t command, void *context));

#endif
