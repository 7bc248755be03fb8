/* Owners: the tests that goroutines work for, and the races that were charged to them.
 *
 * A race is charged to every owner among its goroutines whose test is still running. If there is none, it is left
 * over: for the owner that is over, or, when no goroutine has an owner, for nobody (owner 0). Package testing takes
 * charges where stock looks at the global count, and the leftovers at the end. All functions want the lock.
 */
#ifndef RF_OWNERS_H
#define RF_OWNERS_H

#include "tsan-glue/runtime_abi.h"

#include <stdbool.h>

#define RF_TESTS_MAX (1u << 18)             /* subtests count. Further ones stay with their parent's owner, and are counted */
#define RF_TEST_NAME_BYTES ((uint32_t)32 << 20) /* all names together; address space, touched as used */

static bool rf_owners_init(void);
static uint32_t rf_owner_add(const char *name, uintptr_t name_bytes); /* 0: table full */
static uint32_t rf_owner_take(uint32_t owner);  /* charges since the last take */
static bool rf_owner_end(uint32_t owner);       /* false: there are charges to take first */
static void rf_owners_charge(const uint32_t *owners, uint32_t count);
/* Next owner with charges that nobody took; they are taken. UINT32_MAX when there is none. */
static uint32_t rf_owner_leftover(void);
static struct rf_go_string rf_owner_name(uint32_t owner); /* empty for 0 */
static bool rf_owner_over(uint32_t owner);

#endif
