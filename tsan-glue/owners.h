/* Owners: the tests that goroutines work for, and the races that were charged to them.
 *
 * A race is charged to every owner among its goroutines whose test is still running. If there is none, it is left
 * over: for the owner that is over, or, when no goroutine has an owner, for nobody (owner 0). Package testing takes
 * charges where stock looks at the global count, and the leftovers at the end. All functions want the lock.
 *
 * An owner is a number: the low RF_TEST_BITS are its row, the others count how often the row was used. When all rows
 * are taken (fuzzing runs each input as a test), those of tests that are over are used again, unless they have charges or
 * a goroutine's row still names them. A number whose row was used again stands for nobody.
 */
#ifndef RF_OWNERS_H
#define RF_OWNERS_H

#include "tsan-glue/runtime_abi.h"

#include <stdbool.h>

#define RF_TEST_BITS 18u
#define RF_TESTS_MAX ((1u << RF_TEST_BITS) - 1u) /* subtests count. Further ones stay with their parent's owner, and are counted */
#define RF_TEST_NAME_BYTES ((uint32_t)32 << 20) /* all names together; address space, touched as used */

static bool rf_owners_init(void);
static uint32_t rf_owner_add(const char *name, uintptr_t name_bytes); /* 0: table full */
/* A goroutine's row names the owner, or doesn't any more. */
static void rf_owner_ref(uint32_t owner);
static void rf_owner_unref(uint32_t owner);
static uint32_t rf_owner_take(uint32_t owner);  /* charges since the last take */
static bool rf_owner_end(uint32_t owner);       /* false: there are charges to take first */
static void rf_owners_charge(const uint32_t *owners, uint32_t count);
/* Next owner with charges that nobody took; they are taken. UINT32_MAX when there is none. */
static uint32_t rf_owner_leftover(void);
static struct rf_go_string rf_owner_name(uint32_t owner); /* empty for 0 */
static bool rf_owner_over(uint32_t owner);

#endif
