/* REDFLAG: options of the observed process, in the manner of GORACE: `name=value` separated by blanks or commas. */
#ifndef RF_OPTIONS_H
#define RF_OPTIONS_H

#include <stdbool.h>

struct rf_options {
	bool attribution_exact; /* attribution=exact|stock */
	bool goroutines;        /* goroutines=1|0 */
	bool switches;          /* switches=1|0 */
	bool allocs;            /* allocs=1|0 */
};

/* Reads the environment. Unknown names and values are left at their defaults: the reporter, which knows the same table
 * (docs/options.md), complains about them, the observed process doesn't. */
static void rf_options_read(struct rf_options *options);

#endif
