/* What each kind of finding means, in short: for exports, the web page and `redflag explain ID`. docs/findings/ has a page a
 * kind. */
#ifndef RF_CMD_KINDS_H
#define RF_CMD_KINDS_H

#include "model/report.h"

struct rf_kind_text {
	const char *meaning; /* one paragraph, filled when it is printed */
	const char *cure;    /* another */
};
/* NULL for a kind without a text. */
const struct rf_kind_text *rf_kind_text(enum rf_kind kind);

#endif
