/* REDFLAG: options of the observed process, in the manner of GORACE: `name=value` separated by blanks or commas. */
#ifndef RF_OPTIONS_H
#define RF_OPTIONS_H

#include "tsan-glue/options_list.h"

#include <stdbool.h>
#include <stdint.h>

struct rf_options {
#define RF_OPTION_FIELD(field, name, yes, no, help) bool field;
	RF_OPTION_LIST(RF_OPTION_FIELD)
#undef RF_OPTION_FIELD
#define RF_OPTION_NUMBER_FIELD(field, name, max, help) uint32_t field;
	RF_OPTION_NUMBER_LIST(RF_OPTION_NUMBER_FIELD)
#undef RF_OPTION_NUMBER_FIELD
};

/* Reads the environment. Unknown names and values are left at their defaults: `redflag doctor` complains about them, the
 * observed process doesn't. */
static void rf_options_read(struct rf_options *options);

#endif
