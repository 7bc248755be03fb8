/* What each kind of finding means, for `redflag explain KIND`. */
#ifndef RF_CMD_KINDS_H
#define RF_CMD_KINDS_H

#include "model/report.h"

struct rf_kind_text {
	const char *meaning; /* one paragraph, filled when it is printed */
	const char *cure;    /* another */
	const char *example; /* indented lines; NULL where docs/findings/ has a page, which `redflag explain` prints */
};
/* NULL for a kind without a text. */
const struct rf_kind_text *rf_kind_text(enum rf_kind kind);

#endif
