/* What decides the exit status of test, run and report: --fail-on. */
#ifndef RF_CMD_GATE_H
#define RF_CMD_GATE_H

#include "cmd/reporter.h"

enum rf_fail_on {
	RF_FAIL_ON_DEFAULT, /* 66 for new findings, 1 for failed tests and known findings */
	RF_FAIL_ON_NEW,     /* 66 for new findings; known ones alone fail nothing */
	RF_FAIL_ON_ANY,     /* 66 for every finding that isn't suppressed */
	RF_FAIL_ON_NEVER,   /* findings fail nothing */
	RF_FAIL_ON_COUNT
};
int rf_gate_parse(const struct rf_args *args, enum rf_fail_on *out, struct rf_error *err);
/* 66 when the gate closes, else 0. */
int rf_gate_findings(enum rf_fail_on gate, const struct rf_outcome *outcome);
/* Is there another failure than those that this gate forgives? `failed`: something failed, whatever the reason. */
bool rf_gate_failed(enum rf_fail_on gate, const struct rf_session_counts *c, const struct rf_outcome *outcome, bool failed);

#endif
