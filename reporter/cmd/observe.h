/* A program that is run to be observed (run, agent): started with our variables in its environment, waited for, and what it
 * left summed up on standard error.
 */
#ifndef RF_CMD_OBSERVE_H
#define RF_CMD_OBSERVE_H

#include "cmd/reporter.h"

/* Runs it to its end. `more`: further variables, "NAME=VALUE", NULL-terminated, at most RF_OBSERVE_MORE_MAX. *status is its
 * exit status, 128 + N when signal N ended it. */
#define RF_OBSERVE_MORE_MAX 4
int rf_observe(struct rf_reporter *r, char **argv, const char *const *more, rf_arena *arena, int *status, struct rf_error *err);
void rf_observe_summary(struct rf_reporter *r, const struct rf_outcome *outcome, rf_arena *arena);

#endif
