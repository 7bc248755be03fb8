/* Words for the parts of a report, the same in every output. What a source doesn't tell is left out or empty. */
#ifndef RF_EXPORT_WORDS_H
#define RF_EXPORT_WORDS_H

#include "base/arena.h"
#include "export/paths.h"

/* "cart.(*Cart).Add" of "example.com/shop/cart.(*Cart).Add" */
rf_str rf_words_function(rf_str function);
/* "Write", "Atomic read", "Free" */
const char *rf_words_access(const struct rf_access *a);
/* Why a side has no stack. */
const char *rf_words_no_stack(const struct rf_access *a);
/* "goroutine 24", "the main goroutine" */
/* "goroutine" or "thread". */
const char *rf_words_runner(const struct rf_goroutine *g);
rf_str rf_words_goroutine(const struct rf_goroutine *g, rf_arena *arena);
/* "TestA", "no test"; "" unknown */
rf_str rf_words_owner(const struct rf_goroutine *g);
/* "TestA and TestB", "TestA and no test"; "" unknown */
rf_str rf_words_owners(rf_str test_a, rf_str test_b, rf_arena *arena);
/* "cart/cart.go:16"; "" unknown */
rf_str rf_words_place(struct rf_place place, rf_arena *arena);
/* "shop.cart": the variable in which the memory is, without the field; "" unknown */
rf_str rf_words_global(const struct rf_report *report);
/* "shop.Cart.items of type []string": what the memory holds at the address; "" unknown */
rf_str rf_words_held(const struct rf_report *report, rf_arena *arena);

#endif
