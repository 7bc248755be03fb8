/* The states of a finding: what `status` in v_findings says, and what each is to those who read it. docs/noise.md says when
 * a finding has which.
 */
#ifndef RF_STORE_STATUS_H
#define RF_STORE_STATUS_H

#include "base/error.h"
#include "base/str.h"

enum rf_status {
	RF_STATUS_NEW,
	RF_STATUS_BASELINE,   /* seen by one run, and in its baseline */
	RF_STATUS_RECURRING,
	RF_STATUS_REGRESSED,  /* seen again after it was resolved */
	RF_STATUS_RESOLVED,
	RF_STATUS_DUPLICATE,  /* of another, as a person said */
	RF_STATUS_SUPPRESSED, /* each of its events was */
	RF_STATUS_COUNT
};

/* All of them as a list in a sentence, for help texts, which have to be constants: RF_STATUS_LIST("or"). */
#define RF_STATUS_LIST(conjunction) "new, baseline, recurring, regressed, resolved, duplicate " conjunction " suppressed"

/* The status of a row of the table findings that is called f, in SQL: what v_findings says, for statements that need no more of that
 * view than this. */
#define RF_STATUS_SQL \
	"CASE WHEN f.duplicate_of IS NOT NULL THEN 'duplicate'\n" \
	"    WHEN f.events_alert = 0 THEN 'suppressed'\n" \
	"    WHEN f.resolved_after < strftime('%Y-%m-%dT%H:%M:%fZ', 'now') THEN 'resolved'\n" \
	"    WHEN f.regressed_at IS NOT NULL THEN 'regressed'\n" \
	"    WHEN f.recurring THEN 'recurring' WHEN f.in_baseline THEN 'baseline' ELSE 'new' END"

const char *rf_status_name(enum rf_status status);
/* RF_STATUS_COUNT when there is no such state. */
enum rf_status rf_status_from_name(rf_str name);
/* Is there something to be fixed? New, in the baseline, recurring or regressed. */
bool rf_status_is_open(enum rf_status status);
/* RF_ERR_USAGE with the states that there are; `name` may be NULL, which is none asked for. */
int rf_status_check(const char *name, struct rf_error *err);

#endif
